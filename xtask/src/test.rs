//! `xtask test`: everything that proves the checkout, ending with `N passed, N failed`.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::repo::Repo;
use crate::suites::{Kind, Tally, cargo_test, run_check, run_suite};
use crate::{browser, build, codegen, setup, trace, wrangler};

/// The tests that send requests to a built Worker. They have time limits, and get the machine to themselves.
const OVER_HTTP: [&str; 2] = ["edge", "histories"];
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
    // The wasm builds end in long steps on one core each; the native compilations fill the other one meanwhile.
    std::thread::scope(|scope| {
        let native = scope.spawn(|| native(repo));
        total.add(wasm(repo));
        total.add(native.join().unwrap_or(Tally { passed: 0, failed: 1 }));
    });
    let mut over_http = cargo_test(repo);
    over_http.arg("--no-fail-fast").args(OVER_HTTP.iter().flat_map(|name| ["--test", name]));
    total.add(run_suite("edge and histories", Kind::Counted, &mut over_http));
    total.add(wrangler::suite(repo));
    total.add(browser::suite(repo));
    total
}

/// What needs nothing but native code. No suite names its packages: all take the default members' one build of the
/// dependencies.
fn native(repo: &Repo) -> Tally {
    let mut total = run_suite("lints, native", Kind::Check, cargo_test(repo).arg("--no-run"));
    total.add(run_suite(
        "unit tests",
        Kind::Counted,
        cargo_test(repo).args(["--no-fail-fast", "--lib", "--bins"]),
    ));
    match test_targets(repo) {
        Ok(names) => {
            let mut rest = cargo_test(repo);
            rest.arg("--no-fail-fast");
            for name in names.iter().filter(|name| !OVER_HTTP.contains(&name.as_str())) {
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
            "tests/contract/token_counts/recount.test.mjs",
        ]),
    ));
    total
}

/// What is compiled to wasm, and the packages that carry or load it.
fn wasm(repo: &Repo) -> Tally {
    let mut total = run_check("build", || build::build(repo));
    total.add(run_suite(
        "lints, wasm32",
        Kind::Check,
        cargo(repo).args(["clippy", "--quiet", "--target", "wasm32-unknown-unknown"]).args([
            "-p",
            "gatehouse-edge",
            "-p",
            "gatehouse-wasm-client",
            "--",
            "-D",
            "warnings",
        ]),
    ));
    let chromium = setup::browser().ok().flatten();
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
