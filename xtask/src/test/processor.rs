//! Processor seconds of one program with everything that it starts.
//!
//! The kernel adds a child's time to its parent's when the parent waits for it. That misses two things: servers that a
//! test leaves behind (they are adopted by process 1 and counted there), and it cannot separate programs that run side
//! by side under one parent. So each suite runs below a process of its own, `xtask measure`, which adopts what is left
//! behind and waits for it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, WaitOptions, getpid, set_child_subreaper, wait};

use crate::repo::own_program;

/// How long servers that were left behind have to end; what still runs then is counted up to then.
const GRACE: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// The unit of `/proc`, the same on every machine with Linux (USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

/// A command that runs `command` below `xtask measure`, which will write the processor seconds into `report`.
///
/// # Errors
/// When the path of this program is unknown.
pub fn measured(command: &Command, report: &Path) -> Result<Command> {
    let mut outer = Command::new(own_program()?);
    outer.arg("measure").arg(report).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    Ok(outer)
}

/// The processor seconds that `xtask measure` has written; None where it could not.
#[must_use]
pub fn read_report(report: &Path) -> Option<f64> {
    let seconds = fs::read_to_string(report).ok()?.trim().parse().ok();
    let _ = fs::remove_file(report);
    seconds
}

/// `xtask measure REPORT PROGRAM ARGUMENTS…`: runs the program, waits for all that it has started, writes their
/// processor seconds into REPORT and ends as the program did.
///
/// # Errors
/// When the program cannot be started.
pub fn measure(arguments: &[String]) -> Result<ExitCode> {
    let [report, program, rest @ ..] = arguments else {
        bail!("xtask measure REPORT PROGRAM ARGUMENTS…");
    };
    // Without it only what is left behind goes uncounted.
    let _ = set_child_subreaper(Some(getpid()));
    let child = Command::new(program)
        .args(rest.iter().map(OsString::from))
        .spawn()
        .with_context(|| format!("{program} cannot be started"))?;
    let status = wait_for_all(child.id())?;
    if let Some(seconds) = processor_seconds() {
        // A report that is missing is shown as such.
        let _ = fs::write(report, format!("{seconds:.2}"));
    }
    // As a shell says it: 128 and the signal's number.
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// Waits for `child`, then up to [`GRACE`] for everything it has left behind.
fn wait_for_all(child: u32) -> Result<ExitStatus> {
    let child = i32::try_from(child).ok().and_then(Pid::from_raw).context("The child has no number.")?;
    let status = loop {
        match wait(WaitOptions::empty())? {
            Some((pid, status)) if pid == child => break ExitStatus::from_raw(status.as_raw()),
            _ => {}
        }
    };
    let end = Instant::now() + GRACE;
    while let Ok(ended) = wait(WaitOptions::NOHANG) {
        if ended.is_none() {
            if Instant::now() > end {
                break;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
    Ok(status)
}

/// Of everything below this process: what has ended, and what still runs.
fn processor_seconds() -> Option<f64> {
    let own = getpid().as_raw_nonzero().get();
    let living: BTreeMap<i32, Times> = fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, Times::read(pid)?)))
        .collect();
    Some(ticks_below(own, &living)? as f64 / TICKS_PER_SECOND)
}

fn ticks_below(root: i32, living: &BTreeMap<i32, Times>) -> Option<u64> {
    let mut ticks = living.get(&root)?.children;
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for (pid, times) in living.iter().filter(|(_, times)| times.parent == parent) {
            ticks += times.own + times.children;
            parents.push(*pid);
        }
    }
    Some(ticks)
}

/// Processor time of one process, in ticks of the clock.
#[derive(Debug, PartialEq, Eq)]
struct Times {
    parent: i32,
    own: u64,
    /// Of all children that it has waited for, and theirs.
    children: u64,
}

impl Times {
    fn read(pid: i32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// From a line of `/proc/PID/stat` (man 5 proc). A program's name may hold blanks and parentheses.
    fn parse(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split_ascii_whitespace().collect();
        // The first field here is the third of the manual.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: number(14)? + number(15)?,
            children: number(16)? + number(17)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read_past_a_strange_name() {
        let stat = "71 (a) b (c) S 70 71 71 0 -1 4194560 100 200 0 0 11 22 333 444 20 0 1 0 5";
        assert_eq!(Times::parse(stat), Some(Times { parent: 70, own: 33, children: 777 }));
        assert_eq!(Times::parse("71 (short) S 70"), None);
    }

    #[test]
    fn children_that_ended_and_all_that_still_run_below_are_counted_and_no_others() {
        let times = |parent, own, children| Times { parent, own, children };
        let living = BTreeMap::from([
            (10, times(1, 1_000, 5)),
            (11, times(10, 20, 300)),
            (12, times(11, 4_000, 0)),
            (13, times(1, 50_000, 0)),
        ]);
        assert_eq!(ticks_below(10, &living), Some(5 + 20 + 300 + 4_000));
        assert_eq!(ticks_below(99, &living), None);
    }
}
