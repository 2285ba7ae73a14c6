"use client";

import type { Problem } from "@gatehouse/wasm-client";
import { useEffect } from "react";

/** Gives the session up when the Worker refuses it, and says whether it did. */
export function useLost(problem: Problem | undefined, onSessionLost: (reason: string) => void): boolean {
  const lost = problem?.status === 401 ? problem.title : undefined;
  useEffect(() => {
    if (lost) onSessionLost(lost);
    // Only a new refusal signs out; a new callback does not.
  }, [lost]);
  return lost !== undefined;
}
