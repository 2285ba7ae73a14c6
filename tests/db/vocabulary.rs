//! The words in the database's CHECK constraints are those of the core, no more and no fewer.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_core::vocabulary::{
    AuditAction, BcmSource, CampaignStatus, Interval, MemberRole, MoveStatus, OnboardingStatus,
    PaymentStatus, Plan, RefundBy, RefundStatus, SessionState, SubscriptionStatus, SuggestionState,
};

use crate::support::Db;

/// Every constraint that lists words, as `table.column` → words.
async fn listed() -> BTreeMap<String, BTreeSet<String>> {
    let db = Db::shared().await;
    let rows = db
        .client
        .query(
            r"select c.conrelid::regclass::text || '.' || a.attname,
                     array(select w[1] from regexp_matches(pg_get_constraintdef(c.oid), '''([^'']*)''::', 'g') w)
              from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
              where c.contype = 'c' and c.connamespace = 'public'::regnamespace and cardinality(c.conkey) = 1
                and pg_get_constraintdef(c.oid) like '%= ANY (%'",
            &[],
        )
        .await
        .expect("the catalogue answers");
    rows.iter().map(|row| (row.get(0), row.get::<_, Vec<String>>(1).into_iter().collect())).collect()
}

fn words(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[tokio::test]
async fn checks_hold_the_words_of_the_core() {
    let expected = BTreeMap::from(
        [
            ("audit_log.action", AuditAction::TEXTS),
            ("business_context_manifests.source", BcmSource::TEXTS),
            ("campaigns.status", CampaignStatus::TEXTS),
            ("context_suggestions.state", SuggestionState::TEXTS),
            ("email_outbox.state", &["pending", "sent", "failed"]),
            ("moves.status", MoveStatus::TEXTS),
            ("onboarding_snapshots.state", SessionState::TEXTS),
            ("payment_events.outcome", &["created", "applied", "unchanged", "incident"]),
            ("payment_events.source", &["webhook", "poll", "cron", "person"]),
            (
                "payment_incidents.kind",
                &[
                    "amount_mismatch",
                    "provider_order_mismatch",
                    "unknown_order",
                    "workspace_gone",
                    "refund_mismatch",
                    "unknown_refund",
                ],
            ),
            ("payment_transactions.billing_interval", Interval::TEXTS),
            ("payment_transactions.plan", Plan::TEXTS),
            ("payment_transactions.status", PaymentStatus::TEXTS),
            ("plans.plan", Plan::TEXTS),
            ("refunds.requested_as", RefundBy::TEXTS),
            ("refunds.status", RefundStatus::TEXTS),
            ("subscriptions.billing_interval", Interval::TEXTS),
            ("subscriptions.next_interval", Interval::TEXTS),
            ("subscriptions.next_plan", Plan::TEXTS),
            ("subscriptions.plan", Plan::TEXTS),
            ("subscriptions.status", SubscriptionStatus::TEXTS),
            ("users.onboarding_status", OnboardingStatus::TEXTS),
            ("webhook_inbox.state", &["received", "applied", "ignored", "failed", "rejected"]),
            ("workspace_invitations.role", &["admin", "member"]),
            ("workspace_members.role", MemberRole::TEXTS),
        ]
        .map(|(column, texts)| (column.to_owned(), words(texts))),
    );
    assert_eq!(listed().await, expected);
}
