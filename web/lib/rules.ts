"use client";

import { init } from "@gatehouse/wasm-client";
import { useEffect, useState } from "react";

/** Whether the compiled rules are there. */
export type RulesState = "loading" | "ready" | "failed";

/** Loads the compiled rules once for the page. `retry` tries again after a failure. */
export function useRules(): { state: RulesState; retry: () => void } {
  const [state, setState] = useState<RulesState>("loading");
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let current = true;
    init(process.env.RULES_URL as string).then(
      () => current && setState("ready"),
      () => current && setState("failed"),
    );
    return () => {
      current = false;
    };
  }, [attempt]);
  const retry = () => {
    setState("loading");
    setAttempt((count) => count + 1);
  };
  return { state, retry };
}
