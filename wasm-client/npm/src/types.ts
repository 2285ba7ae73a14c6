import type { Answer, Change, Dropped, FieldError, GateView, PatchStep } from "./generated/api.js";
import type { BusinessContext, ManifestContent } from "./generated/context.js";
import type { AnswersByStep, FieldId, InputsByStep, StepId } from "./generated/fields.js";
import type { Freshness } from "./generated/vocabulary.js";

/** Answers by question; what is absent was not answered. */
export type Answers = Partial<Record<FieldId, Answer>>;

/** The checked answers of a step. */
export type StepAnswers<S extends StepId = StepId> = AnswersByStep[S];

/** What a form holds for a step. */
export type StepInput<S extends StepId = StepId> = InputsByStep[S];

/** Every case of a union at once. */
type All<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never;

/** The checked answers of a finished onboarding. */
export type CompleteAnswers = All<StepAnswers>;

/** What forms hold for all steps. */
export type CompleteInput = All<StepInput>;

/** The checked answer to a question: a text or a list. */
export type FieldAnswer<F extends FieldId = FieldId> = NonNullable<CompleteAnswers[F]>;

/** The names and list positions that lead to a value, from the value that was passed. */
export type Path = (string | number)[];

/** What is wrong with one field. */
export interface InputError extends FieldError {
  /** Where its value is, such as `["company_name"]`. */
  path: Path;
}

/** Why a call could not do what was asked, in the words of the Worker's problem documents. */
export interface Refusal {
  /** Stable code to branch on. */
  code: string;
  /** The sentence to show. */
  detail: string;
  /** What to do about it. */
  fix: string;
  /** What is wrong field by field; empty when no field is. */
  errors: InputError[];
}

/** Normalised answers, or every sentence about what is wrong with them. */
export type Checked<A = Answers> = { ok: true; answers: A } | { ok: false; errors: InputError[] };

/** One answer in normal form, `null` when it says nothing, or every sentence about what is wrong with it. */
export type CheckedField<A = Answer> = { ok: true; answer: A | null } | { ok: false; errors: InputError[] };

/** What a document can be held against: a step, one answer, all answers, or a document of ours. */
export type SchemaName = StepId | FieldId | "answers" | "business_context" | "manifest";

/** One fault of a document. */
export interface Violation {
  /** JSON Pointer to what is wrong, or to what is missing. */
  pointer: string;
  /** The same as names and list positions, such as `["intelligence", "facts", 0, "value"]`. */
  path: Path;
  /** The keyword of the schema that does not hold; `json` where the text itself is refused. */
  keyword: string;
  /** Stable code to branch on. */
  code: string;
  /** The sentence to show. */
  message: string;
  /** The onboarding step that it belongs to, where it belongs to one. */
  step?: StepId;
}

/** Whether a document is good, or everything that is wrong with it, in its order. */
export type Judged = { ok: true; errors: [] } | { ok: false; errors: [Violation, ...Violation[]] };

/** How many of the required questions are answered, and which questions have no good answer. */
export type ProgressResult =
  | { ok: true; answered: number; required: number; missing: FieldId[] }
  | { ok: false; problem: Refusal };

/** A field that both tabs changed, and not to the same answer; `null` is an answer that was taken back. */
export interface Conflict {
  field: FieldId;
  base: Answer | null;
  mine: Answer | null;
  theirs: Answer | null;
}

/** The answers of both tabs together, the fields that both changed, or why nothing could be merged. */
export type MergeResult =
  | { ok: true; merged: true; answers: Answers; changed: FieldId[] }
  | { ok: true; merged: false; conflicts: Conflict[] }
  | { ok: false; problem: Refusal };

/** When to ask about a payment next and when a page may stop, RFC 3339 UTC, or why that cannot be said. */
export type PollResult = { ok: true; next_at: string; give_up_at: string } | { ok: false; problem: Refusal };

/** The business context that answers make, or why they make none. */
export type ContextResult = { ok: true; context: BusinessContext } | { ok: false; problem: Refusal };

/** What two contents differ in, or why they cannot be compared. */
export type DiffResult = { ok: true; changes: Change[]; patch: PatchStep[] } | { ok: false; problem: Refusal };

/** How old a manifest is. */
export interface FreshnessView {
  /** The label. */
  freshness: Freshness;
  /** Why, in a sentence. */
  reason: string;
  /** When the label changes next if nobody does anything, RFC 3339 UTC; `null` when it will not. */
  changes_at: string | null;
}

/** A judged age, or why it cannot be judged. */
export type FreshnessResult = { ok: true; view: FreshnessView } | { ok: false; problem: Refusal };

/** A decided page, or why nothing was decided; a page that is not decided stays closed. */
export type GateResult = { ok: true; gate: GateView } | { ok: false; problem: Refusal };

/** A manifest that has the checksum it claims, or why it is not trusted. */
export type Verified =
  | {
      ok: true;
      /** As the document states it. */
      version: number;
      /** The content's SHA-256, computed here. */
      checksum: string;
      /** The members of the document that the checksum does not cover, so that they are only claimed. */
      unproven: readonly ("version" | "workspace_id" | "generated_at" | "confirmed_at" | "source" | "meta")[];
    }
  | { ok: false; problem: Refusal };

/** The manifest that answers would make, or why they make none. */
export type Preview =
  | {
      ok: true;
      /** What prompts would read. */
      content: ManifestContent;
      /** SHA-256 over the content's RFC 8785 text, lower-case hex. */
      checksum: string;
      /** Estimated cl100k tokens of the content. */
      token_estimate: number;
      /** The most tokens that a manifest may have. */
      token_budget: number;
      /** What would not fit. */
      dropped: Dropped[];
      /** The questions without an answer. */
      missing: FieldId[];
    }
  | { ok: false; problem: Refusal };
