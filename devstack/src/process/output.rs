//! Programs that run to their end.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::runtime::Handle;

use super::run_as::RunAs;
use super::spawner::on_spawner_thread;

/// Runs a program to its end and returns what it printed on stdout.
pub(crate) async fn output(program: &Path, args: &[&str], run_as: RunAs) -> Result<String> {
    let line = run_as.command_line(program, "KILL");
    let Some((first, rest)) = line.split_first() else { bail!("No program to run.") };
    let mut command = tokio::process::Command::new(first);
    command
        .args(rest)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .current_dir("/");
    let child = on_spawner_thread(Handle::current(), move || command.spawn()).await?;
    let finished =
        child.with_context(|| format!("Cannot run {}.", program.display()))?.wait_with_output().await?;
    let text = String::from_utf8_lossy(&finished.stdout).into_owned();
    if !finished.status.success() {
        bail!(
            "{} failed ({}): {}{}",
            program.display(),
            finished.status,
            text,
            String::from_utf8_lossy(&finished.stderr)
        );
    }
    Ok(text)
}
