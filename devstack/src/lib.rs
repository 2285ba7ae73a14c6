//! The local platform that Gatehouse is developed and tested on: a real Postgres, a real PostgREST and a real
//! Redis-protocol server, with an Auth server, an Upstash REST proxy and simulators of PhonePe, Resend and Vertex AI that
//! speak the hosted products' wire formats, faults on demand, and a record of every call.
//!
//! ```no_run
//! # async fn run() -> anyhow::Result<()> {
//! use gatehouse_devstack::{Fault, Part, Stack, StackOptions};
//! let stack = Stack::start(StackOptions::for_tests(), |step| println!("{}: {}", step.part, step.message)).await?;
//! let session = stack.sign_up("asha@example.com", "correct horse").await?;
//! stack.faults().set(Part::Upstash, Fault { drop: true, times: Some(1), ..Fault::default() })?;
//! # drop(session);
//! stack.stop().await
//! # }
//! ```

mod auth;
mod cache;
mod clock;
mod credentials;
mod database;
mod faults;
mod gateway;
mod http;
mod jwt;
mod keys;
mod migrate;
mod options;
mod part;
pub mod phonepe;
mod platform;
mod postgrest;
mod process;
mod recorder;
mod relay;
pub mod resend;
mod stack;
mod this_machine;
mod upstash;
mod valkey;
pub mod vertex;
pub mod worker;

pub use cache::cache_dir;
pub use faults::{Fault, Faults};
pub use migrate::migrate;
pub use options::{Ports, Progress, RefreshReuse, StackOptions};
pub use part::{Part, PartInfo};
pub use platform::sessions::Session;
pub use recorder::Call;
pub use stack::Stack;
