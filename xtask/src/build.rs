//! `xtask build`: the Worker and the browser package, skipped when nothing they depend on has changed.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::repo::Repo;
use crate::stamp;
use crate::step::{note, run_quietly, step};
use crate::wasm::{self, Glue, Panics};

const SHIM: &str = include_str!("../assets/worker-shim.mjs");
const COMMON_INPUTS: [&str; 4] = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "core"];

/// Builds both wasm outputs.
///
/// # Errors
/// When a step fails; the sentence names it.
pub fn build(repo: &Repo) -> Result<()> {
    worker(repo)?;
    wasm_client(repo)
}

/// Builds the Worker into `build/worker/{index.js,index_bg.wasm}`.
///
/// # Errors
/// When a step fails; the sentence names it.
pub fn worker(repo: &Repo) -> Result<()> {
    let source = Crate { package: "gatehouse-edge", dir: "edge", kind: "worker", output: "build/worker" };
    source.build(repo, Panics::Unwind, |out| {
        wasm::optimise(repo, &out.join("index_bg.wasm"), "-O3")?;
        bundle(repo, out)
    })
}

/// Builds the browser package's wasm into `wasm-client/npm/wasm/`.
///
/// # Errors
/// When a step fails; the sentence names it.
pub fn wasm_client(repo: &Repo) -> Result<()> {
    let source = Crate {
        package: "gatehouse-wasm-client",
        dir: "wasm-client",
        kind: "wasm",
        output: "wasm-client/npm/wasm",
    };
    source.build(repo, Panics::Abort, |out| wasm::optimise(repo, &out.join("index_bg.wasm"), "-O3"))
}

/// One wasm crate and where its build goes.
struct Crate {
    package: &'static str,
    dir: &'static str,
    /// Names the cached outputs and the cargo target directory (`target-<kind>`).
    kind: &'static str,
    output: &'static str,
}

impl Crate {
    fn build(&self, repo: &Repo, panics: Panics, finish: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let output = repo.root.join(self.output);
        let sources = [format!("{}/src", self.dir), format!("{}/Cargo.toml", self.dir)];
        let mut inputs = COMMON_INPUTS.to_vec();
        inputs.extend(sources.iter().map(String::as_str));
        let flags = format!("{panics:?} -O3 {SHIM} {}", wasm::tool_versions(repo)?);
        let print = stamp::fingerprint(&repo.root, &inputs, &flags)?;
        if stamp::is_current(&output, &print) {
            note(&format!("{}: nothing changed", self.package));
            return Ok(());
        }
        let locks = repo.cache.join("built");
        fs::create_dir_all(&locks)?;
        let lock = File::create(locks.join(format!("{}.lock", self.kind)))?;
        lock.lock().context("The build lock in the cache cannot be taken.")?;
        if stamp::restore(repo, self.kind, &print, &output)? {
            note(&format!("{}: taken from the cache", self.package));
            return Ok(());
        }
        let target_dir = repo.cache.join(format!("target-{}", self.kind));
        step(&format!("Building {} for wasm32", self.package), || {
            let module = wasm::compile(&repo.root, self.package, &target_dir, panics)?;
            let staging = target_dir.join("bound");
            let _ = fs::remove_dir_all(&staging);
            fs::create_dir_all(&staging)?;
            wasm::bind(&module, &staging, if self.kind == "worker" { Glue::Worker } else { Glue::Web })?;
            finish(&staging)?;
            // Sources that changed while they were compiled must not carry the older fingerprint's name.
            if stamp::fingerprint(&repo.root, &inputs, &flags)? == print {
                stamp::publish(repo, self.kind, &print, &staging, &output)
            } else {
                stamp::publish(repo, self.kind, "changed-while-building", &staging, &output)
            }
        })?;
        report_size(&output)
    }
}

/// One file of JavaScript beside the module, with the shim as its entry.
fn bundle(repo: &Repo, dir: &Path) -> Result<()> {
    fs::write(dir.join("shim.mjs"), SHIM)?;
    let mut esbuild = Command::new(repo.npm_bin("esbuild")?);
    esbuild
        .current_dir(dir)
        .env("PATH", repo.path_env())
        .args([
            "./shim.mjs",
            "--bundle",
            "--format=esm",
            "--outfile=bundle.js",
            "--minify",
            "--log-level=warning",
        ])
        .args(["--external:./index_bg.wasm", "--external:cloudflare:*"]);
    run_quietly(&mut esbuild, "esbuild")?;
    // workerd imports a module's source by a plain import.
    let text = fs::read_to_string(dir.join("bundle.js"))?.replace("import source ", "import ");
    fs::write(dir.join("index.js"), text)?;
    fs::remove_file(dir.join("bundle.js"))?;
    fs::remove_file(dir.join("shim.mjs"))?;
    let _ = fs::remove_dir_all(dir.join("snippets"));
    Ok(())
}

fn report_size(output: &Path) -> Result<()> {
    let bytes = fs::metadata(output.join("index_bg.wasm"))?.len();
    note(&format!("{}: {} KB of wasm", output.display(), bytes / 1024));
    Ok(())
}
