//! `xtask build`: the Worker and the browser package, skipped when nothing they depend on has changed.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::lock;
use crate::repo::Repo;
use crate::stamp;
use crate::step::{note, run_quietly, step};
use crate::wasm::{self, Glue, Panics};

const SHIM: &str = include_str!("../assets/worker-shim.mjs");
/// wasm-opt's level; the speed of what computes counts more than its size (docs/decisions/0003-worker-build.md).
const LEVEL: &str = "-O3";
/// Set to 1: compile in a fraction of the time what runs slower and weighs more. For trying things out while writing;
/// what is tested and deployed is built without it.
const QUICK: &str = "GATEHOUSE_QUICK_BUILD";
/// How the outputs are made; a changed recipe makes other outputs of the same sources.
const RECIPES: [&str; 2] = [include_str!("build.rs"), include_str!("wasm.rs")];
const COMMON_INPUTS: [&str; 4] = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "core"];

/// Builds both wasm outputs, at the same time: the last step of each is one long compilation on one core.
///
/// # Errors
/// When a step fails; the sentence names it.
pub fn build(repo: &Repo) -> Result<()> {
    let _alone = lock::checkout(repo)?;
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| build_worker(repo));
        let client = build_wasm_client(repo);
        worker.join().map_err(|_| anyhow!("The Worker's build panicked: its message is above."))??;
        client
    })
}

/// Builds the Worker into `build/worker/{index.js,index_bg.wasm}`.
///
/// # Errors
/// When a step fails; the sentence names it.
pub fn worker(repo: &Repo) -> Result<()> {
    let _alone = lock::checkout(repo)?;
    build_worker(repo)
}

fn build_worker(repo: &Repo) -> Result<()> {
    Crate {
        package: "gatehouse-edge",
        dir: "edge",
        kind: "worker",
        output: "build/worker",
        name: "index",
        glue: Glue::Worker,
        panics: Panics::Unwind,
    }
    .build(repo, |out| bundle(repo, out))
}

/// Builds the browser package: its wasm into `wasm-client/npm/wasm/`, its JavaScript into `wasm-client/npm/dist/`.
fn build_wasm_client(repo: &Repo) -> Result<()> {
    Crate {
        package: "gatehouse-wasm-client",
        dir: "wasm-client",
        kind: "wasm",
        output: "wasm-client/npm/wasm",
        name: "index",
        glue: Glue::Web,
        panics: Panics::Abort,
    }
    .build(repo, |_| Ok(()))?;
    typescript(repo)
}

/// One wasm crate and where its build goes.
struct Crate {
    package: &'static str,
    dir: &'static str,
    /// Names the cached outputs and the cargo target directory of that name.
    kind: &'static str,
    output: &'static str,
    /// Name of the JavaScript file and the module.
    name: &'static str,
    glue: Glue,
    panics: Panics,
}

impl Crate {
    fn build(&self, repo: &Repo, finish: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let output = repo.root.join(self.output);
        let sources = [format!("{}/src", self.dir), format!("{}/Cargo.toml", self.dir)];
        let mut inputs = COMMON_INPUTS.to_vec();
        inputs.extend(sources.iter().map(String::as_str));
        let quick = std::env::var(QUICK).is_ok_and(|value| value == "1");
        let flags = format!(
            "{} {:?} {LEVEL} {SHIM} {} {RECIPES:?} quick={quick}",
            self.name,
            self.panics,
            wasm::tool_versions(repo)?
        );
        let files = [format!("{}.js", self.name), format!("{}_bg.wasm", self.name)];
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let print = stamp::fingerprint(&repo.root, &inputs, &flags)?;
        if stamp::is_current(&output, &print, &files) {
            note(&format!("{}: nothing changed", self.package));
            return Ok(());
        }
        let locks = repo.cache.join("built");
        fs::create_dir_all(&locks)?;
        let lock = File::create(locks.join(format!("{}.lock", self.kind)))?;
        lock.lock().context("The build lock in the cache cannot be taken.")?;
        if stamp::restore(repo, self.kind, &print, &files, &output)? {
            note(&format!("{}: taken from the cache", self.package));
            return Ok(());
        }
        let target_dir =
            repo.targets.join(if quick { format!("{}-quick", self.kind) } else { self.kind.to_owned() });
        step(&format!("Building {} for wasm32", self.package), || {
            let module = wasm::compile(&repo.root, self.package, &target_dir, self.panics, quick)?;
            let staging = target_dir.join("bound");
            let _ = fs::remove_dir_all(&staging);
            fs::create_dir_all(&staging)?;
            wasm::bind(&module, &staging, self.name, self.glue)?;
            if !quick {
                wasm::optimise(repo, &staging.join(format!("{}_bg.wasm", self.name)), LEVEL)?;
            }
            finish(&staging)?;
            // Sources that changed while they were compiled must not get the older fingerprint's name.
            let after = stamp::fingerprint(&repo.root, &inputs, &flags)?;
            if after == print {
                stamp::publish(repo, self.kind, &print, &staging, &output)
            } else {
                stamp::place(&staging, "changed while it was built", &output)
            }
        })?;
        let bytes = fs::metadata(output.join(format!("{}_bg.wasm", self.name)))?.len();
        note(&format!("{}: {} KB of wasm", self.output, bytes / 1024));
        Ok(())
    }
}

/// Compiles the package's TypeScript when it is newer than what was compiled last.
fn typescript(repo: &Repo) -> Result<()> {
    let package = repo.root.join("wasm-client/npm");
    let dist = package.join("dist");
    if !package.join("tsconfig.json").is_file() {
        return Ok(());
    }
    let inputs = ["wasm-client/npm/src", "wasm-client/npm/tsconfig.json", "wasm-client/npm/package.json"];
    let print = stamp::fingerprint(&repo.root, &inputs, &format!("tsc {RECIPES:?}"))?;
    if stamp::is_current(&dist, &print, &["index.js", "index.d.ts", "node.js"]) {
        return Ok(());
    }
    step("Compiling @gatehouse/wasm-client", || {
        // Put in place when it is whole: a server that runs reads the former until then.
        let staging = repo.targets.join("typescript");
        let _ = fs::remove_dir_all(&staging);
        let mut tsc = Command::new(repo.npm_bin("tsc")?);
        tsc.current_dir(&package).env("PATH", repo.path_env()).args(["-p", "tsconfig.json", "--outDir"]);
        run_quietly(tsc.arg(&staging), "tsc")?;
        stamp::place(&staging, &print, &dist)
    })
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
