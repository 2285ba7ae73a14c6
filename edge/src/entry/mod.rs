//! What a request must bring before its handler runs, as the row of its route says: session, workspace, idempotency
//! key and body. A handler receives them as one [`Call`], whose type must ask for what the row asks for.

mod admit;
mod admitted;
mod call;
pub mod idempotency;
pub mod limits;
mod person;
mod session;
pub mod shield;
mod signature;

pub use admit::admit;
pub use admitted::{Proof, Visitor};
pub use call::{
    Bytes, Call, IdempotencyKey, JsonBody, MetricsReader, Operator, OptionalJsonBody, query_number,
};
pub use person::{Member, Person, UnverifiedMember};
