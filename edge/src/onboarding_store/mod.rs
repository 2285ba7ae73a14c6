//! Where a workspace's onboarding session is read from and saved to: Redis, where one script compares, writes and
//! checks the membership in one call; behind it a snapshot in Postgres, for when Redis is unavailable or has lost it.

mod apply;
mod durable;
mod edit;
mod redis;
mod snapshot;

pub use apply::apply;
pub use durable::read_durable;
pub use edit::{Edit, Membership, Outcome, StoredSession};
pub use redis::{fields, parse};
pub use snapshot::restore;
