import type { ReactNode } from "react";

import { type PublicSettings, publicSettings } from "../lib/env";
import { Notice } from "../ui/Notice";

/** A page with the running server's settings, or the sentence that says which are missing. */
export function Configured({ children }: { children: (settings: PublicSettings) => ReactNode }) {
  const settings = publicSettings();
  if ("missing" in settings) {
    return <Notice tone="error" title="This site is not set up." text={`Operators: set ${settings.missing.join(" and ")}.`} />;
  }
  return children(settings);
}
