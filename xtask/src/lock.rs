//! One build at a time in a checkout.

use std::fs::{self, File, TryLockError};

use anyhow::{Context, Result};

use crate::repo::Repo;
use crate::step::note;

/// Waits until no other command builds in this checkout. The lock ends with the file, also when its holder is killed.
///
/// # Errors
/// When the checkout's folder in the cache cannot be written.
pub fn checkout(repo: &Repo) -> Result<File> {
    fs::create_dir_all(&repo.targets)?;
    let path = repo.targets.join("build.lock");
    let file = File::create(&path).with_context(|| format!("{} cannot be written.", path.display()))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => note("Waiting for another command's build in this checkout …"),
        Err(TryLockError::Error(error)) => return Err(error).context("The build lock cannot be taken."),
    }
    file.lock().context("The build lock cannot be taken.")?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_second_build_begins_when_the_first_has_ended() {
        let dir = tempfile::tempdir().unwrap();
        let repo =
            Repo { root: dir.path().into(), cache: dir.path().into(), targets: dir.path().join("targets") };
        let first = checkout(&repo).unwrap();
        let (sender, events) = mpsc::channel();
        let second = sender.clone();
        let other = repo.clone();
        let waiting = std::thread::spawn(move || {
            let _held = checkout(&other).unwrap();
            second.send("second").unwrap();
        });
        assert!(matches!(
            File::open(repo.targets.join("build.lock")).unwrap().try_lock(),
            Err(TryLockError::WouldBlock)
        ));
        sender.send("first").unwrap();
        drop(first);
        waiting.join().unwrap();
        assert_eq!(events.try_iter().collect::<Vec<_>>(), ["first", "second"]);
    }
}
