//! An open-loop load run: requests leave at fixed instants, whether or not earlier ones were answered, and a request's
//! time counts from its instant. So a Worker that stalls is charged for everybody who would have waited.
//!
//! `npm run perf` plays every scenario, `npm run perf -- auth` one, `--json` ends with one line for machines. `cpu` is no
//! load: it measures what making a manifest costs.

mod cpu;
#[path = "../edge/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the tests, which use all of it")]
mod support;

use std::time::Duration;

use anyhow::{Result, bail};
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::{Value, json};
use support::{Founder, Reply, World, answers};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What is asked, how often, and how slow the upstream services are.
struct Scenario {
    name: &'static str,
    /// Requests a second.
    rate: u32,
    /// Added to every call the Worker makes, in milliseconds.
    delay_ms: u64,
    /// Whom it slows.
    part: Part,
    /// What the 99th percentile must stay under, in milliseconds (the specification's budgets).
    p99_ms: u64,
}

const SCENARIOS: [Scenario; 3] = [
    Scenario { name: "auth", rate: 50, delay_ms: 50, part: Part::Postgrest, p99_ms: 1_000 },
    Scenario { name: "autosave", rate: 100, delay_ms: 50, part: Part::Upstash, p99_ms: 300 },
    Scenario { name: "manifest", rate: 100, delay_ms: 30, part: Part::Upstash, p99_ms: 200 },
];
const SECONDS: u32 = 20;
/// Different people, so that no request waits for another's lock.
const FOUNDERS: usize = 50;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let named: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|asked| *asked == name);
    if let Some(unknown) =
        named.iter().find(|name| name.as_str() != "cpu" && SCENARIOS.iter().all(|known| known.name != **name))
    {
        bail!("There is no scenario `{unknown}`; there are auth, autosave, manifest and cpu.");
    }
    println!("  Starting a platform and a Worker …");
    let world: &World = Box::leak(Box::new(World::own().await));
    let mut results = Vec::new();
    for scenario in SCENARIOS.iter().filter(|known| wanted(known.name)) {
        if results.is_empty() {
            println!("scenario     rate/s  delay  answered  failed   p50    p90    p99    max   p99 budget");
        }
        results.push(run(world, scenario).await?);
    }
    let cpu = if wanted("cpu") { cpu::run(world).await? } else { Value::Null };
    if json {
        println!("{}", json!({ "scenarios": results, "cpu": cpu }));
    }
    let all = || results.iter().chain(cpu["cases"].as_array().into_iter().flatten());
    let missed = all().filter(|result| result["in_budget"] == false).count();
    if missed > 0 {
        bail!("{missed} of {} measurements missed their budget.", all().count());
    }
    Ok(())
}

async fn run(world: &'static World, scenario: &'static Scenario) -> Result<Value> {
    let mut founders = Vec::new();
    for _ in 0..FOUNDERS {
        let founder: &'static Founder<'static> = Box::leak(Box::new(world.founder().await));
        prepare(scenario, founder).await?;
        founders.push(founder);
    }
    world.stack.faults().set(scenario.part, Fault { delay_ms: scenario.delay_ms, ..Fault::default() })?;
    let begin = Instant::now();
    let mut asked = JoinSet::new();
    for number in 0..scenario.rate * SECONDS {
        let due = begin + Duration::from_secs(1) * number / scenario.rate;
        tokio::time::sleep_until(due).await;
        let founder = founders[number as usize % FOUNDERS];
        asked.spawn(async move {
            let reply = send(scenario, founder, number / FOUNDERS as u32).await;
            (reply.status, due.elapsed().as_millis() as u64)
        });
    }
    let answered = asked.join_all().await;
    world.stack.faults().clear(scenario.part);
    Ok(report(scenario, &answered))
}

/// What a founder has done before the clock starts: caches warm, as in an isolate that has served before.
async fn prepare(scenario: &Scenario, founder: &Founder<'_>) -> Result<()> {
    let reply = match scenario.name {
        "autosave" => founder.get("/onboarding/session").await,
        "manifest" => {
            founder.finalize(&answers()).await;
            founder.get("/context/manifest").await
        }
        _ => founder.get("/auth/verify-profile").await,
    };
    if reply.status >= 400 {
        bail!("{} cannot be prepared: {reply:?}", scenario.name);
    }
    Ok(())
}

async fn send(scenario: &Scenario, founder: &Founder<'_>, round: u32) -> Reply {
    match scenario.name {
        "autosave" => {
            let answers = json!({"answers": {"company_name": format!("Chaiwala {round}")}});
            let save = founder.request(Method::PATCH, "/onboarding/steps/company");
            save.header("if-match", &format!("\"{round}\"")).body(answers.to_string()).send().await
        }
        "manifest" => founder.get("/context/manifest").await,
        _ if round.is_multiple_of(5) => founder.post("/auth/ensure-profile", None).await,
        _ => founder.get("/auth/verify-profile").await,
    }
}

fn report(scenario: &Scenario, answered: &[(u16, u64)]) -> Value {
    let mut times: Vec<u64> = answered.iter().map(|(_, ms)| *ms).collect();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    let failed = answered.iter().filter(|(status, _)| *status >= 400).count();
    let in_budget = failed == 0 && at(99) < scenario.p99_ms;
    println!(
        "{:<12} {:>6} {:>4} ms {:>9} {:>7} {:>5} {:>6} {:>6} {:>6}   {:>6} ms {}",
        scenario.name,
        scenario.rate,
        scenario.delay_ms,
        answered.len(),
        failed,
        at(50),
        at(90),
        at(99),
        times[times.len() - 1],
        scenario.p99_ms,
        if in_budget { "ok" } else { "MISSED" }
    );
    json!({
        "name": scenario.name, "rate": scenario.rate, "delay_ms": scenario.delay_ms, "seconds": SECONDS,
        "answered": answered.len(), "failed": failed, "p50_ms": at(50), "p90_ms": at(90), "p99_ms": at(99),
        "max_ms": times[times.len() - 1], "budget_p99_ms": scenario.p99_ms, "in_budget": in_budget,
    })
}
