//! How many tests passed, failed and were skipped, read from what a suite printed.

use std::fmt;

/// Tests that passed, failed and were skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed; a suite that could not run counts as one.
    pub failed: u64,
    /// Tests that are there and did not run, because this machine or this run lacks something.
    #[serde(default)]
    pub skipped: u64,
}

impl Tally {
    /// A check that passed or failed as a whole.
    #[must_use]
    pub fn check(passed: bool) -> Self {
        Self { passed: passed.into(), failed: (!passed).into(), skipped: 0 }
    }

    /// Adds another suite's numbers.
    pub fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Tests that are there, whether or not they ran.
    #[must_use]
    pub fn total(self) -> u64 {
        self.passed + self.failed + self.skipped
    }

    /// Sums the summary lines of libtest (`test result: ok. 3 passed; 0 failed; 1 ignored; …`) and of node (`# pass 3`,
    /// `ℹ skipped 1`). Tests that a name filter left out are in neither.
    #[must_use]
    pub fn read(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output.lines() {
            if let Some(rest) = line.strip_prefix("test result: ") {
                tally.passed += number_before(rest, " passed");
                tally.failed += number_before(rest, " failed");
                tally.skipped += number_before(rest, " ignored");
            } else if let Some(rest) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) {
                let Some((word, number)) = rest.split_once(' ') else { continue };
                let count = match word {
                    "pass" => &mut tally.passed,
                    "fail" | "cancelled" => &mut tally.failed,
                    "skipped" | "todo" => &mut tally.skipped,
                    _ => continue,
                };
                *count += number.parse::<u64>().unwrap_or(0);
            }
        }
        tally
    }

    /// The verdict on a suite that has ended: one that has no test, or ended badly without a failed test, has failed.
    /// Under a name filter a suite may have no test.
    #[must_use]
    pub fn judged(mut self, success: bool, is_filtered: bool) -> Self {
        let is_empty = self.total() == 0 && !is_filtered;
        if self.failed == 0 && (!success || is_empty) {
            self.failed = 1;
        }
        self
    }
}

/// `N passed, N failed`, and `, N skipped` when there are any.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

fn number_before(text: &str, word: &str) -> u64 {
    text.find(word)
        .and_then(|end| text[..end].rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtest_and_node_summaries_are_summed_and_skipped_tests_are_counted() {
        let output = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 40 filtered out\n\
                      test result: FAILED. 3 passed; 2 failed; 0 ignored\n\
                      # pass 4\n# fail 1\n# cancelled 1\n# skipped 2\nℹ pass 5\nℹ fail 0\nℹ todo 1";
        assert_eq!(Tally::read(output), Tally { passed: 24, failed: 4, skipped: 4 });
    }

    #[test]
    fn a_suite_without_tests_or_with_a_bad_end_has_failed() {
        let seven = Tally { passed: 7, ..Tally::default() };
        assert_eq!(Tally::default().judged(true, false).failed, 1);
        assert_eq!(seven.judged(false, false).failed, 1);
        assert_eq!(seven.judged(true, false).failed, 0);
    }

    #[test]
    fn a_suite_whose_tests_were_all_skipped_or_filtered_out_has_not_failed() {
        assert_eq!(Tally { skipped: 3, ..Tally::default() }.judged(true, false).failed, 0);
        assert_eq!(Tally::default().judged(true, true).failed, 0);
        assert_eq!(Tally::default().judged(false, true).failed, 1);
    }

    #[test]
    fn the_closing_line_names_skipped_tests_only_when_there_are_any() {
        let mut tally = Tally { passed: 2, failed: 1, skipped: 0 };
        assert_eq!(tally.to_string(), "2 passed, 1 failed");
        tally.skipped = 3;
        assert_eq!(tally.to_string(), "2 passed, 1 failed, 3 skipped");
    }
}
