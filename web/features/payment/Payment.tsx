"use client";

import { PLAN_NAMES } from "../../lib/payments";
import { Button } from "../../ui/Button";
import { LinkButton } from "../../ui/LinkButton";
import { Sheet } from "../../ui/Sheet";
import { Refusal } from "../Refusal";
import type { SignedIn } from "../Shell";
import { useLost } from "../session/useLost";
import { Facts } from "./Facts";
import styles from "./Payment.module.css";
import { usePayment } from "./usePayment";
import { INTERVAL_NAMES, wordsOf } from "./words";

/** One order: its state in words, what it is for, and where to go from here. */
export function Payment({ orderId, ...person }: SignedIn & { orderId: string }) {
  const { view, lookNow } = usePayment(orderId, person);
  const { order, problem, gaveUp } = view;
  const lost = useLost(problem, person.onSessionLost);
  const words = order && wordsOf(order, gaveUp);
  const unbought = order && order.status !== "pending" && order.status !== "completed";
  const unknown = problem?.status === 404 ? "Order not found" : "Not known yet";
  const title = order ? `${PLAN_NAMES[order.plan]} for ${INTERVAL_NAMES[order.interval]}` : "Your order";

  return (
    <div className={styles.payment}>
      <Sheet figure="Fig. 01 — Payment" title={title}>
        {/* One region for the whole life of the page, so that each change of its text is read out. */}
        <div role="status" aria-live="polite" className={`${styles.state} ${styles[words?.tone ?? "plain"]}`}>
          <p className={styles.word} data-testid="payment-state">
            {words?.state ?? (problem ? unknown : "Looking for your payment…")}
          </p>
          {words && <p className={styles.meaning}>{words.meaning}</p>}
        </div>
        {order && <Facts order={order} />}
        <div className={styles.actions}>
          {order?.status === "completed" && <LinkButton href="/">Go on to your workspace</LinkButton>}
          {unbought && <LinkButton href="/plans">{order.status === "refunded" ? "Choose a plan" : "Try again"}</LinkButton>}
          {gaveUp && !problem && (
            <Button look="quiet" onClick={lookNow}>
              Look now
            </Button>
          )}
        </div>
      </Sheet>
      {problem && !lost && <Refusal problem={problem} onRetry={lookNow} />}
    </div>
  );
}
