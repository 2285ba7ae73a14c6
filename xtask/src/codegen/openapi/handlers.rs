//! What a handler reads and answers that its row of the route table does not say. Parameters and headers are named as the
//! components are.

use gatehouse_core::route::RouteId;

/// One handler.
pub struct Handler {
    /// The query parameters and request headers that it reads.
    pub parameters: &'static [&'static str],
    /// The statuses with which it succeeds.
    pub statuses: &'static [u16],
    /// The response headers of a success.
    pub headers: &'static [&'static str],
}

const PLAIN: Handler = Handler { parameters: &[], statuses: &[200], headers: &[] };
/// 201 where something new was made.
const CREATES: Handler = Handler { statuses: &[200, 201], ..PLAIN };
/// Stores a version of the manifest; Redis may be unavailable by the time it is published.
const STORES: Handler = Handler { headers: &["Degraded"], ..CREATES };
/// Saves answers at the revision that it names; without Redis they are saved in Postgres.
const SAVES: Handler = Handler { parameters: &["IfMatchRevision"], headers: &["ETag", "Degraded"], ..PLAIN };

/// What the handler of a route does.
pub const fn handler(id: RouteId) -> Handler {
    match id {
        RouteId::OpenApi => Handler {
            headers: &["Cache-Control", "Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy"],
            ..PLAIN
        },
        RouteId::Gate => Handler { parameters: &["Page", "Workspace", "OptionalWorkspaceId"], ..PLAIN },
        RouteId::EnsureProfile | RouteId::PaymentInit => CREATES,
        RouteId::ReadSession => Handler { headers: &["ETag", "Degraded", "Warning"], ..PLAIN },
        RouteId::ReplaceSession | RouteId::SaveStep => SAVES,
        RouteId::ResetSession => Handler { parameters: &["OptionalIfMatchRevision"], ..SAVES },
        RouteId::Finalize | RouteId::Restore | RouteId::Rebuild => STORES,
        RouteId::Manifest => Handler {
            parameters: &["IfNoneMatch"],
            statuses: &[200, 304],
            headers: &["ETag", "X-Cache", "Degraded", "Warning"],
        },
        RouteId::Export => {
            Handler { headers: &["Content-Disposition", "ETag", "X-Cache", "Degraded", "Warning"], ..PLAIN }
        }
        RouteId::History => Handler { parameters: &["Limit", "Before"], ..PLAIN },
        RouteId::Diff => Handler { parameters: &["FromVersion", "ToVersion"], ..PLAIN },
        RouteId::ReadSource => Handler { headers: &["ETag"], ..PLAIN },
        RouteId::EditSource => {
            Handler { parameters: &["IfMatchSource"], headers: &["ETag", "Degraded"], ..STORES }
        }
        RouteId::Suggest | RouteId::InviteMember => Handler { statuses: &[201], ..PLAIN },
        RouteId::Plans => Handler { headers: &["Cache-Control"], ..PLAIN },
        RouteId::Orders => Handler { parameters: &["Limit"], ..PLAIN },
        RouteId::Refund => Handler { statuses: &[202], ..PLAIN },
        _ => PLAIN,
    }
}
