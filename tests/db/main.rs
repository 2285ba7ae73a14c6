//! The database as its callers meet it: every role, every table, every function, on a real Postgres.

mod access;
mod audit;
mod catalog;
mod due_work;
mod http;
mod manifests;
mod manifests_hostile;
mod members;
mod migrations;
mod moves;
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
mod versions;
mod vocabulary;
