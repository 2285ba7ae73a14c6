//! The browser tests, against a platform, a Worker and a web app of their own on free ports.

use std::net::TcpListener;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use gatehouse_devstack::{Stack, StackOptions};

use crate::repo::Repo;
use crate::setup;
use crate::step::note;
use crate::test::lanes::name_pattern;
use crate::web::{self, Mode, Web};

/// Runs `tests/browser/*.test.mjs`, or those tests whose names contain `filter`, and ends as they do. Without a browser
/// nothing is started, and each test says that it was skipped.
///
/// # Errors
/// When the web app cannot be built, or a server does not start.
pub fn run_tests(repo: &Repo, filter: Option<&str>) -> Result<ExitCode> {
    let mut node = Command::new(repo.node());
    node.current_dir(&repo.root)
        .args(["--test", "--test-reporter=tap"])
        .args(filter.map(name_pattern))
        .arg("tests/browser/*.test.mjs")
        .env("PATH", repo.path_env());
    let succeeded = match setup::chromium() {
        Some(chromium) => {
            web::build(repo)?;
            with_servers(repo, node.env("CHROMIUM_BIN", chromium))?
        }
        None => {
            note(
                "No Chromium: as root `npm run setup` installs it, else set CHROMIUM_BIN. The tests are skipped.",
            );
            run_node(node.env_remove("CHROMIUM_BIN"))?
        }
    };
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_node(node: &mut Command) -> Result<bool> {
    Ok(node.status().context("Node cannot be started.")?.success())
}

/// Starts everything, runs the tests against it, and says whether they passed.
fn with_servers(repo: &Repo, node: &mut Command) -> Result<bool> {
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
    node.env("GATEHOUSE_WEB_URL", web.address())
        .env("GATEHOUSE_URL", &worker.url)
        .env("PHONEPE_PG_URL", phonepe.url())
        .env("SUPABASE_URL", stack.supabase_url())
        .env("SUPABASE_PUBLISHABLE_KEY", stack.publishable_key());
    let succeeded = run_node(node)?;
    drop(web);
    runtime.block_on(worker.stop())?;
    runtime.block_on(stack.stop())?;
    Ok(succeeded)
}
