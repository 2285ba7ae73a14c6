//! Seven steps, 21 fields: what is asked, what a good answer is, and the business context built from it.

mod answers;
mod build;
mod by_field;
mod fields;
mod ids;
mod lookup;
mod lower;
#[rustfmt::skip]
mod questions;
mod session;
mod validate;

pub use answers::{Answer, Answers, Changes, Progress, progress};
pub use build::build_context;
pub use by_field::ByField;
pub use fields::{Field, Kind, Step};
pub use ids::{FieldId, StepId};
pub use lookup::fields_of;
pub use questions::{FIELDS, STEPS, hint};
pub use session::{Session, SessionCopy, changes, difference, merge_step, stored_answers};
pub use validate::{
    Given, told, validate_answers, validate_draft, validate_field, validate_step, validate_step_draft,
};
