"use client";

import type { Offer, Problem } from "@gatehouse/wasm-client";
import { useEffect, useState } from "react";

import { fetchPlans } from "../../lib/payments";
import { type Refresh, withRefresh } from "../../lib/refresh";
import { ensureProfile } from "../../lib/worker";

/** The catalogue, and the workspace that the plan is for. */
export type PlansView =
  | { state: "loading" }
  | { state: "ready"; offers: Offer[]; workspaceId: string }
  | { state: "refused"; problem: Problem };

/** Reads the catalogue and makes sure that the person has a workspace. A newer token of the same person does not load again. */
export function usePlans(token: string, personId: string, refresh: Refresh): { view: PlansView; reload: () => void } {
  const [view, setView] = useState<PlansView>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let current = true;
    async function load() {
      const [plans, profile] = await Promise.all([fetchPlans(), withRefresh(token, refresh, ensureProfile)]);
      if (!current) return;
      if (!plans.ok) setView({ state: "refused", problem: plans.problem });
      else if (!profile.ok) setView({ state: "refused", problem: profile.problem });
      else setView({ state: "ready", offers: plans.value, workspaceId: profile.value.workspace_id });
    }
    setView({ state: "loading" });
    void load();
    return () => {
      current = false;
    };
  }, [personId, attempt]);
  return { view, reload: () => setAttempt((count) => count + 1) };
}
