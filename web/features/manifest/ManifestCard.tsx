"use client";

import { type Freshness, freshness, verifyManifest } from "@gatehouse/wasm-client";
import { useEffect, useState } from "react";

import type { SentManifest } from "../../lib/worker";
import { Sheet } from "../../ui/Sheet";
import styles from "./ManifestCard.module.css";

const LABELS: Record<Freshness, string> = { fresh: "Fresh", stale: "Stale", expired: "Expired", missing: "Missing" };
const MINUTE_MS = 60_000;

function localTime(instant: string): string {
  return new Date(instant).toLocaleString("en-IN", { dateStyle: "long", timeStyle: "short" });
}

/** The current time, moved on every minute so that an open page does not show an old label. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** The workspace's manifest: its age and whether its checksum holds, both judged here in the browser. */
export function ManifestCard({ sent, figure }: { sent: SentManifest | null; figure: string }) {
  const now = useNow();
  if (!sent) {
    return (
      <Sheet figure={figure} title="No manifest yet" lead="Finish onboarding; it makes the first one.">
        <p className={styles.empty}>No data yet</p>
      </Sheet>
    );
  }
  const { manifest, text } = sent;
  const judged = freshness(manifest.confirmed_at, now);
  const verified = verifyManifest(text);
  return (
    <Sheet figure={figure} title="Your manifest">
      <div className={styles.badges}>
        {judged.ok && (
          <span className={`${styles.badge} ${styles[judged.view.freshness]}`} data-testid="freshness">
            {LABELS[judged.view.freshness]}
          </span>
        )}
        <span className={`${styles.badge} ${verified.ok ? styles.fresh : styles.expired}`} data-testid="verified">
          {verified.ok ? "Verified" : "Not verified"}
        </span>
      </div>
      {!verified.ok && (
        <p className={styles.warning} role="alert">
          {verified.problem.detail} Do not use it; load the page again, and tell support if this stays.
        </p>
      )}
      <p className={styles.reason}>{judged.ok ? judged.view.reason : judged.problem.detail}</p>
      <dl className={styles.facts}>
        <dt>Version</dt>
        <dd data-testid="version">{manifest.version}</dd>
        <dt>Changes next</dt>
        <dd>
          {judged.ok && judged.view.changes_at ? (
            <time dateTime={judged.view.changes_at}>{localTime(judged.view.changes_at)}</time>
          ) : (
            "Not by itself"
          )}
        </dd>
        <dt>Size</dt>
        <dd>about {manifest.meta.token_estimate.toLocaleString("en-IN")} tokens</dd>
        <dt>Checksum</dt>
        <dd className={styles.checksum} title={manifest.checksum}>
          {manifest.checksum.slice(0, 12)}…
        </dd>
      </dl>
      <p className={styles.how}>Checked in this browser by the same compiled rules that the service runs.</p>
    </Sheet>
  );
}
