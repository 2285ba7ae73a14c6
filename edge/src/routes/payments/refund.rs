//! `POST /payments/v2/refund`

use gatehouse_core::api::{RefundRequest, RefundView};
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::vocabulary::RefundStatus;
use serde::Deserialize;
use serde_json::json;

use super::is_ours;
use crate::clients::postgrest::{self, Failure};
use crate::entry::{Call, IdempotencyKey, JsonBody, Person, idempotency};
use crate::http::Reply;
use crate::payments::refunds;
use crate::scope::Scope;

/// `request_refund()` and `request_refund_as_support()` of the database.
#[derive(Deserialize)]
struct StoredRefund {
    created: bool,
    #[serde(flatten)]
    refund: RefundView,
}

/// Asks for a refund of an order.
///
/// 1. An order id that cannot be ours: 404.
/// 2. Claim the key; a repeat gets the first answer: 409 while that is being made, 422 for another body. Too often: 429.
/// 3. Store the refund under the order's lock: 404, 403, 409, 422, 503. Support, whose session says so, asks with the
///    service key and in their own name; everybody else asks with their own token.
/// 4. Send it to PhonePe, or, when the refund was stored before, first ask for its status: 502 when refused. Unanswered is
///    no failure: the refund stands, and the cron goes on.
/// 5. 202 with the refund.
pub async fn refund(
    scope: &Scope,
    call: Call<'_, Person, IdempotencyKey, JsonBody<RefundRequest>>,
) -> Result<Reply, Error> {
    // 1.
    let JsonBody(request) = &call.body;
    if !is_ours(&request.order_id) {
        return Err(ErrorCode::OrderNotFound.into());
    }
    // 2.
    let fingerprint = json!([request.order_id, request.amount, request.reason]).to_string();
    let policy = call.route.limit.ok_or(ErrorCode::Internal)?;
    let about = (&call.caller, request.order_id.as_str());
    let work = store_and_send(scope, &call.caller, &call.key, request);
    idempotency::once_for_order(scope, policy, about, &call.key, &fingerprint, work).await
}

async fn store_and_send(
    scope: &Scope,
    person: &Person,
    IdempotencyKey(key): &IdempotencyKey,
    request: &RefundRequest,
) -> Result<Reply, Error> {
    // 3.
    let stored: Result<StoredRefund, Failure> = if person.session.support {
        let arguments = json!({
            "p_order_id": request.order_id, "p_amount": request.amount, "p_actor": person.session.user_id,
            "p_reason": request.reason, "p_idempotency_key": key, "p_request_id": scope.request_id,
        });
        postgrest::rpc_as_service(scope, "rpc/request_refund_as_support", &arguments).await
    } else {
        let arguments = json!({
            "p_order_id": request.order_id, "p_amount": request.amount, "p_reason": request.reason,
            "p_idempotency_key": key, "p_request_id": scope.request_id,
        });
        postgrest::rpc(scope, person, "rpc/request_refund", &arguments).await
    };
    let StoredRefund { created, refund } = stored?;
    // 4.
    let sent = match refund.status {
        RefundStatus::Pending if created => refunds::send(scope, &refund, "person").await,
        RefundStatus::Pending => refunds::follow_up(scope, &refund, "person").await,
        RefundStatus::Failed => Err(ErrorCode::RefundRefused.into()),
        RefundStatus::Completed => Ok(refund.clone()),
    };
    let refund = match sent {
        Err(error) if error.code == ErrorCode::DependencyUnavailable => refund,
        sent => sent?,
    };
    // 5.
    Ok(Reply::json(202, &refund))
}
