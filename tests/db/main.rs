//! The database as its callers meet it: every role, every table, every function, on a real Postgres.

mod access;
mod catalog;
mod cli;
mod http;
mod manifests;
mod manifests_hostile;
mod migrations;
mod onboarding;
mod orders;
mod payments;
mod periods;
mod plans;
mod plans_reader;
mod probe;
mod probe_values;
mod profiles;
mod queues;
mod races;
mod security_doc;
mod snapshots;
mod stack;
mod subscriptions;
mod support;
mod tenant;
mod vocabulary;
