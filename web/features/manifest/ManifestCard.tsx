"use client";

import { type Freshness, freshness, verifyManifest } from "@gatehouse/wasm-client";
import { useEffect, useState } from "react";

import type { ReceivedManifest } from "../../lib/worker";
import { Sheet } from "../../ui/Sheet";
import styles from "./ManifestCard.module.css";

const LABELS: Record<Freshness, string> = { fresh: "Fresh", stale: "Stale", expired: "Expired", missing: "Missing" };
const MINUTE_MS = 60_000;

function localTime(instant: string): string {
  return new Date(instant).toLocaleString("en-IN", { dateStyle: "long", timeStyle: "short" });
}

/** The current time, updated every minute so that an open page does not show an old label. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** The workspace's manifest: its age and whether its checksum is valid, both checked here in the browser. */
export function ManifestCard({ received, figure }: { received: ReceivedManifest | null; figure: string }) {
  const now = useNow();
  if (!received) {
    return (
      <Sheet figure={figure} title="No manifest yet" lead="Finish onboarding to create the first one.">
        <p className={styles.empty}>No data yet</p>
      </Sheet>
    );
  }
  const { manifest, text } = received;
  const age = freshness(manifest.confirmed_at, now);
  const verified = verifyManifest(text);
  return (
    <Sheet figure={figure} title="Your manifest">
      <div className={styles.badges}>
        {age.ok && (
          <span className={`${styles.badge} ${styles[age.view.freshness]}`} data-testid="freshness">
            {LABELS[age.view.freshness]}
          </span>
        )}
        <span className={`${styles.badge} ${verified.ok ? styles.fresh : styles.expired}`} data-testid="verified">
          {verified.ok ? "Verified" : "Not verified"}
        </span>
      </div>
      {!verified.ok && (
        <p className={styles.warning} role="alert">
          {verified.problem.detail} Do not use it. Reload the page, and contact support if this happens again.
        </p>
      )}
      <p className={styles.reason}>{age.ok ? age.view.reason : age.problem.detail}</p>
      <dl className={styles.facts}>
        <dt>Version</dt>
        <dd data-testid="version">{manifest.version}</dd>
        <dt>Next change</dt>
        <dd>
          {age.ok && age.view.changes_at ? (
            <time dateTime={age.view.changes_at}>{localTime(age.view.changes_at)}</time>
          ) : (
            "Not automatically"
          )}
        </dd>
        <dt>Size</dt>
        <dd>about {manifest.meta.token_estimate.toLocaleString("en-IN")} tokens</dd>
        <dt>Checksum</dt>
        <dd className={styles.checksum} title={manifest.checksum}>
          {manifest.checksum.slice(0, 12)}…
        </dd>
      </dl>
      <p className={styles.how}>Checked in your browser, with the same rules as our service.</p>
    </Sheet>
  );
}
