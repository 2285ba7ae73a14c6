//! The Worker over HTTP: the deployed bundle on workerd, beside a real Postgres, PostgREST and Valkey.

mod audit;
mod chaos;
mod config;
mod cron;
mod failures;
mod fence;
mod gate;
mod history;
mod hygiene;
mod limits;
mod members;
mod observability;
mod onboarding;
mod operations;
mod panics;
mod payments;
mod refunds;
mod refusals;
mod renewal;
mod sessions;
mod suggestions;
mod support;
mod traces;
mod vectors;
mod versions;
