//! Until when a subscription gives access, and when a paid interval ends: the same rules as `private.access_until`
//! and `private.add_interval` in the database, held equal by `tests/contract/entitlements.json`.
//!
//! The calendar is UTC's and periods are anchored on a billing day (docs/decisions/0007).

use crate::time::{DAY_MS, Date, Timestamp, days_in_month, plus_ms};
use crate::vocabulary::{Interval, SubscriptionStatus};

/// How long access outlives a paid period: 3 days of 24 hours.
pub const GRACE_MS: i64 = 3 * DAY_MS;

/// A subscription's status with the dates that decide its access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The label.
    pub status: SubscriptionStatus,
    /// The end of the current paid period.
    pub current_period_end: Option<Timestamp>,
    /// The end of a smaller plan that is paid for and follows.
    pub next_period_end: Option<Timestamp>,
    /// The end of a trial.
    pub trial_end: Option<Timestamp>,
    /// The end of the days of grace, once a period is past due.
    pub grace_period_end: Option<Timestamp>,
}

/// The instant at which a subscription stops giving access, past or future; `None` when it gives none.
pub fn access_until(subscription: &Subscription) -> Option<Timestamp> {
    let paid = subscription.next_period_end.or(subscription.current_period_end);
    match subscription.status {
        SubscriptionStatus::Active => paid.map(|end| plus_ms(end, GRACE_MS)),
        SubscriptionStatus::Trial => subscription.trial_end,
        SubscriptionStatus::PastDue => subscription.grace_period_end,
        SubscriptionStatus::Cancelled => paid,
        SubscriptionStatus::None | SubscriptionStatus::Expired => None,
    }
}

/// The same time of day one calendar month or year later. Where the month has no such day it is the month's last
/// day, and from a last day it goes back to `billing_day`: 31 January, 28 February, 31 March. `None` only beyond the
/// end of the calendar.
pub fn add_interval(from: Timestamp, interval: Interval, billing_day: Option<i8>) -> Option<Timestamp> {
    let (Date { year, month, day }, since_midnight) = from.split();
    let months = match interval {
        Interval::Month => month,
        Interval::Year => month + 11,
    };
    let (to_year, to_month) = (year + months / 12, months % 12 + 1);
    // Only a last day can be one that a short month cut; any other day stands for itself.
    let is_last = day == days_in_month(year, month);
    let anchor = billing_day.filter(|_| is_last).map_or(day, |billing| day.max(i64::from(billing)));
    let day = anchor.min(days_in_month(to_year, to_month));
    Timestamp::join(Date { year: to_year, month: to_month, day }, since_midnight)
}
