//! When the cron rebuilds a workspace's manifest after a reducer change: at a minute of the day that follows from the
//! id.
//!
//! Ids are random, so each minute gets an even share of the workspaces, and no queue has to be stored.

/// The minutes over which the workspaces are spread: a day.
const MINUTES_PER_DAY: u64 = 24 * 60;
/// How many minutes a run looks back, for runs that did not happen and for workspaces beyond the limit of a run.
const LOOK_BACK_MINUTES: u64 = 30;
/// How many workspaces one call claims. Each comes with its source, up to 512 KB.
pub const REBUILD_BATCH: u32 = 20;
/// The most workspaces that one run rebuilds. With 100,000 workspaces a minute has 70 on average.
pub const MAX_REBUILDS_PER_RUN: u32 = 100;

/// A range of workspace ids, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRange {
    /// A UUID in lower case.
    pub first: String,
    /// A UUID in lower case.
    pub last: String,
}

/// The ids whose minute is this one or one of the last half hour: one range, or two around midnight, the earlier first.
/// `minute` is the number of minutes since 1970.
pub fn due_ranges(minute: u64) -> Vec<DueRange> {
    let last = minute % MINUTES_PER_DAY;
    match last.checked_sub(LOOK_BACK_MINUTES) {
        Some(first) => vec![range(first, last)],
        None => vec![range(last + MINUTES_PER_DAY - LOOK_BACK_MINUTES, MINUTES_PER_DAY - 1), range(0, last)],
    }
}

/// The ids of the minutes from `first` to `last`.
fn range(first: u64, last: u64) -> DueRange {
    let begins = |minute: u64| (minute << 32).div_ceil(MINUTES_PER_DAY);
    DueRange {
        first: format!("{:08x}-0000-0000-0000-000000000000", begins(first)),
        last: format!("{:08x}-ffff-ffff-ffff-ffffffffffff", begins(last + 1) - 1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::context::sha256_hex;

    const WORKSPACES: usize = 100_000;

    /// Spread like random UUIDs, and the same in every run.
    fn ids() -> BTreeSet<String> {
        let id = |n: usize| {
            let hex = sha256_hex(n.to_string());
            format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
        };
        (0..WORKSPACES).map(id).collect()
    }

    /// Removes from `waiting` what one run rebuilds, and returns how many those are.
    fn run(waiting: &mut BTreeSet<String>, minute: u64) -> usize {
        let due: Vec<_> = due_ranges(minute)
            .into_iter()
            .flat_map(|DueRange { first, last }| waiting.range(first..=last).cloned().collect::<Vec<_>>())
            .take(usize::try_from(MAX_REBUILDS_PER_RUN).unwrap())
            .collect();
        due.iter().for_each(|id| assert!(waiting.remove(id)));
        due.len()
    }

    #[test]
    fn a_newer_reducer_reaches_a_hundred_thousand_workspaces_within_a_day_evenly_spread() {
        let all = ids();
        for start in [0, 17, 719, 1_439] {
            let mut waiting = all.clone();
            let taken: Vec<_> =
                (start..start + MINUTES_PER_DAY).map(|minute| run(&mut waiting, minute)).collect();
            assert_eq!(waiting.len(), 0, "from minute {start}");
            let most = taken.iter().max().unwrap();
            assert!(*most <= 100, "{most} in a minute");
            // After the first hours, in which the last half hour is made up for, it is the average.
            let later = &taken[240..1_380];
            let mean = later.iter().sum::<usize>() / later.len();
            assert!((65..=75).contains(&mean), "{mean} a minute");
        }
    }

    #[test]
    fn a_cron_that_stopped_for_a_while_catches_up() {
        let mut waiting = ids();
        let away = |minute: u64| (300..325).contains(&minute) || (900..925).contains(&minute);
        for minute in (0..MINUTES_PER_DAY).filter(|minute| !away(*minute)) {
            run(&mut waiting, minute);
        }
        assert_eq!(waiting.len(), 0);
    }

    #[test]
    fn every_id_has_one_minute() {
        let mut next = 0;
        for minute in 0..MINUTES_PER_DAY {
            let DueRange { first, last } = range(minute, minute);
            assert_eq!(u64::from_str_radix(&first[..8], 16).unwrap(), next, "minute {minute}");
            next = u64::from_str_radix(&last[..8], 16).unwrap() + 1;
        }
        assert_eq!(next, 1 << 32);
        assert_eq!(due_ranges(30), [range(0, 30)]);
        assert_eq!(due_ranges(MINUTES_PER_DAY + 29), [range(1_439, 1_439), range(0, 29)]);
    }
}
