//! One line of progress per step, and child programs whose output is shown when they fail.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};

/// Prints what starts now, without waiting for it to end.
pub fn note(text: &str) {
    println!("  {text}");
    let _ = std::io::stdout().flush();
}

/// Runs `work` under one progress line that ends with the seconds it took.
///
/// # Errors
/// The error of `work`, unchanged.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    note(&format!("{name} …"));
    let start = Instant::now();
    let value = work()?;
    note(&format!("{name}: {:.1} s", start.elapsed().as_secs_f64()));
    Ok(value)
}

/// Runs work on a thread of its own at a lower priority, which the programs that it starts inherit: on Linux each thread
/// has its own.
///
/// # Errors
/// When the work panics.
pub fn with_low_priority<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    const NICE: i32 = 5;
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let _ = rustix::process::setpriority_process(None, NICE);
            work()
        });
        thread.join().map_err(|_| anyhow!("It panicked: its message is above."))
    })
}

/// Runs a program quietly; when it fails, all it printed is part of the error.
///
/// # Errors
/// When the program cannot be started or ends with a failure.
pub fn run_quietly(command: &mut Command, what: &str) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{what} cannot be started: {}.", command.get_program().display()))?;
    if !output.status.success() {
        bail!(
            "{what} failed ({}):\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// Runs a program with this process's own output.
///
/// # Errors
/// When the program cannot be started or ends with a failure.
pub fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("{what} cannot be started: {}.", command.get_program().display()))?;
    if !status.success() {
        bail!("{what} failed ({status}): its output is above.");
    }
    Ok(())
}
