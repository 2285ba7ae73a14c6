//! The one table of routes. The Worker dispatches on it, OpenAPI and `docs/API.md` are generated from it,
//! and the tests take from it what each route requires, may call and how long it may take.

mod account;
mod context;
mod id;
mod matching;
mod members;
mod onboarding;
mod payments;
mod row;
mod system;

pub use id::RouteId;
pub use matching::{Matched, Params};
pub use row::{Body, Caller, Calls, Method, Needs, Role, Route};

/// The table, in the order in which the documents show it.
const AREAS: [&[Route]; 6] =
    [system::ROUTES, account::ROUTES, onboarding::ROUTES, context::ROUTES, payments::ROUTES, members::ROUTES];

/// Every route of the Worker.
pub fn routes() -> impl Iterator<Item = &'static Route> + Clone {
    AREAS.into_iter().flatten()
}

/// The row of a route; `None` only when the table lacks it.
pub const fn of(id: RouteId) -> Option<&'static Route> {
    by_number(id as u8)
}

/// The row of the route whose name has this number (`RouteId::… as u8`), also while code is being compiled.
pub const fn by_number(number: u8) -> Option<&'static Route> {
    let mut areas: &[&'static [Route]] = &AREAS;
    while let [area, more_areas @ ..] = areas {
        let mut rows: &'static [Route] = area;
        while let [row, more_rows @ ..] = rows {
            if row.id as u8 == number {
                return Some(row);
            }
            rows = more_rows;
        }
        areas = more_areas;
    }
    None
}

/// Finds the route of a method and a path. A path without parameters goes before one with; HEAD is answered as GET.
pub fn find(method: &str, path: &str) -> Matched {
    matching::find_in(routes(), method, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate_limit::POLICIES;

    #[test]
    fn the_table_answers_found_wrong_method_and_unknown() {
        assert!(matches!(find("GET", "/health"), Matched::Route(route, _) if route.id == RouteId::Health));
        assert!(
            matches!(find("DELETE", "/health"), Matched::MethodNotAllowed(allow) if allow == "GET, HEAD")
        );
        assert!(matches!(find("GET", "/health/"), Matched::NotFound));
        assert!(matches!(find("GET", "/payments/v2/status/"), Matched::NotFound));
    }

    #[test]
    fn no_two_routes_share_a_name_or_a_method_and_a_path() {
        for (index, route) in routes().enumerate() {
            assert_eq!(of(route.id).map(|row| row.path), Some(route.path));
            let before = || routes().take(index);
            assert!(before().all(|other| other.id != route.id), "{:?}", route.id);
            assert!(before().all(|other| other.path != route.path || other.method != route.method));
        }
    }

    #[test]
    fn a_row_that_takes_a_body_says_how_large_and_only_members_have_roles_and_plans() {
        for route in routes() {
            assert_eq!(route.body == Body::Nothing, route.max_body == 0, "{:?}", route.id);
            let asks_about_a_member = route.role != Role::Any || route.plan;
            assert!(!asks_about_a_member || route.caller == Caller::Member, "{:?}", route.id);
            assert!(!route.path.is_empty() && route.summary.ends_with('.') && !route.response.is_empty());
        }
    }

    #[test]
    fn every_named_limit_is_that_of_one_route() {
        for policy in POLICIES {
            let limited = routes().filter(|route| route.limit.is_some_and(|limit| limit.name == policy.name));
            assert_eq!(limited.count(), 1, "{}", policy.name);
        }
        assert_eq!(routes().filter(|route| route.limit.is_some()).count(), POLICIES.len());
    }
}
