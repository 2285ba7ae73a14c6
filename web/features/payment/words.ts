import type { Interval, OrderView } from "@gatehouse/wasm-client";

/** How often a plan is paid for, as people read it. */
export const INTERVAL_NAMES: Record<Interval, string> = { month: "one month", year: "one year" };

/** A state as a person reads it. */
export interface Words {
  tone: "plain" | "success" | "error" | "warning";
  state: string;
  meaning: string;
}

// PhonePe may still report a success after a failure.
const UNBOUGHT = "Nothing was bought. Should the money arrive after all, it counts and we write to you.";

/** Says where the money of an order is. */
export function wordsOf(order: OrderView, gaveUp: boolean): Words {
  switch (order.status) {
    case "completed":
      return { tone: "success", state: "Payment completed", meaning: "The money has arrived, and the plan is your workspace's." };
    case "failed":
      return { tone: "error", state: "Payment failed", meaning: UNBOUGHT };
    case "cancelled":
      return { tone: "error", state: "Payment cancelled", meaning: UNBOUGHT };
    case "refunded":
      return { tone: "warning", state: "Payment refunded", meaning: "The money went back the way it came, and the access it bought has ended." };
    case "pending":
      return gaveUp
        ? { tone: "warning", state: "Payment still pending", meaning: "We keep checking and write to you. You need not wait here." }
        : { tone: "plain", state: "Waiting for the payment", meaning: "PhonePe has not confirmed it yet. This page looks again by itself." };
  }
}
