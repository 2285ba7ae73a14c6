//! Plans, orders, refunds, and PhonePe's webhook.

use super::id::RouteId;
use super::row::{Body, Caller, Calls, EDITOR_WRITE, MEMBER_READ, Method, OPEN, PERSON_READ, Route};
use crate::error::ErrorCode;
use crate::rate_limit;

pub(super) const ROUTES: &[Route] = &[
    Route {
        id: RouteId::Plans,
        path: "/payments/v2/plans",
        summary: "The catalogue: plans, prices in paise, what each allows. The same for everybody and cacheable.",
        response: "Plans",
        budget_ms: 200,
        ..OPEN
    },
    Route {
        id: RouteId::PaymentInit,
        path: "/payments/v2/init",
        summary: "Opens PhonePe's payment page for a plan at the catalogue's price. Repeats get the first answer.",
        limit: Some(&rate_limit::PAYMENT_INIT),
        key: true,
        request: Some("InitRequest"),
        response: "Checkout",
        calls: Calls::always(4),
        budget_ms: 2_000,
        errors: &[ErrorCode::PlanUnknown, ErrorCode::TooManyOrders, ErrorCode::PaymentRefused],
        ..EDITOR_WRITE
    },
    Route {
        id: RouteId::PaymentStatus,
        path: "/payments/v2/status/{order_id}",
        summary: "Where an order's money is, and when to ask again. One call from the cache; five when PhonePe is asked.",
        response: "OrderView",
        calls: Calls { warm: 1, cold_extra: 4 },
        errors: &[ErrorCode::OrderNotFound],
        ..PERSON_READ
    },
    Route {
        id: RouteId::Orders,
        path: "/payments/v2/orders",
        summary: "The workspace's orders, newest first: `limit` of them (1 to 100, default 20).",
        response: "Orders",
        errors: &[ErrorCode::QueryInvalid],
        ..MEMBER_READ
    },
    Route {
        id: RouteId::PaymentTimeline,
        path: "/payments/v2/{order_id}/timeline",
        summary: "What happened to an order's money, in words: each event, what comes next, what support can do.",
        response: "Timeline",
        errors: &[ErrorCode::OrderNotFound],
        ..PERSON_READ
    },
    Route {
        id: RouteId::Refund,
        method: Method::Post,
        path: "/payments/v2/refund",
        summary: "Asks for a refund of an order: an owner all of it within 7 days of paying, support any part at any time. 202 when PhonePe has accepted it or will be asked again; the timeline shows the rest.",
        limit: Some(&rate_limit::REFUND),
        key: true,
        body: Body::Json,
        max_body: 4_096,
        request: Some("RefundRequest"),
        response: "RefundView",
        calls: Calls::always(4),
        budget_ms: 2_000,
        errors: &[
            ErrorCode::OrderNotFound,
            ErrorCode::RoleNotAllowed,
            ErrorCode::OrderNotRefundable,
            ErrorCode::RefundWindowOver,
            ErrorCode::RefundAmountInvalid,
            ErrorCode::RefundReasonInvalid,
            ErrorCode::RefundRefused,
        ],
        ..PERSON_READ
    },
    Route {
        id: RouteId::PhonePeWebhook,
        method: Method::Post,
        path: "/api/webhooks/phonepe",
        summary: "PhonePe's webhook: verified, stored raw and acknowledged; the order is asked about before anything is granted.",
        caller: Caller::PhonePe,
        body: Body::Bytes,
        max_body: 65_536,
        response: "WebhookAnswer",
        calls: Calls::always(1),
        errors: &[ErrorCode::WebhookRejected],
        ..OPEN
    },
];
