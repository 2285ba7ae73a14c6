//! Moves and campaigns: what the plan allows, who may write, and pages without gaps.

use gatehouse_core::vocabulary::{CampaignStatus, MoveStatus};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::members::{expire, subscribe};
use crate::support::{Db, Refused, Who, World, refusal, refused_with};

const MOVE: &str = "select public.create_move($1, $2, $3, 'req-v')";
const SET_MOVE: &str = "select public.set_move_status($1, $2, $3, 'req-v')";
const CAMPAIGN: &str = "select public.create_campaign($1, $2, '', $3, 'req-v')";
const SET_CAMPAIGN: &str = "select public.set_campaign_status($1, $2, $3, 'req-v')";

async fn make_move(db: &mut Db, who: Who, workspace: Uuid, title: &str) -> Result<Value, Refused> {
    db.call(who, MOVE, &[&workspace, &title, &"why"]).await
}

async fn start_campaign(db: &mut Db, who: Who, workspace: Uuid, status: &str) -> Result<Value, Refused> {
    db.call(who, CAMPAIGN, &[&workspace, &"Diwali", &status]).await
}

fn id(row: &Value) -> Uuid {
    Uuid::parse_str(row["id"].as_str().expect("an id")).expect("a uuid")
}

#[tokio::test]
async fn a_week_turns_on_monday_in_india() {
    // Whatever the session's time zone.
    let db = Db::shared().await;
    for zone in ["UTC", "America/New_York", "Asia/Kolkata"] {
        db.client.batch_execute(&format!("set time zone '{zone}'")).await.expect("a time zone");
        for (at, monday) in [
            ("2026-11-22T18:29:59.999Z", "2026-11-16"), // Sunday 23:59:59.999 in India
            ("2026-11-22T18:30:00Z", "2026-11-23"),     // Monday 00:00
            ("2026-11-23T00:00:00Z", "2026-11-23"),
            ("2026-11-29T18:29:59Z", "2026-11-23"),
            ("2026-12-31T18:30:00Z", "2026-12-28"), // New Year's Day is a Friday
            ("2027-01-03T18:30:00Z", "2027-01-04"),
            ("2028-02-28T18:30:00Z", "2028-02-28"), // a leap day, Tuesday
        ] {
            let week: String = db.one("select private.week_of($1::text::timestamptz)::text", &[&at]).await;
            assert_eq!(week, monday, "{at} in {zone}");
        }
    }
}

#[tokio::test]
async fn moves_are_counted_by_the_week() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let owner = Who::Person(world.owner);
    assert_eq!(
        refusal(make_move(&mut db, owner, world.workspace, "a").await),
        refused_with("PT403", "plan_required")
    );
    subscribe(&db, world.workspace, "ascent").await;
    let first = make_move(&mut db, owner, world.workspace, "  Call ten customers \n").await.expect("a move");
    assert_eq!((&first["title"], &first["status"]), (&json!("Call ten customers"), &json!("planned")));
    for _ in 0..2 {
        make_move(&mut db, owner, world.workspace, "more").await.expect("a move");
    }
    db.call(owner, SET_MOVE, &[&world.workspace, &id(&first), &"cancelled"]).await.expect("cancelled");
    let fourth = make_move(&mut db, owner, world.workspace, "more").await;
    assert_eq!(
        refusal(fourth),
        refused_with("PT409", "plan_limit_reached"),
        "cancelling does not buy another"
    );
    // Last week's do not count.
    db.run("update public.moves set week = week - 7 where id = $1", &[&id(&first)]).await;
    make_move(&mut db, owner, world.workspace, "more").await.expect("a move");
    for plan in ["glide", "soar", "legacy"] {
        subscribe(&db, world.workspace, plan).await;
        make_move(&mut db, Who::Person(world.member), world.workspace, plan).await.expect("without limit");
    }
    expire(&db, world.workspace).await;
    assert_eq!(
        refusal(make_move(&mut db, owner, world.workspace, "a").await),
        refused_with("PT403", "plan_required")
    );
    let change = db.call(owner, SET_MOVE, &[&world.workspace, &id(&first), &"active"]).await;
    assert_eq!(refusal(change), refused_with("PT403", "plan_required"));
    let audited: Vec<String> = db
        .one(
            "select array_agg(distinct action order by action) from public.audit_log where workspace_id = $1 and action like 'move.%'",
            &[&world.workspace],
        )
        .await;
    assert_eq!(audited, ["move.created", "move.status_changed"]);
}

#[tokio::test]
async fn campaigns_are_counted_while_they_are_active() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let owner = Who::Person(world.owner);
    for status in ["draft", "active"] {
        let outcome = start_campaign(&mut db, owner, world.workspace, status).await;
        assert_eq!(refusal(outcome), refused_with("PT403", "plan_required"));
    }
    subscribe(&db, world.workspace, "ascent").await;
    let mut active = Vec::new();
    for _ in 0..3 {
        active
            .push(id(&start_campaign(&mut db, owner, world.workspace, "active").await.expect("a campaign")));
    }
    let full = refused_with("PT409", "plan_limit_reached");
    assert_eq!(refusal(start_campaign(&mut db, owner, world.workspace, "active").await), full);
    let draft =
        id(&start_campaign(&mut db, owner, world.workspace, "draft").await.expect("drafts do not count"));
    let set = |campaign: Uuid, status: &'static str| (world.workspace, campaign, status);
    let (workspace, campaign, status) = set(draft, "active");
    assert_eq!(refusal(db.call(owner, SET_CAMPAIGN, &[&workspace, &campaign, &status]).await), full);
    for (campaign, status, changed) in [
        (active[0], "active", false), // is active already: no fourth one
        (active[0], "paused", true),
        (draft, "active", true),
        (active[1], "completed", true),
        (active[1], "active", true),
    ] {
        let outcome = db.call(owner, SET_CAMPAIGN, &[&world.workspace, &campaign, &status]).await;
        assert_eq!(outcome.expect("allowed")["changed"], changed, "{status}");
    }
    assert_eq!(refusal(db.call(owner, SET_CAMPAIGN, &[&world.workspace, &active[0], &"active"]).await), full);
    for plan in ["glide", "legacy"] {
        subscribe(&db, world.workspace, plan).await;
        start_campaign(&mut db, Who::Person(world.member), world.workspace, "active")
            .await
            .expect("without limit");
    }
    expire(&db, world.workspace).await;
    let outcome = db.call(owner, SET_CAMPAIGN, &[&world.workspace, &draft, &"paused"]).await;
    assert_eq!(refusal(outcome), refused_with("PT403", "plan_required"));
}

#[tokio::test]
async fn fifty_at_once_leave_exactly_the_limit() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "ascent").await;
    let (workspace, owner) = (world.workspace, world.owner);
    let calls = (0..50).map(|n| {
        tokio::spawn(async move {
            let mut db = Db::shared().await;
            let who = Who::Person(owner);
            let outcome = if n % 2 == 0 {
                make_move(&mut db, who, workspace, "one of many").await
            } else {
                start_campaign(&mut db, who, workspace, "active").await
            };
            outcome.map(|_| n % 2).map_err(|refused| refused.code)
        })
    });
    let answers: Vec<_> = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .map(|answer| answer.expect("no panic"))
        .collect();
    let count = |wanted: &Result<i32, String>| answers.iter().filter(|one| *one == wanted).count();
    let full = Err("plan_limit_reached".to_owned());
    assert_eq!((count(&Ok(0)), count(&Ok(1)), count(&full)), (3, 3, 44));
    let left: (i64, i64) = (
        db.one("select count(*) from public.moves where workspace_id = $1", &[&workspace]).await,
        db.one("select count(*) from public.campaigns where workspace_id = $1", &[&workspace]).await,
    );
    assert_eq!(left, (3, 3));
}

#[tokio::test]
async fn strangers_and_nonsense_change_nothing() {
    let mut db = Db::shared().await;
    let (world, theirs) = (World::new(&db).await, World::new(&db).await);
    for workspace in [world.workspace, theirs.workspace] {
        subscribe(&db, workspace, "soar").await;
    }
    let owner = Who::Person(world.owner);
    let my_move = id(&make_move(&mut db, owner, world.workspace, "mine").await.expect("a move"));
    let my_campaign =
        id(&start_campaign(&mut db, owner, world.workspace, "active").await.expect("a campaign"));

    for (who, workspace, code) in [
        (Who::Nobody, world.workspace, "not_signed_in"),
        (Who::Person(world.outsider), world.workspace, "workspace_not_found"),
        (owner, Uuid::new_v4(), "workspace_not_found"),
    ] {
        for sql in [
            "select public.create_move($1, 'x')",
            "select public.create_campaign($1, 'x')",
            "select public.list_moves($1)",
            "select public.list_campaigns($1)",
            "select public.set_move_status($1, gen_random_uuid(), 'active')",
            "select public.set_campaign_status($1, gen_random_uuid(), 'active')",
        ] {
            assert_eq!(refusal(db.call(who, sql, &[&workspace]).await).1, code, "{who:?} {sql}");
        }
    }
    // Naming one's own workspace gives no access to the rows of another one.
    let other_owner = Who::Person(theirs.owner);
    for (sql, row, code) in [
        (SET_MOVE, my_move, "move_not_found"),
        (SET_CAMPAIGN, my_campaign, "campaign_not_found"),
        (SET_MOVE, my_campaign, "move_not_found"),
    ] {
        let outcome = db.call(other_owner, sql, &[&theirs.workspace, &row, &"completed"]).await;
        assert_eq!(refusal(outcome), refused_with("PT404", code));
    }
    for sql in ["select public.list_moves($1, $2)", "select public.list_campaigns($1, $2)"] {
        let cursor = if sql.contains("moves") { my_move } else { my_campaign };
        assert_eq!(
            refusal(db.call(other_owner, sql, &[&theirs.workspace, &cursor]).await).1,
            "cursor_unknown"
        );
        assert!(db.call(owner, sql, &[&world.workspace, &cursor]).await.is_ok());
    }
    let long = "क".repeat(201);
    for (title, description) in [
        (None, Some("")),
        (Some(" \n "), Some("")),
        (Some(long.as_str()), Some("")),
        (Some("fine"), Some(&*"x".repeat(4001))),
    ] {
        let outcome = db.call(owner, MOVE, &[&world.workspace, &title, &description]).await;
        assert_eq!(refusal(outcome).0, "PT422");
    }
    make_move(&mut db, owner, world.workspace, &"क".repeat(200)).await.expect("characters count, not bytes");
    for status in [None, Some(""), Some("Active"), Some("draft"), Some("deleted")] {
        let outcome = db.call(owner, SET_MOVE, &[&world.workspace, &my_move, &status]).await;
        assert_eq!(refusal(outcome), refused_with("PT422", "status_unknown"), "{status:?}");
    }
    for status in [None, Some("planned"), Some("cancelled")] {
        let outcome = db.call(owner, SET_CAMPAIGN, &[&world.workspace, &my_campaign, &status]).await;
        assert_eq!(refusal(outcome), refused_with("PT422", "status_unknown"), "{status:?}");
    }
    for status in ["paused", "completed"] {
        let outcome = start_campaign(&mut db, owner, world.workspace, status).await;
        assert_eq!(refusal(outcome), refused_with("PT422", "status_unknown"), "begins as {status}");
    }
    for limit in [0, -1, 101] {
        for sql in ["select public.list_moves($1, null, $2)", "select public.list_campaigns($1, null, $2)"] {
            let outcome = db.call(owner, sql, &[&world.workspace, &limit]).await;
            assert_eq!(refusal(outcome), refused_with("PT422", "limit_out_of_range"));
        }
    }
}

#[tokio::test]
async fn every_word_of_the_core_can_be_set() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "soar").await;
    let owner = Who::Person(world.owner);
    let my_move = id(&make_move(&mut db, owner, world.workspace, "mine").await.expect("a move"));
    let campaign = id(&start_campaign(&mut db, owner, world.workspace, "draft").await.expect("a campaign"));
    for (sql, row, words) in
        [(SET_MOVE, my_move, MoveStatus::TEXTS), (SET_CAMPAIGN, campaign, CampaignStatus::TEXTS)]
    {
        for word in words {
            let outcome = db.call(owner, sql, &[&world.workspace, &row, word]).await;
            assert_eq!(outcome.expect("a word")["status"], *word);
        }
    }
}

#[tokio::test]
async fn pages_hold_everything_once_newest_first() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "soar").await;
    // Seven of the same instant: the id decides.
    db.run(
        "insert into public.moves (workspace_id, title, week, created_by)
         select $1, n::text, private.week_of(now()), $2 from generate_series(1, 7) n",
        &[&world.workspace, &world.owner],
    )
    .await;
    db.run(
        "insert into public.campaigns (workspace_id, name, created_by) select $1, n::text, $2 from generate_series(1, 7) n",
        &[&world.workspace, &world.owner],
    )
    .await;
    for (function, list, name) in [("list_moves", "moves", "title"), ("list_campaigns", "campaigns", "name")]
    {
        let sql = format!("select public.{function}($1, $2, 3)");
        let (mut cursor, mut sizes, mut names) = (None::<Uuid>, Vec::new(), Vec::new());
        loop {
            let page =
                db.call(Who::Person(world.member), &sql, &[&world.workspace, &cursor]).await.expect("a page");
            let rows = page[list].as_array().expect("rows");
            sizes.push(rows.len());
            names.extend(rows.iter().map(|row| row[name].as_str().expect("a name").to_owned()));
            match page["next_before"].as_str() {
                Some(next) => cursor = Some(Uuid::parse_str(next).expect("a uuid")),
                None => break,
            }
        }
        names.sort_unstable();
        assert_eq!((sizes, names.join("")), (vec![3, 3, 1], "1234567".to_owned()), "{function}");
    }
}
