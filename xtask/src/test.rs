//! `xtask test`: everything that proves the checkout, ending with `N passed, N failed`.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::repo::Repo;
use crate::suites::{Kind, Tally, cargo_test, run_check, run_suite};
use crate::{browser, build, codegen, setup, trace, wrangler};

/// The native tests. No suite names its packages: all take the default members' one build of the dependencies.
const NATIVE: [(&str, &[&str]); 2] =
    [("unit tests", &["--lib", "--bins"]), ("contract, devstack, database and edge", &["--test", "*"])];
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
    let mut total = side_by_side(repo);
    total.add(run_check("generated files", || codegen::run(&repo.root, true)));
    total.add(run_check("requirements, plan and status", || trace::check(&repo.root)));
    total.add(run_suite("formatting", Kind::Check, cargo(repo).args(["fmt", "--all", "--check"])));
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
    for (name, targets) in NATIVE {
        total.add(run_suite(name, Kind::Counted, cargo_test(repo).arg("--no-fail-fast").args(targets)));
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
    for package in NODE_PACKAGES {
        for (script, kind) in [("typecheck", Kind::Check), ("test", Kind::Counted)] {
            if has_script(repo, package, script) {
                let mut npm = Command::new("npm");
                npm.current_dir(&repo.root).args(["run", "--silent", script, "--workspace", package]);
                if let Ok(Some(chromium)) = setup::browser() {
                    npm.env("CHROMIUM_BIN", chromium);
                }
                total.add(run_suite(&format!("{package} {script}"), kind, npm.env("PATH", repo.path_env())));
            }
        }
    }
    total.add(wrangler::suite(repo));
    total.add(browser::suite(repo));
    total
}

/// The wasm builds end in long steps on one core each; the native compilations fill the other one meanwhile.
fn side_by_side(repo: &Repo) -> Tally {
    std::thread::scope(|scope| {
        let native =
            scope.spawn(|| run_suite("lints, native", Kind::Check, cargo_test(repo).arg("--no-run")));
        let mut total = run_check("build", || build::build(repo));
        total.add(native.join().unwrap_or(Tally { passed: 0, failed: 1 }));
        total
    })
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
