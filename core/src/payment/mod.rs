//! Money: what PhonePe says, when to ask it again, and how its webhook proves itself.

pub mod phonepe;
mod poll;

pub use poll::{Poll, next_poll};
