/** The settings that the browser needs. */
export interface PublicSettings {
  /** Supabase's address. */
  supabaseUrl: string;
  /** Supabase's publishable key. */
  supabaseKey: string;
}

/**
 * Reads the settings when a page is asked for. Next writes `process.env.NEXT_PUBLIC_…` into the build when it
 * is spelled out; read through a variable, one build serves every deployment.
 *
 * @returns the settings, or the names of those that are missing.
 */
export function publicSettings(): PublicSettings | { missing: string[] } {
  const env = process.env;
  const supabaseUrl = env.NEXT_PUBLIC_SUPABASE_URL;
  const supabaseKey = env.NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY;
  if (supabaseUrl && supabaseKey) return { supabaseUrl, supabaseKey };
  const missing: string[] = [];
  if (!supabaseUrl) missing.push("NEXT_PUBLIC_SUPABASE_URL");
  if (!supabaseKey) missing.push("NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY");
  return { missing };
}

/** The Worker's address, which only the server knows; `undefined` when it is not set. */
export function workerUrl(): string | undefined {
  return process.env.GATEHOUSE_URL;
}
