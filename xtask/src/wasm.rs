//! The steps that both wasm builds share: cargo, wasm-bindgen and wasm-opt.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::repo::Repo;
use crate::step::{run, run_quietly};

/// What rustc's wasm32-unknown-unknown uses, named one by one so that wasm-opt never writes an encoding
/// that workerd does not know yet.
const FEATURES: [&str; 7] = [
    "mutable-globals",
    "sign-ext",
    "nontrapping-float-to-int",
    "bulk-memory",
    "multivalue",
    "reference-types",
    "exception-handling",
];

const TARGET: &str = "wasm32-unknown-unknown";

/// How a panic ends in the compiled module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panics {
    /// std is compiled again with `panic=unwind`: a panic ends its own call only. For speed.
    Unwind,
    /// std is compiled again without anything that a panic would say: it traps. For size: no sums of money are made in a
    /// browser, so overflow is not looked for either.
    Abort,
}

/// Compiles a `cdylib` package for wasm32 and returns the raw module's path. `quick` leaves nearly all optimising out.
///
/// # Errors
/// When cargo fails; its messages have been printed.
pub fn compile(
    manifest_dir: &Path,
    package: &str,
    feature: Option<&str>,
    target_dir: &Path,
    panics: Panics,
    quick: bool,
) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(manifest_dir)
        .args(["build", "--lib", "--release", "--locked", "--quiet", "--package", package])
        .arg("--target-dir")
        .arg(target_dir)
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags(panics, quick))
        // Read by the wasm_bindgen macro: futures of js-sys, as the worker crate is built against.
        .env("WASM_BINDGEN_USE_JS_SYS", "1");
    if quick {
        for (name, value) in
            [("LTO", "off"), ("OPT_LEVEL", "1"), ("CODEGEN_UNITS", "16"), ("INCREMENTAL", "true")]
        {
            cargo.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
        }
    }
    if let Some(feature) = feature {
        cargo.args(["--no-default-features", "--features", feature]);
    }
    let mut target = PathBuf::from(TARGET);
    match panics {
        Panics::Unwind => {
            // Without std's backtraces, of which wasm has none.
            cargo
                .env("RUSTC_BOOTSTRAP", "1")
                .args(["-Zbuild-std=std,panic_unwind", "-Zbuild-std-features=panic-unwind"]);
        }
        Panics::Abort if quick => {}
        Panics::Abort => {
            target = with_several_results(target_dir)?;
            cargo
                .env("RUSTC_BOOTSTRAP", "1")
                .arg("-Zjson-target-spec")
                .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"])
                .args(["--config", "profile.release.opt-level='z'"])
                .args(["--config", "profile.release.overflow-checks=false"]);
        }
    }
    run(cargo.arg("--target").arg(target), &format!("Compiling {package} for wasm32"))?;
    Ok(target_dir.join(TARGET).join("release").join(package.replace('-', "_")).with_extension("wasm"))
}

/// Writes rustc's own description of [`TARGET`] with one thing changed: a function that answers two words, such as a
/// text or what may be missing, gives both back instead of writing them to memory for its caller. That is 2 % of the
/// code after gzip. LLVM calls this way of calling experimental, and rustc has no option for it. What Rust's own
/// arithmetic on 128 bits returns does not fit it: the linker, which warns of that, must refuse it.
fn with_several_results(target_dir: &Path) -> Result<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc.env("RUSTC_BOOTSTRAP", "1").args([
        "-Zunstable-options",
        "--print",
        "target-spec-json",
        "--target",
        TARGET,
    ]);
    let printed = rustc.output().context("rustc cannot be started.")?;
    let mut target: serde_json::Value =
        serde_json::from_slice(&printed.stdout).context("rustc does not describe its targets any more.")?;
    target["llvm-abiname"] = "experimental-mv".into();
    let path = target_dir.join(TARGET).with_extension("json");
    std::fs::create_dir_all(target_dir)?;
    std::fs::write(&path, target.to_string())?;
    Ok(path)
}

/// Flags as cargo's encoded list. Paths of this machine are mapped away: the same sources give the same module.
fn rust_flags(panics: Panics, quick: bool) -> String {
    let home = std::env::var("CARGO_HOME")
        .unwrap_or_else(|_| format!("{}/.cargo", std::env::var("HOME").unwrap_or_default()));
    let mut flags = vec![format!("--remap-path-prefix={home}=/cargo")];
    match panics {
        Panics::Unwind => flags.push("-Cpanic=unwind".to_owned()),
        // std as it comes names reference types among its features, and wasm-bindgen would then have the module import the
        // setting up of a table. The package loads modules that import nothing.
        Panics::Abort if quick => flags.extend(
            ["-Clink-arg=--features=mutable-globals", "-Clink-arg=--no-check-features"].map(str::to_owned),
        ),
        Panics::Abort => flags.extend(
            // SHA-256 as a loop: unrolled it is faster and three times as large.
            [
                "-Zunstable-options",
                "-Cpanic=immediate-abort",
                // Numbers are all that crosses, so there is no table of JavaScript's values to set up.
                "-Ctarget-feature=-reference-types,+multivalue",
                "-Clink-arg=--fatal-warnings",
                // What rustc inlines before LLVM sees it makes the module larger.
                "-Zmir-opt-level=1",
                // Only what is hardly larger for it is inlined. The few functions that make it faster say so themselves.
                "-Cllvm-args=-inline-threshold=10",
                "--cfg",
                "gatehouse_small",
                "--cfg",
                "sha2_backend_soft=\"compact\"",
            ]
            .map(str::to_owned),
        ),
    }
    flags.join("\u{1f}")
}

/// The JavaScript that wasm-bindgen writes around a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glue {
    /// For the Worker: an ES module that imports the wasm and can instantiate it again after a trap.
    Worker,
    /// For browsers, Next.js and Node: the module and its TypeScript types are used, and no JavaScript.
    Web,
}

/// Writes `<name>.js`, `<name>_bg.wasm` (and types for [`Glue::Web`]) into `out`.
///
/// # Errors
/// When wasm-bindgen refuses the module.
pub fn bind(module: &Path, out: &Path, name: &str, glue: Glue) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name(name);
    match glue {
        Glue::Worker => {
            bindgen
                .typescript(false)
                .reset_state_function(true)
                .force_enable_abort_handler(true)
                .module(true)?;
        }
        Glue::Web => {
            // The package says itself where its modules are: each place of use has its own way.
            bindgen.typescript(true).omit_default_module_path(true).web(true)?;
        }
    }
    bindgen.generate(out).with_context(|| format!("wasm-bindgen failed on {}.", module.display()))
}

/// Optimises a module in place.
///
/// # Errors
/// When binaryen is missing or refuses the module.
pub fn optimise(repo: &Repo, module: &Path, panics: Panics) -> Result<()> {
    // LLVM has made the Worker fast already; more costs a minute for every build (docs/decisions/0003-worker-build.md).
    let level = if panics == Panics::Unwind { "-O1" } else { "-Oz" };
    let mut command = Command::new(repo.node());
    command.arg(repo.npm_bin("wasm-opt")?).arg(module).arg("-o").arg(module).arg(level);
    for feature in FEATURES {
        command.arg(format!("--enable-{feature}"));
    }
    if panics == Panics::Abort {
        // Runs of zeros cost nothing after gzip, and the segments that would leave them out do.
        command.args([
            "--skip-pass=memory-packing",
            // The stack grows down to 0, so nothing that has an address is there.
            "--low-memory-unused",
            "--converge",
            "--strip-producers",
            "--strip-target-features",
        ]);
    }
    run_quietly(&mut command, "wasm-opt")
}

/// What is the same for every build with these tools: part of the fingerprint.
///
/// # Errors
/// When npm's packages are not installed.
pub fn tool_versions(repo: &Repo) -> Result<String> {
    let mut text = format!("bindgen 0.2.129 {FEATURES:?}");
    for package in ["binaryen", "esbuild"] {
        let path = repo.root.join("node_modules").join(package).join("package.json");
        let json = std::fs::read_to_string(&path).with_context(|| {
            format!("{} is missing: run `npm ci` in {}.", path.display(), repo.root.display())
        })?;
        let json: serde_json::Value = serde_json::from_str(&json)?;
        text.push_str(&format!(" {package} {}", json["version"]));
    }
    Ok(text)
}
