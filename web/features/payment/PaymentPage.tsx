"use client";

import type { PublicSettings } from "../../lib/env";
import { Shell } from "../Shell";
import { Payment } from "./Payment";

const INTRO = { title: "Your payment", lead: "This page updates automatically. You can close it; the payment continues without it." };
const ENTRY = { title: "Sign in to see your payment", lead: "Only members of the workspace can see it." };

/** `/payment/{order_id}`: the state of one order. PhonePe sends people back here. */
export function PaymentPage({ settings, orderId }: { settings: PublicSettings; orderId: string }) {
  return (
    <Shell settings={settings} intro={INTRO} entry={ENTRY}>
      {(person) => <Payment {...person} orderId={orderId} />}
    </Shell>
  );
}
