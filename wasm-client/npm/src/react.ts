"use client";

/**
 * Hooks over the *forms* module, which they load by themselves.
 *
 * @packageDocumentation
 */
import { freshness, init, isReady, validateField, validateStep } from "@gatehouse/wasm-client/forms";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Answer } from "./generated/api.js";
import { FIELDS, type FieldId, type StepId } from "./generated/fields.js";
import type { Checked, FreshnessResult, StepAnswers } from "./types.js";

/** Whether the rules are there; after a failure `retry` tries again. */
export interface Rules {
  state: "loading" | "ready" | "failed";
  retry: () => void;
}

/** Loads the *forms* module once for the page. */
export function useRules(): Rules {
  // The first render must be the server's, where nothing is loaded.
  const [state, setState] = useState<Rules["state"]>("loading");
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let current = true;
    init().then(
      () => current && setState("ready"),
      () => current && setState("failed"),
    );
    return () => {
      current = false;
    };
  }, [attempt]);
  const retry = useCallback(() => {
    setState("loading");
    setAttempt((count) => count + 1);
  }, []);
  return { state, retry };
}

/** What is typed so far, by question. */
export type Drafts = Partial<Record<FieldId, Answer>>;

/** One step of onboarding as it is typed. */
export interface ValidatedStep<S extends StepId = StepId> extends Rules {
  /**
   * What is typed so far, over what was saved. A saved list is a list: a textarea shows
   * `[drafts.top_goals ?? []].flat().join("\n")`.
   */
  drafts: Drafts;
  /** The first sentence about each question that has one; under `""` the first one about no question of this step. */
  errors: Partial<Record<FieldId | "", string>>;
  /**
   * Takes what was typed into one question and checks it alone, which costs microseconds. While the rules are loading it
   * is only taken, and checked once they are there. A question of another step is ignored.
   */
  change: (field: FieldId, draft: Answer) => void;
  /** Checks the whole step, also for what is missing, as before moving on. Nothing while the rules are loading. */
  check: () => Checked<StepAnswers<S>> | undefined;
}

/** A sentence about a question, and the draft that it is about: about another one it says nothing. */
interface Said {
  draft: Answer | undefined;
  message: string;
}

/** What belongs to one step. */
interface Typed {
  step: StepId;
  drafts: Drafts;
  said: Partial<Record<FieldId | "", Said>>;
}

const NOTHING: Drafts = {};

/** Whether another step asks this question. What no step asks stays, so that the check says what is wrong with it. */
function isOfAnotherStep(field: string, step: StepId): boolean {
  return FIELDS.some((question) => question.id === field && question.step !== step);
}

function lines(draft: Answer | undefined): string {
  return [draft ?? ""].flat().join("\n");
}

/** What was typed, with this draft in it and what it has to be told. */
function typing({ step, drafts, said }: Typed, field: FieldId, draft: Answer): Typed {
  const { [field]: _, "": __, ...others } = said;
  const checked = isReady() ? validateField(field, draft) : undefined;
  const message = checked?.ok === false ? checked.errors[0]?.message : undefined;
  return { step, drafts: { ...drafts, [field]: draft }, said: message === undefined ? others : { ...others, [field]: { draft, message } } };
}

/**
 * Keeps and checks the answers of one step, in the Worker's own sentences. With another `step` it begins anew: what was
 * typed into the one before is forgotten, so save it first.
 *
 * @param step The step's id.
 * @param saved What was saved before, of this step or of all; other steps' answers are ignored. It may arrive or change
 * later: questions into which nothing was typed follow it, what was typed stays.
 */
export function useValidatedStep<S extends StepId>(step: S, saved?: Drafts | null): ValidatedStep<S> {
  const rules = useRules();
  const [typed, setTyped] = useState<Typed>({ step, drafts: NOTHING, said: {} });
  // React renders again at once, before anybody sees the other step's answers.
  if (typed.step !== step) setTyped({ step, drafts: NOTHING, said: {} });
  const drafts = useMemo(() => {
    const ours = Object.entries(saved ?? NOTHING).filter(([field]) => !isOfAnotherStep(field, step));
    return { ...Object.fromEntries(ours), ...typed.drafts } as Drafts;
  }, [step, saved, typed.drafts]);

  const errors = useMemo(() => {
    const said = Object.entries(typed.said) as [FieldId | "", Said][];
    const holds = said.filter(([field, { draft }]) => field === "" || lines(draft) === lines(drafts[field]));
    return Object.fromEntries(holds.map(([field, { message }]) => [field, message])) as ValidatedStep["errors"];
  }, [typed.said, drafts]);

  // What was typed while the rules were loading.
  useEffect(() => {
    if (rules.state !== "ready") return;
    setTyped((before) => (Object.entries(before.drafts) as [FieldId, Answer][]).reduce((all, [field, draft]) => typing(all, field, draft), before));
  }, [rules.state]);

  const change = useCallback(
    (field: FieldId, draft: Answer) => setTyped((before) => (before.step === step && !isOfAnotherStep(field, step) ? typing(before, field, draft) : before)),
    [step],
  );

  const check = useCallback(() => {
    if (!isReady()) return undefined;
    const checked = validateStep(step, drafts);
    const said: Typed["said"] = {};
    for (const { pointer, code, message } of checked.ok ? [] : checked.errors) {
      const field = code !== "unknown_field" && pointer.startsWith("/answers/") ? (pointer.slice(9) as FieldId) : "";
      said[field] ??= { draft: field && drafts[field], message };
    }
    setTyped((before) => (before.step === step ? { ...before, said } : before));
    return checked;
  }, [step, drafts]);

  return { ...rules, drafts, errors, change, check };
}

const MINUTE_MS = 60_000;

/**
 * The age of a manifest, judged anew every minute so that an open page shows no old label. `undefined` while the rules
 * are loading, and after they could not be loaded: {@link useRules} says so, and within a minute after its `retry` has
 * loaded them the age is there.
 *
 * @param confirmedAt The manifest's `confirmed_at`; `null` or `undefined` when there is no manifest.
 */
export function useFreshness(confirmedAt: string | null | undefined): FreshnessResult | undefined {
  const { state } = useRules();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return state !== "loading" && isReady() ? freshness(confirmedAt, now) : undefined;
}
