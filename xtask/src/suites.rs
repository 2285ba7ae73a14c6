//! Running one test suite and reading from its output how many tests passed and failed.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use crate::repo::Repo;
use crate::step::note;

/// Tests that passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed; a suite that could not run counts as one.
    pub failed: u64,
}

impl Tally {
    /// Adds another suite's numbers.
    pub fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    fn one(passed: bool) -> Self {
        if passed { Self { passed: 1, failed: 0 } } else { Self { passed: 0, failed: 1 } }
    }
}

/// How a suite reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `cargo test` or `node --test`: counted from its summary lines.
    Counted,
    /// A check that passes or fails as a whole.
    Check,
}

/// `cargo test`, linted: clippy compiles as rustc does, so that one pass over the code does both. A lint that complains
/// is a compilation that fails. `scripts/run.mjs` compiles the tools alike, so that the tests find them compiled.
pub fn cargo_test(repo: &Repo) -> Command {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(&repo.root)
        .env("CARGO_TERM_COLOR", "never")
        // Keeping parts of packages costs a tenth of compiling them, and gigabytes of the cache.
        .env("CARGO_INCREMENTAL", "0")
        // As `cargo clippy -- -D warnings` sets them; the dependencies are those of a plain `cargo test`.
        .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
        .env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__")
        .args(["test", "--quiet"]);
    cargo
}

/// Runs a suite; all it printed is shown when it fails.
pub fn run_suite(name: &str, kind: Kind, command: &mut Command) -> Tally {
    run(name, kind, command).0
}

/// As [`run_suite`], with the lines in which tests say what they counted: `counted: …`.
pub fn run_counting(name: &str, command: &mut Command) -> (Tally, Vec<String>) {
    let (tally, output) = run(name, Kind::Counted, command);
    let mut counts: Vec<String> =
        output.lines().filter_map(|line| line.strip_prefix("counted: ")).map(str::to_owned).collect();
    counts.sort();
    (tally, counts)
}

fn run(name: &str, kind: Kind, command: &mut Command) -> (Tally, String) {
    note(&format!("{name} …"));
    let start = Instant::now();
    let (success, output) = capture(command);
    let tally = match kind {
        Kind::Check => Tally::one(success),
        Kind::Counted => judge(success, count(&output)),
    };
    if tally.failed > 0 {
        println!("{output}");
    }
    let seconds = start.elapsed().as_secs_f64();
    note(&format!("{name}: {} passed, {} failed ({seconds:.1} s)", tally.passed, tally.failed));
    (tally, output)
}

/// Runs a check that is a function of ours.
pub fn run_check(name: &str, check: impl FnOnce() -> anyhow::Result<()>) -> Tally {
    note(&format!("{name} …"));
    let start = Instant::now();
    let result = check();
    if let Err(error) = &result {
        println!("{error:#}");
    }
    let tally = Tally::one(result.is_ok());
    note(&format!(
        "{name}: {} ({:.1} s)",
        if result.is_ok() { "ok" } else { "FAILED" },
        start.elapsed().as_secs_f64()
    ));
    tally
}

/// A suite that ran no test, or ended badly without naming a failed test, has failed.
fn judge(success: bool, mut tally: Tally) -> Tally {
    let empty = tally.passed == 0 && tally.failed == 0;
    if tally.failed == 0 && (!success || empty) {
        tally.failed = 1;
    }
    tally
}

/// Sums the summary lines of libtest (`test result: ok. 3 passed; 0 failed; …`) and node (`# pass 3`, `ℹ pass 3`).
fn count(output: &str) -> Tally {
    let mut tally = Tally::default();
    for line in output.lines() {
        if let Some(rest) = line.strip_prefix("test result: ") {
            tally.passed += number_before(rest, " passed");
            tally.failed += number_before(rest, " failed");
        } else if let Some(rest) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) {
            match rest.split_once(' ') {
                Some(("pass", number)) => tally.passed += number.parse().unwrap_or(0),
                Some(("fail" | "cancelled", number)) => tally.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
    tally
}

fn number_before(text: &str, word: &str) -> u64 {
    text.find(word)
        .and_then(|end| text[..end].rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .unwrap_or(0)
}

/// Both streams in the order of their lines.
fn capture(command: &mut Command) -> (bool, String) {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            return (false, format!("{} cannot be started: {error}", command.get_program().display()));
        }
    };
    let (sender, lines) = mpsc::channel();
    let streams: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>),
        child.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>),
    ];
    for stream in streams.into_iter().flatten() {
        let sender = sender.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
    }
    drop(sender);
    let output = lines.into_iter().collect::<Vec<_>>().join("\n");
    (child.wait().is_ok_and(|status| status.success()), output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtest_and_node_summaries_are_summed() {
        let output = "test result: ok. 12 passed; 0 failed; 0 ignored\n\
                      test result: FAILED. 3 passed; 2 failed; 0 ignored\n# pass 4\n# fail 1\nℹ pass 5\nℹ fail 0";
        assert_eq!(count(output), Tally { passed: 24, failed: 3 });
    }

    #[test]
    fn a_suite_without_tests_or_with_a_bad_end_has_failed() {
        assert_eq!(judge(true, Tally::default()).failed, 1);
        assert_eq!(judge(false, Tally { passed: 7, failed: 0 }).failed, 1);
        assert_eq!(judge(true, Tally { passed: 7, failed: 0 }).failed, 0);
    }

    #[test]
    fn a_program_that_is_not_there_is_a_failure_with_its_name() {
        let (success, output) = capture(&mut Command::new("no-such-program-here"));
        assert!(!success && output.contains("no-such-program-here"));
    }
}
