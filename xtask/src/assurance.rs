//! `xtask assurance`: the heavier proof, for one commit, written to `docs/assurance.json`.
//!
//! Each finished part is written at once, so that a run that was stopped goes on where it ended.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use gatehouse_devstack::{Stack, StackOptions};
use serde::{Deserialize, Serialize};

use crate::build;
use crate::db_check;
use crate::repo::Repo;
use crate::setup;
use crate::step::note;
use crate::test;
use crate::test::compile::cargo_test;
use crate::test::run::run_counting;
use crate::test::tally::Tally;

/// Whole runs of the test suite that must pass one after the other.
const ROUNDS: usize = 2;
/// Rows of every table under which the hot statements must still use their indexes.
const ROWS: u32 = 1_000_000;
/// Random histories of payments, in shards that are kept one by one.
const HISTORIES: u64 = 10_000;
const SHARD: u64 = 500;
/// Documents on which the validator and its oracle must agree.
const DOCUMENTS: u32 = 1_000_000;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Report {
    /// What was measured.
    commit: String,
    processors: usize,
    rounds: Vec<Round>,
    start: Option<Start>,
    /// What the tests of query plans counted over [`ROWS`] rows a table.
    plans: Option<Vec<String>>,
    /// Which histories of payments added up: one line a shard, with its seeds.
    #[serde(default)]
    histories: Vec<String>,
    /// What the validator's oracle counted over [`DOCUMENTS`] documents.
    oracle: Option<Vec<String>>,
    /// How the packed package fared in every place of use, Vite and Next among them.
    #[serde(default)]
    packaging: Option<Tally>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Round {
    #[serde(flatten)]
    tally: Tally,
    seconds: f64,
}

/// Seconds from nothing running to an answer, with everything built.
#[derive(Debug, Serialize, Deserialize)]
struct Start {
    platform_seconds: f64,
    worker_seconds: f64,
}

/// Runs what is not in the report of this commit yet; the rounds, which have time limits, come last, when nothing else runs.
///
/// # Errors
/// When the checkout has changes that are not committed, or a part cannot be started.
pub fn assurance(repo: &Repo) -> Result<ExitCode> {
    let commit = git(repo, &["rev-parse", "HEAD"])?;
    if !git(repo, &["status", "--porcelain", "--", ".", ":!docs/assurance.json"])?.is_empty() {
        bail!(
            "There are changes that are not committed: commit them first, because the report names the commit."
        );
    }
    let mut report = read(repo, &commit)?;
    build::build(repo)?;
    while (report.histories.len() as u64) < HISTORIES / SHARD {
        let first = first_seed(&commit)? + report.histories.len() as u64 * SHARD;
        note(&format!("{SHARD} histories of payments from seed {first} on"));
        let (tally, counts) = histories(repo, first);
        if tally.failed > 0 {
            return Ok(ExitCode::FAILURE);
        }
        report.histories.extend(counts);
        write(repo, &report)?;
    }
    if report.plans.is_none() {
        note(&format!("Query plans over {ROWS} rows a table"));
        let (tally, counts) = db_check::suite(repo, "plans::", Some(ROWS));
        if tally.failed > 0 {
            return Ok(ExitCode::FAILURE);
        }
        report.plans = Some(counts);
        write(repo, &report)?;
    }
    if report.oracle.is_none() {
        note(&format!("Validator and oracle on {DOCUMENTS} documents"));
        let (tally, counts) = oracle(repo);
        if tally.failed > 0 {
            return Ok(ExitCode::FAILURE);
        }
        report.oracle = Some(counts);
        write(repo, &report)?;
    }
    while report.rounds.len() < ROUNDS {
        note(&format!("Round {} of {ROUNDS}", report.rounds.len() + 1));
        let start = Instant::now();
        let tally = test::all(repo)?;
        if tally.failed > 0 {
            return Ok(ExitCode::FAILURE);
        }
        report.rounds.push(Round { tally, seconds: seconds(start) });
        write(repo, &report)?;
    }
    if report.start.is_none() {
        report.start = Some(tokio::runtime::Runtime::new()?.block_on(measure_start(repo))?);
        write(repo, &report)?;
    }
    if report.packaging.is_none() {
        note("The packed package in Node, TypeScript, Workers, Chromium, Vite, Next and libraries of forms");
        let tally = packaging(repo)?;
        if tally.failed > 0 {
            return Ok(ExitCode::FAILURE);
        }
        report.packaging = Some(tally);
        write(repo, &report)?;
    }
    note(&format!("docs/assurance.json holds the report of {commit}."));
    Ok(ExitCode::SUCCESS)
}

/// Other seeds for each commit, and the same ones for the same.
fn first_seed(commit: &str) -> Result<u64> {
    let start = commit.get(..8).context("The commit has no name.")?;
    u64::from_str_radix(start, 16).context("The commit's name is no number.")
}

fn histories(repo: &Repo, first: u64) -> (Tally, Vec<String>) {
    let mut cargo = cargo_test(repo);
    cargo
        .env("GATEHOUSE_HISTORY_FIRST", first.to_string())
        .env("GATEHOUSE_HISTORIES", SHARD.to_string())
        .args(["--test", "histories", "--", "--show-output"]);
    run_counting(repo, "histories", cargo)
}

/// Optimised, because a debug build takes many times as long.
fn oracle(repo: &Repo) -> (Tally, Vec<String>) {
    let mut cargo = cargo_test(repo);
    cargo
        .env("GATEHOUSE_ORACLE_DOCUMENTS", DOCUMENTS.to_string())
        .args(["--release", "--package", "gatehouse-schema-compiler", "--test", "oracle"])
        .args(["--", "--show-output"]);
    run_counting(repo, "oracle", cargo)
}

/// Downloads Vite, which the project itself does without.
fn packaging(repo: &Repo) -> Result<Tally> {
    let chromium =
        setup::browser()?.context("There is no Chromium: run `npm run setup`, or set CHROMIUM_BIN.")?;
    let mut node = Command::new(repo.node());
    node.current_dir(repo.root.join("wasm-client/npm"))
        .env("PATH", repo.path_env())
        .env("CHROMIUM_BIN", chromium)
        .env("GATEHOUSE_BUNDLERS", "1")
        .args(["--test", "--test-reporter=tap", "test/packaging.test.mjs", "test/bundlers.test.mjs"]);
    Ok(run_counting(repo, "packaging", node).0)
}

async fn measure_start(repo: &Repo) -> Result<Start> {
    let begin = Instant::now();
    let stack =
        Stack::start(StackOptions { repo: repo.root.clone(), ..StackOptions::for_tests() }, |_| {}).await?;
    let platform_seconds = seconds(begin);
    let begin = Instant::now();
    let vars = worker_vars(&stack);
    let worker = Worker::start(WorkerOptions { repo: repo.root.clone(), port: 0, vars }).await?;
    reqwest::get(format!("{}/health", worker.url))
        .await
        .and_then(reqwest::Response::error_for_status)
        .context("The Worker does not answer that it is well.")?;
    let worker_seconds = seconds(begin);
    worker.stop().await?;
    stack.stop().await?;
    Ok(Start { platform_seconds, worker_seconds })
}

/// Tenths are all that a shared machine tells.
fn seconds(start: Instant) -> f64 {
    (start.elapsed().as_secs_f64() * 10.0).round() / 10.0
}

/// What an earlier run of the same commit has left; a new commit starts a new report.
fn read(repo: &Repo, commit: &str) -> Result<Report> {
    let fresh = || Report {
        commit: commit.to_owned(),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        ..Report::default()
    };
    match std::fs::read_to_string(path(repo)) {
        Ok(text) => {
            let report: Report =
                serde_json::from_str(&text).context("docs/assurance.json is damaged: remove it.")?;
            Ok(if report.commit == commit { report } else { fresh() })
        }
        Err(_) => Ok(fresh()),
    }
}

fn write(repo: &Repo, report: &Report) -> Result<()> {
    std::fs::write(path(repo), serde_json::to_string_pretty(report)? + "\n").context("docs/assurance.json")
}

fn path(repo: &Repo) -> PathBuf {
    repo.root.join("docs/assurance.json")
}

fn git(repo: &Repo, args: &[&str]) -> Result<String> {
    let output =
        Command::new("git").current_dir(&repo.root).args(args).output().context("git cannot be started.")?;
    if !output.status.success() {
        bail!("git {} failed: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
