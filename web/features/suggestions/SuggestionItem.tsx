import type { Answer, Field, Suggestion } from "@gatehouse/wasm-client";
import { useEffect, useId, useRef } from "react";

import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import styles from "./Suggestions.module.css";
import type { FieldOutcome, RunningAction } from "./useSuggestions";

interface Props {
  question: Field;
  answer: Answer | undefined;
  suggestion: Suggestion | undefined;
  /** The action that is running, for this answer or another; all buttons are disabled until it ends. */
  running: RunningAction | undefined;
  /** The result of the last action on this answer. */
  outcome: FieldOutcome | undefined;
  onAsk: () => void;
  onAccept: (suggestion: Suggestion) => void;
  onDismiss: (suggestion: Suggestion) => void;
}

function AnswerText({ answer }: { answer: Answer | undefined }) {
  if (answer === undefined) return <p className={styles.none}>Not answered</p>;
  if (typeof answer === "string") return <p dir="auto">{answer}</p>;
  return (
    <ul className={styles.items}>
      {answer.map((item) => (
        <li key={item} dir="auto">
          {item}
        </li>
      ))}
    </ul>
  );
}

/** One answer beside the suggestion for it. */
export function SuggestionItem({ question, answer, suggestion, running, outcome, onAsk, onAccept, onDismiss }: Props) {
  const id = useId();
  const notice = useRef<HTMLDivElement>(null);
  // The pressed button may be gone, so the keyboard focus moves to the result.
  useEffect(() => notice.current?.focus(), [outcome]);
  const action = running?.field === question.id ? running.action : undefined;
  const busy = running !== undefined;

  return (
    <article className={styles.item} aria-labelledby={id}>
      <h3 id={id}>{question.label}</h3>
      <div className={styles.sides}>
        <div data-testid="present">
          <p className={styles.side}>Your current answer</p>
          <AnswerText answer={answer} />
        </div>
        {suggestion && (
          <div className={styles.suggested} data-testid="suggested">
            <p className={styles.side}>Suggested by {suggestion.model}</p>
            <AnswerText answer={suggestion.answer} />
          </div>
        )}
      </div>
      <div ref={notice} tabIndex={-1} className={styles.outcome}>
        {outcome && <Notice tone={outcome.tone} title={outcome.title} text={outcome.text} />}
      </div>
      <div className={styles.actions}>
        {suggestion && (
          <>
            <Button disabled={busy} onClick={() => onAccept(suggestion)}>
              {action === "accept" ? "Saving…" : "Accept"}
            </Button>
            <Button look="quiet" disabled={busy} onClick={() => onDismiss(suggestion)}>
              {action === "dismiss" ? "Dismissing…" : "Dismiss"}
            </Button>
          </>
        )}
        <Button look="quiet" disabled={busy} onClick={onAsk}>
          {action === "ask" ? "Asking the model…" : suggestion ? "Ask for another" : "Ask for a suggestion"}
        </Button>
      </div>
    </article>
  );
}
