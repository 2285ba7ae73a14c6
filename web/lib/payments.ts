import type { Checkout, InitRequest, Offer, OrderView, Plan, Plans } from "@gatehouse/wasm-client";

import { type Result, call } from "./worker.ts";

/** Plans as people read them. */
export const PLAN_NAMES: Record<Plan, string> = { ascent: "Ascent", glide: "Glide", soar: "Soar" };

/** The shortest time between two checks of an order, in milliseconds, whatever the answer says. */
const MIN_CHECK_MS = 1_000;

/** An order, and when to check it again. */
export interface OrderCheck {
  order: OrderView;
  /** Milliseconds until the next check; `undefined` when there is none. */
  nextCheckMs: number | undefined;
}

/** The catalogue, from the smallest plan to the largest. The same for everybody. */
export async function fetchPlans(): Promise<Result<Offer[]>> {
  const answer = await call("/payments/v2/plans", null);
  return answer.ok ? { ok: true, value: (JSON.parse(answer.value.text) as Plans).plans } : answer;
}

/** Opens PhonePe's page for a plan. Safe to repeat with the same `key`: there is one order and one page. */
export async function startPayment(token: string, workspaceId: string, key: string, wanted: InitRequest): Promise<Result<Checkout>> {
  const answer = await call("/payments/v2/init", token, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key, "X-Workspace-Id": workspaceId },
    body: JSON.stringify(wanted),
  });
  return answer.ok ? { ok: true, value: JSON.parse(answer.value.text) as Checkout } : answer;
}

/** The state of an order. */
export async function fetchOrder(token: string, orderId: string): Promise<Result<OrderCheck>> {
  const answer = await call(`/payments/v2/status/${encodeURIComponent(orderId)}`, token);
  if (!answer.ok) return answer;
  const order = JSON.parse(answer.value.text) as OrderView;
  return { ok: true, value: { order, nextCheckMs: nextCheckDelay(order, answer.value.at) } };
}

/** Milliseconds from `nowMs` until a pending order is checked next; `undefined` once it is settled or given up. */
export function nextCheckDelay(order: OrderView, nowMs: number): number | undefined {
  if (order.status !== "pending" || order.poll_after_ms == null) return undefined;
  if (order.give_up_at != null && nowMs >= Date.parse(order.give_up_at)) return undefined;
  return Math.max(order.poll_after_ms, MIN_CHECK_MS);
}
