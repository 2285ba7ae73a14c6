//! The product's cache folder and the short-lived run folders.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// `GATEHOUSE_CACHE`, else `/var/cache/gatehouse` for root, else the user's cache folder.
pub fn cache_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("GATEHOUSE_CACHE") {
        return PathBuf::from(dir);
    }
    if is_root() {
        return PathBuf::from("/var/cache/gatehouse");
    }
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).unwrap_or_else(|| {
        std::env::var_os("HOME").map(PathBuf::from).unwrap_or_else(std::env::temp_dir).join(".cache")
    });
    base.join("gatehouse")
}

/// True when this process runs as uid 0.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// True when a user without any rights can reach `path`.
pub(crate) fn world_traversable(path: &Path) -> bool {
    path.ancestors().all(|dir| match fs::metadata(dir) {
        Ok(meta) if meta.is_dir() => meta.permissions().mode() & 0o001 != 0,
        // What does not exist yet is made by us; a file's own mode is its package's concern.
        _ => true,
    })
}

/// A database that lives for one test is a thousand files: on disk they cost more processor time than the test.
const IN_MEMORY: &str = "/dev/shm";
/// Bytes that must be free in memory; a platform takes 40 MB, and tests start a handful at a time.
const ENOUGH: u64 = 2 << 30;

/// Where short-lived folders go: where `TMPDIR` says, else into memory when there is plenty.
fn short_lived() -> PathBuf {
    let free =
        rustix::fs::statvfs(IN_MEMORY).map_or(0, |found| found.f_bavail.saturating_mul(found.f_frsize));
    if std::env::var_os("TMPDIR").is_none() && free >= ENOUGH {
        PathBuf::from(IN_MEMORY)
    } else {
        std::env::temp_dir()
    }
}

/// A private folder with a short path (Unix sockets allow about 100 characters), locked while its owner lives.
pub(crate) struct RunDir {
    pub(crate) path: PathBuf,
    _lock: File,
}

impl RunDir {
    /// Sweeps the folders of dead owners, then makes a new one.
    pub(crate) fn create() -> Result<Self> {
        let uid = rustix::process::geteuid().as_raw();
        let base = short_lived().join(format!("gatehouse-{uid}"));
        fs::create_dir_all(&base)
            .with_context(|| format!("Cannot make {}; set TMPDIR to a writable folder.", base.display()))?;
        if fs::metadata(&base)?.uid() != uid {
            anyhow::bail!("{} belongs to another user; remove it or set TMPDIR.", base.display());
        }
        fs::set_permissions(&base, fs::Permissions::from_mode(0o711))?;
        sweep(&base);
        let path = tempfile::Builder::new().prefix("s").rand_bytes(6).tempdir_in(&base)?.keep();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o711))?;
        let lock = File::create(path.join("lock"))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    /// Removes the folder with everything in it.
    pub(crate) fn remove(&self) {
        // A straggling writer can only leave files behind for the next sweep.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let Ok(lock) = File::open(entry.path().join("lock")) else { continue };
        if !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
