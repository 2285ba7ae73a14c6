import { Home } from "../features/Home";
import { publicSettings } from "../lib/env";
import { Notice } from "../ui/Notice";

// The settings are those of the running server, not of the build.
export const dynamic = "force-dynamic";

export default function Page() {
  const settings = publicSettings();
  if ("missing" in settings) {
    return <Notice tone="error" title="This site is not set up." text={`Operators: set ${settings.missing.join(" and ")}.`} />;
  }
  return <Home settings={settings} />;
}
