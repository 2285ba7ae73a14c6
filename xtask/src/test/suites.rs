//! Every suite of `npm test`: its name, what it runs, what must be built for it and where its tests are.

use crate::test::compile::Program;

/// One row of [`SUITES`].
#[derive(Debug)]
pub struct Suite {
    /// The word for `npm test -- NAME`. `web` also chooses `web-types`: the name and a hyphen.
    pub name: &'static str,
    /// What it proves, for people.
    pub about: &'static str,
    /// What it runs.
    pub runs: Runs,
    /// What must be built before.
    pub needs: &'static [Build],
    /// Which other suites it runs beside.
    pub lane: Lane,
    /// Files and folders with its tests. A name filter that occurs in none of them leaves the suite out; empty for a check
    /// without named tests.
    pub sources: &'static [&'static str],
}

/// What a suite runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// A function of [`super::parts`] that passes or fails as a whole.
    Check,
    /// A function of [`super::parts`] that starts servers and then `node --test`.
    Pages,
    /// `cargo fmt --check`.
    Formatting,
    /// All native code compiled with lints.
    Lints,
    /// What [`Build`] names.
    Builds,
    /// The test programs of these packages; of `tests/`, which has one program for each suite, the target of that name.
    Native { packages: &'static [&'static str], target: Option<&'static str> },
    /// `node --test` with these files, in this folder.
    Node { folder: &'static str, files: &'static [&'static str] },
    /// A script of the web app's package.json that passes or fails as a whole.
    WebScript(&'static str),
}

/// What is built once for many suites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Build {
    /// `build/worker`.
    Worker,
    /// The browser package's wasm and JavaScript.
    Package,
}

/// Suites of one lane run one after the other, the lanes side by side: most steps keep one core busy, or wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Before all others, because it takes a second.
    First,
    /// What native code does; at a lower priority than the builds of wasm.
    Native,
    /// The builds of wasm, then the packages that carry or load it, and the pages.
    Wasm,
    /// What needs the built Worker and takes no harm from others beside it.
    OnWorker,
    /// After all others: its requests have time limits.
    Last,
}

impl Suite {
    const fn new(name: &'static str, about: &'static str, lane: Lane, runs: Runs) -> Self {
        Self { name, about, runs, needs: &[], lane, sources: &[] }
    }

    /// The unit tests and integration tests of some packages.
    const fn of_packages(name: &'static str, about: &'static str, packages: &'static [&'static str]) -> Self {
        Self::new(name, about, Lane::Native, Runs::Native { packages, target: None })
    }

    /// One target of `tests/Cargo.toml`.
    const fn of_target(name: &'static str, about: &'static str, lane: Lane) -> Self {
        Self::new(name, about, lane, Runs::Native { packages: &["gatehouse-tests"], target: Some(name) })
    }

    const fn needs(self, needs: &'static [Build]) -> Self {
        Self { needs, ..self }
    }

    const fn tests_in(self, sources: &'static [&'static str]) -> Self {
        Self { sources, ..self }
    }

    /// What must be built when it is chosen.
    #[must_use]
    pub fn builds(&self) -> &'static [Build] {
        if matches!(self.runs, Runs::Builds) { BOTH } else { self.needs }
    }

    /// Whether some of its tests need a browser.
    #[must_use]
    pub fn uses_chromium(&self) -> bool {
        matches!(self.runs, Runs::Pages) || self.name == "package"
    }

    /// Whether `npm test -- word` means this suite.
    #[must_use]
    pub fn is_named(&self, word: &str) -> bool {
        self.name == word || self.name.strip_prefix(word).is_some_and(|rest| rest.starts_with('-'))
    }
}

impl Build {
    /// The word for it on a command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Package => "package",
        }
    }
}

impl Runs {
    /// Whether this program is one of the suite's.
    #[must_use]
    pub fn includes(self, program: &Program) -> bool {
        matches!(self, Self::Native { packages, target } if packages.contains(&program.package.as_str())
            && target.is_none_or(|target| target == program.target))
    }
}

const WORKER: &[Build] = &[Build::Worker];
const PACKAGE: &[Build] = &[Build::Package];
const BOTH: &[Build] = &[Build::Worker, Build::Package];

/// All of them, in the order in which each lane runs its own.
pub const SUITES: &[Suite] = &[
    Suite::new("generated", "generated files are what core says", Lane::First, Runs::Check),
    Suite::new("requirements", "requirements, plan and status name each other", Lane::First, Runs::Check),
    Suite::new(
        "structure",
        "no circular imports, no long files, one reader of who asks",
        Lane::First,
        Runs::Check,
    ),
    Suite::new("formatting", "cargo fmt", Lane::First, Runs::Formatting),
    Suite::new("lints", "all native code compiles with lints", Lane::Native, Runs::Lints),
    Suite::of_packages("core", "the rules: unit tests and golden vectors", &["gatehouse-core"])
        .tests_in(&["core/src", "core/tests"]),
    Suite::of_packages(
        "validator",
        "the validator's tables beside an oracle",
        &["gatehouse-schema-compiler"],
    )
    .tests_in(&["schema-compiler/src", "schema-compiler/tests"]),
    Suite::of_packages(
        "units",
        "functions of the Worker, the browser package and the tools, natively",
        &["gatehouse-edge", "gatehouse-wasm-client", "xtask"],
    )
    .tests_in(&["edge/src", "wasm-client/src", "xtask/src", "xtask/tests"]),
    Suite::of_packages("devstack", "the local platform over its own wire", &["gatehouse-devstack"])
        .tests_in(&["devstack/src", "devstack/tests"]),
    Suite::of_target("db", "the database over SQL, in every role", Lane::Native).tests_in(&["tests/db"]),
    Suite::new(
        "scripts",
        "locks of the checkout, true token counts, a valid OpenAPI document",
        Lane::Native,
        Runs::Node {
            folder: ".",
            files: &[
                "scripts/*.test.mjs",
                "tests/contract/token_counts/recount.test.mjs",
                "tests/contract/openapi/valid.test.mjs",
            ],
        },
    )
    .tests_in(&["scripts", "tests/contract/openapi", "tests/contract/token_counts"]),
    Suite::new("build", "the Worker and the browser package", Lane::Wasm, Runs::Builds),
    Suite::new(
        "package",
        "the browser package, as compiled and as packed",
        Lane::Wasm,
        Runs::Node { folder: "wasm-client/npm", files: &["test/*.test.mjs"] },
    )
    .needs(PACKAGE)
    .tests_in(&["wasm-client/npm/test"]),
    Suite::new("web-types", "TypeScript of the web app", Lane::Wasm, Runs::WebScript("typecheck"))
        .needs(PACKAGE),
    Suite::new(
        "web",
        "the web app's own functions",
        Lane::Wasm,
        Runs::Node { folder: "web", files: &["test/*.test.mjs"] },
    )
    .needs(PACKAGE)
    .tests_in(&["web/test"]),
    Suite::new("browser", "the pages in Chromium", Lane::Wasm, Runs::Pages)
        .needs(BOTH)
        .tests_in(&["tests/browser"]),
    Suite::of_target("histories", "random histories of payments", Lane::OnWorker)
        .needs(WORKER)
        .tests_in(&["tests/histories"]),
    Suite::new("wrangler", "the journey against `npx wrangler dev`", Lane::OnWorker, Runs::Check).needs(BOTH),
    Suite::of_target("edge", "the Worker over HTTP", Lane::Last).needs(WORKER).tests_in(&["tests/edge"]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
    }

    /// Every test target of the workspace, as the program that cargo makes of it.
    fn programs() -> Vec<Program> {
        let output = Command::new("cargo")
            .current_dir(root())
            .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
            .output()
            .unwrap();
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut programs = Vec::new();
        for package in metadata["packages"].as_array().unwrap() {
            for target in package["targets"].as_array().unwrap().iter().filter(|it| it["test"] == true) {
                programs.push(Program {
                    package: package["name"].as_str().unwrap().to_owned(),
                    target: target["name"].as_str().unwrap().to_owned(),
                    path: PathBuf::new(),
                    folder: PathBuf::new(),
                });
            }
        }
        programs
    }

    #[test]
    fn every_test_program_of_the_workspace_belongs_to_exactly_one_suite() {
        let programs = programs();
        assert!(programs.len() > 10, "{programs:?}");
        for program in programs {
            let owners = SUITES.iter().filter(|suite| suite.runs.includes(&program)).count();
            assert_eq!(owners, 1, "{} of {}", program.target, program.package);
        }
    }

    #[test]
    fn every_test_file_of_node_belongs_to_a_suite_or_is_started_by_a_native_test() {
        let listed = Command::new("git")
            .current_dir(root())
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "*.test.mjs"])
            .output()
            .unwrap();
        let native = ["devstack/test", "tests/edge"];
        let folders: BTreeSet<&str> = SUITES
            .iter()
            .filter(|suite| matches!(suite.runs, Runs::Node { .. } | Runs::Pages))
            .flat_map(|suite| suite.sources.iter().copied())
            .chain(native)
            .collect();
        for file in String::from_utf8(listed.stdout).unwrap().lines() {
            assert!(folders.contains(file.rsplit_once('/').unwrap().0), "no suite runs {file}");
        }
    }

    #[test]
    fn names_are_unique_and_every_source_exists() {
        let names: BTreeSet<&str> = SUITES.iter().map(|suite| suite.name).collect();
        assert_eq!(names.len(), SUITES.len());
        for source in SUITES.iter().flat_map(|suite| suite.sources) {
            assert!(root().join(source).exists(), "{source}");
        }
    }

    #[test]
    fn a_name_also_chooses_what_hangs_on_it_by_a_hyphen() {
        let named = |word: &str| -> Vec<&str> {
            SUITES.iter().filter(|suite| suite.is_named(word)).map(|suite| suite.name).collect()
        };
        assert_eq!(named("web"), ["web-types", "web"]);
        assert_eq!(named("we"), [""; 0]);
    }
}
