//! The price list: the only source of prices and plan limits.
//!
//! The database's table `plans` and the package's `catalogue.ts` are generated from it. A client names a plan
//! and an interval, never an amount.

use crate::vocabulary::{Interval, Plan};

/// What a plan costs and allows. Amounts are integer paise (INR) and include GST; `None` is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Offer {
    /// The plan.
    pub plan: Plan,
    /// Paise for one month.
    pub monthly_paise: i64,
    /// Paise for one year.
    pub yearly_paise: i64,
    /// Moves that may be made in a week.
    pub moves_per_week: Option<u32>,
    /// Campaigns that may be active at once.
    pub active_campaigns: Option<u32>,
    /// People who may belong to the workspace.
    pub seats: Option<u32>,
}

impl Offer {
    /// Paise for one interval.
    pub const fn price(&self, interval: Interval) -> i64 {
        match interval {
            Interval::Month => self.monthly_paise,
            Interval::Year => self.yearly_paise,
        }
    }
}

const ASCENT: Offer = Offer {
    plan: Plan::Ascent,
    monthly_paise: 500_000,
    yearly_paise: 5_000_000,
    moves_per_week: Some(3),
    active_campaigns: Some(3),
    seats: Some(1),
};

const GLIDE: Offer = Offer {
    plan: Plan::Glide,
    monthly_paise: 700_000,
    yearly_paise: 7_000_000,
    moves_per_week: None,
    active_campaigns: None,
    seats: Some(5),
};

const SOAR: Offer = Offer {
    plan: Plan::Soar,
    monthly_paise: 1_000_000,
    yearly_paise: 10_000_000,
    moves_per_week: None,
    active_campaigns: None,
    seats: None,
};

/// The allowed total of an order, in paise: PhonePe takes nothing below ₹1 (V2 "create payment", `amount`), and
/// ₹1,00,000 is UPI's general limit of one payment (NPCI).
pub const ORDER_PAISE: std::ops::RangeInclusive<i64> = 100..=10_000_000;

/// Every plan on sale, from the smallest to the largest.
pub const CATALOGUE: &[Offer] = &[ASCENT, GLIDE, SOAR];

/// What a plan costs and allows.
pub const fn offer(plan: Plan) -> &'static Offer {
    match plan {
        Plan::Ascent => &ASCENT,
        Plan::Glide => &GLIDE,
        Plan::Soar => &SOAR,
    }
}

/// Paise for one interval of a plan.
pub const fn price(plan: Plan, interval: Interval) -> i64 {
    offer(plan).price(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_offers_every_plan_once_in_order() {
        let plans: Vec<_> = CATALOGUE.iter().map(|offer| offer.plan).collect();
        assert_eq!(plans, Plan::ALL);
        for entry in CATALOGUE {
            assert_eq!(offer(entry.plan), entry);
        }
    }

    #[test]
    fn every_price_can_be_paid_at_once() {
        for entry in CATALOGUE {
            for interval in Interval::ALL {
                let price = entry.price(*interval);
                assert!(ORDER_PAISE.contains(&price), "{entry:?} {interval}: {price}");
            }
        }
    }

    #[test]
    fn a_year_costs_ten_months_and_a_larger_plan_costs_more() {
        for entry in CATALOGUE {
            assert_eq!(price(entry.plan, Interval::Year), 10 * price(entry.plan, Interval::Month));
        }
        assert!(CATALOGUE.windows(2).all(|pair| pair[0].monthly_paise < pair[1].monthly_paise));
        assert_eq!(price(Plan::Ascent, Interval::Month), 500_000, "5,000 rupees");
    }
}
