"use client";

import type { SupabaseClient } from "@supabase/supabase-js";
import { type FormEvent, useState } from "react";

import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { Notice } from "../../ui/Notice";
import { Sheet } from "../../ui/Sheet";
import styles from "./SignIn.module.css";

interface Props {
  client: SupabaseClient;
  /** Why the person was signed out, if they were. */
  reason: string | undefined;
}

/** Sentences for a failed sign-in, by the Auth service's stable code. */
const SENTENCES: Record<string, string> = {
  invalid_credentials: "Wrong e-mail or password.",
  user_already_exists: "An account with this e-mail address already exists. Sign in instead.",
  email_exists: "An account with this e-mail address already exists. Sign in instead.",
  weak_password: "Choose a longer password.",
  email_not_confirmed: "Confirm your e-mail address with the link we sent you, then sign in.",
  over_request_rate_limit: "Too many attempts. Wait a minute and try again.",
};

/** Sign-in and sign-up in one form. */
export function SignIn({ client, reason }: Props) {
  const [mode, setMode] = useState<"in" | "up">("in");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [mailSent, setMailSent] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const credentials = { email: String(form.get("email")).trim(), password: String(form.get("password")) };
    setBusy(true);
    setError(undefined);
    setMailSent(false);
    const result = mode === "in" ? await client.auth.signInWithPassword(credentials) : await client.auth.signUp(credentials);
    setBusy(false);
    if (result.error) {
      const known = SENTENCES[result.error.code ?? ""];
      setError(known ?? (result.error.status ? result.error.message : "The sign-in service is not answering. Try again in a few seconds."));
    } else if (!result.data.session) {
      setMailSent(true);
    }
  }

  const signUp = mode === "up";
  return (
    <Sheet
      figure="Fig. 01 — Entry"
      title={signUp ? "Create an account" : "Sign in"}
      lead={signUp ? "An e-mail address and a password are enough." : "Welcome back."}
    >
      <form className={styles.form} onSubmit={submit}>
        {reason && !error && <Notice tone="warning" title={reason} text="Sign in to continue." />}
        {error && <Notice tone="error" title={error} />}
        {mailSent && <Notice tone="success" title="Check your inbox." text="Open the link we sent you, then sign in." />}
        <Field id="email" label="E-mail address">
          {(input) => <input {...input} name="email" type="email" autoComplete="email" required />}
        </Field>
        <Field id="password" label="Password" hint={signUp ? "At least 8 characters." : undefined}>
          {(input) => (
            <input
              {...input}
              name="password"
              type="password"
              autoComplete={signUp ? "new-password" : "current-password"}
              minLength={signUp ? 8 : undefined}
              required
            />
          )}
        </Field>
        <div className={styles.actions}>
          <Button type="submit" disabled={busy}>
            {busy ? "Please wait…" : signUp ? "Create account" : "Sign in"}
          </Button>
          <Button look="quiet" onClick={() => { setMode(signUp ? "in" : "up"); setError(undefined); }}>
            {signUp ? "I have an account" : "Create an account"}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
