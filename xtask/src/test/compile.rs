//! The native tests as programs: compiled by one `cargo test --no-run`, then started one suite at a time.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::repo::Repo;
use crate::test::suites::Runs;

/// A compiled test program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The package that it tests: `gatehouse-core`.
    pub package: String,
    /// The target in it: `contract`, or the package's name for its unit tests.
    pub target: String,
    /// Where it is.
    pub path: PathBuf,
    /// Where cargo would start it: the package's folder.
    pub folder: PathBuf,
}

/// The compiled programs, once they are there.
#[derive(Debug, Default)]
pub struct Programs(OnceLock<Vec<Program>>);

impl Programs {
    /// Announces the programs; those that cannot be compiled are none.
    pub fn set(&self, programs: Vec<Program>) {
        let _ = self.0.set(programs);
    }

    /// Waits for the compiler, then returns the programs of one suite.
    pub fn wait_for(&self, is_wanted: impl Fn(&Program) -> bool) -> Vec<&Program> {
        self.0.wait().iter().filter(|program| is_wanted(program)).collect()
    }
}

/// `cargo test`, linted: clippy compiles as rustc does, so that one pass over the code does both. A lint that complains
/// is a compilation that fails. `scripts/run.mjs` compiles the tools alike, so that the tests find them compiled.
pub fn cargo_test(repo: &Repo) -> Command {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(&repo.root)
        .env("CARGO_TERM_COLOR", "never")
        // Keeping parts of packages costs a tenth of compiling them, and gigabytes of the cache.
        .env("CARGO_INCREMENTAL", "0")
        // As `cargo clippy -- -D warnings` sets them; the dependencies are those of a plain `cargo test`.
        .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
        .env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__")
        .args(["test", "--quiet"]);
    cargo
}

/// Compiles the selected tests without running them; [`read_programs`] reads where they are from what it prints.
pub fn compiling(repo: &Repo, selection: &[String]) -> Command {
    let mut cargo = cargo_test(repo);
    cargo.args(["--no-run", "--message-format=json-render-diagnostics"]).args(selection);
    cargo
}

/// Cargo's word for the unit tests of all libraries.
const LIBRARIES: &str = "--lib";

/// Cargo's words for what these suites need, none for everything; None when they need nothing compiled.
///
/// # Errors
/// When cargo does not say which targets there are.
pub fn selection(repo: &Repo, suites: &[Runs]) -> Result<Option<Vec<String>>> {
    if suites.contains(&Runs::Lints) {
        return Ok(Some(Vec::new()));
    }
    if !suites.iter().any(|runs| matches!(runs, Runs::Native { .. })) {
        return Ok(None);
    }
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&repo.root).args(["metadata", "--no-deps", "--format-version=1", "--offline"]);
    let output = cargo.output().context("cargo cannot be started.")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata failed.")?;
    Ok(Some(select(&metadata, suites)))
}

/// Only targets are named, never packages: without the other packages cargo would choose other features for the
/// dependencies, and compile them again.
fn select(metadata: &Value, suites: &[Runs]) -> Vec<String> {
    let mut words = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let program = Program {
                package: text(&package["name"]),
                target: text(&target["name"]),
                path: PathBuf::new(),
                folder: PathBuf::new(),
            };
            if target["test"] != true || !suites.iter().any(|runs| runs.includes(&program)) {
                continue;
            }
            match target["kind"][0].as_str() {
                Some("test") => words.extend(["--test".to_owned(), program.target]),
                Some("bin") => words.extend(["--bin".to_owned(), program.target]),
                // Cargo has no word for one library among many packages, and takes this one once.
                _ if words.iter().any(|word| word == LIBRARIES) => {}
                _ => words.push(LIBRARIES.to_owned()),
            }
        }
    }
    words
}

/// The test programs that cargo's messages name.
#[must_use]
pub fn read_programs(output: &str) -> Vec<Program> {
    output.lines().filter_map(|line| read_program(&serde_json::from_str(line).ok()?)).collect()
}

fn read_program(message: &Value) -> Option<Program> {
    let is_test = message["reason"] == "compiler-artifact" && message["profile"]["test"] == true;
    let manifest = PathBuf::from(message["manifest_path"].as_str()?);
    let folder = manifest.parent()?.to_path_buf();
    // `path+file:///work/core#gatehouse-core@0.1.0`, and without a name where the folder has the same.
    let (source, version) = message["package_id"].as_str()?.rsplit_once('#')?;
    let package = version.split_once('@').map_or_else(
        || source.rsplit_once('/').map(|(_, name)| name.to_owned()),
        |(name, _)| Some(name.to_owned()),
    )?;
    is_test.then_some(())?;
    Some(Program {
        package,
        target: message["target"]["name"].as_str()?.to_owned(),
        path: message["executable"].as_str()?.into(),
        folder,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn only_the_targets_of_the_chosen_suites_are_compiled() {
        let metadata = serde_json::json!({"packages": [
            {"name": "gatehouse-core", "targets": [
                {"name": "gatehouse_core", "kind": ["lib"], "test": true},
                {"name": "gate", "kind": ["test"], "test": true},
            ]},
            {"name": "gatehouse-devstack", "targets": [{"name": "gatehouse_devstack", "kind": ["lib"], "test": true}]},
            {"name": "gatehouse-tests", "targets": [
                {"name": "db", "kind": ["test"], "test": true},
                {"name": "edge", "kind": ["test"], "test": true},
                {"name": "perf", "kind": ["bin"], "test": false},
            ]},
        ]});
        let db = Runs::Native { packages: &["gatehouse-tests"], target: Some("db") };
        let core = Runs::Native { packages: &["gatehouse-core"], target: None };
        assert_eq!(select(&metadata, &[db]), ["--test", "db"]);
        assert_eq!(select(&metadata, &[core]), ["--lib", "--test", "gate"]);
        let devstack = Runs::Native { packages: &["gatehouse-devstack"], target: None };
        assert_eq!(select(&metadata, &[core, devstack, db]), ["--lib", "--test", "gate", "--test", "db"]);
    }

    #[test]
    fn test_programs_are_read_from_cargos_messages_and_nothing_else_is() {
        let output = r#"
{"reason":"compiler-artifact","package_id":"path+file:///work/core#gatehouse-core@0.1.0","manifest_path":"/work/core/Cargo.toml","target":{"name":"contract"},"profile":{"test":true},"executable":"/t/contract-1"}
{"reason":"compiler-artifact","package_id":"path+file:///work/xtask#0.1.0","manifest_path":"/work/xtask/Cargo.toml","target":{"name":"xtask"},"profile":{"test":true},"executable":"/t/xtask-1"}
{"reason":"compiler-artifact","package_id":"path+file:///work/xtask#0.1.0","manifest_path":"/work/xtask/Cargo.toml","target":{"name":"xtask"},"profile":{"test":false},"executable":"/t/xtask"}
{"reason":"compiler-artifact","package_id":"path+file:///work/core#gatehouse-core@0.1.0","manifest_path":"/work/core/Cargo.toml","target":{"name":"gatehouse_core"},"profile":{"test":true},"executable":null}
{"reason":"build-finished","success":true}
warning: words"#;
        let program = |package: &str, target: &str, path: &str, folder: &str| Program {
            package: package.into(),
            target: target.into(),
            path: path.into(),
            folder: folder.into(),
        };
        assert_eq!(
            read_programs(output),
            [
                program("gatehouse-core", "contract", "/t/contract-1", "/work/core"),
                program("xtask", "xtask", "/t/xtask-1", "/work/xtask"),
            ]
        );
    }

    /// Cargo's own list of what it compiles for `npm test`.
    #[test]
    fn no_library_is_compiled_twice_because_of_its_features() {
        let output = Command::new("cargo")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("RUSTC_BOOTSTRAP", "1")
            .args(["test", "--workspace", "--no-run", "--offline", "--unit-graph", "-Zunstable-options"])
            .output()
            .unwrap();
        let graph: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut features: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for unit in graph["units"].as_array().unwrap() {
            let is_library =
                unit["target"]["kind"][0] != "custom-build" && unit["target"]["kind"][0] != "bin";
            if unit["mode"] == "build" && is_library {
                features.entry(unit["pkg_id"].as_str().unwrap()).or_default().push(&unit["features"]);
            }
        }
        assert!(features.len() > 100, "{}", features.len());
        features.retain(|_, compilations| compilations.len() > 1);
        assert!(
            features.is_empty(),
            "add the features that only one of them has to xtask/Cargo.toml: {features:#?}"
        );
    }
}
