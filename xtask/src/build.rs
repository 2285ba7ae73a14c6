//! `xtask build`: the Worker and the browser package, skipped when nothing they depend on has changed.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::codegen;
use crate::lock;
use crate::repo::Repo;
use crate::stamp;
use crate::step::{note, run_quietly, step, with_low_priority};
use crate::wasm::{self, Glue, Panics};

/// The OpenAPI document as the Worker serves it.
const OPENAPI: &str = "build/assets/openapi.json";
const SHIM: &str = include_str!("../assets/worker-shim.mjs");
/// Set to 1: compile in a fraction of the time what runs slower and weighs more. For trying things out while writing;
/// what is tested and deployed is built without it.
const QUICK: &str = "GATEHOUSE_QUICK_BUILD";
/// How the outputs are made; a changed recipe makes other outputs of the same sources.
const RECIPES: [&str; 2] = [include_str!("build.rs"), include_str!("wasm.rs")];
const COMMON_INPUTS: [&str; 4] = ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "core"];

/// Builds both wasm outputs, at the same time: the last step of each is one long compilation on one core. The Worker's
/// takes longest and goes before.
///
/// # Errors
/// When a step fails; the sentence names it.
pub fn build(repo: &Repo) -> Result<()> {
    let _alone = lock::checkout(repo)?;
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| build_worker(repo));
        let client = with_low_priority(|| build_wasm_client(repo)).flatten();
        worker.join().map_err(|_| anyhow!("The Worker's build panicked: its message is above."))??;
        client
    })
}

/// Whether the outputs are for trying things out only.
pub fn is_quick() -> bool {
    std::env::var(QUICK).is_ok_and(|value| value == "1")
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
    write_assets(repo)?;
    Crate {
        package: "gatehouse-edge",
        feature: None,
        dir: "edge",
        kind: "worker",
        output: "build/worker",
        name: "index",
        glue: Glue::Worker,
        panics: Panics::Unwind,
    }
    .build(repo, |out| bundle(repo, out))
}

/// Writes what the Worker serves as static assets into `build/assets`.
fn write_assets(repo: &Repo) -> Result<()> {
    let path = repo.root.join(OPENAPI);
    let text = codegen::minified_openapi();
    // A Worker that runs would start again for a file that is written.
    if fs::read_to_string(&path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(&repo.root))?;
    fs::write(&path, text).with_context(|| format!("Cannot write {OPENAPI}."))
}

/// Builds the browser package.
///
/// # Errors
/// When a step fails; the sentence names it.
pub fn package(repo: &Repo) -> Result<()> {
    let _alone = lock::checkout(repo)?;
    build_wasm_client(repo)
}

/// Builds the browser package: its modules into `wasm-client/npm/wasm/`, its JavaScript into `wasm-client/npm/dist/`.
fn build_wasm_client(repo: &Repo) -> Result<()> {
    for (feature, output) in
        [("forms", "wasm-client/npm/wasm/forms"), ("manifest", "wasm-client/npm/wasm/manifest")]
    {
        Crate {
            package: "gatehouse-wasm-client",
            feature: Some(feature),
            dir: "wasm-client",
            kind: "wasm",
            output,
            name: feature,
            glue: Glue::Web,
            panics: Panics::Abort,
        }
        // Of what wasm-bindgen writes around it the package has the types alone: `src/loading.ts` starts the module.
        .build(repo, |_| Ok(()))?;
    }
    typescript(repo)
}

/// One wasm crate and where its build goes.
struct Crate {
    package: &'static str,
    /// The one feature to build with, where the crate has several outputs.
    feature: Option<&'static str>,
    dir: &'static str,
    /// Names the cargo target directory, and with the module's name the cached outputs.
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
        let quick = is_quick();
        let flags = format!(
            "{} {:?} {SHIM} {} {RECIPES:?} quick={quick}",
            self.name,
            self.panics,
            wasm::tool_versions(repo)?
        );
        let cached = format!("{}-{}", self.kind, self.name);
        let files = [format!("{}.js", self.name), format!("{}_bg.wasm", self.name)];
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let print = stamp::fingerprint(&repo.root, &inputs, &flags)?;
        if stamp::is_current(&output, &print, &files) {
            note(&format!("{}: nothing changed", self.output));
            return Ok(());
        }
        let locks = repo.cache.join("built");
        fs::create_dir_all(&locks)?;
        let lock = File::create(locks.join(format!("{}.lock", self.kind)))?;
        lock.lock().context("The build lock in the cache cannot be taken.")?;
        if stamp::restore(repo, &cached, &print, &files, &output)? {
            note(&format!("{}: taken from the cache", self.output));
            return Ok(());
        }
        let target_dir =
            repo.targets.join(if quick { format!("{}-quick", self.kind) } else { self.kind.to_owned() });
        step(&format!("Building {}", self.output), || {
            let module =
                wasm::compile(&repo.root, self.package, self.feature, &target_dir, self.panics, quick)?;
            let staging = target_dir.join("bound");
            let _ = fs::remove_dir_all(&staging);
            fs::create_dir_all(&staging)?;
            wasm::bind(&module, &staging, self.name, self.glue)?;
            if !quick {
                wasm::optimise(repo, &staging.join(format!("{}_bg.wasm", self.name)), self.panics)?;
            }
            finish(&staging)?;
            // Sources that changed while they were compiled must not get the older fingerprint's name.
            let after = stamp::fingerprint(&repo.root, &inputs, &flags)?;
            if after == print {
                stamp::publish(repo, &cached, &print, &staging, &output)
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
    let inputs = [
        "wasm-client/npm/src",
        "wasm-client/npm/tsconfig.json",
        "wasm-client/npm/package.json",
        "wasm-client/npm/inline.mjs",
        "wasm-client/npm/wasm/forms/forms_bg.wasm",
        "wasm-client/npm/wasm/manifest/manifest_bg.wasm",
    ];
    let print = stamp::fingerprint(&repo.root, &inputs, &format!("tsc {RECIPES:?}"))?;
    if stamp::is_current(
        &dist,
        &print,
        &[
            "index.js",
            "index.d.ts",
            "forms/browser.js",
            "manifest/browser.js",
            "forms/bytes.js",
            "manifest/bytes.js",
        ],
    ) {
        return Ok(());
    }
    step("Compiling @gatehouse/wasm-client", || {
        // Put in place when it is whole: a server that runs reads the former until then.
        let staging = repo.targets.join("typescript");
        let _ = fs::remove_dir_all(&staging);
        let mut tsc = Command::new(repo.npm_bin("tsc")?);
        tsc.current_dir(&package).env("PATH", repo.path_env()).args(["-p", "tsconfig.json", "--outDir"]);
        run_quietly(tsc.arg(&staging), "tsc")?;
        let mut inline = Command::new(repo.node());
        run_quietly(inline.current_dir(&package).arg("inline.mjs").arg(&staging), "inline.mjs")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_asset_is_the_committed_document_without_line_breaks() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let repo = Repo { cache: root.join("cache"), targets: root.join("target"), root };
        write_assets(&repo).unwrap();
        let written = fs::read_to_string(repo.root.join(OPENAPI)).unwrap();
        assert_eq!(written.lines().count(), 1);
        let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert!(read(&written) == read(&fs::read_to_string(committed).unwrap()), "run `npm run codegen`");
    }
}
