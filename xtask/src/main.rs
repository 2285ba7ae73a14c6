//! Automation of the checkout: the commands behind `npm run …`.

mod assurance;
mod browser;
mod budgets;
mod build;
mod child;
mod codegen;
mod db_check;
mod dev;
mod journey;
mod lock;
mod repo;
mod setup;
mod stack;
mod stamp;
mod step;
mod structure;
mod test;
mod trace;
mod verify;
mod wasm;
mod web;
mod wrangler;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use repo::Repo;

const HELP: &str = "\
npm run dev        the whole product on this machine
npm test           every check and test (-- NAME: one suite, or the tests with NAME in their names)
npm run test:core  core's own tests and vectors
npm run journey    a founder's way through the product, over HTTP (-- --help for its options)
npm run stack      the local platform alone, and .dev.vars for `npx wrangler dev`
npm run perf       the Worker under an open-loop load with slow neighbours (-- auth, autosave, manifest; cpu; --json)
npm run verify     whether an exported manifest is what it claims to be (-- FILE)
npm run build      the Worker and the browser package (-- package: only that)
npm run codegen    what is generated from core (-- --check to compare only)
npm run db:check   every test of the database, with what they counted
npm run budgets    sizes and speeds, each beside its budget (-- --json)
npm run assurance  the heavier proof, written to docs/assurance.json
npm run setup      a browser for the browser tests";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    match dispatch(&command, args.collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, arguments: Vec<String>) -> Result<ExitCode> {
    let repo = Repo::locate()?;
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    match command {
        "dev" => block_on(dev::dev(&repo))?,
        "stack" => block_on(stack::stack(&repo))?,
        "test" => return test::test(&repo, &arguments),
        // Inside of `test`.
        "measure" => return test::processor::measure(&arguments),
        "run-suite" => return test::parts::run(&repo, &arguments),
        "journey" => {
            if !has("--url") && !has("--help") {
                build::worker(&repo)?;
            }
            return journey::run(&repo.root, arguments);
        }
        "perf" => return perf(&repo, &arguments),
        "verify" => return Ok(verify::verify(&arguments)),
        "build" if has("package") => build::package(&repo)?,
        "build" => build::build(&repo)?,
        "budgets" => return budgets::budgets(&repo, &arguments),
        "codegen" => codegen::run(&repo.root, has("--check"))?,
        "db:check" => return Ok(db_check::db_check(&repo)),
        "assurance" => return assurance::assurance(&repo),
        "setup" => setup::setup()?,
        _ => bail!("There is no command `{command}`.\n{HELP}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The load run is a program of its own beside the tests, whose support it shares.
fn perf(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    build::worker(repo)?;
    let mut cargo = std::process::Command::new("cargo");
    cargo.current_dir(&repo.root).args(["run", "--quiet", "--bin", "perf", "--"]).args(arguments);
    Ok(if cargo.status().context("cargo cannot be started.")?.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Runtime::new().context("No runtime for the local servers.")?.block_on(work)
}
