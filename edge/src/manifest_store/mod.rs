//! Where a workspace's manifest is read from and written to: three tiers in Redis, Postgres behind them, and the fence
//! that keeps a reader from ever seeing an older version than the last committed one.

mod fence;
mod load;
mod source;
mod stored;
mod tiers;

pub use fence::{
    Fence, FenceSnapshot, Raised, SessionChange, raise_fence, raise_fence_for_cron, raise_fence_once,
};
pub use load::load;
pub use source::{PreparedSource, Source, read_first_source, read_source};
pub use stored::{Stored, publish_and_reply, store};
