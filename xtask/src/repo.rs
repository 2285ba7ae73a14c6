//! Where things are: the checkout, its npm tools and the per-user cache.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The checkout and the cache that all commands work in.
#[derive(Debug, Clone)]
pub struct Repo {
    /// Root of the checkout, where the workspace `Cargo.toml` is.
    pub root: PathBuf,
    /// The product's cache outside the checkout, so that a fresh clone starts warm.
    pub cache: PathBuf,
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
        let cache = cache_dir();
        std::fs::create_dir_all(&cache).with_context(|| {
            format!(
                "Cannot make the cache folder {}: set GATEHOUSE_CACHE to a folder you can write.",
                cache.display()
            )
        })?;
        Ok(Self { root, cache })
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

/// `GATEHOUSE_CACHE`, else `/var/cache/gatehouse` for root, else the XDG cache of the user.
fn cache_dir() -> PathBuf {
    if let Some(path) = env::var_os("GATEHOUSE_CACHE") {
        return PathBuf::from(path);
    }
    let system = Path::new("/var/cache/gatehouse");
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    if is_root() {
        system.to_path_buf()
    } else {
        env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from).join("gatehouse")
    }
}

/// Whether this process runs as root (user id 0).
#[must_use]
pub fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        status.lines().any(|line| {
            line.strip_prefix("Uid:").is_some_and(|ids| ids.split_whitespace().nth(1) == Some("0"))
        })
    })
}
