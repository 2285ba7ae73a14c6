import type { Interval, OrderView } from "@gatehouse/wasm-client";

/** How long one payment lasts, as people read it. */
export const INTERVAL_NAMES: Record<Interval, string> = { month: "one month", year: "one year" };

/** An order's state as a person reads it. */
export interface OrderDescription {
  tone: "plain" | "success" | "error" | "warning";
  state: string;
  meaning: string;
}

// PhonePe may still report a success after a failure.
const NOT_PAID = "Your plan has not changed. If the money still arrives, we activate the plan and e-mail you.";

/** The payment state of an order, in words. */
export function describeOrder(order: OrderView, gaveUp: boolean): OrderDescription {
  switch (order.status) {
    case "completed":
      return { tone: "success", state: "Payment completed", meaning: "We received your payment, and your workspace's plan is active." };
    case "failed":
      return { tone: "error", state: "Payment failed", meaning: NOT_PAID };
    case "cancelled":
      return { tone: "error", state: "Payment cancelled", meaning: NOT_PAID };
    case "refunded":
      return { tone: "warning", state: "Payment refunded", meaning: "The money was refunded to your original payment method, and the access it paid for has ended." };
    case "pending":
      return gaveUp
        ? { tone: "warning", state: "Payment still pending", meaning: "We keep checking and will e-mail you. You do not need to wait here." }
        : { tone: "plain", state: "Waiting for the payment", meaning: "PhonePe has not confirmed it yet. This page checks again automatically." };
  }
}
