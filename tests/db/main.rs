//! The database as its callers meet it: every role, every table, every function, on a real Postgres.

mod access;
mod catalog;
mod entitlements;
mod gate;
mod http;
mod manifests;
mod manifests_hostile;
mod migrations;
mod onboarding;
mod orders;
mod payments;
mod periods;
mod profiles;
mod queues;
mod snapshots;
mod stack;
mod subscriptions;
mod support;
mod vocabulary;
