//! `xtask db:check`: every test of the database with every hostile value, and what they counted.

use std::process::ExitCode;

use crate::repo::Repo;
use crate::test::compile::cargo_test;
use crate::test::run::run_counting;
use crate::test::tally::Tally;

/// Runs all of `tests/db` and prints the counts and the sum.
pub fn db_check(repo: &Repo) -> ExitCode {
    let (tally, counts) = suite(repo, "", None);
    for count in counts {
        println!("{count}");
    }
    println!("{tally}");
    if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The database's tests whose names contain `filter`, over `rows` rows a table where that is asked for; with the lines
/// in which they say what they counted.
pub fn suite(repo: &Repo, filter: &str, rows: Option<u32>) -> (Tally, Vec<String>) {
    let mut cargo = cargo_test(repo);
    cargo
        .env("GATEHOUSE_PROBE_ALL", "1")
        .args(["--test", "db", "--", "--show-output"])
        .args(Some(filter).filter(|filter| !filter.is_empty()));
    if let Some(rows) = rows {
        cargo.env("GATEHOUSE_ROWS", rows.to_string());
    }
    run_counting(repo, "database", cargo)
}
