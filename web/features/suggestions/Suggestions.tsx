"use client";

import { FIELDS, SUGGESTED_FIELDS } from "@gatehouse/wasm-client";

import { LinkButton } from "../../ui/LinkButton";
import { Notice } from "../../ui/Notice";
import { Sheet } from "../../ui/Sheet";
import { Refusal } from "../Refusal";
import type { SignedIn } from "../Shell";
import { useSignOutOnRefusal } from "../session/useSignOutOnRefusal";
import { SuggestionItem } from "./SuggestionItem";
import styles from "./Suggestions.module.css";
import { useSuggestions } from "./useSuggestions";

const QUESTIONS = FIELDS.filter(({ id }) => SUGGESTED_FIELDS.includes(id));

/** Each answer that a model may reword, with its open suggestion. */
export function Suggestions(person: SignedIn) {
  const { view, running, outcome, reload, ask, accept, dismiss } = useSuggestions(person);
  const lost = useSignOutOnRefusal(view.state === "refused" ? view.problem : undefined, person.onSessionLost);

  if (view.state === "loading" || lost) return <p role="status">Loading your answers…</p>;
  if (view.state === "refused") return <Refusal problem={view.problem} onRetry={reload} />;
  const { source, open } = view;
  if (!source) {
    return (
      <Notice tone="plain" title="There are no answers yet." text="Finish onboarding first; suggestions are based on its answers.">
        <LinkButton href="/">Go to your workspace</LinkButton>
      </Notice>
    );
  }
  return (
    <Sheet
      figure="Fig. 01 — Suggestions"
      title="Your answers, and suggestions for them"
      lead="Accepting replaces your answer with the suggestion and updates the manifest, as if you had typed it. Your previous answer stays in the history."
    >
      <div className={styles.list}>
        {QUESTIONS.map((question) => (
          <SuggestionItem
            key={question.id}
            question={question}
            answer={source.answers[question.id]}
            suggestion={open.find(({ field }) => field === question.id)}
            running={running}
            outcome={outcome?.field === question.id ? outcome : undefined}
            onAsk={() => ask(question.id)}
            onAccept={accept}
            onDismiss={dismiss}
          />
        ))}
      </div>
    </Sheet>
  );
}
