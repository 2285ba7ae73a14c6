//! `xtask stack`: the local platform alone, with `.dev.vars` for a Worker run by wrangler.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use gatehouse_devstack::worker::worker_vars;
use gatehouse_devstack::{Progress, Stack, StackOptions};
use tokio::signal::unix::{SignalKind, signal};

use crate::repo::Repo;
use crate::step::note;

/// Starts the platform on its fixed ports and keeps it until Ctrl-C.
///
/// # Errors
/// When a part does not start or dies: the sentence names it and the fix.
pub async fn stack(repo: &Repo) -> Result<()> {
    let stack = start(repo).await?;
    write_dev_vars(&repo.root, &stack)?;
    print_table(rows(&stack));
    note(".dev.vars is written: `npx wrangler dev` runs the Worker against this. Ctrl-C stops.");
    let died = tokio::select! {
        () = stop_requested() => None,
        words = stack.wait_death() => Some(words),
    };
    note("Stopping …");
    stack.stop().await?;
    match died {
        Some(words) => bail!("A part of the platform ended by itself: {words}"),
        None => Ok(()),
    }
}

/// Starts the platform for development, with one progress line per event.
///
/// # Errors
/// When a part does not start.
pub async fn start(repo: &Repo) -> Result<Stack> {
    let options = StackOptions { repo: repo.root.clone(), ..StackOptions::for_dev() };
    Stack::start(options, |Progress { part, message, .. }| note(&format!("{part}: {message}"))).await
}

/// Ends when Ctrl-C is pressed or the process is told to terminate.
pub async fn stop_requested() {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

/// Part, address and version of everything that runs in the stack.
#[must_use]
pub fn rows(stack: &Stack) -> Vec<[String; 3]> {
    stack.parts().into_iter().map(|part| [part.name, part.address, part.version]).collect()
}

/// Prints an aligned table of part, address and version.
pub fn print_table(rows: Vec<[String; 3]>) {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (name, address) = (width(0), width(1));
    println!();
    for row in &rows {
        println!("  {:name$}  {:address$}  {}", row[0], row[1], row[2]);
    }
    println!();
}

/// Writes `.dev.vars` below `root` with the values of a running platform.
///
/// # Errors
/// When the file cannot be written.
pub fn write_dev_vars(root: &Path, stack: &Stack) -> Result<()> {
    let mut text =
        String::from("# Written by `npm run stack`: the local platform's values, of no use anywhere else.\n");
    for (name, value) in worker_vars(stack) {
        writeln!(text, "{name}=\"{value}\"")?;
    }
    let path = root.join(".dev.vars");
    fs::write(&path, text).with_context(|| format!("{} cannot be written.", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(())
}
