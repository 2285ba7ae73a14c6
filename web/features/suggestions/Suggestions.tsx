"use client";

import { FIELDS, SUGGESTED_FIELDS } from "@gatehouse/wasm-client";

import { LinkButton } from "../../ui/LinkButton";
import { Notice } from "../../ui/Notice";
import { Sheet } from "../../ui/Sheet";
import { Refusal } from "../Refusal";
import type { SignedIn } from "../Shell";
import { useLost } from "../session/useLost";
import { SuggestionItem } from "./SuggestionItem";
import styles from "./Suggestions.module.css";
import { useSuggestions } from "./useSuggestions";

const QUESTIONS = FIELDS.filter(({ id }) => SUGGESTED_FIELDS.includes(id));

/** Each answer that words can be found for, with what is suggested for it. */
export function Suggestions(person: SignedIn) {
  const { view, work, said, reload, ask, accept, dismiss } = useSuggestions(person);
  const lost = useLost(view.state === "refused" ? view.problem : undefined, person.onSessionLost);

  if (view.state === "loading" || lost) return <p role="status">Loading your answers…</p>;
  if (view.state === "refused") return <Refusal problem={view.problem} onRetry={reload} />;
  const { source, open } = view;
  if (!source) {
    return (
      <Notice tone="plain" title="There are no answers to suggest for yet." text="Finish onboarding first; suggestions are made from its answers.">
        <LinkButton href="/">Go to your workspace</LinkButton>
      </Notice>
    );
  }
  return (
    <Sheet
      figure="Fig. 01 — Suggestions"
      title="Your answers, and other words for them"
      lead="Accepting puts the suggestion in place of your answer and makes the manifest anew, as if you had typed it. Your older answer stays in the history."
    >
      <div className={styles.list}>
        {QUESTIONS.map((question) => (
          <SuggestionItem
            key={question.id}
            question={question}
            answer={source.answers[question.id]}
            suggestion={open.find(({ field }) => field === question.id)}
            work={work}
            said={said?.field === question.id ? said : undefined}
            onAsk={() => ask(question.id)}
            onAccept={accept}
            onDismiss={dismiss}
          />
        ))}
      </div>
    </Sheet>
  );
}
