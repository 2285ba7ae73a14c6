//! What the source text must hold to: no circular imports, no long files, one place that reads who asks.

mod circles;
mod headers;
mod lexer;
mod modules;
mod scan;
mod sizes;

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use modules::Sources;

/// The crates without circular imports, by their roots.
const ROOTS: [&str; 3] = ["core/src/lib.rs", "edge/src/lib.rs", "devstack/src/lib.rs"];

/// Checks every file that git has or would take.
///
/// # Errors
/// With every fault, one a line.
pub fn check(root: &Path) -> Result<()> {
    let sources = read_sources(root)?;
    let faults: Vec<String> = ROOTS
        .iter()
        .flat_map(|root| circles::circles(&sources, root))
        .chain(sizes::too_long(&sources))
        .chain(headers::read_by_handlers(&sources))
        .collect();
    if !faults.is_empty() {
        bail!("The structure has {} faults:\n  {}", faults.len(), faults.join("\n  "));
    }
    Ok(())
}

fn read_sources(root: &Path) -> Result<Sources> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().context("git cannot be started.")?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let sources: Sources = listed
        .lines()
        .filter(|file| sizes::is_source(file))
        // A file that is gone and still in the index.
        .filter_map(|file| Some((file.to_owned(), std::fs::read_to_string(root.join(file)).ok()?)))
        .collect();
    if sources.is_empty() {
        bail!("git lists no source file in {}.", root.display());
    }
    Ok(sources)
}
