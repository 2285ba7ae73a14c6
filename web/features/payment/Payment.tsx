"use client";

import { PLAN_NAMES } from "../../lib/payments";
import { Button } from "../../ui/Button";
import { LinkButton } from "../../ui/LinkButton";
import { Sheet } from "../../ui/Sheet";
import { Refusal } from "../Refusal";
import type { SignedIn } from "../Shell";
import { useSignOutOnRefusal } from "../session/useSignOutOnRefusal";
import { Facts } from "./Facts";
import styles from "./Payment.module.css";
import { usePayment } from "./usePayment";
import { INTERVAL_NAMES, describeOrder } from "./description";

/** One order: its state, what it is for, and the next step. */
export function Payment({ orderId, ...person }: SignedIn & { orderId: string }) {
  const { view, checkNow } = usePayment(orderId, person);
  const { order, problem, gaveUp } = view;
  const lost = useSignOutOnRefusal(problem, person.onSessionLost);
  const description = order && describeOrder(order, gaveUp);
  const withoutPlan = order && order.status !== "pending" && order.status !== "completed";
  const unknown = problem?.status === 404 ? "Order not found" : "Status unknown";
  const title = order ? `${PLAN_NAMES[order.plan]} for ${INTERVAL_NAMES[order.interval]}` : "Your order";

  return (
    <div className={styles.payment}>
      <Sheet figure="Fig. 01 — Payment" title={title}>
        {/* One region for the whole life of the page, so that each change of its text is read out. */}
        <div role="status" aria-live="polite" className={`${styles.state} ${styles[description?.tone ?? "plain"]}`}>
          <p className={styles.word} data-testid="payment-state">
            {description?.state ?? (problem ? unknown : "Checking your payment…")}
          </p>
          {description && <p className={styles.meaning}>{description.meaning}</p>}
        </div>
        {order && <Facts order={order} />}
        <div className={styles.actions}>
          {order?.status === "completed" && <LinkButton href="/">Go to your workspace</LinkButton>}
          {withoutPlan && <LinkButton href="/plans">{order.status === "refunded" ? "Choose a plan" : "Try again"}</LinkButton>}
          {gaveUp && !problem && (
            <Button look="quiet" onClick={checkNow}>
              Check now
            </Button>
          )}
        </div>
      </Sheet>
      {problem && !lost && <Refusal problem={problem} onRetry={checkNow} />}
    </div>
  );
}
