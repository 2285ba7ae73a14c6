//! What captured orders and refunds give access to: a second, pure account of product rules, beside the database's.
//! Instants and lengths are microseconds, as Postgres keeps them.

use gatehouse_core::plan::price;
use gatehouse_core::subscription::{GRACE_MS, add_interval};
use gatehouse_core::time::Timestamp;
use gatehouse_core::vocabulary::{Interval, Plan};

const SECOND: i128 = 1_000_000;

/// Something that is sold.
pub type Offer = (Plan, Interval);

/// A paid period and the smaller plan that may follow it.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    pub offer: Offer,
    pub start: i64,
    pub end: i64,
    pub next: Option<(Offer, i64)>,
    billing_day: i8,
    /// A refund left nothing: no grace either.
    pub ended: bool,
}

fn after(from: i64, interval: Interval, billing_day: Option<i8>) -> i64 {
    let at = Timestamp::from_microsecond(from).expect("an instant");
    add_interval(at, interval, billing_day).expect("an instant").as_microsecond()
}

fn yearly((plan, interval): Offer) -> i128 {
    i128::from(price(plan, interval)) * if interval == Interval::Month { 12 } else { 1 }
}

/// Time of one plan as time of another, at today's prices, in whole seconds rounded up.
fn converted(time: i64, from: Offer, to: Offer) -> i64 {
    let (worth, unit) = (i128::from(time) * yearly(from), yearly(to) * SECOND);
    i64::try_from(worth.div_euclid(unit) + i128::from(worth.rem_euclid(unit) != 0)).expect("a length")
        * 1_000_000
}

fn day(at: i64) -> i8 {
    gatehouse_core::time::format(Timestamp::from_microsecond(at).expect("an instant"))[8..10]
        .parse()
        .expect("a day")
}

impl Access {
    /// What follows takes over when its time has come.
    fn roll(&mut self, now: i64) {
        if self.end <= now
            && let Some((offer, end)) = self.next.take()
        {
            (self.offer, self.start, self.end) = (offer, self.end, end);
        }
    }

    /// The clock goes forward: all that was decided lies so much further back.
    pub fn shift(&mut self, by: i64) {
        self.start -= by;
        self.end -= by;
        if let Some((_, end)) = &mut self.next {
            *end -= by;
        }
    }

    /// When access ends, with three days of grace unless a refund ended it.
    pub fn until(&self) -> Option<i64> {
        let end = self.next.map_or(self.end, |(_, end)| end);
        (!self.ended).then_some(end + GRACE_MS * 1_000)
    }
}

/// An order was captured. Answers how much time it added, without what it turned from other plans.
pub fn buy(access: &mut Option<Access>, offer: Offer, now: i64) -> i64 {
    access.iter_mut().for_each(|access| access.roll(now));
    let Some(live) = access.as_mut().filter(|access| !access.ended && access.end > now) else {
        let end = after(now, offer.1, None);
        *access = Some(Access { offer, start: now, end, next: None, billing_day: day(now), ended: false });
        return end - now;
    };
    let billing_day = Some(live.billing_day);
    if live.offer.0 == offer.0 {
        let added = after(live.end, offer.1, billing_day) - live.end;
        live.end += added;
        live.next.iter_mut().for_each(|(_, end)| *end += added);
        live.offer = offer;
        return added;
    }
    if offer.0 < live.offer.0 {
        let (start, credit, kept) = match live.next {
            None => (live.end, 0, offer),
            Some((kept, end)) if kept.0 == offer.0 => (end, 0, kept),
            Some((other, end)) => (live.end, converted(end - live.end, other, offer), offer),
        };
        let end = after(start, offer.1, billing_day);
        live.next = Some((kept, end + credit));
        return end - start;
    }
    let mut credit = converted(live.end - now, live.offer, offer);
    if let Some((other, end)) = live.next {
        credit += converted(end - live.end, other, offer);
    }
    let bought = after(now, offer.1, None);
    let end = bought + credit;
    *live = Access { offer, start: now, end, next: None, billing_day: day(end), ended: false };
    bought - now
}

/// All of an order's money went back: the time that it bought is taken off the end.
pub fn take_back(access: &mut Option<Access>, offer: Offer, granted: i64, now: i64) {
    let Some(access) = access else { return };
    access.roll(now);
    match access.next {
        Some((follows, end)) if access.offer.0 != offer.0 => {
            let left = end - converted(granted, offer, follows);
            access.next = (left > access.end).then_some((follows, left));
        }
        _ if access.end > now => {
            let end = now.max(access.end - converted(granted, offer, access.offer));
            let by = access.end - end;
            access.end = end;
            access.next.iter_mut().for_each(|(_, follows)| *follows -= by);
        }
        _ => {}
    }
    access.roll(now);
    access.ended |= access.end <= now;
}
