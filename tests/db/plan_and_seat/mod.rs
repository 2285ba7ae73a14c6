//! What writing needs: a plan and a seat of it. Reading, exporting, drafts, orders and the team need neither.

mod verdicts;

use serde_json::json;
use uuid::Uuid;

use crate::members::{expire, subscribe};
use crate::support::{Db, Params, Refused, Who, World, refusal, refused_with};

/// Every writer that makes something new, and what it answers once plan and seat are there: a code, or "" for success.
/// The arguments are refused only after the plan and the seat, which shows the order.
const WRITERS: &[(&str, &str)] = &[
    ("public.finalize_onboarding($1, 'null', '{}', '', '', 1, '{}', null)", "answers_invalid"),
    ("public.store_manifest($1, '', 'null', '{}', '', '', 1, '{}', null, null)", "source_unknown"),
    ("public.edit_source($1, 'null', '{}', '', '', 1, '{}', 1, 0, null)", "answers_invalid"),
    ("public.restore_manifest($1, 1)", "version_not_found"),
    ("public.begin_suggestions($1, '{industry}')", "manifest_not_found"),
    ("public.create_move($1, 'Call ten customers')", ""),
    ("public.set_move_status($1, gen_random_uuid(), 'active')", "move_not_found"),
    ("public.create_campaign($1, 'Diwali')", ""),
    ("public.create_campaign($1, 'Diwali', '', 'active')", ""),
    ("public.set_campaign_status($1, gen_random_uuid(), 'active')", "campaign_not_found"),
    ("public.invite_member($1, gen_random_uuid() || '@example.in', 'member')", ""),
];

/// What needs neither a plan nor a seat.
const FREE: &[&str] = &[
    "public.read_manifest($1)",
    "public.manifest_history($1, null, 20)",
    "public.read_source($1)",
    "public.list_suggestions($1)",
    "public.list_moves($1)",
    "public.list_campaigns($1)",
    "public.list_members($1)",
    "public.list_orders($1, 20)",
    "public.read_snapshot($1)",
    "public.save_snapshot($1, 1, 'draft', '{}')",
    "public.create_order($1, 'soar', 'month', gen_random_uuid()::text, null, null)",
];

/// The code with which a call is refused; "" when it succeeds. Nothing that it writes stays.
async fn attempt(db: &mut Db, who: Who, call: &str, params: Params<'_>) -> String {
    let tx = db.act(who).await;
    match tx.query_one(&format!("select {call}"), params).await {
        Ok(_) => String::new(),
        Err(error) => Refused::from(error).code,
    }
}

/// Makes the joining dates plain: the owner joined last, before them the admin, then the member.
async fn join_in_order(db: &Db, world: &World) {
    for (person, days) in [(world.owner, 1), (world.member, 2), (world.admin, 3)] {
        let sql = "update public.workspace_members m set created_at = now() - make_interval(days => $3)
                   from public.users u where u.id = m.user_id and m.workspace_id = $1 and u.auth_user_id = $2";
        assert_eq!(db.run(sql, &[&world.workspace, &person, &days]).await, 1);
    }
}

#[tokio::test]
async fn every_writer_asks_for_a_plan_and_then_for_a_seat() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    join_in_order(&db, &world).await;
    let (owner, admin) = (Who::Person(world.owner), Who::Person(world.admin));
    for (call, allowed) in WRITERS {
        assert_eq!(attempt(&mut db, owner, call, &[&world.workspace]).await, "plan_required", "{call}");
        for (plan, who, code) in
            [("glide", owner, *allowed), ("ascent", admin, "no_seat"), ("glide", admin, *allowed)]
        {
            subscribe(&db, world.workspace, plan).await;
            assert_eq!(attempt(&mut db, who, call, &[&world.workspace]).await, code, "{call} {plan} {who:?}");
        }
        expire(&db, world.workspace).await;
        for who in [owner, admin] {
            assert_eq!(attempt(&mut db, who, call, &[&world.workspace]).await, "plan_required", "{call}");
        }
    }
}

#[tokio::test]
async fn outsiders_and_roles_are_refused_before_the_plan_is_looked_at() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    for (call, _) in WRITERS {
        for (who, code) in [
            (Who::Nobody, "not_signed_in"),
            (Who::Service, "not_signed_in"),
            (Who::Person(world.outsider), "workspace_not_found"),
        ] {
            assert_eq!(attempt(&mut db, who, call, &[&world.workspace]).await, code, "{call} {who:?}");
        }
        let for_everybody = call.contains("move") || call.contains("campaign");
        let code = if for_everybody { "plan_required" } else { "role_not_allowed" };
        assert_eq!(
            attempt(&mut db, Who::Person(world.member), call, &[&world.workspace]).await,
            code,
            "{call}"
        );
    }
}

#[tokio::test]
async fn reading_drafts_orders_and_the_team_need_no_plan_and_no_seat() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    join_in_order(&db, &world).await;
    let admin_id: Uuid = db.one("select id from public.users where auth_user_id = $1", &[&world.admin]).await;
    let member_id: Uuid =
        db.one("select id from public.users where auth_user_id = $1", &[&world.member]).await;
    for plan in ["none", "expired", "ascent"] {
        match plan {
            "none" => {}
            "expired" => {
                subscribe(&db, world.workspace, "glide").await;
                expire(&db, world.workspace).await;
            }
            plan => subscribe(&db, world.workspace, plan).await,
        }
        for who in [world.owner, world.admin] {
            for call in FREE {
                let code = attempt(&mut db, Who::Person(who), call, &[&world.workspace]).await;
                assert_eq!(code, "", "{call} with plan {plan}");
            }
        }
        for (who, call, user) in [
            (world.owner, "public.set_member_role($1, $2, 'member')", admin_id),
            (world.owner, "public.remove_member($1, $2)", admin_id),
            (world.admin, "public.remove_member($1, $2)", member_id),
        ] {
            let code = attempt(&mut db, Who::Person(who), call, &[&world.workspace, &user]).await;
            assert_eq!(code, "", "{call} with plan {plan}");
        }
    }
}

#[tokio::test]
async fn every_function_that_takes_the_lock_as_a_person_asks_or_is_named_here() {
    let db = Db::shared().await;
    let sql = "select coalesce(array_agg(distinct proname::text order by proname::text), '{}') from pg_proc
               where pronamespace = 'public'::regnamespace and prosrc like '%private.lock_workspace(%'
                 and prosrc !~ 'private\\.(require_plan_and_seat|current_offer)\\('";
    let without: Vec<String> = db.one(sql, &[]).await;
    // Paying, the team, drafts, and a decision about what exists already.
    assert_eq!(
        without,
        ["decide_suggestion", "remove_member", "revoke_invitation", "set_member_role"],
        "a new writer asks private.require_plan_and_seat(), or says here why it does not"
    );
}

#[tokio::test]
async fn the_refusal_names_the_owner_or_their_address() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    join_in_order(&db, &world).await;
    subscribe(&db, world.workspace, "ascent").await;
    let email: String =
        db.one("select email from public.users where auth_user_id = $1", &[&world.owner]).await;
    for (name, whom) in [(Some("Asha Rao"), "Asha Rao"), (Some("  "), email.as_str()), (None, email.as_str())]
    {
        db.run("update public.users set full_name = $2 where auth_user_id = $1", &[&world.owner, &name])
            .await;
        let tx = db.act(Who::Person(world.member)).await;
        let error = tx.query_one("select public.create_move($1, 'x')", &[&world.workspace]).await;
        let error = error.expect_err("no seat");
        let detail = error.as_db_error().and_then(|error| error.detail()).map(str::to_owned);
        let expected = format!(
            "This plan has 1 seat, and others come before you, so you can read but not change anything. Ask {whom} for a seat."
        );
        assert_eq!(detail, Some(expected));
    }
}

#[tokio::test]
async fn a_transaction_that_began_before_the_payment_or_the_end_goes_by_the_clock() {
    let mut db = Db::shared().await;
    let other = Db::shared().await;
    let world = World::new(&db).await;
    let call = "select public.create_move($1, 'x')";
    let tx = db.act(Who::Person(world.owner)).await;
    tx.execute("select now()", &[]).await.expect("begun");
    subscribe(&other, world.workspace, "ascent").await;
    tx.query_one(call, &[&world.workspace]).await.expect("whoever has just paid is let through");
    tx.rollback().await.expect("rolled back");

    let tx = db.act(Who::Person(world.owner)).await;
    tx.execute("select now()", &[]).await.expect("begun");
    let end = "update public.subscriptions set status = 'trial', trial_end = clock_timestamp() where workspace_id = $1";
    assert_eq!(other.run(end, &[&world.workspace]).await, 1);
    let error = tx.query_one(call, &[&world.workspace]).await.expect_err("the trial is over");
    assert_eq!(Refused::from(error).code, "plan_required");
}

#[tokio::test]
async fn a_paid_subscription_of_the_older_ladder_has_no_limits_and_a_smaller_plan_counts_once_it_begins() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let member = Who::Person(world.member);
    subscribe(&db, world.workspace, "legacy").await;
    assert_eq!(attempt(&mut db, member, "public.create_move($1, 'x')", &[&world.workspace]).await, "");
    subscribe(&db, world.workspace, "soar").await;
    let follow = "update public.subscriptions set current_period_start = now() - interval '40 days',
                    current_period_end = now() + make_interval(hours => $2), next_plan = 'ascent',
                    next_interval = 'month', next_period_end = now() + interval '30 days' where workspace_id = $1";
    for (hours, code) in [(1, ""), (-1, "no_seat")] {
        assert_eq!(db.run(follow, &[&world.workspace, &hours]).await, 1);
        let call = "public.create_move($1, 'x')";
        assert_eq!(attempt(&mut db, member, call, &[&world.workspace]).await, code, "{hours}");
    }
}

#[tokio::test]
async fn a_stranger_with_an_invitation_is_counted_and_not_ranked() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    subscribe(&db, world.workspace, "glide").await;
    let email = format!("{}@example.in", Uuid::new_v4());
    let person = db.sign_up(Some(&email), json!({})).await;
    db.run("update auth.users set email_confirmed_at = now() where id = $1", &[&person]).await;
    let invite = "select public.invite_member($1, $2, 'member')";
    let invitation =
        db.call(Who::Person(world.owner), invite, &[&world.workspace, &email]).await.expect("invited");
    let accept = "select public.accept_invitation($1)";
    expire(&db, world.workspace).await;
    let token = invitation["token"].as_str();
    assert_eq!(
        refusal(db.call(Who::Person(person), accept, &[&token]).await),
        refused_with("PT403", "plan_required")
    );
    subscribe(&db, world.workspace, "ascent").await;
    let outcome = db.call(Who::Person(person), accept, &[&token]).await;
    assert_eq!(refusal(outcome), refused_with("PT409", "plan_limit_reached"));
    subscribe(&db, world.workspace, "glide").await;
    assert_eq!(db.call(Who::Person(person), accept, &[&token]).await.expect("joined")["joined"], true);
}
