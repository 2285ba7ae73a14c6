//! What a request brought, once the checks of its route's row have passed.

use gatehouse_core::error::Error;

use super::person::{Person, UnverifiedMember};

/// What a request brought, as far as its row asks for it.
pub struct Admitted {
    pub(super) caller: AdmittedCaller,
    pub(super) key: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Who calls.
pub enum AdmittedCaller {
    /// Nobody in particular, or the bearer of a token that the row names.
    Anybody,
    /// A session and a workspace as they came.
    Visitor(Visitor),
    /// A signed-in person.
    Person(Person),
    /// A signed-in person and the workspace that they name.
    Member(UnverifiedMember),
    /// PhonePe, by its own account.
    PhonePe(Proof),
}

/// A session and a workspace as they came, for the handler to judge.
pub struct Visitor {
    /// The session, or why there is none.
    pub person: Result<Person, Error>,
    /// The workspace that the request names, if any.
    pub workspace_id: Option<String>,
}

/// The proof that PhonePe's webhook carries; what it proves is judged together with the body.
pub struct Proof(pub String);
