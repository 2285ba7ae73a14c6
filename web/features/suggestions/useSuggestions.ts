"use client";

import type { FieldId, Problem, Suggestion } from "@gatehouse/wasm-client";
import { useEffect, useRef, useState } from "react";

import { withRefresh } from "../../lib/refresh";
import { type Source, askSuggestion, decideSuggestion, fetchSource, fetchSuggestions, saveAnswers } from "../../lib/suggestions";
import { type Answered, ensureProfile } from "../../lib/worker";
import type { SignedIn } from "../Shell";

/** What is shown of a workspace. */
interface Shown {
  workspaceId: string;
  /** `null` before the first manifest. */
  source: Source | null;
  open: Suggestion[];
}

/** The answers with their open suggestions. */
export type SuggestionsView = { state: "loading" } | ({ state: "ready" } & Shown) | { state: "refused"; problem: Problem };

/** What is under way for a field. */
export interface Work {
  field: string;
  deed: "ask" | "accept" | "dismiss";
}

/** What became of a press. */
export interface Said {
  field: string;
  tone: "error" | "warning" | "success" | "plain";
  title: string;
  text?: string;
}

/** `said` without its field. */
type Outcome = Omit<Said, "field">;

const UNCHANGED = "Your answers and your manifest are as they were.";

/** A refusal in words. Asking changes nothing, whatever comes of it; what became of a save may be unknown. */
function refused(deed: Work["deed"], { code, detail, fix }: Problem): Outcome {
  if (code === "suggestions_off") {
    return { tone: "warning", title: "Suggestions are switched off here.", text: `No language model is connected. ${UNCHANGED}` };
  }
  const next = code === "suggestions_failed" ? "You can ask again." : fix;
  return { tone: "error", title: detail, text: deed === "ask" ? `${UNCHANGED} ${next}` : next };
}

async function read(token: string): Promise<Answered<Shown>> {
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
  const [work, setWork] = useState<Work>();
  const [said, setSaid] = useState<Said>();
  /** The keys of questions whose answer never came: asked again under the same key, they cost once. */
  const keys = useRef(new Map<string, string>());

  const worker = <T>(ask: (token: string) => Promise<Answered<T>>) => withRefresh(session.access_token, refresh, ask);

  async function load() {
    const got = await worker(read);
    setView(got.ok ? { state: "ready", ...got.value } : { state: "refused", problem: got.problem });
  }

  useEffect(() => {
    setView({ state: "loading" });
    void load();
  }, [session.user.id, attempt]);

  /** Does one thing for a field and says what became of it. */
  async function run(started: Work, task: (shown: Shown) => Promise<Outcome | Problem>) {
    if (view.state !== "ready" || work) return;
    setWork(started);
    setSaid(undefined);
    const result = await task(view);
    setWork(undefined);
    if (!("code" in result)) setSaid({ field: started.field, ...result });
    else if (result.status === 401) onSessionLost(result.title);
    else setSaid({ field: started.field, ...refused(started.deed, result) });
  }

  const ask = (field: FieldId) =>
    void run({ field, deed: "ask" }, async ({ workspaceId }) => {
      const key = keys.current.get(field) ?? crypto.randomUUID();
      keys.current.set(field, key);
      const made = await worker((token) => askSuggestion(token, workspaceId, key, field));
      if (made.ok || made.problem.status !== 503) keys.current.delete(field);
      if (!made.ok) return made.problem;
      await load();
      return { tone: "plain", title: "Here is a suggestion.", text: "Compare it with your answer; nothing has changed yet." };
    });

  // The answer is saved first: should the mark fail, the suggestion stands there still, and accepting it again is safe.
  const accept = ({ id, field, answer }: Suggestion) =>
    void run({ field, deed: "accept" }, async ({ workspaceId, source }) => {
      if (!source) return { tone: "error", title: "There are no answers yet." };
      const { answers, tag } = source;
      const saved = await worker((token) => saveAnswers(token, workspaceId, { tag, answers: { ...answers, [field]: answer } }));
      if (!saved.ok && saved.problem.code === "version_conflict") {
        await load();
        return {
          tone: "warning",
          title: "Nothing was saved: the answers were changed meanwhile.",
          text: "They are shown here as they are now. Look at them and decide again.",
        };
      }
      if (!saved.ok) return saved.problem;
      const marked = await worker((token) => decideSuggestion(token, workspaceId, id, "accepted"));
      await load();
      const text = marked.ok || marked.problem.code === "suggestion_decided" ? undefined : `It could not be taken off the list: ${marked.problem.detail}`;
      return { tone: "success", title: saved.value.message, text };
    });

  const dismiss = ({ id, field }: Suggestion) =>
    void run({ field, deed: "dismiss" }, async ({ workspaceId }) => {
      const marked = await worker((token) => decideSuggestion(token, workspaceId, id, "dismissed"));
      if (!marked.ok && marked.problem.code !== "suggestion_decided") return marked.problem;
      await load();
      return { tone: "plain", title: "Dismissed.", text: UNCHANGED };
    });

  return { view, work, said, reload: () => setAttempt((count) => count + 1), ask, accept, dismiss };
}
