//! A history: events drawn from a seed. The same seed is the same history for ever.

use gatehouse_core::vocabulary::{Interval, Plan};

/// Where a handler dies: at its `at`-th call, which is still done or not; nothing after it happens.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    pub at: usize,
    pub done: bool,
}

/// Which idempotency key comes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    New,
    /// The last one, for the same order.
    Repeated,
    /// The last one, for another order.
    Misused,
    /// Two tabs at once, each with a new one.
    TwoTabs,
}

/// A webhook that PhonePe never sent.
#[derive(Clone, Copy, Debug)]
pub enum Forgery {
    WrongSecret,
    /// The right secret, and a body that claims a payment.
    ClaimsPayment,
    UnknownOrder,
    NoJson,
}

/// How PhonePe's status fails.
#[derive(Clone, Copy, Debug)]
pub enum Down {
    Status500,
    ConnectionLost,
    /// Another shape than any that is known.
    Garbage,
    /// COMPLETED without an amount.
    NoAmount,
    /// COMPLETED under another order id of PhonePe's.
    OtherOrder,
}

/// A call about an order, or any of its kind, that goes wrong once, whoever makes it.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Apply,
    ApplyRefund,
    Mail,
    FinishMail,
    Claim,
}

/// What happens. Orders, refunds and webhooks are named by a number that is counted round those that exist.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    Init {
        plan: Plan,
        interval: Interval,
        key: Key,
        death: Option<Death>,
    },
    Pay(usize),
    Fail(usize),
    Cancel(usize),
    Webhook {
        which: usize,
        twice: bool,
        again_later: bool,
        death: Option<Death>,
    },
    LoseWebhook(usize),
    Forge(Forgery, usize),
    LookAtStatus(usize, Option<Death>),
    Refund {
        order: usize,
        support: bool,
        paise: Option<i64>,
        twice: bool,
        death: Option<Death>,
    },
    EndRefund {
        refund: usize,
        paid_back: bool,
    },
    /// PhonePe took another amount than was asked for.
    OtherAmount {
        order: usize,
        paise: i64,
        for_ever: bool,
    },
    Down {
        order: usize,
        how: Down,
        times: u32,
    },
    Break {
        order: usize,
        step: Step,
        done: bool,
    },
    Cron,
    SecondsPass(i64),
    ForgetRedis,
    AskForAccess,
}

/// Numbers from a seed (SplitMix64, Steele and others 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % most as u64) as usize
    }

    fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn death(&mut self, steps: usize) -> Option<Death> {
        self.one_in(4).then(|| Death { at: self.below(steps), done: self.one_in(2) })
    }
}

/// The history of a seed.
pub fn from_seed(seed: u64) -> Vec<Event> {
    let mut dice = Dice(seed);
    let length = 6 + dice.below(12);
    let first = init(&mut dice);
    std::iter::once(first).chain((1..length).map(|_| event(&mut dice))).collect()
}

fn init(dice: &mut Dice) -> Event {
    use Key::{Misused, New, Repeated, TwoTabs};
    Event::Init {
        plan: dice.of(Plan::ALL),
        interval: dice.of(&[Interval::Month, Interval::Month, Interval::Year]),
        key: dice.of(&[New, New, New, New, New, Repeated, Misused, TwoTabs]),
        death: dice.death(5),
    }
}

/// Half a minute to a year; the longer ones pass ends of periods, of grace and of the week in which an owner may ask.
const LEAPS: [i64; 9] = [25, 61, 180, 1_300, 3_700, 90_000, 8 * 86_400, 31 * 86_400, 200 * 86_400];

fn event(dice: &mut Dice) -> Event {
    let (which, order) = (dice.below(4), dice.below(4));
    match dice.below(100) {
        0..17 => init(dice),
        17..35 => Event::Pay(order),
        35..38 => Event::Fail(order),
        38..41 => Event::Cancel(order),
        41..54 => {
            Event::Webhook { which, twice: dice.one_in(4), again_later: dice.one_in(4), death: dice.death(6) }
        }
        54..56 => Event::LoseWebhook(which),
        56..59 => {
            use Forgery::{ClaimsPayment, NoJson, UnknownOrder, WrongSecret};
            Event::Forge(dice.of(&[WrongSecret, ClaimsPayment, ClaimsPayment, UnknownOrder, NoJson]), order)
        }
        59..63 => Event::LookAtStatus(order, dice.death(5)),
        63..72 => Event::Refund {
            order,
            support: dice.one_in(2),
            paise: dice.of(&[None, None, Some(100), Some(250_000), Some(499_950), Some(20_000_000)]),
            twice: dice.one_in(3),
            death: dice.death(5),
        },
        72..76 => Event::EndRefund { refund: which, paid_back: !dice.one_in(4) },
        76..79 => Event::OtherAmount {
            order,
            paise: dice.of(&[100, 499_999, 20_000_000]),
            for_ever: dice.one_in(2),
        },
        79..83 => {
            use Down::{ConnectionLost, Garbage, NoAmount, OtherOrder, Status500};
            let how = dice.of(&[Status500, ConnectionLost, Garbage, NoAmount, OtherOrder]);
            Event::Down { order, how, times: 1 + dice.below(3) as u32 }
        }
        83..87 => {
            use Step::{Apply, ApplyRefund, Claim, FinishMail, Mail};
            let step = dice.of(&[Apply, ApplyRefund, Mail, FinishMail, Claim]);
            Event::Break { order, step, done: dice.one_in(2) }
        }
        87..90 => Event::Cron,
        90..96 => Event::SecondsPass(dice.of(&LEAPS)),
        96..98 => Event::ForgetRedis,
        _ => Event::AskForAccess,
    }
}
