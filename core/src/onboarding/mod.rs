//! Seven steps, 21 fields: what is asked, what a good answer is, and the business context built from it.

mod answers;
mod build;
mod fields;
mod session;
mod validate;

pub use answers::{Answer, Answers, Progress, progress};
pub use build::build_context;
pub use fields::{FIELDS, Field, FieldId, Kind, STEPS, Step, StepId, fields_of};
pub use session::{Changes, Session, SessionCopy, changes, merge_step, stored_answers};
pub use validate::{validate_answers, validate_draft, validate_step, validate_step_draft};
