//! When the cron looks at a workspace after a newer reducer came: each has its own minute of the day, by its id.
//!
//! Ids are random, so an even share of them falls on each minute, and nothing has to be kept to know whose turn it is.

/// The minutes over which the workspaces are spread: a day.
const MINUTES: u64 = 24 * 60;
/// How far back a run looks, in minutes: for a cron that did not run, and for what found no room in its minute.
const LAG: u64 = 30;
/// How many workspaces are claimed at a time. Each comes with its whole source, 512 KB at the most.
pub const CLAIM: u32 = 20;
/// How many workspaces one run takes at the most. At 100,000 workspaces a minute has 70 on average.
pub const MOST_A_RUN: u32 = 100;

/// Ids from the first to the last, both within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRange {
    /// A UUID, in small letters.
    pub first: String,
    /// A UUID, in small letters.
    pub last: String,
}

/// The ids whose minute is this one or one of the last half hour, as one range, as two around midnight, the
/// earlier first. `minute` counts from 1970.
pub fn due_ranges(minute: u64) -> Vec<DueRange> {
    let last = minute % MINUTES;
    match last.checked_sub(LAG) {
        Some(first) => vec![range(first, last)],
        None => vec![range(last + MINUTES - LAG, MINUTES - 1), range(0, last)],
    }
}

/// The ids of the minutes from `first` to `last`.
fn range(first: u64, last: u64) -> DueRange {
    let begins = |minute: u64| (minute << 32).div_ceil(MINUTES);
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

    /// As random as UUIDs are, and the same in every run.
    fn ids() -> BTreeSet<String> {
        let id = |n: usize| {
            let hex = sha256_hex(n.to_string());
            format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
        };
        (0..WORKSPACES).map(id).collect()
    }

    /// What one run takes of those that wait.
    fn run(waiting: &mut BTreeSet<String>, minute: u64) -> usize {
        let due: Vec<_> = due_ranges(minute)
            .into_iter()
            .flat_map(|DueRange { first, last }| waiting.range(first..=last).cloned().collect::<Vec<_>>())
            .take(usize::try_from(MOST_A_RUN).unwrap())
            .collect();
        due.iter().for_each(|id| assert!(waiting.remove(id)));
        due.len()
    }

    #[test]
    fn a_newer_reducer_reaches_a_hundred_thousand_workspaces_within_a_day_and_none_in_a_crowd() {
        let all = ids();
        for start in [0, 17, 719, 1_439] {
            let mut waiting = all.clone();
            let taken: Vec<_> = (start..start + MINUTES).map(|minute| run(&mut waiting, minute)).collect();
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
    fn a_cron_that_stood_still_for_a_while_makes_up_for_it() {
        let mut waiting = ids();
        let away = |minute: u64| (300..325).contains(&minute) || (900..925).contains(&minute);
        for minute in (0..MINUTES).filter(|minute| !away(*minute)) {
            run(&mut waiting, minute);
        }
        assert_eq!(waiting.len(), 0);
    }

    #[test]
    fn every_id_has_one_minute() {
        let mut next = 0;
        for minute in 0..MINUTES {
            let DueRange { first, last } = range(minute, minute);
            assert_eq!(u64::from_str_radix(&first[..8], 16).unwrap(), next, "minute {minute}");
            next = u64::from_str_radix(&last[..8], 16).unwrap() + 1;
        }
        assert_eq!(next, 1 << 32);
        assert_eq!(due_ranges(30), [range(0, 30)]);
        assert_eq!(due_ranges(MINUTES + 29), [range(1_439, 1_439), range(0, 29)]);
    }
}
