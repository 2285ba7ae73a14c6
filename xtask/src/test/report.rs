//! What `npm test` prints at its end.

use std::fmt::Write as _;

use crate::test::run::Outcome;
use crate::test::tally::Tally;

/// Name of the row for what `scripts/run.mjs` did before: packages, toolchain, tools.
const PREPARED: &str = "(preparation)";

/// The suites by processor seconds, most first, then their sum. `prepared`: the processor seconds before the first
/// suite, where they are known.
#[must_use]
pub fn table(outcomes: &[Outcome], prepared: Option<f64>) -> String {
    let mut rows: Vec<(&str, Option<f64>, Option<f64>, Tally)> = outcomes
        .iter()
        .map(|outcome| (outcome.name.as_str(), outcome.processor, Some(outcome.wall), outcome.tally))
        .collect();
    rows.extend(prepared.map(|seconds| (PREPARED, Some(seconds), None, Tally::default())));
    rows.sort_by(|one, other| other.1.unwrap_or(0.0).total_cmp(&one.1.unwrap_or(0.0)));
    let width = rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
    let number =
        |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1}"));
    let mut text = format!("  {:width$}  {:>11}  {:>7}\n", "suite", "processor s", "wall s");
    for (name, processor, wall, tally) in &rows {
        let tests = if tally.total() == 0 { String::new() } else { format!("  {tally}") };
        let _ = writeln!(text, "  {name:width$}  {:>11}  {:>7}{tests}", number(*processor), number(*wall));
    }
    let sum: f64 = rows.iter().filter_map(|row| row.1).sum();
    let _ = write!(text, "  {:width$}  {sum:>11.1}", "all");
    text
}

/// The sum of all suites.
#[must_use]
pub fn sum(outcomes: &[Outcome]) -> Tally {
    let mut total = Tally::default();
    for outcome in outcomes {
        total.add(outcome.tally);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, processor: Option<f64>, tally: Tally) -> Outcome {
        Outcome { name: name.to_owned(), tally, wall: 2.0, processor, output: String::new() }
    }

    #[test]
    fn suites_stand_by_processor_seconds_and_what_was_not_measured_last() {
        let passed = |passed| Tally { passed, ..Tally::default() };
        let outcomes = [
            outcome("db", Some(3.25), passed(5)),
            outcome("pages", None, Tally { skipped: 4, ..Tally::default() }),
            outcome("edge", Some(10.0), passed(7)),
        ];
        assert_eq!(
            table(&outcomes, Some(5.5)),
            "  suite          processor s   wall s\n\
             \x20 edge                  10.0      2.0  7 passed, 0 failed\n\
             \x20 (preparation)          5.5        -\n\
             \x20 db                     3.2      2.0  5 passed, 0 failed\n\
             \x20 pages                    -      2.0  0 passed, 0 failed, 4 skipped\n\
             \x20 all                   18.8"
        );
        assert_eq!(sum(&outcomes), Tally { passed: 12, failed: 0, skipped: 4 });
    }
}
