//! The cron's calls: one for all subscriptions, one claim for every queue, whatever is due.

use gatehouse_devstack::phonepe::Webhooks;

use crate::payments::make_due;
use crate::support::World;

/// Minute 1 of an hour; and minute 0, in which the queues are swept. Not the first hour of a day, which looks for
/// manifests to rebuild on both sides of midnight.
const ORDINARY: i64 = SWEEPING + 60_000;
const SWEEPING: i64 = 3_600_000;

/// The paths that one run of the cron asked for, in order. A run has one request id; work that a request left for after
/// its answer may still be under way beside it, and has another.
pub fn run(world: &World, time_ms: i64) -> Vec<String> {
    let before = world.stack.all_calls().last().map_or(0, |call| call.sequence);
    world.worker.run_scheduled("* * * * *", time_ms).unwrap();
    let calls: Vec<_> = world.stack.all_calls().into_iter().filter(|call| call.sequence > before).collect();
    let claim = calls.iter().find(|call| call.path.ends_with("/claim_due_work")).expect("a claim");
    let id = claim.request_id.as_ref().expect("the claim has a request id");
    calls
        .iter()
        .filter(|call| call.request_id.as_ref() == Some(id))
        .map(|call| call.path.replace("/rest/v1/rpc/", ""))
        .collect()
}

#[tokio::test]
async fn a_run_claims_once_for_all_queues() {
    let world = World::own().await;
    let ordinary = ["advance_subscriptions", "claim_due_work", "claim_rebuilds"];
    let hourly = [
        "advance_subscriptions",
        "claim_due_work",
        "claim_rebuilds",
        "sweep_queues",
        "sweep_abandoned_sessions",
        "check_invariants",
    ];
    assert_eq!(run(&world, ORDINARY), ordinary, "with nothing to do");
    assert_eq!(run(&world, SWEEPING), hourly, "once an hour");
    assert_eq!(run(&world, SWEEPING + 3_600_000 - 1), ordinary);
    assert_eq!(run(&world, SWEEPING + 3_600_000), hourly);

    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    world.stack.phonepe().webhooks_for(&order_id, Webhooks { lose: true, ..Webhooks::default() });
    world.stack.phonepe().pay(&order_id).unwrap();
    make_due(&world, &order_id).await;
    let asked = run(&world, ORDINARY);
    assert_eq!(asked.first().map(String::as_str), Some("advance_subscriptions"));
    assert_eq!(asked[3..], ["apply_payment_event", "claim_rebuilds"]);
    assert_eq!(asked.len(), 5, "one question to PhonePe in between: {asked:?}");
    // What one run has confirmed, the next one writes about.
    assert_eq!(
        run(&world, ORDINARY),
        [&ordinary[..2], &["/emails", "finish_email", "claim_rebuilds"]].concat()
    );
    assert_eq!(run(&world, ORDINARY), ordinary, "and nothing is left");
}
