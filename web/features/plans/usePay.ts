"use client";

import type { Interval, Plan, Problem } from "@gatehouse/wasm-client";
import { useEffect, useState } from "react";

import { startPayment } from "../../lib/payments";
import { withRefresh } from "../../lib/refresh";
import type { SignedIn } from "../Shell";

/** What a click asked for. Its key stays the same when it is tried again, so that it makes one order. */
interface Choice {
  plan: Plan;
  interval: Interval;
  workspaceId: string;
  key: string;
}

/** Where the way to PhonePe's page has come to. */
interface Paying {
  choice: Choice;
  /** None while the Worker is asked and while the browser leaves. */
  problem?: Problem;
}

/** The way to PhonePe's page. */
export function usePay({ session, refresh, onSessionLost }: SignedIn) {
  const [paying, setPaying] = useState<Paying>();

  useEffect(() => {
    // Back from PhonePe's page the browser may show this page as it was left: on its way out.
    const back = (event: PageTransitionEvent) => event.persisted && setPaying(undefined);
    window.addEventListener("pageshow", back);
    return () => window.removeEventListener("pageshow", back);
  }, []);

  async function go(choice: Choice) {
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
      void go({ workspaceId, plan, interval, key: crypto.randomUUID() }),
    retry: () => paying && void go(paying.choice),
  };
}
