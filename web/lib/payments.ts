import type { Checkout, InitRequest, Offer, OrderView, Plan, Plans } from "@gatehouse/wasm-client";

import { type Answered, call } from "./worker.ts";

/** Plans as people read them. */
export const PLAN_NAMES: Record<Plan, string> = { ascent: "Ascent", glide: "Glide", soar: "Soar" };

/** The soonest that an order is asked about again, in milliseconds, whatever the answer says. */
const SOONEST_MS = 1_000;

/** An order, and when to ask about it again. */
export interface Look {
  order: OrderView;
  /** Milliseconds until the next look; `undefined` when there is none. */
  againMs: number | undefined;
}

/** The catalogue, from the smallest plan to the largest. The same for everybody. */
export async function fetchPlans(): Promise<Answered<Offer[]>> {
  const answer = await call("/payments/v2/plans", null);
  return answer.ok ? { ok: true, value: (JSON.parse(answer.value.text) as Plans).plans } : answer;
}

/** Opens PhonePe's page for a plan. With the same `key` it can be repeated: there is one order, and one page. */
export async function startPayment(token: string, workspaceId: string, key: string, wanted: InitRequest): Promise<Answered<Checkout>> {
  const answer = await call("/payments/v2/init", token, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key, "X-Workspace-Id": workspaceId },
    body: JSON.stringify(wanted),
  });
  return answer.ok ? { ok: true, value: JSON.parse(answer.value.text) as Checkout } : answer;
}

/** Where an order's money is. */
export async function fetchOrder(token: string, orderId: string): Promise<Answered<Look>> {
  const answer = await call(`/payments/v2/status/${encodeURIComponent(orderId)}`, token);
  if (!answer.ok) return answer;
  const order = JSON.parse(answer.value.text) as OrderView;
  return { ok: true, value: { order, againMs: lookAgain(order, answer.value.at) } };
}

/** When a pending order is asked about next, in milliseconds from `nowMs`; `undefined` once it is settled or given up. */
export function lookAgain(order: OrderView, nowMs: number): number | undefined {
  if (order.status !== "pending" || order.poll_after_ms == null) return undefined;
  if (order.give_up_at != null && nowMs >= Date.parse(order.give_up_at)) return undefined;
  return Math.max(order.poll_after_ms, SOONEST_MS);
}
