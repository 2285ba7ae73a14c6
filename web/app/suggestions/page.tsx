import type { Metadata } from "next";

import { Configured } from "../../features/Configured";
import { SuggestionsPage } from "../../features/suggestions/SuggestionsPage";

// The settings are those of the running server, not of the build.
export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "Suggestions — Gatehouse" };

export default function Page() {
  return <Configured>{(settings) => <SuggestionsPage settings={settings} />}</Configured>;
}
