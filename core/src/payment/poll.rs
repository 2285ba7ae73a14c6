//! When to check a pending payment again: PhonePe's mandated reconciliation schedule.
//!
//! Source: PhonePe, "check status API": first check 20 to 25 s after the start, then every 3 s for 30 s, every
//! 6 s for 60 s, every 10 s for 60 s, every 30 s for 60 s, then every minute until the order has expired. An order
//! that is still pending 2 minutes later is asked about every 10 minutes.

use crate::time::{HOUR_MS, SECOND_MS, Timestamp, plus_ms};

const FIRST_MS: i64 = 22 * SECOND_MS;
/// Until this long after the order was created (ms), check at this interval (ms).
const INTERVALS: [(i64, i64); 4] = [
    (52 * SECOND_MS, 3 * SECOND_MS),
    (112 * SECOND_MS, 6 * SECOND_MS),
    (172 * SECOND_MS, 10 * SECOND_MS),
    (232 * SECOND_MS, 30 * SECOND_MS),
];
const LAST_MS: i64 = 60 * SECOND_MS;
/// An order that PhonePe has not settled in time is settled by people; checking it every minute would only delay the
/// orders that are due.
const OVERDUE_MS: i64 = 600 * SECOND_MS;
/// A page may stop polling this long after the order expired; the cron continues.
const GRACE_MS: i64 = 120 * SECOND_MS;

/// When to check a pending payment next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// When PhonePe may be asked next.
    pub next_at: Timestamp,
    /// When a page may stop polling; reconciliation continues without it.
    pub give_up_at: Timestamp,
}

/// When to check an order again that was created at `created_at`, expires at `expires_at` and was just checked at
/// `now`.
pub fn next_poll(created_at: Timestamp, expires_at: Timestamp, now: Timestamp) -> Poll {
    let give_up_at = plus_ms(expires_at, GRACE_MS);
    let on_schedule = now < give_up_at || interval_at_age(age(created_at, now)).is_some();
    let next_at = if on_schedule { next_on_schedule(created_at, now) } else { plus_ms(now, OVERDUE_MS) };
    Poll { next_at, give_up_at }
}

fn age(created_at: Timestamp, now: Timestamp) -> i64 {
    now.as_millisecond() - created_at.as_millisecond()
}

fn interval_at_age(age_ms: i64) -> Option<i64> {
    INTERVALS.iter().find(|(until, _)| age_ms < *until).map(|(_, every)| *every)
}

fn next_on_schedule(created_at: Timestamp, now: Timestamp) -> Timestamp {
    let age_ms = age(created_at, now);
    if age_ms < FIRST_MS {
        return plus_ms(created_at, FIRST_MS);
    }
    plus_ms(now, interval_at_age(age_ms).unwrap_or(LAST_MS))
}

/// When to check a refund again that was requested at `created_at`: like a payment for the first hour, then every hour,
/// because banks take days.
pub fn next_refund_check(created_at: Timestamp, now: Timestamp) -> Timestamp {
    if age(created_at, now) < HOUR_MS { next_on_schedule(created_at, now) } else { plus_ms(now, HOUR_MS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_is_checked_on_the_schedule_and_then_every_hour() {
        let start = Timestamp::from_second(1_000_000).unwrap();
        let after = |seconds: i64| {
            let next = next_refund_check(start, plus_ms(start, seconds * SECOND_MS));
            (next.as_millisecond() - start.as_millisecond()) / SECOND_MS
        };
        assert_eq!([0, 22, 3_599, 3_600].map(after), [22, 25, 3_659, 7_200]);
    }

    #[test]
    fn the_schedule_is_phonepes() {
        let start = Timestamp::from_second(1_000_000).unwrap();
        let expires = plus_ms(start, 1_200 * SECOND_MS);
        let after = |seconds: i64| {
            let now = plus_ms(start, seconds * SECOND_MS);
            (next_poll(start, expires, now).next_at.as_millisecond() - start.as_millisecond()) / SECOND_MS
        };
        assert_eq!([0, 21].map(after), [22, 22]);
        assert_eq!([22, 51].map(after), [25, 54]);
        assert_eq!([52, 111].map(after), [58, 117]);
        assert_eq!([112, 171].map(after), [122, 181]);
        assert_eq!([172, 231].map(after), [202, 261]);
        assert_eq!([232, 1_319].map(after), [292, 1_379]);
        assert_eq!([1_320, 90_000].map(after), [1_920, 90_600]);
        assert_eq!(next_poll(start, expires, start).give_up_at, plus_ms(expires, GRACE_MS));
    }
}
