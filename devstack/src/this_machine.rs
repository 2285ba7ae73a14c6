//! Servers that somebody else runs must be on this machine.

use anyhow::{Result, bail};

/// Refuses a server on another machine: the platform's roles get a password that everybody knows, and tests create
/// and drop databases.
pub(crate) fn require_this_machine(setting: &str, host: &str) -> Result<()> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if loopback || name.eq_ignore_ascii_case("localhost") {
        return Ok(());
    }
    bail!(
        "{setting} names {name}, which is not on this machine: unset it to use the stack's own servers, or name a \
         server at 127.0.0.1, [::1] or localhost."
    )
}
