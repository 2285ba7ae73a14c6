//! The browser tests, against a platform, a Worker and a web app of their own on free ports.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use gatehouse_devstack::{Stack, StackOptions};

use crate::repo::Repo;
use crate::setup;
use crate::step::note;
use crate::suites::{Kind, Tally, run_check, run_suite};
use crate::web::{self, Mode, Web};

/// Runs `tests/browser/*.test.mjs`; without a browser it says loudly that they were skipped.
pub fn suite(repo: &Repo) -> Tally {
    let chromium = match setup::browser() {
        Ok(Some(chromium)) => chromium,
        Ok(None) => {
            note(
                "BROWSER TESTS SKIPPED: no Chromium here. As root `npm run setup` installs it; else set CHROMIUM_BIN.",
            );
            return Tally::default();
        }
        Err(error) => return run_check("browser", || Err(error)),
    };
    let mut tally = Tally::default();
    let prepared = run_check("web app", || web::build(repo));
    tally.add(prepared);
    if prepared.failed == 0 {
        match play(repo, &chromium) {
            Ok(tests) => tally.add(tests),
            Err(error) => tally.add(run_check("browser", || Err(error))),
        }
    }
    tally
}

fn play(repo: &Repo, chromium: &Path) -> Result<Tally> {
    let runtime = tokio::runtime::Runtime::new().context("No runtime for the local servers.")?;
    let stack = runtime.block_on(Stack::start(
        StackOptions { repo: repo.root.clone(), ..StackOptions::for_tests() },
        |_| {},
    ))?;
    // Known before the Worker starts: it tells PhonePe where to send people back.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut vars = worker_vars(&stack);
    vars.insert("WEB_URL".to_owned(), format!("http://127.0.0.1:{port}"));
    let worker = runtime.block_on(Worker::start(WorkerOptions { repo: repo.root.clone(), port: 0, vars }))?;
    let phonepe = stack.phonepe();
    let webhook = format!("{}/api/webhooks/phonepe", worker.url);
    phonepe.set_webhook(&webhook, phonepe.webhook_username(), phonepe.webhook_password());
    let mut web = Web::start(repo, Mode::Serve, port, &web::settings(&stack, &worker.url))?;
    runtime.block_on(web.wait_until_it_answers())?;
    let mut node = Command::new(repo.node());
    node.current_dir(&repo.root)
        .args(["--test", "--test-reporter=tap", "tests/browser/*.test.mjs"])
        .env("PATH", repo.path_env())
        .env("CHROMIUM_BIN", chromium)
        .env("GATEHOUSE_WEB_URL", web.address())
        .env("GATEHOUSE_URL", &worker.url)
        .env("PHONEPE_PG_URL", phonepe.url())
        .env("SUPABASE_URL", stack.supabase_url())
        .env("SUPABASE_PUBLISHABLE_KEY", stack.publishable_key());
    let tally = run_suite("browser", Kind::Counted, &mut node);
    drop(web);
    runtime.block_on(worker.stop())?;
    runtime.block_on(stack.stop())?;
    Ok(tally)
}
