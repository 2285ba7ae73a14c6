//! `xtask setup`: what a package registry of npm or Rust does not carry. For now: a browser.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::repo::is_root;
use crate::step::{note, run_quietly, step};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// The browser for the browser tests: `CHROMIUM_BIN`, else one on PATH.
#[must_use]
pub fn chromium() -> Option<PathBuf> {
    if let Some(path) = env::var_os("CHROMIUM_BIN") {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    let path = env::var_os("PATH")?;
    NAMES
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |dir| dir.join(name)))
        .find(|file| file.is_file())
}

/// Finds a browser, or installs one when this process may.
///
/// # Errors
/// When apt fails; all it printed is part of the error.
pub fn browser() -> Result<Option<PathBuf>> {
    if let Some(path) = chromium() {
        return Ok(Some(path));
    }
    if is_root() && Command::new("apt-get").arg("--version").output().is_ok() {
        step("Installing chromium with apt", || {
            let apt = || {
                let mut command = Command::new("apt-get");
                command.env("DEBIAN_FRONTEND", "noninteractive");
                command
            };
            run_quietly(apt().args(["update", "-q"]), "apt-get update")?;
            run_quietly(
                apt().args(["install", "-q", "-y", "--no-install-recommends", "chromium"]),
                "apt-get install",
            )
        })?;
    }
    Ok(chromium())
}

/// The command itself: says what was found.
///
/// # Errors
/// When apt fails.
pub fn setup() -> Result<()> {
    match browser()? {
        Some(path) => note(&format!("Browser: {}", path.display())),
        None => note(
            "NO BROWSER: the browser tests will be reported as skipped. Install chromium (Debian, as root: \
             apt-get install chromium) or point CHROMIUM_BIN at one.",
        ),
    }
    Ok(())
}
