"use client";

import type { OrderView, Problem } from "@gatehouse/wasm-client";
import { useEffect, useRef, useState } from "react";

import { fetchOrder } from "../../lib/payments";
import { withRefresh } from "../../lib/refresh";
import type { SignedIn } from "../Shell";

/** How long to wait after a check that got no answer, in milliseconds; doubled each time, at most a minute. */
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 60_000;

/** What the page knows about an order. */
export interface PaymentView {
  /** The last answer. */
  order?: OrderView;
  /** Why the last check failed. */
  problem?: Problem;
  /** Whether the page has stopped asking about a pending order. */
  gaveUp: boolean;
}

/** Follows an order until it is settled, at the pace that the Worker sets. */
export function usePayment(orderId: string, { session, refresh }: SignedIn): { view: PaymentView; checkNow: () => void } {
  const [view, setView] = useState<PaymentView>({ gaveUp: false });
  const [attempt, setAttempt] = useState(0);
  // The token is renewed while an order is followed; each check uses the newest.
  const person = useRef({ token: session.access_token, refresh });
  person.current = { token: session.access_token, refresh };

  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    async function check() {
      const { token, refresh } = person.current;
      const answer = await withRefresh(token, refresh, (token) => fetchOrder(token, orderId));
      if (!current) return;
      if (answer.ok) {
        const { order, nextCheckMs } = answer.value;
        failures = 0;
        setView({ order, gaveUp: order.status === "pending" && nextCheckMs === undefined });
        if (nextCheckMs !== undefined) timer = setTimeout(check, nextCheckMs);
      } else {
        setView((known) => ({ ...known, problem: answer.problem }));
        if (answer.problem.status >= 500) timer = setTimeout(check, Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS));
      }
    }
    void check();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [orderId, session.user.id, attempt]);
  return { view, checkNow: () => setAttempt((count) => count + 1) };
}
