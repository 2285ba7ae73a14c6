//! What `npm test -- WORDS` means: suites by their names, and at most one word that test names must contain.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::test::suites::{SUITES, Suite};

/// What to run.
#[derive(Debug)]
pub struct Choice {
    /// In the order of [`SUITES`].
    pub suites: Vec<&'static Suite>,
    /// Only tests whose name contains it.
    pub filter: Option<String>,
    /// Whether everything was asked for.
    pub is_all: bool,
}

impl Choice {
    /// Reads the words after `npm test --`.
    ///
    /// # Errors
    /// When the words choose nothing, or there are two that name no suite: the sentence names the suites.
    pub fn parse(root: &Path, words: &[String]) -> Result<Self> {
        let names_suite = |word: &str| SUITES.iter().any(|suite| suite.is_named(word));
        let (names, others): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| names_suite(word));
        let filter = match others.as_slice() {
            [] => None,
            [filter] if !filter.is_empty() && !filter.starts_with('-') => Some((*filter).clone()),
            _ => bail!(
                "npm test -- takes names of suites and one word that test names contain, not {words:?}.\n{}",
                suite_list()
            ),
        };
        let suites: Vec<&Suite> = SUITES
            .iter()
            .filter(|suite| names.is_empty() || names.iter().any(|name| suite.is_named(name)))
            .filter(|suite| filter.as_ref().is_none_or(|filter| may_contain(root, suite, filter)))
            .collect();
        if let (true, Some(filter)) = (suites.is_empty(), &filter) {
            bail!(
                "No suite is named `{filter}`, and no test{} has it in its name.\n{}",
                if names.is_empty() { "" } else { " of these suites" },
                suite_list()
            );
        }
        Ok(Self { suites, filter, is_all: words.is_empty() })
    }

    /// Whether a suite is to run.
    #[must_use]
    pub fn includes(&self, suite: &Suite) -> bool {
        self.suites.iter().any(|chosen| chosen.name == suite.name)
    }

    /// One line that says what runs.
    #[must_use]
    pub fn sentence(&self) -> String {
        let names: Vec<&str> = self.suites.iter().map(|suite| suite.name).collect();
        match &self.filter {
            None => format!("Suites: {}", names.join(", ")),
            Some(filter) => format!("Tests with `{filter}` in their names, of: {}", names.join(", ")),
        }
    }
}

/// Every suite with what it proves, one a line.
#[must_use]
pub fn suite_list() -> String {
    let lines = SUITES.iter().map(|suite| format!("  {:16} {}", suite.name, suite.about));
    format!("The suites:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Whether a test of the suite may have `filter` in its name, judged by the source text: each part of `a::b` must occur
/// in the path or the text of one file. Too many suites are harmless, too few are not.
fn may_contain(root: &Path, suite: &Suite, filter: &str) -> bool {
    suite.sources.iter().any(|source| occurs_below(&root.join(source), filter))
}

fn occurs_below(path: &Path, filter: &str) -> bool {
    if path.is_dir() {
        return fs::read_dir(path).is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| occurs_below(&entry.path(), filter)))
        });
    }
    let is_source = path.extension().is_some_and(|extension| extension == "rs" || extension == "mjs");
    is_source && {
        let text = fs::read_to_string(path).unwrap_or_default();
        let place = path.to_string_lossy();
        names_in(&text).is_some_and(|names| {
            filter
                .split("::")
                .all(|part| place.contains(part) || names.iter().any(|name| name.contains(part)))
        })
    }
}

/// The names on lines that begin a function or a `test(…)`; None when the file has no test.
fn names_in(text: &str) -> Option<Vec<&str>> {
    let has_tests = text.contains("#[test]") || text.contains("::test") || text.contains("test(");
    has_tests.then(|| {
        text.lines()
            .map(str::trim_start)
            .filter(|line| line.contains("fn ") || line.contains("test(") || line.starts_with("mod "))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(words: &[&str]) -> Result<Choice> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        Choice::parse(root, &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    fn names(choice: &Choice) -> Vec<&str> {
        choice.suites.iter().map(|suite| suite.name).collect()
    }

    #[test]
    fn no_word_is_everything_and_a_name_is_its_suite() {
        let all = choose(&[]).unwrap();
        assert!(all.is_all && all.suites.len() == SUITES.len());
        let db = choose(&["db"]).unwrap();
        assert_eq!((names(&db), db.filter.as_deref(), db.is_all), (vec!["db"], None, false));
        assert_eq!(names(&choose(&["db", "browser"]).unwrap()), ["db", "browser"]);
    }

    #[test]
    fn any_other_word_is_a_filter_and_chooses_the_suites_that_have_it() {
        let by_name = choose(&["every_test_program_of_the_workspace_belongs"]).unwrap();
        assert_eq!(names(&by_name), ["units"]);
        assert_eq!(
            by_name.sentence(),
            "Tests with `every_test_program_of_the_workspace_belongs` in their names, of: units"
        );
        assert_eq!(names(&choose(&["choice::tests::no_word"]).unwrap()), ["units"]);
        let in_one = choose(&["db", "refunds"]).unwrap();
        assert_eq!((names(&in_one), in_one.filter.as_deref()), (vec!["db"], Some("refunds")));
    }

    #[test]
    fn what_chooses_nothing_is_refused_with_the_names_of_the_suites() {
        let nothing = ["no_such", "test_is_anywhere"].concat();
        for words in [&[nothing.as_str()][..], &["db", &nothing], &["one", "two"], &["--help"]] {
            let sentence = choose(words).unwrap_err().to_string();
            assert!(
                sentence.contains("The suites:\n  generated ") && sentence.contains("histories"),
                "{sentence}"
            );
        }
    }
}
