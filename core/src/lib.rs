//! Every decision of Gatehouse, as pure functions over plain data.
//!
//! Nothing here reads a clock, a random source, the network or a file: time, ids and facts come in as
//! arguments, so the Worker, the browser package and the tests run the very same rules.
//!
//! The browser package is compiled for size with `--cfg gatehouse_small`, except the parts of the validator that run
//! for each byte.

#![cfg_attr(gatehouse_small, feature(optimize_attribute))]

pub mod api;
pub mod auth;
pub mod context;
pub mod cors;
pub mod email;
pub mod entitlement;
pub mod env;
pub mod error;
pub mod gate;
pub mod idempotency;
pub mod json;
pub mod log;
pub mod members;
pub mod metrics;
pub mod money;
pub mod onboarding;
pub mod payment;
pub mod pem;
pub mod plan;
pub mod rate_limit;
pub mod replay;
pub mod route;
pub mod subscription;
pub mod suggestions;
pub mod time;
pub mod tokens;
pub mod uuid;
pub mod validator;
pub mod vocabulary;
