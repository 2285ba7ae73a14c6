//! Running one suite: its output, its tally, its seconds.

use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use crate::repo::Repo;
use crate::step::note;
use crate::test::processor;
use crate::test::tally::Tally;

/// How a line for programs begins in what cargo prints.
const CARGO_MESSAGE: &str = "{\"reason\":";

/// How a suite reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `cargo test` or `node --test`: counted from its summary lines. `is_filtered`: it may have no test of that name.
    Counted { is_filtered: bool },
    /// A check that passes or fails as a whole.
    Check,
    /// What a suite needs: counted only when it fails.
    Preparation,
}

/// What became of a suite.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The suite's name.
    pub name: String,
    /// Its tests.
    pub tally: Tally,
    /// Seconds from its start to its end.
    pub wall: f64,
    /// Processor seconds of all its programs, user and system; None where they could not be measured.
    pub processor: Option<f64>,
    /// What it printed on both streams, where that was not shown at once.
    pub output: String,
}

impl Outcome {
    /// A suite that could not even start.
    #[must_use]
    pub fn not_started(name: &str, why: &anyhow::Error) -> Self {
        println!("{why:#}");
        let outcome = Self {
            name: name.to_owned(),
            tally: Tally::check(false),
            wall: 0.0,
            processor: None,
            output: String::new(),
        };
        outcome.announce();
        outcome
    }

    fn announce(&self) {
        let Self { name, tally, wall, .. } = self;
        let processor =
            self.processor.map_or_else(String::new, |seconds| format!(", {seconds:.1} s of processor"));
        note(&format!("{name}: {tally} ({wall:.1} s{processor})"));
    }
}

/// One suite, ready to run.
#[derive(Debug)]
pub struct Job {
    name: &'static str,
    kind: Kind,
    commands: Vec<Command>,
    is_shown: bool,
}

impl Job {
    /// The commands run one after the other, each to its end.
    #[must_use]
    pub fn new(name: &'static str, kind: Kind, commands: Vec<Command>) -> Self {
        Self { name, kind, commands, is_shown: false }
    }

    /// Shows its output while it runs, for what takes minutes and says how far it is. Without this the output is shown
    /// when the suite has failed.
    #[must_use]
    pub fn shown(self) -> Self {
        Self { is_shown: true, ..self }
    }

    /// Runs it.
    pub fn run(self, repo: &Repo) -> Outcome {
        note(&format!("{} …", self.name));
        let start = Instant::now();
        let mut success = true;
        let mut processor = Some(0.0);
        let mut output = String::new();
        for command in &self.commands {
            let report = report_path(repo);
            let (succeeded, printed) = match processor::measured(command, &report) {
                Ok(mut command) if self.is_shown => (run_shown(&mut command), String::new()),
                Ok(mut command) => capture(&mut command),
                Err(error) => (false, format!("{error:#}")),
            };
            success &= succeeded;
            processor = processor.zip(processor::read_report(&report)).map(|(sum, more)| sum + more);
            output.push_str(&printed);
            output.push('\n');
        }
        let tally = match self.kind {
            Kind::Check => Tally::check(success),
            Kind::Preparation => Tally { failed: (!success).into(), ..Tally::default() },
            Kind::Counted { is_filtered } => Tally::read(&output).judged(success, is_filtered),
        };
        if tally.failed > 0 {
            let for_people = output.lines().filter(|line| !line.starts_with(CARGO_MESSAGE));
            println!("{}", for_people.collect::<Vec<_>>().join("\n"));
        }
        let wall = start.elapsed().as_secs_f64();
        let outcome = Outcome { name: self.name.to_owned(), tally, wall, processor, output };
        outcome.announce();
        outcome
    }
}

/// Runs tests and returns the lines in which they say what they counted: `counted: …`.
pub fn run_counting(repo: &Repo, name: &'static str, command: Command) -> (Tally, Vec<String>) {
    let outcome = Job::new(name, Kind::Counted { is_filtered: false }, vec![command]).run(repo);
    let lines = outcome.output.lines();
    let mut counts: Vec<String> =
        lines.filter_map(|line| line.strip_prefix("counted: ")).map(str::to_owned).collect();
    counts.sort();
    (outcome.tally, counts)
}

fn run_shown(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn report_path(repo: &Repo) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    repo.targets.join(format!("processor-{}-{number}", std::process::id()))
}

/// Both streams in the order of their lines.
fn capture(command: &mut Command) -> (bool, String) {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            return (false, format!("{} cannot be started: {error}", command.get_program().display()));
        }
    };
    let (sender, lines) = mpsc::channel();
    let streams: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>),
        child.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>),
    ];
    for stream in streams.into_iter().flatten() {
        let sender = sender.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
    }
    drop(sender);
    let output = lines.into_iter().collect::<Vec<_>>().join("\n");
    (child.wait().is_ok_and(|status| status.success()), output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_a_failure_with_its_name() {
        let (success, output) = capture(&mut Command::new("no-such-program-here"));
        assert!(!success && output.contains("no-such-program-here"));
    }
}
