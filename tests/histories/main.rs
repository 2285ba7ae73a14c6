//! Random histories of payments through the real Worker, Postgres, PostgREST and Valkey, with PhonePe and Resend as
//! simulators speak them. After each one the money must add up ([`check`]); docs/PAYMENTS.md says more.
//!
//! `GATEHOUSE_HISTORY_SEED=17` plays one history again; `GATEHOUSE_HISTORIES` and `GATEHOUSE_HISTORY_FIRST` choose how
//! many, from which seed on.

mod access;
mod check;
mod clock;
mod cron;
mod history;
mod play;
mod requests;
#[path = "../edge/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the tests of the edge, which use all of it")]
mod support;

use std::str::FromStr;
use std::sync::Arc;

use anyhow::Result;
use futures_util::StreamExt as _;

use crate::cron::Cron;
use crate::history::Event;
use crate::play::Player;
use crate::support::World;

/// Histories at once: enough to keep two processors busy.
const AT_ONCE: usize = 32;

fn setting<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a whole number, not {text}")))
}

/// Plays a history to its end, and says what did not hold.
async fn play(world: &World, cron: &Cron, events: &[Event]) -> Result<()> {
    let mut player = Player::new(world, cron).await?;
    for event in events {
        player.play(*event).await?;
    }
    player.settle().await?;
    player.check().await
}

/// Leaves out event by event what the failure does not need.
async fn shrink(world: &World, cron: &Cron, mut events: Vec<Event>) -> Vec<Event> {
    for at in (0..events.len()).rev() {
        let mut shorter = events.clone();
        shorter.remove(at);
        if play(world, cron, &shorter).await.is_err() {
            events = shorter;
        }
    }
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_adds_up_in_random_histories() {
    let (first, count) = match setting::<u64>("GATEHOUSE_HISTORY_SEED") {
        Some(seed) => (seed, 1),
        None => (
            setting("GATEHOUSE_HISTORY_FIRST").unwrap_or(1),
            setting::<u64>("GATEHOUSE_HISTORIES").unwrap_or(100),
        ),
    };
    let world = World::own().await;
    world
        .stack
        .phonepe()
        .webhooks(gatehouse_devstack::phonepe::Webhooks { lose: true, ..Default::default() });
    world.stack.phonepe().hold_refunds(true);
    // The first order fetches keys and PhonePe's token, so that from now on each route makes the calls that it always makes.
    world.founder_without_plan().await.order().await;
    let cron = Cron::new(Arc::clone(&world.worker));
    let (world, cron) = (&world, &cron);
    let one = |seed| async move {
        play(world, cron, &history::from_seed(seed)).await.err().map(|error| (seed, error))
    };
    let ended: Vec<_> =
        futures_util::stream::iter(first..first + count).map(one).buffer_unordered(AT_ONCE).collect().await;
    let failed: Vec<(u64, anyhow::Error)> = ended.into_iter().flatten().collect();
    if let Some((seed, error)) = failed.first() {
        let events = shrink(world, cron, history::from_seed(*seed)).await;
        let words: Vec<String> = events.iter().map(|event| format!("  {event:?}")).collect();
        let others: Vec<String> = failed.iter().skip(1).map(|(seed, e)| format!("{seed}: {e:#}")).collect();
        panic!(
            "GATEHOUSE_HISTORY_SEED={seed} fails: {error:#}\n{}\nalso {} more:\n{}",
            words.join("\n"),
            others.len(),
            others.join("\n")
        );
    }
    println!("counted: {count} histories from seed {first} on");
}
