//! The onboarding form: its questions, validation of answers, the saved session, and the business context built from
//! it.

mod answers;
mod build;
mod by_field;
mod fields;
mod ids;
mod lookup;
mod lower;
#[rustfmt::skip]
mod questions;
mod raw_answers;
mod session;
mod validate;

pub use answers::{Answer, Answers, Changes, Progress, progress};
pub use build::build_context;
pub use by_field::ByField;
pub use fields::{Field, Kind, Step};
pub use ids::{FieldId, StepId};
pub use lookup::fields_in;
pub use questions::{FIELDS, STEPS, hint};
pub use raw_answers::RawAnswers;
pub use session::{Session, SessionCopy, difference, merge_step, requested_changes, valid_answers};
pub use validate::{
    field_error, validate_answers, validate_draft, validate_field, validate_step, validate_step_draft,
};
