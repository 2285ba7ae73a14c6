//! The rule itself: the same in the database and in the core, whatever the subscription and whoever the member.

use gatehouse_core::entitlement::{Member, may_write};
use gatehouse_core::plan::offer;
use gatehouse_core::subscription::{Subscription, access_until};
use gatehouse_core::time::{Timestamp, format, parse, plus_ms};
use gatehouse_core::vocabulary::{MemberRole, Plan, SubscriptionStatus};
use serde_json::json;
use uuid::Uuid;

use super::{attempt, join_in_order};
use crate::members::subscribe;
use crate::support::{Db, Refused, Who, World};

/// Gives the workspace's plan another number of seats than the price list has, until the transaction's end.
async fn with_seats(db: &mut Db, world: &World, person: Uuid, seats: i32) -> Result<(), String> {
    let tx = db.client.transaction().await.expect("a transaction");
    tx.execute("update public.plans set seats = $1 where plan = 'glide'", &[&seats]).await.expect("seats");
    let claims = json!({ "role": "authenticated", "sub": person.to_string() }).to_string();
    tx.execute("select set_config('request.jwt.claims', $1, true)", &[&claims]).await.expect("claims");
    let outcome = tx.query_one("select private.require_plan_and_seat($1)", &[&world.workspace]).await;
    outcome.map(drop).map_err(|error| Refused::from(error).code)
}

#[tokio::test]
async fn seats_go_to_the_owner_first_and_then_by_date_of_joining() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    join_in_order(&db, &world).await;
    subscribe(&db, world.workspace, "glide").await;
    let no_seat = Err("no_seat".to_owned());
    for (seats, allowed) in [(1, [true, false, false]), (2, [true, true, false]), (3, [true, true, true])] {
        for (person, allowed) in [world.owner, world.admin, world.member].into_iter().zip(allowed) {
            let expected = if allowed { Ok(()) } else { no_seat.clone() };
            assert_eq!(with_seats(&mut db, &world, person, seats).await, expected, "{seats} seats");
        }
    }
    // Whoever leaves frees a seat for the next one.
    let leave = "update public.workspace_members m set is_active = false from public.users u
                 where u.id = m.user_id and m.workspace_id = $1 and u.auth_user_id = $2";
    assert_eq!(db.run(leave, &[&world.workspace, &world.admin]).await, 1);
    assert_eq!(with_seats(&mut db, &world, world.member, 2).await, Ok(()));
}

const HOUR: i64 = 3_600_000;

/// A subscription by hours from now: its label, the period's end, the trial's end and the end of grace.
type Case = (SubscriptionStatus, Option<i64>, Option<i64>, Option<i64>);

fn subscription((status, period, trial, grace): Case, now: Timestamp) -> Subscription {
    let at = |hours: Option<i64>| hours.map(|hours| plus_ms(now, hours * HOUR));
    Subscription {
        status,
        current_period_end: at(period),
        next_period_end: None,
        trial_end: at(trial),
        grace_period_end: at(grace),
    }
}

async fn store(db: &Db, workspace: Uuid, plan: Option<Plan>, subscription: &Subscription) {
    let instant = |at: Option<Timestamp>| at.map(format);
    let sql = "insert into public.subscriptions (workspace_id, plan, legacy_plan, status, current_period_start,
                 current_period_end, trial_end, grace_period_end)
               values ($1, $2::text, case when $2::text is null then 'growth' end, $3, $4::text::timestamptz - interval '900 days',
                 $4::text::timestamptz, $5::text::timestamptz, $6::text::timestamptz)
               on conflict (workspace_id) do update set plan = excluded.plan, legacy_plan = excluded.legacy_plan,
                 status = excluded.status, current_period_start = excluded.current_period_start,
                 current_period_end = excluded.current_period_end, trial_end = excluded.trial_end,
                 grace_period_end = excluded.grace_period_end";
    db.run(
        sql,
        &[
            &workspace,
            &plan.map(Plan::as_str),
            &subscription.status.as_str(),
            &instant(subscription.current_period_end),
            &instant(subscription.trial_end),
            &instant(subscription.grace_period_end),
        ],
    )
    .await;
}

/// The owner's workspace with five people beside them, in the order of joining. The owner joined last.
async fn six_people(db: &Db) -> (World, Vec<(Uuid, Member)>) {
    let world = World::new(db).await;
    join_in_order(db, &world).await;
    let role = |n: u32| if n.is_multiple_of(2) { MemberRole::Admin } else { MemberRole::Member };
    let mut people = vec![
        (world.owner, Member { role: MemberRole::Owner, joined_before: 5 }),
        (world.admin, Member { role: MemberRole::Admin, joined_before: 0 }),
        (world.member, Member { role: MemberRole::Member, joined_before: 1 }),
    ];
    for joined_before in 2..5 {
        let person = db.sign_up(Some(&format!("{}@example.in", Uuid::new_v4())), json!({})).await;
        let member = Member { role: role(joined_before), joined_before };
        let sql = "insert into public.workspace_members (workspace_id, user_id, role, created_at)
                   select $1, id, $3, now() - interval '2 days' + make_interval(hours => $4)
                   from public.users where auth_user_id = $2";
        let hours = i32::try_from(joined_before).expect("a small number");
        let (role, workspace) = (member.role.as_str(), world.workspace);
        assert_eq!(db.run(sql, &[&workspace, &person, &role, &hours]).await, 1);
        people.push((person, member));
    }
    (world, people)
}

#[tokio::test]
async fn the_database_and_the_core_give_the_same_verdict() {
    use SubscriptionStatus::{Active, Cancelled, Expired, None as Never, PastDue, Trial};
    let mut db = Db::shared().await;
    let (world, people) = six_people(&db).await;
    let now =
        parse(&db.one::<String>("select private.rfc3339(clock_timestamp())", &[]).await).expect("an instant");
    let cases: [Case; 13] = [
        (Never, None, None, None),
        (Expired, Some(1), Some(1), Some(1)),
        (Trial, None, Some(1), None),
        (Trial, Some(1), Some(-1), None),
        (Active, Some(1), None, None),
        (Active, Some(-71), None, None),
        (Active, Some(-73), None, None),
        (PastDue, Some(-1), None, Some(1)),
        (PastDue, Some(-80), None, Some(-1)),
        (PastDue, Some(1), None, Some(-1)),
        (Cancelled, Some(1), None, None),
        (Cancelled, Some(-1), None, Some(1)),
        (Cancelled, Some(-80), None, None),
    ];
    let (mut verdicts, mut compared) = (std::collections::BTreeSet::new(), 0);
    for plan in Plan::ALL.iter().copied().map(Some).chain([None]) {
        for case in cases {
            let subscription = subscription(case, now);
            store(&db, world.workspace, plan, &subscription).await;
            for (person, member) in &people {
                let seats = plan.and_then(|plan| offer(plan).seats);
                let verdict = may_write(access_until(&subscription), seats, *member, now);
                let expected =
                    verdict.map_or_else(|code| code.as_str().to_owned(), |()| "move_not_found".to_owned());
                let call = "public.set_move_status($1, gen_random_uuid(), 'active')";
                let code = attempt(&mut db, Who::Person(*person), call, &[&world.workspace]).await;
                assert_eq!(code, expected, "{plan:?} {case:?} {member:?}");
                verdicts.insert(code);
                compared += 1;
            }
        }
    }
    assert_eq!(verdicts.len(), 3, "allowed, without a plan and without a seat: {verdicts:?}");
    println!("counted: {compared} verdicts of the database and the core compared");
}
