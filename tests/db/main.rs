//! The database as its callers meet it: every role, every table, every function, on a real Postgres.

mod access;
mod catalog;
mod http;
mod manifests;
mod manifests_hostile;
mod migrations;
mod onboarding;
mod profiles;
mod stack;
mod subscriptions;
mod support;
mod vocabulary;
