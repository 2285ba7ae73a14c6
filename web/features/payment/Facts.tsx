import type { OrderView } from "@gatehouse/wasm-client";

import { PLAN_NAMES } from "../../lib/payments";
import { rupees } from "../../lib/money";
import styles from "./Payment.module.css";

function localTime(instant: string): string {
  return new Date(instant).toLocaleString("en-IN", { dateStyle: "long", timeStyle: "short" });
}

function Time({ at }: { at: string }) {
  return <time dateTime={at}>{localTime(at)}</time>;
}

/** The order's amount, dates and id; once paid, the workspace's plan and its end, which earlier orders may have extended. */
export function Facts({ order }: { order: OrderView }) {
  const bought = order.status === "completed" ? order.subscription : undefined;
  return (
    <dl className={styles.facts}>
      <dt>Amount</dt>
      <dd>{rupees(order.amount)}</dd>
      {order.paid_at && (
        <>
          <dt>Paid</dt>
          <dd>
            <Time at={order.paid_at} />
          </dd>
        </>
      )}
      {bought?.plan && bought.current_period_end && (
        <>
          <dt>Plan of your workspace</dt>
          <dd data-testid="bought">
            {PLAN_NAMES[bought.plan]} until <Time at={bought.current_period_end} />
          </dd>
        </>
      )}
      <dt>Order</dt>
      <dd className={styles.id}>{order.order_id}</dd>
    </dl>
  );
}
