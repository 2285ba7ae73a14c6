//! Runs the chosen suites in lanes side by side, and prepares what they need and nothing else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Result, bail};

use crate::repo::Repo;
use crate::setup;
use crate::step::with_low_priority;
use crate::test::choice::Choice;
use crate::test::compile::{Programs, compiling, read_programs, selection};
use crate::test::run::{Job, Kind, Outcome};
use crate::test::suites::{Build, Lane, Runs, SUITES, Suite};

/// The outcomes of the chosen suites and of what they needed, in the order in which they ended.
pub fn run(repo: &Repo, choice: &Choice) -> Vec<Outcome> {
    let run = Run {
        repo,
        choice,
        builds: choice.suites.iter().flat_map(|suite| suite.builds().iter().copied()).collect(),
        programs: Programs::default(),
        built: OnceLock::new(),
        chromium: OnceLock::new(),
        outcomes: Mutex::default(),
    };
    run.lane(Lane::First);
    std::thread::scope(|scope| {
        scope.spawn(|| run.find_chromium());
        scope.spawn(|| run.lane(Lane::Native));
        scope.spawn(|| run.lane(Lane::OnWorker));
        run.lane(Lane::Wasm);
    });
    run.lane(Lane::Last);
    run.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
}

struct Run<'a> {
    repo: &'a Repo,
    choice: &'a Choice,
    /// What the chosen suites need, together.
    builds: BTreeSet<Build>,
    programs: Programs,
    /// Set when the builds have ended, well or not.
    built: OnceLock<()>,
    /// Set when the search has ended: the browser, none, or why it could not be installed.
    chromium: OnceLock<Result<Option<PathBuf>>>,
    outcomes: Mutex<Vec<Outcome>>,
}

impl Run<'_> {
    fn lane(&self, lane: Lane) {
        for suite in SUITES.iter().filter(|suite| suite.lane == lane) {
            match suite.runs {
                // Others need these two.
                Runs::Lints => self.compile(suite),
                Runs::Builds => self.build(suite),
                _ if self.choice.includes(suite) => self.run_suite(suite),
                _ => {}
            }
        }
    }

    fn run_suite(&self, suite: &Suite) {
        if !suite.needs.is_empty() {
            self.built.wait();
        }
        match self.job(suite) {
            Ok(job) => self.keep(job.run(self.repo)),
            Err(error) => self.keep(Outcome::not_started(suite.name, &error)),
        }
    }

    fn keep(&self, outcome: Outcome) {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
    }

    fn compile(&self, suite: &'static Suite) {
        let wanted: Vec<Runs> = self.choice.suites.iter().map(|suite| suite.runs).collect();
        let words = match selection(self.repo, &wanted) {
            Ok(Some(words)) => words,
            Ok(None) => return self.programs.set(Vec::new()),
            Err(error) => {
                self.programs.set(Vec::new());
                return self.keep(Outcome::not_started(suite.name, &error));
            }
        };
        let job = self.preparation(suite, vec![compiling(self.repo, &words)]);
        // The builds of wasm take longest and go before.
        let outcome = with_low_priority(|| job.run(self.repo))
            .unwrap_or_else(|error| Outcome::not_started(suite.name, &error));
        self.programs.set(read_programs(&outcome.output));
        self.keep(outcome);
    }

    fn build(&self, suite: &'static Suite) {
        if !self.builds.is_empty() {
            let words: Vec<&str> = self.builds.iter().map(|build| build.word()).collect();
            match self.repo.own_command(suite.name, &words) {
                Ok(command) => self.keep(self.preparation(suite, vec![command]).shown().run(self.repo)),
                Err(error) => self.keep(Outcome::not_started(suite.name, &error)),
            }
        }
        let _ = self.built.set(());
    }

    /// A suite by itself when it was asked for, and otherwise what others need.
    fn preparation(&self, suite: &'static Suite, commands: Vec<Command>) -> Job {
        let kind = if self.choice.includes(suite) { Kind::Check } else { Kind::Preparation };
        Job::new(suite.name, kind, commands)
    }

    fn find_chromium(&self) {
        let needs_it = |suite: &Suite| self.choice.includes(suite) && suite.uses_chromium();
        // The search may install one: mostly the network's time.
        let found = if SUITES.iter().any(needs_it) { setup::browser() } else { Ok(None) };
        let _ = self.chromium.set(found);
    }

    fn job(&self, suite: &Suite) -> Result<Job> {
        let filter = self.choice.filter.as_deref();
        let counted = Kind::Counted { is_filtered: filter.is_some() };
        Ok(match suite.runs {
            Runs::Check => {
                Job::new(suite.name, Kind::Check, vec![self.repo.own_command(suite.name, &[])?]).shown()
            }
            Runs::Pages => {
                if let Err(error) = self.chromium.wait() {
                    bail!("{error:#}");
                }
                let words: Vec<&str> = filter.into_iter().collect();
                Job::new(
                    suite.name,
                    counted,
                    vec![self.with_node(self.repo.own_command(suite.name, &words)?)],
                )
            }
            Runs::Formatting => {
                let mut cargo = Command::new("cargo");
                cargo.current_dir(&self.repo.root).args(["fmt", "--all", "--check"]);
                Job::new(suite.name, Kind::Check, vec![cargo])
            }
            Runs::Native { .. } => Job::new(suite.name, counted, self.native(suite, filter)),
            Runs::Node { folder, files } => {
                let mut node = Command::new(self.repo.node());
                node.current_dir(self.repo.root.join(folder)).args(["--test", "--test-reporter=tap"]);
                node.args(filter.map(name_pattern)).args(files);
                Job::new(suite.name, counted, vec![self.with_node(node)])
            }
            Runs::WebScript(script) => {
                let mut npm = Command::new("npm");
                npm.current_dir(&self.repo.root).args(["run", "--silent", script, "--workspace", "web"]);
                Job::new(suite.name, Kind::Check, vec![self.with_node(npm)])
            }
            Runs::Lints | Runs::Builds => unreachable!("have functions of their own"),
        })
    }

    /// The test programs of a suite, each as cargo would start it.
    fn native(&self, suite: &Suite, filter: Option<&str>) -> Vec<Command> {
        let programs = self.programs.wait_for(|program| suite.runs.includes(program));
        let command = |path: &Path, folder: &Path| {
            let mut command = Command::new(path);
            command.current_dir(folder).env("CARGO_MANIFEST_DIR", folder).args(filter);
            if suite.lane == Lane::Last {
                // Most of these wait most of the time.
                let threads = std::thread::available_parallelism().map_or(2, usize::from) * 2;
                command.arg(format!("--test-threads={threads}"));
            }
            command
        };
        programs.into_iter().map(|program| command(&program.path, &program.folder)).collect()
    }

    /// With the project's Node first on the path, and the browser where there is one.
    fn with_node(&self, mut command: Command) -> Command {
        command.env("PATH", self.repo.path_env());
        match self.chromium.wait() {
            Ok(Some(chromium)) => command.env("CHROMIUM_BIN", chromium),
            Ok(None) | Err(_) => command.env_remove("CHROMIUM_BIN"),
        };
        command
    }
}

/// `node --test` takes a regular expression.
pub fn name_pattern(filter: &str) -> String {
    let escaped: String = filter
        .chars()
        .flat_map(|char| [Some('\\').filter(|_| ".*+?^${}()|[]\\/".contains(char)), Some(char)])
        .flatten()
        .collect();
    format!("--test-name-pattern={escaped}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_for_node_means_its_letters() {
        assert_eq!(name_pattern("a (b)?"), "--test-name-pattern=a \\(b\\)\\?");
    }
}
