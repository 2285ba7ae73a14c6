"use client";

import type { Problem, VerifyProfile } from "@gatehouse/wasm-client";
import { useEffect, useState } from "react";

import { type Refresh, withRefresh } from "../lib/refresh";
import { type Result, type ReceivedManifest, ensureProfile, fetchManifest, verifyProfile } from "../lib/worker";

/** A person's next step and the workspace's manifest. */
interface Workspace {
  profile: VerifyProfile;
  /** `null` when there is no manifest yet. */
  received: ReceivedManifest | null;
}

async function read(token: string): Promise<Result<Workspace>> {
  const ensured = await ensureProfile(token);
  if (!ensured.ok) return ensured;
  const [profile, manifest] = await Promise.all([verifyProfile(token), fetchManifest(token, ensured.value.workspace_id)]);
  if (!profile.ok) return profile;
  return manifest.ok ? { ok: true, value: { profile: profile.value, received: manifest.value } } : manifest;
}

/** The state of loading the person's workspace. */
export type WorkspaceView =
  | { state: "loading" }
  | ({ state: "ready" } & Workspace)
  | { state: "refused"; problem: Problem };

/**
 * 1. Makes sure that profile and workspace exist. 2. Reads the next step and the workspace's manifest.
 * A newer token of the same person does not load again; an expired token is refreshed once.
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
