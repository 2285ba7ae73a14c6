//! No file that people read is too long to be read.

use crate::structure::modules::Sources;

/// Lines that a source or test file may have.
const MOST_LINES: usize = 350;
/// The endings of files that people read.
const ENDINGS: [&str; 6] = ["rs", "ts", "tsx", "mjs", "lua", "css"];
/// Migrations are never edited, and test suites of others stay as they are.
const LEFT_OUT: [&str; 2] = ["migrations/", "schema-compiler/tests/suite/"];
/// What the first line of a generated file says.
const GENERATED: [&str; 2] = ["Generated from ", "Written by `"];

/// Whether the rules of this module and its neighbours are about this file.
#[must_use]
pub fn is_source(file: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// Every file that is too long, with its lines.
#[must_use]
pub fn too_long(sources: &Sources) -> Vec<String> {
    let is_ours = |file: &str| !LEFT_OUT.iter().any(|folder| file.starts_with(folder));
    sources
        .iter()
        .filter(|(file, text)| is_ours(file) && !is_generated(text))
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(file, lines)| format!("{file} has {lines} lines, more than {MOST_LINES}"))
        .collect()
}

fn is_generated(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    GENERATED.iter().any(|words| first.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_351_lines_is_named_with_its_count() {
        let sources = Sources::from([
            ("core/src/a.rs".to_owned(), "x\n".repeat(350)),
            ("core/src/b.rs".to_owned(), "x\n".repeat(351)),
        ]);
        assert_eq!(too_long(&sources), ["core/src/b.rs has 351 lines, more than 350"]);
    }

    #[test]
    fn generated_files_migrations_and_suites_of_others_may_be_long() {
        let sources = Sources::from([
            ("a.ts".to_owned(), format!("// Generated from core by x; do not edit.\n{}", "x\n".repeat(400))),
            ("migrations/a.rs".to_owned(), "x\n".repeat(400)),
            ("schema-compiler/tests/suite/a.mjs".to_owned(), "x\n".repeat(400)),
        ]);
        assert_eq!(too_long(&sources), [""; 0]);
    }

    #[test]
    fn every_language_that_people_write_here_is_looked_at() {
        for file in ["a/b.rs", "a.ts", "a.tsx", "a.mjs", "a.lua", "a.css"] {
            assert!(is_source(file), "{file}");
        }
        assert!(!is_source("a.json") && !is_source("rs"));
    }
}
