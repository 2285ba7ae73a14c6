//! `POST /payments/v2/init`

use gatehouse_core::api::{Checkout, InitRequest};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::next_poll;
use gatehouse_core::plan::price;
use gatehouse_core::rate_limit;
use gatehouse_core::route::Route;
use gatehouse_core::time;
use gatehouse_core::vocabulary::{Interval, PaymentStatus, Plan};
use serde::Deserialize;
use serde_json::json;

use crate::app::Scope;
use crate::clients::phonepe::{self, Paid};
use crate::clients::postgrest::{self, Failure};
use crate::http::{Reply, Request};
use crate::idempotency;
use crate::routes::workspace;
use crate::session::SignedIn;
use crate::{platform, session};

/// `create_order()` and `save_checkout()` of the database.
#[derive(Deserialize)]
struct Order {
    order_id: String,
    status: PaymentStatus,
    amount: i64,
    currency: String,
    redirect_url: Option<String>,
    expires_at: Option<String>,
}

impl Order {
    fn into_checkout(self) -> Option<Checkout> {
        Some(Checkout {
            order_id: self.order_id,
            amount: self.amount,
            currency: self.currency,
            redirect_url: self.redirect_url?,
            expires_at: time::normalise(&self.expires_at?),
        })
    }
}

/// Opens a payment page for a plan.
///
/// 1. The session: 401; the workspace header and the idempotency key: 400; the body: 413, 400; the plan: 422.
/// 2. Claim the key; a repeat gets the first answer: 409 while that is at work, 422 for another body. Too often: 429.
/// 3. Store the order, priced by the catalogue, or find the open one: 404, 403, 409 when database and catalogue disagree
///    about the price, 422, 503.
/// 4. An order whose page is open already is the answer: 200. One that was given up before it had a page is over: 502.
/// 5. Ask PhonePe for a page: 502 when refused, 503 when unanswered; the order stays, and nothing is charged twice.
/// 6. Store the page's address: 503.
/// 7. 201 with the page's address.
pub async fn init(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let workspace_id = workspace(scope, request)?;
    let key = idempotency::key_of(request)?;
    let asked: InitRequest = request.json(route.max_body).await?;
    let plan = Plan::parse(&asked.plan).ok_or(ErrorCode::PlanUnknown)?;
    let interval = Interval::parse(&asked.interval).ok_or(ErrorCode::PlanUnknown)?;
    // 2.
    let meaning = format!("{workspace_id} {plan} {interval}");
    let policy = rate_limit::policy(route.id).ok_or(ErrorCode::Internal)?;
    let who = (person.session.user_id.as_str(), workspace_id.as_str());
    let work = open(scope, &person, &workspace_id, &key, (plan, interval));
    idempotency::once(scope, policy, who, &key, &meaning, work).await
}

async fn open(
    scope: &Scope,
    person: &SignedIn,
    workspace_id: &str,
    key: &str,
    (plan, interval): (Plan, Interval),
) -> Result<Reply, Error> {
    // 3.
    let arguments = json!({
        "p_workspace_id": workspace_id, "p_plan": plan, "p_interval": interval,
        "p_idempotency_key": key, "p_request_id": scope.request_id, "p_amount": price(plan, interval),
    });
    let order: Order =
        postgrest::rpc(scope, person, "rpc/create_order", &arguments).await.map_err(Failure::into_error)?;
    // 4.
    if order.redirect_url.is_some() {
        return order
            .into_checkout()
            .map(|checkout| Reply::json(200, &checkout))
            .ok_or(ErrorCode::Internal.into());
    }
    if order.status != PaymentStatus::Pending {
        return Err(Error::with_detail(
            ErrorCode::PaymentRefused,
            "The order of this idempotency key was cancelled before its payment page was opened.",
        ));
    }
    // 5.
    let page = match phonepe::pay(scope, &order.order_id, order.amount).await? {
        Paid::Open(page) => page,
        Paid::Refused => return Err(ErrorCode::PaymentRefused.into()),
    };
    // 6.
    let now = platform::now();
    let expires_at = page.expires_at(now);
    let arguments = json!({
        "p_order_id": order.order_id, "p_provider_order_id": page.order_id, "p_redirect_url": page.redirect_url,
        "p_expires_at": time::format(expires_at), "p_next_check_at": time::format(next_poll(now, expires_at, now).next_at),
    });
    let order: Order = postgrest::rpc_as_service(scope, "rpc/save_checkout", &arguments)
        .await
        .map_err(Failure::into_error)?;
    // 7.
    order.into_checkout().map(|checkout| Reply::json(201, &checkout)).ok_or(ErrorCode::Internal.into())
}
