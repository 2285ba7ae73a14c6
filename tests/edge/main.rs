//! The Worker over HTTP: the deployed bundle on workerd, beside a real Postgres, PostgREST and Valkey.

mod config;
mod failures;
mod fence;
mod hygiene;
mod limits;
mod observability;
mod onboarding;
mod panics;
mod payments;
mod refusals;
mod support;
mod traces;
