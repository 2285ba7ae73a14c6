/**
 * The rules as Standard Schemas, which React Hook Form, TanStack Form, tRPC and others take as they are. They load the
 * *forms* module by themselves: until it is loaded a check is a promise, afterwards it is done at once.
 *
 * @packageDocumentation
 */
import { init, isReady, validateAnswers, validateContext, validateStep } from "@gatehouse/wasm-client/forms";
import type { BusinessContext } from "./generated/context.js";
import type { StepId } from "./generated/fields.js";
import type { CompleteAnswers, CompleteInput, Path, StepAnswers, StepInput } from "./types.js";

/** One fault, as the Standard Schema specification has it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path: Path;
}

/** The checked value, or every fault. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/** A schema of version 1 of https://standardschema.dev. */
export interface StandardSchema<Input, Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: "gatehouse";
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

function schema<Input, Output>(check: (value: unknown) => SchemaResult<Output>): StandardSchema<Input, Output> {
  const validate = (value: unknown) => (isReady() ? check(value) : init().then(() => check(value)));
  return { "~standard": { version: 1, vendor: "gatehouse", validate } };
}

/** The answers of one step; `FormData` and JSON text are read too. Gives them in normal form. */
export function stepSchema<S extends StepId>(step: S): StandardSchema<StepInput<S>, StepAnswers<S>> {
  return schema((value) => {
    const checked = validateStep(step, value);
    return checked.ok ? { value: checked.answers } : { issues: checked.errors };
  });
}

/** All answers of a finished onboarding; `FormData` and JSON text are read too. Gives them in normal form. */
export const answersSchema: StandardSchema<CompleteInput, CompleteAnswers> = schema((value) => {
  const checked = validateAnswers(value);
  return checked.ok ? { value: checked.answers } : { issues: checked.errors };
});

/** A business context (`business_context.json`, schema 2.x), an object. Gives it as it came. */
export const businessContextSchema: StandardSchema<BusinessContext, BusinessContext> = schema((value) => {
  // JSON text or bytes would be good documents, and no value of the type that is promised.
  const judged = validateContext(typeof value === "object" && !ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer) ? value : null);
  return judged.ok ? { value: value as BusinessContext } : { issues: judged.errors };
});
