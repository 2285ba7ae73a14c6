//! Who is asking, and what of that has been checked.

use gatehouse_core::auth::Session;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::rate_limit::Policy;
use gatehouse_core::route::Route;

/// A signed-in person.
#[derive(Clone)]
pub struct Person {
    /// The checked session.
    pub session: Session,
    /// The access token that proves it; row-level security judges it again.
    pub token: String,
}

/// A person in a workspace, about whom Redis or Postgres has been asked.
#[derive(Clone)]
pub struct Member {
    /// Who.
    pub person: Person,
    /// The workspace, spelled as keys and logs spell it.
    pub workspace_id: String,
}

impl Member {
    /// The auth user id.
    pub fn user_id(&self) -> &str {
        &self.person.session.user_id
    }
}

/// A person and the workspace that they name. Membership, role, plan, seat and the named limit of the route's row are
/// still to be checked, and the route's first script or SQL function does that in the call it makes anyway (decisions
/// 0004 and 0010). So a handler cannot take this apart: it hands it to the store or client that makes the first call.
pub struct UnverifiedMember {
    member: Member,
    route: &'static Route,
}

impl UnverifiedMember {
    /// What a request names.
    pub(super) fn new(person: Person, workspace_id: String, route: &'static Route) -> Self {
        Self { member: Member { person, workspace_id }, route }
    }

    /// For a SQL function, which checks membership, role, plan and seat under the person's own token.
    ///
    /// # Errors
    /// `internal` for a route with a named limit: a script has to count it first.
    pub fn checked_in_sql(&self) -> Result<&Member, Error> {
        if self.route.limit.is_some() { Err(ErrorCode::Internal.into()) } else { Ok(&self.member) }
    }

    /// For a script, which counts the named limit where there is one and looks at the membership.
    pub fn checked_in_script(&self) -> (&Member, Option<&'static Policy>) {
        (&self.member, self.route.limit)
    }
}
