//! Plain `npx wrangler dev` on `wrangler.toml` beside a local platform: the same Worker, the same journey.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use gatehouse_devstack::{Stack, StackOptions};

use crate::child;
use crate::journey;
use crate::repo::Repo;
use crate::stack;

/// Starts the platform as `npm run stack` does, wrangler as a developer does, and plays the journey.
///
/// # Errors
/// When a part does not start, or a step of the journey failed.
pub fn play_journey(repo: &Repo) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("No runtime for the local servers.")?;
    runtime.block_on(play(repo))
}

async fn play(repo: &Repo) -> Result<()> {
    let options = StackOptions { repo: repo.root.clone(), ..StackOptions::for_tests() };
    let platform = Stack::start(options, |_| {}).await?;
    let checkout = Checkout::beside(repo)?;
    stack::write_dev_vars(&checkout.root, &platform)?;
    let mut wrangler = Wrangler::start(repo, &checkout)?;
    wrangler.wait_until_it_answers().await?;
    let played = journey::against(&wrangler.url, &platform).await;
    drop(wrangler);
    platform.stop().await?;
    if played? { Ok(()) } else { bail!("the journey failed against {}", checkout.root.display()) }
}

/// The checkout by links in a folder of its own, so that its `.dev.vars` is not the developer's.
struct Checkout {
    root: PathBuf,
}

impl Checkout {
    fn beside(repo: &Repo) -> Result<Self> {
        let root = std::env::temp_dir().join(format!("gatehouse-wrangler-{}", std::process::id()));
        fs::create_dir_all(&root)?;
        let own = [".dev.vars", ".wrangler", ".git"];
        for entry in fs::read_dir(&repo.root)? {
            let entry = entry?;
            if !own.iter().any(|name| entry.file_name() == *name) {
                symlink(entry.path(), root.join(entry.file_name()))?;
            }
        }
        Ok(Self { root })
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

struct Wrangler {
    child: Child,
    url: String,
    log: PathBuf,
}

impl Wrangler {
    fn start(repo: &Repo, checkout: &Checkout) -> Result<Self> {
        let free =
            || Ok::<_, anyhow::Error>(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string());
        let (port, inspector) = (free()?, free()?);
        let log = checkout.root.join("wrangler.log");
        let out = fs::File::create(&log)?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--", "npx", "wrangler", "dev", "--ip", "127.0.0.1"])
            .args(["--port", &port, "--inspector-port", &inspector, "--show-interactive-dev-session=false"])
            .current_dir(&checkout.root)
            .env("GATEHOUSE_CACHE", &repo.cache)
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CI", "true")
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .spawn()
            .context("wrangler cannot be started (`setpriv` is in util-linux).")?;
        Ok(Self { child, url: format!("http://127.0.0.1:{port}"), log })
    }

    async fn wait_until_it_answers(&mut self) -> Result<()> {
        let words = || fs::read_to_string(&self.log).unwrap_or_default();
        let url = format!("{}/health", self.url);
        child::wait_until_it_answers(&mut self.child, "wrangler", &url, child::START, words).await
    }
}

impl Drop for Wrangler {
    fn drop(&mut self) {
        child::end_group(&mut self.child, child::GRACE);
    }
}
