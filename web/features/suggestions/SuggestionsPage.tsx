"use client";

import type { PublicSettings } from "../../lib/env";
import { Shell } from "../Shell";
import { Suggestions } from "./Suggestions";

const INTRO = {
  title: "Suggestions",
  lead: "A language model can suggest another wording for an answer. Nothing changes until you accept it.",
};
const ENTRY = { title: "Sign in to see suggestions", lead: "Suggestions are about your workspace's answers, so we need to know which workspace is yours." };

/** `/suggestions`: other wordings for answers, for a person to accept or dismiss. */
export function SuggestionsPage({ settings }: { settings: PublicSettings }) {
  return (
    <Shell settings={settings} intro={INTRO} entry={ENTRY}>
      {(person) => <Suggestions {...person} />}
    </Shell>
  );
}
