"use client";

import type { Problem } from "@gatehouse/wasm-client";
import { useEffect } from "react";

/** Signs out when the Worker refuses the session (401), and returns whether it did. */
export function useSignOutOnRefusal(problem: Problem | undefined, onSessionLost: (reason: string) => void): boolean {
  const lost = problem?.status === 401 ? problem.title : undefined;
  useEffect(() => {
    if (lost) onSessionLost(lost);
    // Only a new refusal signs out; a new callback does not.
  }, [lost]);
  return lost !== undefined;
}
