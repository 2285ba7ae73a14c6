//! Servers of others that run as children: waiting for the first answer, and an end that always comes.

use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// The longest a server may take to answer for the first time; a cold `next dev` on a busy machine takes a tenth.
pub const START: Duration = Duration::from_secs(120);
/// How long a server has for an orderly end.
pub const GRACE: Duration = Duration::from_secs(5);

/// Waits until `url` answers with anything.
///
/// # Errors
/// When the child ends before that, or `deadline` passes: with its last `words`.
pub async fn wait_until_it_answers(
    child: &mut Child,
    name: &str,
    url: &str,
    deadline: Duration,
    words: impl Fn() -> String,
) -> Result<()> {
    let waiting = async {
        while reqwest::get(url).await.is_err() {
            if let Some(status) = child.try_wait()? {
                bail!("{name} ended while it started ({status}):\n{}", words());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    };
    match tokio::time::timeout(deadline, waiting).await {
        Ok(result) => result,
        Err(_) => bail!("{name} did not answer at {url} in {} s:\n{}", deadline.as_secs(), words()),
    }
}

/// Ends a child that leads a process group of its own, and the group with it: TERM, then KILL after `grace`.
pub fn end_group(child: &mut Child, grace: Duration) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let signal = |signal| {
        if let Some(group) = group {
            let _ = kill_process_group(group, signal);
        }
    };
    signal(Signal::TERM);
    let begin = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && begin.elapsed() < grace {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Also when the leader is gone: its children may not have listened.
    signal(Signal::KILL);
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    use std::process::{Command, Stdio};

    use super::*;

    fn shell(script: &str) -> Child {
        Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).process_group(0).spawn().unwrap()
    }

    #[tokio::test]
    async fn a_server_that_accepts_and_stays_silent_is_given_up_with_its_words() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let mut child = shell("sleep 1000");
        let words = || "still compiling".to_owned();
        let error = wait_until_it_answers(&mut child, "The server", &url, Duration::from_millis(50), words)
            .await
            .unwrap_err()
            .to_string();
        end_group(&mut child, GRACE);
        assert!(error.contains("did not answer") && error.contains("still compiling"), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_ends_is_named_with_its_status() {
        let mut child = shell("exit 3");
        let error = wait_until_it_answers(&mut child, "The server", "http://127.0.0.1:1", START, String::new)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("exit status: 3"), "{error}");
    }

    #[test]
    fn a_group_that_does_not_listen_is_killed_whole() {
        // The inner shell ignores TERM as well, and holds the pipe open until it is gone.
        let mut child = shell("trap '' TERM; sh -c 'echo ready; sleep 1000; sleep 1000' & wait; wait");
        let mut pipe = child.stdout.take().unwrap();
        let mut ready = [0; 6];
        pipe.read_exact(&mut ready).unwrap();
        end_group(&mut child, Duration::from_millis(50));
        let mut rest = String::new();
        pipe.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
}
