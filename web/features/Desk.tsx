"use client";

import { LinkButton } from "../ui/LinkButton";
import { Notice } from "../ui/Notice";
import styles from "./Desk.module.css";
import { Refusal } from "./Refusal";
import type { SignedIn } from "./Shell";
import { ManifestCard } from "./manifest/ManifestCard";
import { StepForm } from "./onboarding/StepForm";
import { useSignOutOnRefusal } from "./session/useSignOutOnRefusal";
import { useWorkspace } from "./useWorkspace";

/** What a signed-in person sees: what comes next, the company step and the manifest. */
export function Desk({ session, refresh, onSessionLost }: SignedIn) {
  const { view, reload } = useWorkspace(session.access_token, session.user.id, refresh);
  const lost = useSignOutOnRefusal(view.state === "refused" ? view.problem : undefined, onSessionLost);
  const next = view.state === "ready" ? view.profile.next : undefined;
  const why = view.state === "ready" ? view.profile.errors[0]?.message : undefined;

  const warning = view.state === "ready" ? view.received?.warning : undefined;

  return (
    <>
      {next?.condition === "plan" && (
        <Notice tone="plain" title={why ?? next.label}>
          <LinkButton href="/plans">{next.label}</LinkButton>
        </Notice>
      )}
      {warning && <Notice tone="warning" title="Showing the last saved copy" text={warning} />}
      <div className={styles.desk}>
        <StepForm step="company" figure="Fig. 01 — Company" />
        <aside className={styles.side} aria-label="Manifest">
          {view.state === "loading" && <p role="status">Loading your manifest…</p>}
          {view.state === "ready" && <ManifestCard received={view.received} figure="Fig. 02 — Manifest" />}
          {view.state === "ready" && view.received && (
            <LinkButton href="/suggestions" look="quiet">
              Suggestions for your answers
            </LinkButton>
          )}
          {view.state === "refused" && !lost && <Refusal problem={view.problem} onRetry={reload} />}
        </aside>
      </div>
    </>
  );
}
