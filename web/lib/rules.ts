"use client";

import { init as initForms } from "@gatehouse/wasm-client/forms";
import { init as initManifest } from "@gatehouse/wasm-client/manifest";
import { useEffect, useState } from "react";

/** Whether the compiled rules are loaded. */
export type RulesState = "loading" | "ready" | "failed";

/** Loads the compiled rules once for the page. `retry` tries again after a failure. */
export function useRules(): { state: RulesState; retry: () => void } {
  const [state, setState] = useState<RulesState>("loading");
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let current = true;
    Promise.all([initForms(), initManifest()]).then(
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
