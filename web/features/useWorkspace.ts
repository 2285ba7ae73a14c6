"use client";

import type { Problem } from "@gatehouse/wasm-client";
import { useEffect, useState } from "react";

import { type SentManifest, ensureProfile, fetchManifest } from "../lib/worker";

/** What the Worker said about the person's workspace. */
export type WorkspaceView =
  | { state: "loading" }
  | { state: "ready"; sent: SentManifest | null }
  | { state: "refused"; problem: Problem };

/**
 * 1. Makes sure of profile and workspace. 2. Reads the workspace's manifest.
 * A newer token of the same person (a refresh) does not ask again.
 */
export function useWorkspace(token: string, personId: string): { view: WorkspaceView; reload: () => void } {
  const [view, setView] = useState<WorkspaceView>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let current = true;
    async function load() {
      const profile = await ensureProfile(token);
      const manifest = profile.ok ? await fetchManifest(token, profile.value.workspace_id) : profile;
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
