//! `npm run journey`: a founder's way through the product, over HTTP only, each step against its budget.

mod client;
mod manifest;
mod onboarding;
mod options;
mod payment;
mod report;
mod steps;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use gatehouse_devstack::{Stack, StackOptions};
use serde_json::{Map, Value};

use client::{Client, Target};
use options::Options;
use report::Report;

/// Plays the journey. Without `--url` it starts a platform and a Worker of its own.
///
/// # Errors
/// When it cannot start; a failed step is reported and answered with a failing exit code instead.
pub fn run(repo: &Path, arguments: Vec<String>) -> Result<ExitCode> {
    let options = Options::parse(repo, arguments)?;
    let answers = answers(&options.input)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let mut report = Report::new(options.json, true);
        let manifest = match options.target {
            Some(target) => steps::play(&Client::new(target, None), &answers, &mut report).await,
            None => {
                report.print("Starting a platform and a Worker …\n");
                let stack = Stack::start(StackOptions::for_tests(), |_| {}).await?;
                let options = WorkerOptions { repo: repo.to_path_buf(), port: 0, vars: worker_vars(&stack) };
                let worker = Worker::start(options).await?;
                take_webhooks(&stack, &worker.url);
                let client = Client::new(target(&worker.url, &stack), Some(&worker));
                let manifest = steps::play(&client, &answers, &mut report).await;
                worker.stop().await?;
                stack.stop().await?;
                manifest
            }
        };
        if let Some(manifest) = manifest {
            report.print(&format!("\n{}", serde_json::to_string_pretty(&manifest)?));
        }
        Ok(if report.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// Plays the default journey against a Worker at `url` over a running platform, beside whatever else runs; says whether
/// all went well.
///
/// # Errors
/// When the answers cannot be read.
pub async fn against(url: &str, stack: &Stack) -> Result<bool> {
    let answers = serde_json::from_str(include_str!("../../../tests/journey/answers.json"))?;
    let mut report = Report::new(false, false);
    take_webhooks(stack, url);
    steps::play(&Client::new(target(url, stack), None), &answers, &mut report).await;
    Ok(report.finish())
}

/// Has the simulated PhonePe send its webhooks to the Worker at `url`.
fn take_webhooks(stack: &Stack, url: &str) {
    let phonepe = stack.phonepe();
    let hook = format!("{url}/api/webhooks/phonepe");
    phonepe.set_webhook(&hook, phonepe.webhook_username(), phonepe.webhook_password());
}

fn target(url: &str, stack: &Stack) -> Target {
    Target {
        url: url.to_owned(),
        supabase_url: stack.supabase_url().to_owned(),
        publishable_key: stack.publishable_key().to_owned(),
    }
}

fn answers(path: &Path) -> Result<Map<String, Value>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    match serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))? {
        Value::Object(answers) => Ok(answers),
        _ => bail!("{} must hold one JSON object: question id to answer.", path.display()),
    }
}
