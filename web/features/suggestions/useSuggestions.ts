"use client";

import type { FieldId, Problem, Suggestion } from "@gatehouse/wasm-client";
import { useEffect, useRef, useState } from "react";

import { withRefresh } from "../../lib/refresh";
import { type Source, askSuggestion, decideSuggestion, fetchSource, fetchSuggestions, saveAnswers } from "../../lib/suggestions";
import { type Result, ensureProfile } from "../../lib/worker";
import type { SignedIn } from "../Shell";

/** A workspace's answers and open suggestions. */
interface Loaded {
  workspaceId: string;
  /** `null` before the first manifest. */
  source: Source | null;
  open: Suggestion[];
}

/** The answers with their open suggestions. */
export type SuggestionsView = { state: "loading" } | ({ state: "ready" } & Loaded) | { state: "refused"; problem: Problem };

/** The action that is running for a field. */
export interface RunningAction {
  field: string;
  action: "ask" | "accept" | "dismiss";
}

/** The result of an action, shown at its field. */
export interface FieldOutcome {
  field: string;
  tone: "error" | "warning" | "success" | "plain";
  title: string;
  text?: string;
}

type Outcome = Omit<FieldOutcome, "field">;

const UNCHANGED = "Your answers and your manifest have not changed.";

/** A refusal in words. Asking never changes anything; whether a failed save changed something may be unknown. */
function describeRefusal(action: RunningAction["action"], { code, detail, fix }: Problem): Outcome {
  if (code === "suggestions_off") {
    return { tone: "warning", title: "Suggestions are not available.", text: `No language model is connected. ${UNCHANGED}` };
  }
  const next = code === "suggestions_failed" ? "You can ask again." : fix;
  return { tone: "error", title: detail, text: action === "ask" ? `${UNCHANGED} ${next}` : next };
}

async function read(token: string): Promise<Result<Loaded>> {
  const ensured = await ensureProfile(token);
  if (!ensured.ok) return ensured;
  const workspaceId = ensured.value.workspace_id;
  const [source, open] = await Promise.all([fetchSource(token, workspaceId), fetchSuggestions(token, workspaceId)]);
  if (!source.ok) return source;
  return open.ok ? { ok: true, value: { workspaceId, source: source.value, open: open.value } } : open;
}

/** Reads the answers and their suggestions; asks for more, accepts and dismisses, one at a time. */
export function useSuggestions({ session, refresh, onSessionLost }: SignedIn) {
  const [view, setView] = useState<SuggestionsView>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  const [running, setRunning] = useState<RunningAction>();
  const [outcome, setOutcome] = useState<FieldOutcome>();
  /** The idempotency keys of requests that got no answer: a retry with the same key is charged once. */
  const keys = useRef(new Map<string, string>());

  const worker = <T>(ask: (token: string) => Promise<Result<T>>) => withRefresh(session.access_token, refresh, ask);

  async function load() {
    const got = await worker(read);
    setView(got.ok ? { state: "ready", ...got.value } : { state: "refused", problem: got.problem });
  }

  useEffect(() => {
    setView({ state: "loading" });
    void load();
  }, [session.user.id, attempt]);

  /** Runs one action for a field and shows its result. */
  async function run(started: RunningAction, task: (loaded: Loaded) => Promise<Outcome | Problem>) {
    if (view.state !== "ready" || running) return;
    setRunning(started);
    setOutcome(undefined);
    const result = await task(view);
    setRunning(undefined);
    if (!("code" in result)) setOutcome({ field: started.field, ...result });
    else if (result.status === 401) onSessionLost(result.title);
    else setOutcome({ field: started.field, ...describeRefusal(started.action, result) });
  }

  const ask = (field: FieldId) =>
    void run({ field, action: "ask" }, async ({ workspaceId }) => {
      const key = keys.current.get(field) ?? crypto.randomUUID();
      keys.current.set(field, key);
      const asked = await worker((token) => askSuggestion(token, workspaceId, key, field));
      if (asked.ok || asked.problem.status !== 503) keys.current.delete(field);
      if (!asked.ok) return asked.problem;
      await load();
      return { tone: "plain", title: "Here is a suggestion.", text: "Compare it with your answer; nothing has changed yet." };
    });

  // The answer is saved first: if marking the suggestion fails, it stays on the list, and accepting it again is safe.
  const accept = ({ id, field, answer }: Suggestion) =>
    void run({ field, action: "accept" }, async ({ workspaceId, source }) => {
      if (!source) return { tone: "error", title: "There are no answers yet." };
      const { answers, tag } = source;
      const saved = await worker((token) => saveAnswers(token, workspaceId, { tag, answers: { ...answers, [field]: answer } }));
      if (!saved.ok && saved.problem.code === "version_conflict") {
        await load();
        return {
          tone: "warning",
          title: "Nothing was saved: the answers have changed in the meantime.",
          text: "The current answers are shown here. Check them and decide again.",
        };
      }
      if (!saved.ok) return saved.problem;
      const decided = await worker((token) => decideSuggestion(token, workspaceId, id, "accepted"));
      await load();
      const text = decided.ok || decided.problem.code === "suggestion_decided" ? undefined : `It could not be removed from the list: ${decided.problem.detail}`;
      return { tone: "success", title: saved.value.message, text };
    });

  const dismiss = ({ id, field }: Suggestion) =>
    void run({ field, action: "dismiss" }, async ({ workspaceId }) => {
      const decided = await worker((token) => decideSuggestion(token, workspaceId, id, "dismissed"));
      if (!decided.ok && decided.problem.code !== "suggestion_decided") return decided.problem;
      await load();
      return { tone: "plain", title: "Dismissed.", text: UNCHANGED };
    });

  return { view, running, outcome, reload: () => setAttempt((count) => count + 1), ask, accept, dismiss };
}
