//! `xtask test`: everything that proves the checkout, ending with `N passed, N failed`.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{self, Receiver, Sender};

use anyhow::{Context as _, Result};

use crate::repo::Repo;
use crate::step::giving_way;
use crate::suites::{Kind, Tally, cargo_test, run_check, run_suite};
use crate::{browser, build, codegen, setup, trace, wrangler};

/// Needs the machine to itself: its requests have time limits.
const ALONE: &str = "edge";
/// Needs the built Worker.
const ON_WORKER: &str = "histories";
/// Folders with `node --test` files, as the `test` script of their package.
const NODE_PACKAGES: [&str; 2] = ["wasm-client/npm", "web"];

/// Runs every suite and prints the sum as the last line.
///
/// # Errors
/// Never for a failing test: that is the exit code.
pub fn test(repo: &Repo) -> Result<ExitCode> {
    let tally = all(repo);
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every suite, also after one has failed.
pub fn all(repo: &Repo) -> Tally {
    let mut total = run_check("generated files", || codegen::run(&repo.root, true));
    total.add(run_check("requirements, plan and status", || trace::check(&repo.root)));
    total.add(run_suite("formatting", Kind::Check, cargo(repo).args(["fmt", "--all", "--check"])));
    // Lanes of about the same length, because most steps keep one core busy or wait.
    let (is_built, built) = mpsc::channel();
    std::thread::scope(|scope| {
        // Mostly the network's time.
        let chromium = scope.spawn(|| setup::browser().ok().flatten());
        let native = scope.spawn(|| native(repo));
        let on_worker = scope.spawn(move || on_worker(repo, &built));
        total.add(wasm(repo, is_built, || chromium.join().ok().flatten()));
        for lane in [native, on_worker] {
            total.add(lane.join().unwrap_or(Tally { passed: 0, failed: 1 }));
        }
    });
    // Most of these wait most of the time.
    let threads = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    let mut edge = cargo_test(repo);
    edge.args(["--no-fail-fast", "--test", ALONE, "--", &format!("--test-threads={threads}")]);
    total.add(run_suite(ALONE, Kind::Counted, &mut edge));
    total
}

/// What native code does. No suite names its packages: all take one build of the dependencies, the lints of the Worker
/// too, which has nothing in it that is for wasm32 alone.
fn native(repo: &Repo) -> Tally {
    let lints = || run_suite("lints", Kind::Check, cargo_test(repo).arg("--no-run"));
    let mut total = giving_way(lints).unwrap_or(Tally { passed: 0, failed: 1 });
    total.add(run_suite(
        "unit tests",
        Kind::Counted,
        cargo_test(repo).args(["--no-fail-fast", "--lib", "--bins"]),
    ));
    match test_targets(repo) {
        Ok(names) => {
            let mut rest = cargo_test(repo);
            rest.arg("--no-fail-fast");
            for name in names.iter().filter(|name| ![ALONE, ON_WORKER].contains(&name.as_str())) {
                rest.args(["--test", name]);
            }
            total.add(run_suite("contract, devstack and database", Kind::Counted, &mut rest));
        }
        Err(error) => total.add(run_check("contract, devstack and database", || Err(error))),
    }
    total.add(run_suite(
        "scripts",
        Kind::Counted,
        Command::new(repo.node()).current_dir(&repo.root).args([
            "--test",
            "--test-reporter=tap",
            "scripts/lock.test.mjs",
            "tests/contract/openapi/valid.test.mjs",
            "tests/contract/token_counts/recount.test.mjs",
        ]),
    ));
    total
}

/// What needs the built Worker and takes no harm from others beside it.
fn on_worker(repo: &Repo, built: &Receiver<()>) -> Tally {
    // An error is the other lane's end, and its tests say why.
    let _ = built.recv();
    let mut total = run_suite(ON_WORKER, Kind::Counted, cargo_test(repo).args(["--test", ON_WORKER]));
    total.add(wrangler::suite(repo));
    total
}

/// What is compiled to wasm, the packages that carry or load it, and the pages.
fn wasm(repo: &Repo, is_built: Sender<()>, chromium: impl FnOnce() -> Option<PathBuf>) -> Tally {
    let mut total = run_check("build", || build::build(repo));
    let _ = is_built.send(());
    let chromium = chromium();
    for package in NODE_PACKAGES {
        for (script, kind) in [("typecheck", Kind::Check), ("test", Kind::Counted)] {
            if has_script(repo, package, script) {
                let mut npm = Command::new("npm");
                npm.current_dir(&repo.root).args(["run", "--silent", script, "--workspace", package]);
                if let Some(chromium) = &chromium {
                    npm.env("CHROMIUM_BIN", chromium);
                }
                total.add(run_suite(&format!("{package} {script}"), kind, npm.env("PATH", repo.path_env())));
            }
        }
    }
    total.add(browser::suite(repo));
    total
}

/// The names of all integration tests, from cargo: a new one cannot be forgotten here.
fn test_targets(repo: &Repo) -> Result<Vec<String>> {
    let output = cargo(repo).args(["metadata", "--no-deps", "--format-version=1", "--offline"]).output()?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("cargo metadata failed.")?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let targets = packages.flat_map(|package| package["targets"].as_array().into_iter().flatten());
    Ok(targets
        .filter(|target| target["kind"][0] == "test")
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect())
}

fn cargo(repo: &Repo) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&repo.root).env("CARGO_TERM_COLOR", "never");
    cargo
}

fn has_script(repo: &Repo, package: &str, script: &str) -> bool {
    std::fs::read_to_string(repo.root.join(package).join("package.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .is_some_and(|json| json["scripts"][script].is_string())
}
