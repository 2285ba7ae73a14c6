//! Postgres: the platform's own server, or an existing one.

mod binaries;
mod cluster;
mod existing;
mod postgres;
pub(crate) mod server;
mod template;
