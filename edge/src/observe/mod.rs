//! What a request leaves behind: counters, `Server-Timing`, rows of the audit log.

pub mod audit;
pub mod counters;
pub mod flush;
pub mod tiers;
pub mod timing;
