//! What making a manifest costs: the processor time of workerd, by its kernel's own count, for so many repetitions that
//! the kernel's hundredths of a second do not matter. Other work on the machine does not count.

use std::fs;

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

/// A business context of so many bytes, and the most milliseconds it may take (the specification's budget).
const CASES: [(usize, f64); 2] = [(9_000, 1.0), (200_000, 10.0)];
/// Hundredths of a second that a measurement lasts at least.
const TICKS: u64 = 200;
/// The kernel's unit in /proc (USER_HZ), in milliseconds.
const TICK_MS: f64 = 10.0;

/// Measures both sizes, and an empty route beside them.
///
/// # Errors
/// When the Worker does not answer, or one of them takes longer than it may.
pub async fn run(world: &World) -> Result<Value> {
    println!("processor time              bytes  repetitions        ms each   budget");
    let empty = empty_route(world).await?;
    println!("{:<22} {:>10} {:>12} {empty:>14.3}", "GET /health", 0, "");
    let mut results = Vec::new();
    for (size, budget_ms) in CASES {
        let context = business_context(size);
        let (times, each) = reduced(world, &context).await?;
        let in_budget = each < budget_ms;
        println!(
            "{:<22} {:>10} {times:>12} {each:>14.3} {budget_ms:>8.1} {}",
            "reduce, hash, deflate",
            context.len(),
            if in_budget { "ok" } else { "MISSED" }
        );
        results.push(json!({"bytes": context.len(), "times": times, "ms": each, "budget_ms": budget_ms, "in_budget": in_budget}));
    }
    Ok(json!({"empty_route_ms": empty, "cases": results}))
}

async fn empty_route(world: &World) -> Result<f64> {
    let mut asked = 0_u32;
    let before = ticks()?;
    loop {
        for _ in 0..200 {
            world.request(Method::GET, "/health").send().await;
            asked += 1;
        }
        let used = ticks()? - before;
        if used >= TICKS {
            return Ok(used as f64 * TICK_MS / f64::from(asked));
        }
    }
}

/// How often, and the milliseconds of one.
async fn reduced(world: &World, context: &str) -> Result<(u32, f64)> {
    let request = async |times: u32| {
        let reply = world
            .request(Method::POST, &format!("/__reduce?times={times}"))
            .body(context.to_owned())
            .send()
            .await;
        if reply.status == 200 { Ok(()) } else { bail!("The Worker refused: {reply:?}") }
    };
    // V8 compiles hot code a second time; only then is it at full speed.
    request(200).await?;
    let mut times = 0;
    let before = ticks()?;
    loop {
        request(100).await?;
        times += 100;
        let used = ticks()? - before;
        if used >= TICKS {
            return Ok((times, used as f64 * TICK_MS / f64::from(times)));
        }
    }
}

/// Hundredths of a second that this process's workerd has computed so far, all threads (proc(5): utime and stime).
fn ticks() -> Result<u64> {
    let mut stats = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        // Processes come and go meanwhile.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((head, rest)) = stat.rsplit_once(") ") else { continue };
        let Some((pid, name)) = head.split_once(" (") else { continue };
        let fields: Vec<u64> = rest.split(' ').map(|field| field.parse().unwrap_or_default()).collect();
        stats.push((pid.parse::<u64>().unwrap_or_default(), name.to_owned(), fields));
    }
    let parent = |pid: u64| {
        stats.iter().find(|(known, ..)| *known == pid).and_then(|(_, _, fields)| fields.get(1).copied())
    };
    let ours = |pid: u64| {
        std::iter::successors(Some(pid), |pid| parent(*pid)).any(|pid| pid == u64::from(std::process::id()))
    };
    let workerd = stats.iter().find(|(pid, name, _)| name == "workerd" && ours(*pid));
    let (_, _, fields) = workerd.context("There is no workerd below this process.")?;
    // The 14th and 15th field of the whole line.
    fields.get(11).zip(fields.get(12)).map(|(user, system)| user + system).context("/proc has another form.")
}

/// A valid business context of about so many bytes of JSON, in two languages: it grows in every list that may be long.
fn business_context(bytes: usize) -> String {
    let sentence = |n: usize| match n % 3 {
        0 => format!(
            "Batch {n}: single-estate Assam tea, shipped within ten days of plucking, at ₹{} a pack.",
            399 + n
        ),
        1 => format!("ग्राहक {n} कहते हैं कि पैकेट पर तोड़ने की तारीख देखकर ही भरोसा होता है।"),
        _ => format!("38% of {n} customers reorder within 60 days; see https://chaya.example/proof/{n}."),
    };
    let texts = |from: usize| (from..from + 4).map(sentence).collect::<Vec<_>>();
    let mut context = json!({
        "version": "2.1", "generated_at": "2026-02-01T06:30:00.000Z", "session_id": "",
        "company_profile": {
            "name": "Chaya Katha", "website": "https://chaya.example", "industry": "D2C / Beverages",
            "stage": "Seed", "description": texts(0).join(" "),
        },
        "intelligence": {
            "evidence_count": 40, "facts": [], "icps": [],
            "positioning": {"category": "Tea", "uvp": sentence(3), "differentiators": texts(3), "competitors": []},
            "messaging": {
                "oneLiner": sentence(4), "valueProps": [{"title": "Dated tea", "description": sentence(5)}],
                "guardrails": ["No medical claims", "Never discount below ₹399"],
            },
            "market": {"geo": "India", "primary_goal": "1,500 first orders a month"},
        },
    });
    let mut n = 0;
    while context.to_string().len() < bytes {
        n += 1;
        let known = &mut context["intelligence"];
        push(&mut known["facts"], json!({"id": format!("f{n}"), "label": "Proof", "value": sentence(n)}));
        if n % 10 == 1 {
            push(
                &mut known["icps"],
                json!({"name": format!("Reader {n}"), "painPoints": texts(n), "goals": texts(n + 1)}),
            );
            push(
                &mut known["positioning"]["competitors"],
                json!({"name": format!("Rival {n}"), "weaknesses": texts(n)}),
            );
        }
    }
    context.to_string()
}

fn push(list: &mut Value, item: Value) {
    if let Some(items) = list.as_array_mut() {
        items.push(item);
    }
}
