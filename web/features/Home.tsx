"use client";

import type { PublicSettings } from "../lib/env";
import { useRules } from "../lib/rules";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { Desk } from "./Desk";
import { Shell } from "./Shell";

const INTRO = {
  title: "Your workspace",
  lead: "Answer each step once. Every generator reads the manifest made from your answers.",
};
const ENTRY = {
  title: "One set of answers, read by every tool",
  lead: "Seven short steps about your company become a small manifest that you can verify yourself.",
};

/** The first page: sign-in for visitors, the desk for a signed-in person. */
export function Home({ settings }: { settings: PublicSettings }) {
  const rules = useRules();
  return (
    <Shell settings={settings} intro={INTRO} entry={ENTRY}>
      {(person) => {
        if (rules.state === "ready") return <Desk {...person} />;
        if (rules.state === "loading") return <p role="status">Loading…</p>;
        return (
          <Notice tone="error" title="A part of this page could not be loaded." text="Check your connection and try again.">
            <Button look="quiet" onClick={rules.retry}>
              Try again
            </Button>
          </Notice>
        );
      }}
    </Shell>
  );
}
