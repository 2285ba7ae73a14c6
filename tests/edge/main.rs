//! The Worker over HTTP: the deployed bundle on workerd, beside a real Postgres, PostgREST and Valkey.

mod audit;
mod chaos;
mod config;
mod cron;
mod failures;
mod fence;
mod gate;
mod hygiene;
mod limits;
mod members;
mod observability;
mod onboarding;
mod panics;
mod payments;
mod refunds;
mod refusals;
mod sessions;
mod support;
mod traces;
mod versions;
