"use client";

import { type Session, type SupabaseClient, createClient } from "@supabase/supabase-js";
import { useEffect, useState } from "react";

import type { PublicSettings } from "../../lib/env";

let client: SupabaseClient | undefined;

/** The page's one Supabase client: a second would race the first for the stored session. */
function browserClient(settings: PublicSettings): SupabaseClient {
  client ??= createClient(settings.supabaseUrl, settings.supabaseKey);
  return client;
}

/** The person's session; `undefined` while it is being looked up. */
export interface SessionView {
  session: Session | null | undefined;
  client: SupabaseClient | undefined;
}

/** Follows the stored session: sign-in, refresh and sign-out, in this tab or another. */
export function useSession(settings: PublicSettings): SessionView {
  const [view, setView] = useState<SessionView>({ session: undefined, client: undefined });
  useEffect(() => {
    const supabase = browserClient(settings);
    const { data } = supabase.auth.onAuthStateChange((_event, session) => setView({ session, client: supabase }));
    return () => data.subscription.unsubscribe();
  }, [settings]);
  return view;
}
