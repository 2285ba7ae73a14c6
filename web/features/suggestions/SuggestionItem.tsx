import type { Answer, Field, Suggestion } from "@gatehouse/wasm-client";
import { useEffect, useId, useRef } from "react";

import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import styles from "./Suggestions.module.css";
import type { Said, Work } from "./useSuggestions";

interface Props {
  question: Field;
  answer: Answer | undefined;
  suggestion: Suggestion | undefined;
  /** What is under way, here or at another answer; nothing else can be pressed meanwhile. */
  work: Work | undefined;
  /** What became of the last press here. */
  said: Said | undefined;
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

/** One answer as it is, beside what is suggested for it. */
export function SuggestionItem({ question, answer, suggestion, work, said, onAsk, onAccept, onDismiss }: Props) {
  const id = useId();
  const outcome = useRef<HTMLDivElement>(null);
  // The pressed button may be gone: whoever uses the keyboard goes on from what became of it.
  useEffect(() => outcome.current?.focus(), [said]);
  const deed = work?.field === question.id ? work.deed : undefined;
  const busy = work !== undefined;

  return (
    <article className={styles.item} aria-labelledby={id}>
      <h3 id={id}>{question.label}</h3>
      <div className={styles.sides}>
        <div data-testid="present">
          <p className={styles.side}>Your answer now</p>
          <AnswerText answer={answer} />
        </div>
        {suggestion && (
          <div className={styles.suggested} data-testid="suggested">
            <p className={styles.side}>Suggested by {suggestion.model}</p>
            <AnswerText answer={suggestion.answer} />
          </div>
        )}
      </div>
      <div ref={outcome} tabIndex={-1} className={styles.outcome}>
        {said && <Notice tone={said.tone} title={said.title} text={said.text} />}
      </div>
      <div className={styles.actions}>
        {suggestion && (
          <>
            <Button disabled={busy} onClick={() => onAccept(suggestion)}>
              {deed === "accept" ? "Saving…" : "Accept"}
            </Button>
            <Button look="quiet" disabled={busy} onClick={() => onDismiss(suggestion)}>
              {deed === "dismiss" ? "Dismissing…" : "Dismiss"}
            </Button>
          </>
        )}
        <Button look="quiet" disabled={busy} onClick={onAsk}>
          {deed === "ask" ? "Asking the model…" : suggestion ? "Ask for another" : "Ask for a suggestion"}
        </Button>
      </div>
    </article>
  );
}
