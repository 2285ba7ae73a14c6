import { Configured } from "../features/Configured";
import { Home } from "../features/Home";

// The settings are those of the running server, not of the build.
export const dynamic = "force-dynamic";

export default function Page() {
  return <Configured>{(settings) => <Home settings={settings} />}</Configured>;
}
