"use client";

import { useState } from "react";

import type { PublicSettings } from "../lib/env";
import { refreshSession } from "../lib/refresh";
import { useRules } from "../lib/rules";
import { Button } from "../ui/Button";
import { Notice } from "../ui/Notice";
import { Desk } from "./Desk";
import styles from "./Home.module.css";
import { SignIn } from "./session/SignIn";
import { useSession } from "./session/useSession";

/** The page: sign-in for a stranger, the desk for a signed-in person. */
export function Home({ settings }: { settings: PublicSettings }) {
  const { session, client } = useSession(settings);
  const rules = useRules();
  const [reason, setReason] = useState<string>();

  async function signOut(why?: string) {
    setReason(why);
    await client?.auth.signOut({ scope: "local" });
  }

  return (
    <>
      <header className={styles.bar}>
        <p className={styles.brand}>Gatehouse</p>
        {session && (
          <div className={styles.person}>
            <span className={styles.email}>{session.user.email}</span>
            <Button look="quiet" onClick={() => void signOut()}>
              Sign out
            </Button>
          </div>
        )}
      </header>
      <main className={session ? styles.main : `${styles.main} ${styles.entry}`}>
        <div className={styles.intro}>
          <h1>{session ? "Your workspace" : "One set of answers, read by every tool"}</h1>
          <p>
            {session
              ? "Answer each step once. The manifest made from it is what every generator reads."
              : "Seven short steps about your company become a small manifest that you can verify yourself."}
          </p>
        </div>
        {rules.state === "failed" && (
          <Notice tone="error" title="The rules of this page could not be loaded." text="Check your network.">
            <Button look="quiet" onClick={rules.retry}>
              Try again
            </Button>
          </Notice>
        )}
        {session === null && client && (
          <div className={styles.narrow}>
            <SignIn client={client} reason={reason} />
          </div>
        )}
        {session && client && rules.state === "ready" && (
          <Desk session={session} refresh={() => refreshSession(client)} onSessionLost={(why) => void signOut(why)} />
        )}
        {(session === undefined || (session && rules.state === "loading")) && <p role="status">Loading…</p>}
      </main>
    </>
  );
}
