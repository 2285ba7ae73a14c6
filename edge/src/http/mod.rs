//! The thin typed layer over the platform's request and response.

mod reply;
mod request;

pub use reply::Reply;
pub use request::{Request, parse_object};
