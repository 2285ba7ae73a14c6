//! `xtask dev`: the whole product on this machine, in one process tree.

use std::fs;
use std::time::Duration;

use anyhow::{Result, bail};
use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use gatehouse_devstack::{Stack, StackOptions};

use crate::build;
use crate::repo::Repo;
use crate::stack::{self, print_table, rows, stop_requested};
use crate::step::note;
use crate::web::{self, Mode, Web};

const WORKER_PORT: u16 = 8787;
const WEB_PORT: u16 = 3000;

/// Builds and starts everything, then waits for Ctrl-C.
///
/// # Errors
/// When a part does not start or dies: the sentence names it and the fix.
pub async fn dev(repo: &Repo) -> Result<()> {
    for (port, part) in fixed_ports() {
        free_port(port, part)?;
    }
    build::build(repo)?;
    let stack = stack::start(repo).await?;
    let result = with_stack(repo, &stack).await;
    note("Stopping …");
    stack.stop().await?;
    result
}

async fn with_stack(repo: &Repo, stack: &Stack) -> Result<()> {
    let vars = worker_vars(stack);
    let worker = Worker::start(WorkerOptions { repo: repo.root.clone(), port: WORKER_PORT, vars }).await?;
    note(&format!("worker: answers at {}", worker.url));
    let mut web = None;
    if repo.root.join("web/package.json").is_file() {
        let mut server = Web::start(repo, Mode::Develop, WEB_PORT, &web::settings(stack, &worker.url))?;
        server.wait_until_it_answers().await?;
        web = Some(server);
    }
    let mut table = rows(stack);
    table.push([
        "worker".to_owned(),
        worker.url.clone(),
        format!("workerd {}", npm_version(repo, "workerd")),
    ]);
    if web.is_some() {
        let address = format!("http://127.0.0.1:{WEB_PORT}");
        table.push(["web".to_owned(), address, format!("next {}", npm_version(repo, "next"))]);
    }
    print_table(table);
    note("Everything answers. Ctrl-C stops all of it.");
    let died = tokio::select! {
        () = stop_requested() => None,
        words = stack.wait_death() => Some(format!("A part of the platform ended by itself: {words}")),
        words = worker.wait_death() => Some(format!("The Worker ended by itself: {words}")),
        words = web_death(&mut web) => Some(words),
    };
    drop(web);
    worker.stop().await?;
    match died {
        Some(words) => bail!(
            "{words}\nEverything else was stopped. Start again with `npm run dev`; its last words above say why."
        ),
        None => Ok(()),
    }
}

async fn web_death(web: &mut Option<Web>) -> String {
    let Some(web) = web else { return std::future::pending().await };
    loop {
        if let Some(status) = web.ended() {
            return format!("The web app ended by itself ({status}): its messages are above.");
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn fixed_ports() -> Vec<(u16, &'static str)> {
    let mut ports = StackOptions::for_dev().ports.list();
    ports.extend([(WORKER_PORT, "Worker"), (WEB_PORT, "web app")]);
    ports
}

/// Before anything is built: a port that is taken now would only be found minutes later.
fn free_port(port: u16, part: &str) -> Result<()> {
    if std::net::TcpListener::bind(("127.0.0.1", port)).is_err() {
        bail!(
            "Port {port} is taken, and the {part} needs it: stop what listens there (`ss -ltnp | grep :{port}` names it; \
             it may be another `npm run dev`)."
        );
    }
    Ok(())
}

fn npm_version(repo: &Repo, package: &str) -> String {
    let path = repo.root.join("node_modules").join(package).join("package.json");
    let json =
        fs::read_to_string(path).ok().and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    json.and_then(|json| Some(json.get("version")?.as_str()?.to_owned())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_of_the_table_is_looked_at_before_anything_is_built() {
        let ports: Vec<u16> = fixed_ports().into_iter().map(|(port, _)| port).collect();
        for port in [54321, 54322, 54379, 54380, 8787, 3000] {
            assert!(ports.contains(&port), "{port} is not looked at");
        }
        assert!(!ports.contains(&0), "a fixed port is a number");
    }

    #[test]
    fn a_taken_port_is_named_with_its_part_and_no_way_out_that_there_is_not() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let text = free_port(port, "redis relay").unwrap_err().to_string();
        assert!(text.contains(&port.to_string()) && text.contains("redis relay"), "{text}");
        assert!(!text.contains("another port"), "{text}");
    }
}
