//! Databases to copy instead of creating them: kept in the cache, named by a digest of what they are built from.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use sha2::{Digest, Sha256};
use tokio_postgres::Client;

use super::binaries::Binaries;
use super::cluster::Cluster;
use crate::cache::{cache_dir, is_root};
use crate::migrate::{migrate, migration_files};
use crate::process::output::output;

/// The platform before any migration.
pub(super) const PLATFORM_SQL: &str = include_str!("../../sql/platform.sql");
const INITDB_ARGS: [&str; 9] = [
    "--username=supabase_admin",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--wal-segsize=1",
    "--no-sync",
    "--no-instructions",
];
/// Templates that are kept, the last used ones: every edited migration creates another one of 30 MB.
const CAPACITY: usize = 10;

/// The cluster with the platform's SQL applied.
pub(super) async fn platform(binaries: &Binaries, run: &Path) -> Result<PathBuf> {
    let run_as = format!("{:?}", binaries.run_as);
    let name = digest([binaries.version.as_str(), PLATFORM_SQL, &INITDB_ARGS.join(" "), &run_as]);
    cached(&name, binaries, async |data| {
        let target = format!("--pgdata={}", data.display());
        let mut args = INITDB_ARGS.to_vec();
        args.push(&target);
        output(&binaries.dir.join("initdb"), &args, binaries.run_as).await?;
        apply_changes(binaries, run, data, "supabase_admin", async |client| {
            client.batch_execute(PLATFORM_SQL).await.context("devstack/sql/platform.sql does not apply.")
        })
        .await
    })
    .await
}

/// The platform with every migration of `folder`.
pub(super) async fn with_migrations(binaries: &Binaries, run: &Path, folder: &Path) -> Result<PathBuf> {
    let platform = platform(binaries, run).await?;
    let mut parts = vec![platform.display().to_string()];
    for file in migration_files(folder)? {
        parts.push(file.file_name().unwrap_or_default().to_string_lossy().into_owned());
        parts.push(fs::read_to_string(&file).with_context(|| format!("Cannot read {}.", file.display()))?);
    }
    cached(&digest(parts), binaries, async |data| {
        copy_tree(&platform, data).await?;
        apply_changes(binaries, run, data, "postgres", async |client| migrate(client, folder).await.map(drop))
            .await
    })
    .await
}

fn digest(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_ref());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The template with this name; `build` fills its folder the first time.
async fn cached(
    name: &str,
    binaries: &Binaries,
    build: impl AsyncFnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let base = cache_dir().join("postgres-template");
    fs::create_dir_all(&base).with_context(|| {
        format!("Cannot create {}; set GATEHOUSE_CACHE to a writable folder.", base.display())
    })?;
    let template = base.join(name);
    // One builder at a time; the others wait and find the template. The lock's age tells when it was used last.
    let lock = File::create(base.join(format!("{name}.lock")))?;
    lock.set_modified(SystemTime::now())?;
    if template.exists() {
        return Ok(template);
    }
    let _lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await??;
    if template.exists() {
        return Ok(template);
    }
    let staging = base.join(format!("{name}.making"));
    let _ = fs::remove_dir_all(&staging);
    binaries.create_dir(&staging)?;
    let data = staging.join("data");
    build(&data).await?;
    fs::rename(&data, &template)
        .with_context(|| format!("Cannot keep the database template in {}.", template.display()))?;
    let _ = fs::remove_dir_all(&staging);
    remove_oldest(&base)?;
    Ok(template)
}

fn remove_oldest(base: &Path) -> Result<()> {
    let mut used: Vec<(SystemTime, PathBuf)> = fs::read_dir(base)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "lock"))
        .filter_map(|lock| Some((fs::metadata(&lock).ok()?.modified().ok()?, lock)))
        .collect();
    used.sort();
    for (_, lock) in used.iter().rev().skip(CAPACITY) {
        let _ = fs::remove_dir_all(lock.with_extension(""));
        let _ = fs::remove_file(lock);
    }
    Ok(())
}

/// Starts a server on `data`, applies changes as `user`, and stops it in an orderly way.
async fn apply_changes(
    binaries: &Binaries,
    run: &Path,
    data: &Path,
    user: &str,
    work: impl AsyncFnOnce(&mut Client) -> Result<()>,
) -> Result<()> {
    let sockets = run.join("pgt");
    binaries.create_dir(&sockets)?;
    let cluster = Cluster { data: data.to_path_buf(), sockets, log: run.join("template.log") };
    let process = cluster.launch(binaries).await?;
    let mut client = cluster.connect(user).await?;
    let result = work(&mut client).await;
    drop(client);
    process.end(Signal::INT).await;
    result
}

pub(super) async fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let mut source = from.as_os_str().to_owned();
    source.push("/.");
    fs::create_dir_all(to)?;
    let status = tokio::process::Command::new("cp").arg("-a").arg(source).arg(to).status().await?;
    if !status.success() {
        bail!("Copying {} to {} failed ({status}).", from.display(), to.display());
    }
    if is_root() {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let meta = fs::metadata(from)?;
        chown(to, Some(meta.uid()), Some(meta.gid()))?;
    }
    Ok(())
}
