import type { Metadata } from "next";

import { Configured } from "../../features/Configured";
import { PlansPage } from "../../features/plans/PlansPage";

// The settings are those of the running server, not of the build.
export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "Plans — Gatehouse" };

export default function Page() {
  return <Configured>{(settings) => <PlansPage settings={settings} />}</Configured>;
}
