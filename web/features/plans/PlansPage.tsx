"use client";

import type { PublicSettings } from "../../lib/env";
import { Shell } from "../Shell";
import { Plans } from "./Plans";

const INTRO = { title: "Choose a plan", lead: "Prices include GST. You pay on PhonePe's page and come back here." };
const ENTRY = { title: "Sign in to choose a plan", lead: "A plan belongs to a workspace, so we need to know which one is yours." };

/** `/plans`: the catalogue, with a button a plan that opens PhonePe's page. */
export function PlansPage({ settings }: { settings: PublicSettings }) {
  return (
    <Shell settings={settings} intro={INTRO} entry={ENTRY}>
      {(person) => <Plans {...person} />}
    </Shell>
  );
}
