"use client";

import type { Interval, Plan, Problem } from "@gatehouse/wasm-client";
import { useEffect, useState } from "react";

import { startPayment } from "../../lib/payments";
import { withRefresh } from "../../lib/refresh";
import type { SignedIn } from "../Shell";

/** The plan a person chose. A retry uses the same key, so that there is only one order. */
interface Choice {
  plan: Plan;
  interval: Interval;
  workspaceId: string;
  key: string;
}

/** A payment that is being started. */
interface StartedPayment {
  choice: Choice;
  /** Absent while the Worker is asked and while the browser leaves. */
  problem?: Problem;
}

/** Starts a payment and sends the browser to PhonePe's page. */
export function usePay({ session, refresh, onSessionLost }: SignedIn) {
  const [paying, setPaying] = useState<StartedPayment>();

  useEffect(() => {
    // Going back from PhonePe's page, the browser may restore this page in the state it was left in.
    const back = (event: PageTransitionEvent) => event.persisted && setPaying(undefined);
    window.addEventListener("pageshow", back);
    return () => window.removeEventListener("pageshow", back);
  }, []);

  async function start(choice: Choice) {
    setPaying({ choice });
    const { plan, interval, workspaceId, key } = choice;
    const answer = await withRefresh(session.access_token, refresh, (token) =>
      startPayment(token, workspaceId, key, { plan, interval }),
    );
    if (answer.ok) window.location.assign(answer.value.redirect_url);
    else if (answer.problem.status === 401) onSessionLost(answer.problem.title);
    else setPaying({ choice, problem: answer.problem });
  }

  return {
    problem: paying?.problem,
    /** The plan whose page is being opened. */
    opening: paying && !paying.problem ? paying.choice.plan : undefined,
    choose: (workspaceId: string, plan: Plan, interval: Interval) =>
      void start({ workspaceId, plan, interval, key: crypto.randomUUID() }),
    retry: () => paying && void start(paying.choice),
  };
}
