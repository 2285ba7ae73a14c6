"use client";

import type { Session } from "@supabase/supabase-js";
import Link from "next/link";
import { type ReactNode, useState } from "react";

import type { PublicSettings } from "../lib/env";
import { type Refresh, refreshSession } from "../lib/refresh";
import { Button } from "../ui/Button";
import styles from "./Shell.module.css";
import { SignIn } from "./session/SignIn";
import { useSession } from "./session/useSession";

/** Who is signed in, and what to do about the session. */
export interface SignedIn {
  session: Session;
  /** Renews the session when the Worker says that its token has expired. */
  refresh: Refresh;
  /** Called with the reason when the Worker does not accept the session, even after a refresh. */
  onSessionLost: (reason: string) => void;
}

/** The heading of a page. */
interface Intro {
  title: string;
  lead: string;
}

interface Props {
  settings: PublicSettings;
  /** For a signed-in person. */
  intro: Intro;
  /** For a visitor, beside the sign-in form. */
  entry: Intro;
  /** The page itself, for a signed-in person. */
  children: (person: SignedIn) => ReactNode;
}

/** The frame of every page: the bar, the heading, and sign-in for a visitor, who then stays on the page. */
export function Shell({ settings, intro, entry, children }: Props) {
  const { session, client } = useSession(settings);
  const [reason, setReason] = useState<string>();

  async function signOut(why?: string) {
    setReason(why);
    await client?.auth.signOut({ scope: "local" });
  }

  const { title, lead } = session ? intro : entry;
  return (
    <>
      <header className={styles.bar}>
        <Link href="/" className={styles.brand}>
          Gatehouse
        </Link>
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
          <h1>{title}</h1>
          <p>{lead}</p>
        </div>
        {session === null && client && (
          <div className={styles.narrow}>
            <SignIn client={client} reason={reason} />
          </div>
        )}
        {session && client && children({ session, refresh: () => refreshSession(client), onSessionLost: (why) => void signOut(why) })}
        {session === undefined && <p role="status">Loading…</p>}
      </main>
    </>
  );
}
