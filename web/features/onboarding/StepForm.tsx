"use client";

import { FIELDS, STEPS, type Field as Question, type StepId, countCharacters, reduce, validateStep } from "@gatehouse/wasm-client";
import { type FormEvent, useRef, useState } from "react";

import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import { Sheet } from "../../ui/Sheet";
import { StepField } from "./StepField";
import styles from "./StepForm.module.css";

type Drafts = Record<string, string>;

/** The error sentence of each field that has one. */
function fieldErrors(step: StepId, drafts: Drafts): Record<string, string> {
  const checked = validateStep(step, drafts);
  if (checked.ok) return {};
  return Object.fromEntries(checked.errors.map((error) => [error.pointer.replace("/answers/", ""), error.message]));
}

function counter(question: Question, draft: string): string | undefined {
  if (question.kind === "list" || question.max === undefined) return undefined;
  return `${countCharacters(draft).toLocaleString("en-IN")} / ${question.max.toLocaleString("en-IN")}`;
}

/** How much of the manifest's budget the answers so far would use; invalid answers have their sentences under the inputs. */
function meter(drafts: Drafts): string | undefined {
  const preview = reduce(drafts, Date.now());
  if (preview.ok) {
    return `Manifest so far: about ${preview.token_estimate} of ${preview.token_budget.toLocaleString("en-IN")} tokens`;
  }
  return preview.problem.code === "answers_invalid" ? undefined : preview.problem.detail;
}

/** One step of onboarding, checked by the rules that the Worker runs. Needs the rules to be loaded. */
export function StepForm({ step, figure }: { step: StepId; figure: string }) {
  const questions = FIELDS.filter((question) => question.step === step);
  const [drafts, setDrafts] = useState<Drafts>({});
  const [submitted, setSubmitted] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const errors = submitted ? fieldErrors(step, drafts) : {};
  const wrong = Object.keys(errors).length;

  function submit(event: FormEvent) {
    event.preventDefault();
    setSubmitted(true);
    const found = fieldErrors(step, drafts);
    const first = questions.find((question) => found[question.id]);
    if (first) form.current?.querySelector<HTMLElement>(`#${first.id}`)?.focus();
  }

  return (
    <Sheet figure={figure} title={STEPS.find(({ id }) => id === step)?.title ?? step} lead="In your own words, in any language.">
      <form ref={form} className={styles.form} onSubmit={submit} noValidate>
        {questions.map((question) => (
          <StepField
            key={question.id}
            question={question}
            draft={drafts[question.id] ?? ""}
            error={errors[question.id]}
            counter={counter(question, drafts[question.id] ?? "")}
            onChange={(draft) => setDrafts({ ...drafts, [question.id]: draft })}
          />
        ))}
        <div className={styles.foot}>
          <Button type="submit">Check this step</Button>
          <p className={styles.meter}>{meter(drafts)}</p>
        </div>
        <div role="status" data-testid="step-result">
          {submitted && wrong > 0 && (
            <p className={styles.count}>{wrong === 1 ? "One answer needs attention." : `${wrong} answers need attention.`}</p>
          )}
          {submitted && wrong === 0 && (
            <Notice tone="success" title="This step is complete." text="Your answers are only on this page; nothing is saved yet." />
          )}
        </div>
      </form>
    </Sheet>
  );
}
