"use client";

import type { OrderView, Problem } from "@gatehouse/wasm-client";
import { useEffect, useRef, useState } from "react";

import { fetchOrder } from "../../lib/payments";
import { withRefresh } from "../../lib/refresh";
import type { SignedIn } from "../Shell";

/** How long to wait after an unanswered look, in milliseconds; doubled each time, at most a minute. */
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 60_000;

/** What is known of an order. */
export interface PaymentView {
  /** As it was last seen. */
  order?: OrderView;
  /** Why the last look failed. */
  problem?: Problem;
  /** Whether the page has stopped asking about a pending order. */
  gaveUp: boolean;
}

/** Follows an order until it is settled, at the pace that the Worker sets. */
export function usePayment(orderId: string, { session, refresh }: SignedIn): { view: PaymentView; lookNow: () => void } {
  const [view, setView] = useState<PaymentView>({ gaveUp: false });
  const [attempt, setAttempt] = useState(0);
  // The token is renewed while an order is followed; each look takes the newest.
  const person = useRef({ token: session.access_token, refresh });
  person.current = { token: session.access_token, refresh };

  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    async function look() {
      const { token, refresh } = person.current;
      const answer = await withRefresh(token, refresh, (token) => fetchOrder(token, orderId));
      if (!current) return;
      if (answer.ok) {
        const { order, againMs } = answer.value;
        failures = 0;
        setView({ order, gaveUp: order.status === "pending" && againMs === undefined });
        if (againMs !== undefined) timer = setTimeout(look, againMs);
      } else {
        setView((known) => ({ ...known, problem: answer.problem }));
        if (answer.problem.status >= 500) timer = setTimeout(look, Math.min(FIRST_RETRY_MS * 2 ** failures++, LAST_RETRY_MS));
      }
    }
    void look();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [orderId, session.user.id, attempt]);
  return { view, lookNow: () => setAttempt((count) => count + 1) };
}
