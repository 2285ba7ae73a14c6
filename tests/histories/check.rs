//! What must hold once everything has come to rest.
//!
//! The bookkeeping, in paise and for each order by itself:
//!
//! > captured = granted + paid back + disputed
//!
//! - *captured*: what PhonePe took, by PhonePe's books; where it took another amount than was asked for, that amount.
//! - *granted*: the order's amount for each time that its capture was written down (once, if all is well), less what was
//!   paid back. That the same captures gave their periods, no more and no less, is the comparison with [`crate::access`].
//! - *paid back*: completed refunds by PhonePe's books, which must be ours too.
//! - *disputed*: what was captured of an order that was never granted and has an open incident.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};
use gatehouse_core::time;
use gatehouse_devstack::phonepe::{OrderState, RefundState};

use crate::clock::Order;
use crate::play::Player;

/// The arrows between states in docs/PAYMENTS.md.
fn diagram() -> BTreeSet<(&'static str, &'static str)> {
    let text = include_str!("../../docs/PAYMENTS.md");
    let arrows = text.lines().filter_map(|line| line.trim().split_once(" --> "));
    arrows.map(|(from, to)| (from, to.split(':').next().unwrap_or(to).trim())).collect()
}

/// Seconds between looks while everything settles: leases, the page's time, hourly questions, pauses after failures, and
/// the week in which failed orders may still be paid.
const WAITS: [i64; 14] =
    [61, 1_300, 61, 61, 130, 300, 600, 3_700, 3_700, 11_000, 22_000, 90_000, 200_000, 200_000];

impl Player<'_> {
    /// Ends all faults and lets time pass until nothing is unfinished.
    pub async fn settle(&mut self) -> Result<()> {
        self.record_new_orders().await?;
        self.clear_faults();
        for seconds in WAITS {
            self.complete_refunds()?;
            self.leap(seconds).await?;
            self.cron.run().await?;
            // What one run has confirmed, the next one writes about.
            self.cron.run().await?;
            self.record_new_orders().await?;
            if self.count_unfinished().await? == 0 {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn count_unfinished(&self) -> Result<i64> {
        let mut open = 0;
        for order in self.read_orders().await? {
            let known = self.world.stack.phonepe().order(&order.id);
            let paid = known.is_some_and(|known| known.state == OrderState::Completed);
            let incidents =
                "select count(*) from payment_incidents where order_id = $1 and resolved_at is null";
            let disputed = paid
                && self.other_amounts.contains_key(&order.id)
                && self.db.query_one(incidents, &[&order.id]).await?.get::<_, i64>(0) > 0;
            open += i64::from(!disputed && (order.status == "pending" || paid && order.paid_at.is_none()));
        }
        let ids: Vec<&String> = self.orders.iter().chain(&self.refunds).collect();
        let sql = "select (select count(*) from webhook_inbox where order_id = any ($1::text[])
              and state in ('received', 'failed') and next_attempt_at is not null)
            + (select count(*) from email_outbox where data ->> 'order_id' = any ($1::text[]) and state = 'pending')
            + (select count(*) from refunds where merchant_refund_id = any ($1::text[]) and status = 'pending')";
        Ok(open + self.db.query_one(sql, &[&ids]).await?.get::<_, i64>(0))
    }

    /// Every rule.
    pub async fn check(&mut self) -> Result<()> {
        for order in self.read_orders().await? {
            self.check_order(&order).await.map_err(|error| error.context(format!("order {}", order.id)))?;
        }
        self.check_mails().await?;
        self.compare_access().await
    }

    async fn check_order(&self, order: &Order) -> Result<()> {
        let phonepe = self.world.stack.phonepe();
        let known = phonepe.order(&order.id);
        let paid = known.as_ref().is_some_and(|known| known.state == OrderState::Completed);
        let took = self.other_amounts.get(&order.id).map_or(order.amount, |(paise, _)| *paise);
        let captured = if paid { took } else { 0 };
        let refunds = phonepe.refunds();
        let back = refunds
            .iter()
            .filter(|r| r.merchant_order_id == order.id && r.state == RefundState::Completed)
            .map(|refund| refund.amount)
            .sum::<i64>();
        let sql = "select
            (select count(*) from audit_log where action = 'payment.completed' and details ->> 'order_id' = $1),
            (select coalesce(sum(r.amount), 0)::bigint from refunds r join payment_transactions t on t.id = r.transaction_id
             where t.merchant_order_id = $1 and r.status = 'completed'),
            (select count(*) from payment_incidents where order_id = $1 and resolved_at is null),
            (select count(*) from refunds r join payment_transactions t on t.id = r.transaction_id
             where t.merchant_order_id = $1 and r.status = 'pending')";
        let row = self.db.query_one(sql, &[&order.id]).await?;
        let [grants, booked, incidents, waiting]: [i64; 4] = [0, 1, 2, 3].map(|at| row.get(at));
        ensure!(booked == back, "PhonePe paid {back} paise back, our books say {booked}");
        ensure!(waiting == 0, "{waiting} refunds never ended");
        let granted = if grants > 0 { grants * order.amount - back } else { 0 };
        let disputed = if grants == 0 && incidents > 0 { captured } else { 0 };
        ensure!(
            captured == granted + back + disputed,
            "captured {captured} ≠ granted {granted} + paid back {back} + disputed {disputed} ({}, {incidents} incidents)",
            order.status
        );
        let has_it = matches!(order.status.as_str(), "completed" | "refunded");
        ensure!(has_it == (grants == 1), "{} and captured {grants} times", order.status);
        ensure!(
            (order.status == "refunded") == (has_it && back == order.amount),
            "{} with {back} back",
            order.status
        );
        let ended = known.is_none_or(|known| known.state != OrderState::Pending);
        ensure!(order.status != "pending" || !ended || disputed > 0, "pending, and PhonePe has ended it");
        self.check_transitions(order).await
    }

    async fn check_transitions(&self, order: &Order) -> Result<()> {
        let sql = "select e.status, e.state_seen, e.details ->> 'refund_id' from payment_events e
                   join payment_transactions t on t.id = e.transaction_id where t.merchant_order_id = $1 order by e.id";
        let (allowed, mut last, mut ends) = (diagram(), "[*]".to_owned(), BTreeSet::new());
        for row in self.db.query(sql, &[&order.id]).await? {
            let (status, seen): (String, String) = (row.get(0), row.get(1));
            ensure!(
                status == last || allowed.contains(&(last.as_str(), status.as_str())),
                "{last} became {status}, which the diagram does not have"
            );
            last = status;
            if let (Some(refund), "REFUND_COMPLETED" | "REFUND_FAILED") =
                (row.get::<_, Option<String>>(2), seen.as_str())
            {
                ensure!(ends.insert(refund.clone()), "refund {refund} ended twice");
            }
        }
        ensure!(last == order.status, "{}, and its last event says {last}", order.status);
        Ok(())
    }

    async fn check_mails(&self) -> Result<()> {
        let sql = "
          with due as (
            select 'payment.completed' as action, 'payment_confirmed' as template union all
            select 'payment.failed', 'payment_failed' union all
            select 'payment.refund_completed', 'refund_completed'),
          actions as (
            select d.template, coalesce(a.details ->> 'refund_id', a.details ->> 'order_id') as about, count(*) as actions
            from audit_log a join due d on d.action = a.action where a.details ->> 'order_id' = any ($1) group by 1, 2),
          mails as (
            select template, coalesce(data ->> 'refund_id', data ->> 'order_id') as about, count(*) as mails,
              count(*) filter (where state = 'sent') as sent
            from email_outbox where data ->> 'order_id' = any ($1) group by 1, 2)
          select coalesce(string_agg(format('%s about %s: %s actions, %s mails, %s sent', template, about, actions, mails, sent), '; '), '')
          from actions full join mails using (template, about)
          where template in (select template from due) and (actions, mails, sent) is distinct from (1, 1, 1)";
        let wrong: String = self.db.query_one(sql, &[&self.orders]).await?.get(0);
        ensure!(wrong.is_empty(), "e-mails: {wrong}");
        let mut seen = BTreeSet::new();
        for mail in self.world.stack.resend().emails() {
            let twice = mail.to.contains(&self.founder.email) && !seen.insert((mail.subject, mail.text));
            ensure!(!twice, "an e-mail came twice");
        }
        Ok(())
    }

    /// The subscription and what `GET /auth/verify-profile` says, against the pure account.
    pub async fn compare_access(&mut self) -> Result<()> {
        // Somebody's cron run may apply an order of ours in between: then the look is repeated.
        for _ in 0..50 {
            self.update_expected_access().await?;
            let before = self.absorbed.len();
            let profile = self.founder.get("/auth/verify-profile").await;
            let sql = "select (extract(epoch from current_period_end) * 1000000)::bigint,
                (extract(epoch from next_period_end) * 1000000)::bigint from subscriptions where workspace_id::text = $1";
            let row = self.db.query_opt(sql, &[&self.founder.workspace_id]).await?;
            self.update_expected_access().await?;
            if self.absorbed.len() != before {
                continue;
            }
            ensure!(profile.status == 200, "{profile:?}");
            let stored = row.map(|row| (row.get::<_, Option<i64>>(0), row.get::<_, Option<i64>>(1)));
            let ours = self.access.as_ref();
            // What follows may have begun without anybody writing it down.
            let last = |pair: (Option<i64>, Option<i64>)| pair.1.or(pair.0);
            let expected = ours.map(|access| access.next.map_or(access.end, |(_, end)| end));
            ensure!(
                stored.and_then(last) == expected,
                "the last paid period ends at {stored:?}, and should at {expected:?}: {ours:?}"
            );
            let now = now_us()?;
            // An end that has passed is shown until the label says expired; both mean that there is none.
            let ahead = |until: &String| *until > instant(now);
            let until = ours.and_then(|access| access.until()).map(instant).filter(ahead);
            let said = profile.json["access_until"].as_str().map(str::to_owned).filter(ahead);
            ensure!(
                said == until,
                "access until {}, and should be {until:?}: {ours:?}",
                profile.json["access_until"]
            );
            ensure!(
                profile.json["needs_payment"] != until.is_some(),
                "needs_payment with access until {until:?}"
            );
            return Ok(());
        }
        bail!("the orders never came to rest")
    }
}

fn instant(microseconds: i64) -> String {
    time::format(time::Timestamp::from_microsecond(microseconds).expect("an instant"))
}

fn now_us() -> Result<i64> {
    Ok(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_micros() as i64)
}
