import type { Metadata } from "next";

import { Configured } from "../../../features/Configured";
import { PaymentPage } from "../../../features/payment/PaymentPage";

// The settings are those of the running server, not of the build.
export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "Payment — Gatehouse" };

export default async function Page({ params }: { params: Promise<{ order_id: string }> }) {
  const { order_id: orderId } = await params;
  return <Configured>{(settings) => <PaymentPage settings={settings} orderId={orderId} />}</Configured>;
}
