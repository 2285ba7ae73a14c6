"use client";

import type { Session } from "@supabase/supabase-js";
import { useEffect } from "react";

import type { Refresh } from "../lib/refresh";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import styles from "./Home.module.css";
import { ManifestCard } from "./manifest/ManifestCard";
import { StepForm } from "./onboarding/StepForm";
import { useWorkspace } from "./useWorkspace";

interface Props {
  session: Session;
  /** Renews the session when the Worker says that its token has expired. */
  refresh: Refresh;
  /** Called with a sentence when the Worker does not accept the session and renewing it has not helped. */
  onSessionLost: (reason: string) => void;
}

/** What a signed-in person sees: the company step and the manifest. */
export function Desk({ session, refresh, onSessionLost }: Props) {
  const { view, reload } = useWorkspace(session.access_token, session.user.id, refresh);
  const lost = view.state === "refused" && view.problem.status === 401 ? view.problem.title : undefined;

  useEffect(() => {
    if (lost) onSessionLost(lost);
    // Only a new refusal signs out; a new callback does not.
  }, [lost]);

  return (
    <div className={styles.desk}>
      <StepForm step="company" figure="Fig. 01 — Company" />
      <aside className={styles.side} aria-label="Manifest">
        {view.state === "loading" && <p role="status">Loading your manifest…</p>}
        {view.state === "ready" && <ManifestCard sent={view.sent} figure="Fig. 02 — Manifest" />}
        {view.state === "refused" && !lost && (
          <Notice tone="error" title={view.problem.detail} text={view.problem.fix}>
            <Button look="quiet" onClick={reload}>
              Try again
            </Button>
            {view.problem.request_id && <p className={styles.request}>Request {view.problem.request_id}</p>}
          </Notice>
        )}
      </aside>
    </div>
  );
}
