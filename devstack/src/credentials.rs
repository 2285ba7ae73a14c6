//! Fixed keys and passwords of the local platform. They are worth nothing outside of this machine.

/// The Supabase API key that a browser may know.
pub(crate) const PUBLISHABLE_KEY: &str = "sb_publishable_gatehouse-local-devstack";
/// The Supabase API key that only a server may know.
pub(crate) const SECRET_KEY: &str = "sb_secret_gatehouse-local-devstack";
/// Bearer token of the Upstash REST proxy.
pub(crate) const UPSTASH_TOKEN: &str = "gatehouse-local-upstash-token";
/// Password of the platform's login roles in Postgres. The platform's own server trusts local connections without it.
pub(crate) const ROLE_PASSWORD: &str = "gatehouse-local";
