"use client";

import type { Problem } from "@gatehouse/wasm-client";
import { useEffect, useState } from "react";

import { type Refresh, withRefresh } from "../lib/refresh";
import { type Answered, type SentManifest, ensureProfile, fetchManifest } from "../lib/worker";

async function read(token: string): Promise<Answered<SentManifest | null>> {
  const profile = await ensureProfile(token);
  return profile.ok ? fetchManifest(token, profile.value.workspace_id) : profile;
}

/** What the Worker said about the person's workspace. */
export type WorkspaceView =
  | { state: "loading" }
  | { state: "ready"; sent: SentManifest | null }
  | { state: "refused"; problem: Problem };

/**
 * 1. Makes sure of profile and workspace. 2. Reads the workspace's manifest.
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
      const manifest = await withRefresh(token, refresh, read);
      if (!current) return;
      setView(manifest.ok ? { state: "ready", sent: manifest.value } : { state: "refused", problem: manifest.problem });
    }
    setView({ state: "loading" });
    void load();
    return () => {
      current = false;
    };
  }, [personId, attempt]);
  return { view, reload: () => setAttempt((count) => count + 1) };
}
