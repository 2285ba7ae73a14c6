"use client";

import type { Problem, VerifyProfile } from "@gatehouse/wasm-client";
import { useEffect, useState } from "react";

import { type Refresh, withRefresh } from "../lib/refresh";
import { type Answered, type SentManifest, ensureProfile, fetchManifest, verifyProfile } from "../lib/worker";

/** What is shown of a workspace. */
interface Workspace {
  profile: VerifyProfile;
  /** `null` when there is no manifest yet. */
  sent: SentManifest | null;
}

async function read(token: string): Promise<Answered<Workspace>> {
  const ensured = await ensureProfile(token);
  if (!ensured.ok) return ensured;
  const [profile, manifest] = await Promise.all([verifyProfile(token), fetchManifest(token, ensured.value.workspace_id)]);
  if (!profile.ok) return profile;
  return manifest.ok ? { ok: true, value: { profile: profile.value, sent: manifest.value } } : manifest;
}

/** What the Worker said about the person's workspace. */
export type WorkspaceView =
  | { state: "loading" }
  | ({ state: "ready" } & Workspace)
  | { state: "refused"; problem: Problem };

/**
 * 1. Makes sure of profile and workspace. 2. Reads what comes next and the workspace's manifest.
 * A newer token of the same person (a refresh) does not ask again; a token that has expired is renewed once.
 */
export function useWorkspace(
  token: string,
  personId: string,
  refresh: Refresh,
): { view: WorkspaceView; reload: () => void } {
  const [view, setView] = useState<WorkspaceView>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let current = true;
    async function load() {
      const answer = await withRefresh(token, refresh, read);
      if (!current) return;
      setView(answer.ok ? { state: "ready", ...answer.value } : { state: "refused", problem: answer.problem });
    }
    setView({ state: "loading" });
    void load();
    return () => {
      current = false;
    };
  }, [personId, attempt]);
  return { view, reload: () => setAttempt((count) => count + 1) };
}
