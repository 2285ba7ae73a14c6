//! What every HTTP server of the platform shares.

pub(crate) mod interceptor;
pub(crate) mod listener;
pub(crate) mod page;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod simulator;
