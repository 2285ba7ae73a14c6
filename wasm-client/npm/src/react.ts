/**
 * Hooks over the *forms* module, which they load by themselves.
 *
 * @packageDocumentation
 */
import { freshness, init, isReady, validateField, validateStep } from "@gatehouse/wasm-client/forms";
import { useCallback, useEffect, useState } from "react";
import type { Answer } from "./generated/api.js";
import type { FieldId, StepId } from "./generated/fields.js";
import type { Checked, FreshnessResult } from "./types.js";

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
export interface ValidatedStep extends Rules {
  /** What is typed so far. */
  drafts: Drafts;
  /** The first sentence about each question that has one. */
  errors: Partial<Record<FieldId, string>>;
  /** Takes what was typed into one question and checks it alone, which costs microseconds. */
  change: (field: FieldId, draft: Answer) => void;
  /** Checks the whole step, also for what is missing, as before moving on. Nothing while the rules are loading. */
  check: () => Checked | undefined;
}

/**
 * Keeps and checks the answers of one step, in the Worker's own sentences.
 *
 * @param step The step's id.
 * @param saved What was saved before.
 */
export function useValidatedStep(step: StepId, saved: Drafts = {}): ValidatedStep {
  const rules = useRules();
  const [drafts, setDrafts] = useState(saved);
  const [errors, setErrors] = useState<ValidatedStep["errors"]>({});

  const change = useCallback((field: FieldId, draft: Answer) => {
    setDrafts((before) => ({ ...before, [field]: draft }));
    const checked = isReady() ? validateField(field, draft) : undefined;
    setErrors(({ [field]: _, ...others }) => (checked?.ok === false ? { ...others, [field]: checked.errors[0]?.message } : others) as ValidatedStep["errors"]);
  }, []);

  const check = useCallback(() => {
    if (!isReady()) return undefined;
    const checked = validateStep(step, drafts);
    const found: Record<string, string> = {};
    if (!checked.ok) for (const { pointer, message } of checked.errors) found[pointer.replace("/answers/", "")] ??= message;
    setErrors(found);
    return checked;
  }, [step, drafts]);

  return { ...rules, drafts, errors, change, check };
}

const MINUTE_MS = 60_000;

/**
 * The age of a manifest, judged anew every minute so that an open page shows no old label. `undefined` while the rules
 * are loading.
 *
 * @param confirmedAt The manifest's `confirmed_at`; `null` when there is no manifest.
 */
export function useFreshness(confirmedAt: string | null): FreshnessResult | undefined {
  const { state } = useRules();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return state === "ready" ? freshness(confirmedAt, now) : undefined;
}
