//! The suites that are functions of this program. Each runs in a process of its own, `xtask run-suite NAME WORDS…`, so
//! that its processor seconds are its own.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::repo::Repo;
use crate::test::suites::Build;
use crate::{browser, build, codegen, structure, trace, wrangler};

/// Runs one of them; the words are those of [`Build::word`], or a filter for test names.
///
/// # Errors
/// What is wrong, as a sentence.
pub fn run(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    let [name, words @ ..] = arguments else { bail!("xtask run-suite NAME") };
    match name.as_str() {
        "generated" => codegen::run(&repo.root, true)?,
        "requirements" => trace::check(&repo.root)?,
        "structure" => structure::check(&repo.root)?,
        "build" => build_all(repo, words)?,
        "wrangler" => wrangler::play_journey(repo)?,
        "browser" => return browser::run_tests(repo, words.first().map(String::as_str)),
        _ => bail!("There is no part of the tests that is named `{name}`."),
    }
    Ok(ExitCode::SUCCESS)
}

fn build_all(repo: &Repo, words: &[String]) -> Result<()> {
    let has = |build: Build| words.iter().any(|word| word == build.word());
    match (has(Build::Worker), has(Build::Package)) {
        (true, false) => build::worker(repo),
        (false, true) => build::package(repo),
        _ => build::build(repo),
    }
}
