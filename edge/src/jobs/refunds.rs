//! Pending refunds: the cron asks PhonePe what became of them, and asks again for those that never got through.

use gatehouse_core::api::RefundView;

use super::note;
use crate::payments::refunds;
use crate::scope::Scope;

/// Follows up on every refund whose next check is due.
pub(super) async fn run(scope: &Scope, due: Vec<RefundView>) {
    for refund in due {
        note(scope, "refund", refunds::follow_up(scope, &refund, "cron").await.err());
    }
}
