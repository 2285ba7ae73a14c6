//! A fingerprint of everything a build depends on, and outputs kept by fingerprint in the cache.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

use crate::repo::Repo;

/// Outputs of one kind that the cache keeps; older ones are removed.
const KEPT: usize = 6;

/// Hash over the given files and folders (relative to the checkout) and over `flags`, as hexadecimal text.
///
/// # Errors
/// When one of them cannot be read.
pub fn fingerprint(root: &Path, inputs: &[&str], flags: &str) -> Result<String> {
    let mut files = Vec::new();
    for input in inputs {
        collect(&root.join(input), &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    hasher.update(flags);
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("{} cannot be read.", file.display()))?;
        hasher.update(file.strip_prefix(root).unwrap_or(&file).to_string_lossy().as_bytes());
        hasher.update([0]);
        hasher.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(bytes);
    }
    Ok(hasher.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_file() {
        files.push(path.to_path_buf());
    } else if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("{} cannot be listed.", path.display()))? {
            collect(&entry?.path(), files)?;
        }
    }
    Ok(())
}

/// Whether `output` was written by a build with this fingerprint and still has its `files`.
#[must_use]
pub fn is_current(output: &Path, fingerprint: &str, files: &[&str]) -> bool {
    fs::read_to_string(output.join(".fingerprint")).is_ok_and(|text| text == fingerprint)
        && files.iter().all(|file| output.join(file).is_file())
}

/// Puts the cached build of this fingerprint at `output`; false when there is none.
///
/// # Errors
/// When the files cannot be copied.
pub fn restore(repo: &Repo, kind: &str, fingerprint: &str, files: &[&str], output: &Path) -> Result<bool> {
    let kept = kept_dir(repo, kind, fingerprint);
    if !is_current(&kept, fingerprint, files) {
        return Ok(false);
    }
    // What was used last is kept longest.
    fs::write(kept.join(".fingerprint"), fingerprint)?;
    replace_dir(&kept, output)?;
    Ok(true)
}

/// Keeps a finished build in the cache and puts it at `output`.
///
/// # Errors
/// When the files cannot be copied.
pub fn publish(repo: &Repo, kind: &str, fingerprint: &str, built: &Path, output: &Path) -> Result<()> {
    mark(built, fingerprint)?;
    replace_dir(built, &kept_dir(repo, kind, fingerprint))?;
    replace_dir(built, output)?;
    sweep(&repo.cache.join("built").join(kind));
    Ok(())
}

/// Puts a finished build at `output` without keeping it.
///
/// # Errors
/// When the files cannot be copied.
pub fn place(built: &Path, fingerprint: &str, output: &Path) -> Result<()> {
    mark(built, fingerprint)?;
    replace_dir(built, output)
}

/// Writes beside an output what it was built from.
///
/// # Errors
/// When the folder cannot be written.
pub fn mark(output: &Path, fingerprint: &str) -> Result<()> {
    fs::write(output.join(".fingerprint"), fingerprint)
        .with_context(|| format!("{} cannot be written.", output.display()))
}

fn kept_dir(repo: &Repo, kind: &str, fingerprint: &str) -> PathBuf {
    repo.cache.join("built").join(kind).join(fingerprint)
}

/// Copies beside the destination first, so that nobody ever sees half a build.
fn replace_dir(from: &Path, to: &Path) -> Result<()> {
    let parent = to.parent().context("An output folder has no parent.")?;
    fs::create_dir_all(parent)?;
    let staging = parent.join(format!(".staging-{}", std::process::id()));
    let _ = fs::remove_dir_all(&staging);
    copy_dir(from, &staging).with_context(|| format!("{} cannot be written.", staging.display()))?;
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("{} cannot be replaced.", to.display()))?;
    }
    fs::rename(&staging, to).with_context(|| format!("{} cannot be written.", to.display()))
}

fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn sweep(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut kept: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            Some((fs::metadata(entry.path().join(".fingerprint")).ok()?.modified().ok()?, entry.path()))
        })
        .collect();
    kept.sort();
    let surplus = kept.len().saturating_sub(KEPT);
    for (_, path) in kept.into_iter().take(surplus) {
        let _ = fs::remove_dir_all(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_a_new_file_and_a_flag_each_change_the_fingerprint() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("src")).unwrap();
        fs::write(dir.path().join("src/a.rs"), "one").unwrap();
        let first = fingerprint(dir.path(), &["src"], "-O3").unwrap();
        assert_eq!(first, fingerprint(dir.path(), &["src"], "-O3").unwrap());
        assert_ne!(first, fingerprint(dir.path(), &["src"], "-Oz").unwrap());
        fs::write(dir.path().join("src/b.rs"), "").unwrap();
        let second = fingerprint(dir.path(), &["src"], "-O3").unwrap();
        assert_ne!(first, second);
        fs::write(dir.path().join("src/a.rs"), "two").unwrap();
        assert_ne!(second, fingerprint(dir.path(), &["src"], "-O3").unwrap());
    }

    #[test]
    fn a_published_build_comes_back_in_another_checkout_and_old_ones_go() {
        let dir = tempfile::tempdir().unwrap();
        let repo = Repo {
            root: dir.path().into(),
            cache: dir.path().join("cache"),
            targets: dir.path().join("target"),
        };
        let built = dir.path().join("built");
        fs::create_dir(&built).unwrap();
        for round in 0..=KEPT {
            fs::write(built.join("index.js"), round.to_string()).unwrap();
            publish(&repo, "worker", &format!("print{round}"), &built, &dir.path().join("out")).unwrap();
        }
        let other = dir.path().join("other/out");
        let last = format!("print{KEPT}");
        assert!(restore(&repo, "worker", &last, &["index.js"], &other).unwrap());
        assert_eq!(fs::read_to_string(other.join("index.js")).unwrap(), KEPT.to_string());
        assert!(is_current(&other, &last, &["index.js"]));
        fs::remove_file(other.join("index.js")).unwrap();
        assert!(!is_current(&other, &last, &["index.js"]), "a lost file is not current");
        fs::remove_file(kept_dir(&repo, "worker", &last).join("index.js")).unwrap();
        assert!(!restore(&repo, "worker", &last, &["index.js"], &other).unwrap());
        assert!(!restore(&repo, "worker", "print0", &["index.js"], &other).unwrap());
    }
}
