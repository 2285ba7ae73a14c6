//! Child processes that never outlive this one.

pub(crate) mod child;
pub(crate) mod child_server;
pub(crate) mod output;
pub(crate) mod run_as;
mod spawner;
