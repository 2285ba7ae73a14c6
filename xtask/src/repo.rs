//! Where things are: the checkout, its npm tools and the per-user cache.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The checkout and the cache that all commands work in.
#[derive(Debug, Clone)]
pub struct Repo {
    /// Root of the checkout, where the workspace `Cargo.toml` is.
    pub root: PathBuf,
    /// The product's cache outside the checkout, so that a fresh clone starts warm.
    pub cache: PathBuf,
    /// Cargo's output folders of this checkout, one for each kind of build.
    pub targets: PathBuf,
}

impl Repo {
    /// Finds the checkout above this package and makes the cache folder.
    ///
    /// # Errors
    /// When the cache folder cannot be made: the sentence names it and `GATEHOUSE_CACHE`.
    pub fn locate() -> Result<Self> {
        let root = match env::var_os("GATEHOUSE_REPO") {
            Some(path) => PathBuf::from(path),
            None => find_root(&env::current_dir().context("The working directory cannot be read.")?)?,
        };
        let cache = gatehouse_devstack::cache_dir();
        std::fs::create_dir_all(&cache).with_context(|| {
            format!(
                "Cannot make the cache folder {}: set GATEHOUSE_CACHE to a folder you can write.",
                cache.display()
            )
        })?;
        let targets = env::var_os("GATEHOUSE_TARGETS").map_or_else(|| root.join("target"), PathBuf::from);
        Ok(Self { root, cache, targets })
    }

    /// A program that `npm ci` put into `node_modules/.bin`.
    ///
    /// # Errors
    /// When it is missing: the sentence says to run `npm ci`.
    pub fn npm_bin(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join("node_modules/.bin").join(name);
        if !path.exists() {
            bail!("node_modules/.bin/{name} is missing: run `npm ci` in {}.", self.root.display());
        }
        Ok(path)
    }

    /// Node 22 from `node_modules` when the platform's package brought it, else the `node` on PATH.
    #[must_use]
    pub fn node(&self) -> PathBuf {
        let own = self.root.join("node_modules/.bin/node");
        if own.exists() { own } else { PathBuf::from("node") }
    }

    /// This program again, for one of its own suites (`xtask run-suite NAME WORDS…`).
    ///
    /// # Errors
    /// When the path of this program is unknown.
    pub fn own_command(&self, suite: &str, words: &[&str]) -> Result<Command> {
        let mut command = Command::new(own_program()?);
        command.current_dir(&self.root).arg("run-suite").arg(suite).args(words);
        Ok(command)
    }

    /// `PATH` with `node_modules/.bin` first, so that scripts with `#!/usr/bin/env node` get the same Node.
    #[must_use]
    pub fn path_env(&self) -> std::ffi::OsString {
        let mut parts = vec![self.root.join("node_modules/.bin")];
        parts.extend(
            env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default(),
        );
        env::join_paths(parts).unwrap_or_default()
    }
}

fn find_root(start: &Path) -> Result<PathBuf> {
    start.ancestors().find(|dir| dir.join("xtask/Cargo.toml").is_file()).map(Path::to_path_buf).with_context(
        || format!("No Gatehouse checkout at or above {}: run this inside one.", start.display()),
    )
}

/// The path that starts this program again, also when cargo has put a newer one in its place.
///
/// # Errors
/// When the system does not say.
pub fn own_program() -> Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() { Ok(own) } else { env::current_exe().context("xtask cannot find itself.") }
}

/// Whether this process runs as root.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
