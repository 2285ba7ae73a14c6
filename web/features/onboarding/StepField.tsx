import type { Field as Question } from "@gatehouse/wasm-client";

import { Field } from "../../ui/Field";

interface Props {
  question: Question;
  draft: string;
  error: string | undefined;
  /** The draft's length, such as `5 / 200`. */
  counter: string | undefined;
  onChange: (draft: string) => void;
}

/** One question. The rules check the length; the input never cuts it, so a pasted text is not lost. */
export function StepField({ question, draft, error, counter, onChange }: Props) {
  const lines = question.kind === "long_text" || question.kind === "list";
  return (
    <Field id={question.id} label={question.label} optional={!question.required} hint={question.hint} error={error} aside={counter}>
      {(input) => {
        const common = { ...input, name: question.id, value: draft, "aria-required": question.required };
        return lines ? (
          <textarea {...common} rows={4} onChange={(event) => onChange(event.target.value)} />
        ) : (
          <input
            {...common}
            type="text"
            inputMode={question.kind === "url" ? "url" : undefined}
            autoCapitalize={question.kind === "url" ? "none" : undefined}
            onChange={(event) => onChange(event.target.value)}
          />
        );
      }}
    </Field>
  );
}
