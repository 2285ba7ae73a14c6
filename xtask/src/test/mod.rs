//! `xtask test`: everything that proves the checkout, or what is named. Ends with `N passed, N failed`.

pub mod compile;
pub mod lanes;
pub mod parts;
pub mod processor;
pub mod run;
pub mod tally;

mod choice;
mod report;
mod suites;

use std::process::ExitCode;

use anyhow::Result;

use crate::repo::Repo;
use crate::step::note;
use choice::Choice;
use run::Outcome;
use tally::Tally;

/// Processor seconds that `scripts/run.mjs` has spent before it started this program.
const PREPARED: &str = "GATEHOUSE_PREPARED_SECONDS";

/// Runs what the words choose, every suite when there are none, and prints the sum as the last line.
///
/// # Errors
/// When the words choose nothing; never for a failing test: that is the exit code.
pub fn test(repo: &Repo, words: &[String]) -> Result<ExitCode> {
    let choice = Choice::parse(&repo.root, words)?;
    if !choice.is_all {
        note(&choice.sentence());
    }
    let outcomes = lanes::run(repo, &choice);
    let tally = conclude(&choice, &outcomes);
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every suite, also after one has failed.
///
/// # Errors
/// Never for a failing test.
pub fn all(repo: &Repo) -> Result<Tally> {
    let choice = Choice::parse(&repo.root, &[])?;
    Ok(conclude(&choice, &lanes::run(repo, &choice)))
}

/// Prints the table and the closing line.
fn conclude(choice: &Choice, outcomes: &[Outcome]) -> Tally {
    let mut tally = report::sum(outcomes);
    let prepared = std::env::var(PREPARED).ok().and_then(|seconds| seconds.parse().ok());
    println!("\n{}\n", report::table(outcomes, prepared));
    if let (Some(filter), 0) = (&choice.filter, tally.total()) {
        println!("No test has `{filter}` in its name.\n{}", choice::suite_list());
        tally.failed = 1;
    }
    println!("{tally}");
    tally
}
