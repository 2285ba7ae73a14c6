//! The cache folder and the temporary run folders.

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

/// True when any user of this machine can reach `path`.
pub(crate) fn world_traversable(path: &Path) -> bool {
    path.ancestors().all(|dir| match fs::metadata(dir) {
        Ok(meta) if meta.is_dir() => meta.permissions().mode() & 0o001 != 0,
        // We create what does not exist yet; a file's own mode is set by its package.
        _ => true,
    })
}

/// A file system in memory. A database for one test is a thousand files: on disk they cost more processor time than the
/// test.
const MEMORY_DIR: &str = "/dev/shm";
/// Bytes that must be free in memory. A platform needs 40 MB, and tests start a handful at a time.
const MIN_FREE: u64 = 2 << 30;

/// The folder for temporary folders: `TMPDIR`, else memory when enough of it is free.
fn temp_base() -> PathBuf {
    let free =
        rustix::fs::statvfs(MEMORY_DIR).map_or(0, |stats| stats.f_bavail.saturating_mul(stats.f_frsize));
    if std::env::var_os("TMPDIR").is_none() && free >= MIN_FREE {
        PathBuf::from(MEMORY_DIR)
    } else {
        std::env::temp_dir()
    }
}

/// A private folder with a short path (Unix sockets allow about 100 characters), locked while its owner runs.
pub(crate) struct RunDir {
    pub(crate) path: PathBuf,
    _lock: File,
}

impl RunDir {
    /// Removes the folders whose owners have ended, then creates a new one.
    pub(crate) fn create() -> Result<Self> {
        let uid = rustix::process::geteuid().as_raw();
        let base = temp_base().join(format!("gatehouse-{uid}"));
        fs::create_dir_all(&base)
            .with_context(|| format!("Cannot create {}; set TMPDIR to a writable folder.", base.display()))?;
        if fs::metadata(&base)?.uid() != uid {
            anyhow::bail!("{} belongs to another user; remove it or set TMPDIR.", base.display());
        }
        fs::set_permissions(&base, fs::Permissions::from_mode(0o711))?;
        remove_abandoned(&base);
        let path = tempfile::Builder::new().prefix("s").rand_bytes(6).tempdir_in(&base)?.keep();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o711))?;
        let lock = File::create(path.join("lock"))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    /// Removes the folder with everything in it.
    pub(crate) fn remove(&self) {
        // Files of a process that is still writing are removed by the next start.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn remove_abandoned(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let Ok(lock) = File::open(entry.path().join("lock")) else { continue };
        if !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
