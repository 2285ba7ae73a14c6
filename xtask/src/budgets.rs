//! `xtask budgets`: what the Worker and the package weigh, and how fast the rules are, each beside its budget.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::repo::Repo;
use crate::{build, setup};

/// Builds both and lets `tests/perf/package/budgets.mjs` measure them; its exit code is ours.
///
/// # Errors
/// After a quick build, which is measured for nothing, and when something cannot be built or started.
pub fn budgets(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    if build::is_quick() {
        bail!("A quick build weighs more and runs slower than what is shipped: unset GATEHOUSE_QUICK_BUILD.");
    }
    build::build(repo)?;
    let mut node = Command::new(repo.node());
    node.current_dir(&repo.root).arg("tests/perf/package/budgets.mjs").args(arguments);
    if let Some(chromium) = setup::browser()? {
        node.env("CHROMIUM_BIN", chromium);
    }
    let status = node.env("PATH", repo.path_env()).status().context("Node cannot be started.")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
