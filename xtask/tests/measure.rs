//! `xtask measure`: whose processor time it counts, and how it ends.

use std::path::Path;
use std::process::Command;

fn measure(folder: &Path, script: &str) -> (Option<i32>, f64) {
    let report = folder.join("report");
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let status = xtask.arg("measure").arg(&report).args(["sh", "-c", script]).status().unwrap();
    (status.code(), std::fs::read_to_string(report).unwrap().parse().unwrap())
}

/// The kernel ends a process that has used up its limit, by its own rough count: then it has used about a second.
#[test]
fn a_program_that_outlives_the_one_that_started_it_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (code, seconds) = measure(folder.path(), "(ulimit -t 1; while :; do :; done) & exit 3");
    assert_eq!(code, Some(3));
    assert!((0.5..2.0).contains(&seconds), "{seconds} s");
}

#[test]
fn a_program_that_is_killed_ends_as_a_shell_says_it() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(measure(folder.path(), "kill -9 $$").0, Some(128 + 9));
}
