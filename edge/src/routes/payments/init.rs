//! `POST /payments/v2/init`

use gatehouse_core::api::{Checkout, InitRequest};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::payment::next_poll;
use gatehouse_core::plan::price;
use gatehouse_core::time;
use gatehouse_core::vocabulary::{Interval, PaymentStatus, Plan};
use serde::Deserialize;
use serde_json::json;

use crate::clients::phonepe::{self, Paid};
use crate::clients::postgrest;
use crate::entry::{Call, IdempotencyKey, JsonBody, Member, UnverifiedMember, idempotency};
use crate::http::Reply;
use crate::platform;
use crate::scope::Scope;

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
/// 1. The plan: 422.
/// 2. Claim the key; a repeat gets the first answer: 409 while that is being made, 422 for another body. Too often: 429.
/// 3. Store the order, priced by the catalogue, or find the open one: 404, 403, 409 when database and catalogue disagree
///    about the price, 422, 503.
/// 4. An order whose page is open already is the answer: 200. One that was cancelled before it had a page has failed: 502.
/// 5. Ask PhonePe for a page: 502 when refused, 503 when unanswered; the order stays, and nothing is charged twice.
/// 6. Store the page's address: 503.
/// 7. 201 with the page's address.
pub async fn init(
    scope: &Scope,
    call: Call<'_, UnverifiedMember, IdempotencyKey, JsonBody<InitRequest>>,
) -> Result<Reply, Error> {
    // 1.
    let JsonBody(InitRequest { plan, interval }) = &call.body;
    let plan = Plan::parse(plan).ok_or(ErrorCode::PlanUnknown)?;
    let interval = Interval::parse(interval).ok_or(ErrorCode::PlanUnknown)?;
    // 2.
    let fingerprint = |workspace_id: &str| format!("{workspace_id} {plan} {interval}");
    let work = async |member: &Member| open_page(scope, member, &call.key, (plan, interval)).await;
    idempotency::once(scope, &call.caller, &call.key, fingerprint, work).await
}

async fn open_page(
    scope: &Scope,
    member: &Member,
    IdempotencyKey(key): &IdempotencyKey,
    (plan, interval): (Plan, Interval),
) -> Result<Reply, Error> {
    // 3.
    let arguments = json!({
        "p_workspace_id": member.workspace_id, "p_plan": plan, "p_interval": interval,
        "p_idempotency_key": key, "p_request_id": scope.request_id, "p_amount": price(plan, interval),
    });
    let order: Order = postgrest::rpc(scope, &member.person, "rpc/create_order", &arguments).await?;
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
    let order: Order = postgrest::rpc_as_service(scope, "rpc/save_checkout", &arguments).await?;
    // 7.
    order.into_checkout().map(|checkout| Reply::json(201, &checkout)).ok_or(ErrorCode::Internal.into())
}
