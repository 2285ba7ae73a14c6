"use client";

import type { PublicSettings } from "../../lib/env";
import { Shell } from "../Shell";
import { Payment } from "./Payment";

const INTRO = { title: "Your payment", lead: "This page follows the money by itself. You may close it: the payment goes on without it." };
const ENTRY = { title: "Sign in to see your payment", lead: "Only the people of the workspace that it is for can see it." };

/** `/payment/{order_id}`: where the money of one order is. PhonePe sends people back here. */
export function PaymentPage({ settings, orderId }: { settings: PublicSettings; orderId: string }) {
  return (
    <Shell settings={settings} intro={INTRO} entry={ENTRY}>
      {(person) => <Payment {...person} orderId={orderId} />}
    </Shell>
  );
}
