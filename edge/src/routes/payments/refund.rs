//! `POST /payments/v2/refund`

use gatehouse_core::api::{RefundRequest, RefundView};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::rate_limit;
use gatehouse_core::route::Route;
use gatehouse_core::vocabulary::RefundStatus;
use serde::Deserialize;
use serde_json::json;

use super::is_ours;
use crate::app::Scope;
use crate::clients::postgrest::{self, Failure};
use crate::http::{Reply, Request};
use crate::idempotency;
use crate::session::SignedIn;
use crate::{refunds, session};

/// `request_refund()` and `request_refund_as_support()` of the database.
#[derive(Deserialize)]
struct Asked {
    created: bool,
    #[serde(flatten)]
    refund: RefundView,
}

/// Asks for an order's money back.
///
/// 1. The session: 401; the idempotency key: 400; the body: 413, 400; an order id of ours: 404.
/// 2. Claim the key; a repeat gets the first answer: 409 while that is at work, 422 for another body.
/// 3. Store the refund under the order's lock: 404, 403, 409, 422, 503. Support, whose session says so, asks with the
///    service key and in their own name; everybody else asks with their own token.
/// 4. Ask PhonePe, or, when the refund was stored before, first ask what became of it: 502 when refused. Unanswered is
///    no failure: the refund stands, and the cron goes on.
/// 5. 202 with the refund.
pub async fn refund(scope: &Scope, request: &Request<'_>, route: &Route) -> Result<Reply, Error> {
    // 1.
    let person = session::require(scope, request).await?;
    let key = idempotency::key_of(request)?;
    let asked: RefundRequest = request.json(route.max_body).await?;
    if !is_ours(&asked.order_id) {
        return Err(ErrorCode::OrderNotFound.into());
    }
    // 2.
    let meaning = json!([asked.order_id, asked.amount, asked.reason]).to_string();
    let policy = rate_limit::policy(route.id).ok_or(ErrorCode::Internal)?;
    let who = (person.session.user_id.as_str(), asked.order_id.as_str());
    let work = ask(scope, &person, &key, &asked);
    idempotency::once(scope, policy, who, &key, &meaning, work).await
}

async fn ask(scope: &Scope, person: &SignedIn, key: &str, asked: &RefundRequest) -> Result<Reply, Error> {
    // 3.
    let stored: Result<Asked, Failure> = if person.session.support {
        let arguments = json!({
            "p_order_id": asked.order_id, "p_amount": asked.amount, "p_actor": person.session.user_id,
            "p_reason": asked.reason, "p_idempotency_key": key, "p_request_id": scope.request_id,
        });
        postgrest::rpc_as_service(scope, "rpc/request_refund_as_support", &arguments).await
    } else {
        let arguments = json!({
            "p_order_id": asked.order_id, "p_amount": asked.amount, "p_reason": asked.reason,
            "p_idempotency_key": key, "p_request_id": scope.request_id,
        });
        postgrest::rpc(scope, person, "rpc/request_refund", &arguments).await
    };
    let Asked { created, refund } = stored.map_err(Failure::into_error)?;
    // 4.
    let told = match refund.status {
        RefundStatus::Pending if created => refunds::send(scope, &refund, "person").await,
        RefundStatus::Pending => refunds::follow_up(scope, &refund, "person").await,
        RefundStatus::Failed => Err(ErrorCode::RefundRefused.into()),
        RefundStatus::Completed => Ok(refund.clone()),
    };
    let refund = match told {
        Err(error) if error.code == ErrorCode::DependencyUnavailable => refund,
        told => told?,
    };
    // 5.
    Ok(Reply::json(202, &refund))
}
