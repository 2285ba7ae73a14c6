//! The gate over HTTP: every way of being or not being signed in, members, outsiders, support, and parts that are away.

use gatehouse_devstack::Part;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Founder, Reply, World, answers, assert_recorded, until};

const DASHBOARD: &str = "/auth/gate?path=%2Fdashboard";

/// What happens to the page, the condition in the way, and the code of the next action.
fn decision(reply: &Reply) -> (&str, &str, &str) {
    assert_eq!(reply.status, 200, "{reply:?}");
    let decision = &reply.json["decision"];
    (
        decision["kind"].as_str().expect("a decision"),
        decision["condition"].as_str().unwrap_or("-"),
        reply.json["next"]["code"].as_str().unwrap_or("-"),
    )
}

async fn run_sql(world: &World, text: &str) {
    let (client, connection) = tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls)
        .await
        .expect("the database");
    tokio::spawn(connection);
    client.batch_execute(text).await.expect(text);
}

/// Gives a workspace a plan that is paid.
async fn give_plan(world: &World, founder: &Founder<'_>) {
    let insert = format!(
        "insert into public.subscriptions (workspace_id, plan, status, billing_interval, current_period_start, current_period_end)
         values ('{}', 'glide', 'active', 'month', now(), now() + interval '30 days')",
        founder.workspace_id
    );
    run_sql(world, &insert).await;
}

#[tokio::test]
async fn without_a_session_it_is_a_redirect_and_no_call() {
    let world = World::shared().await;
    let reply = world.request(Method::GET, "/auth/gate?path=%2Fmoves%2F12%3Ftab%3D2").send().await;
    assert_eq!(decision(&reply), ("redirect", "-", "sign_in"));
    assert_eq!(reply.json["decision"]["to"], "/signin?redirect=/moves/12");
    assert_eq!(reply.calls, Vec::<String>::new());
    assert_recorded(world, &reply.id, &[]).await;
    for (authorization, status) in [
        ("Bearer", "missing"),
        ("Basic abc", "missing"),
        ("Bearer x.y.z", "invalid"),
        ("Bearer a", "invalid"),
    ] {
        let reply = world.request(Method::GET, DASHBOARD).header("authorization", authorization).send().await;
        assert_eq!(decision(&reply), ("redirect", "-", "sign_in"));
        assert_eq!(reply.json["conditions"][0]["status"], status, "{authorization}");
        assert_eq!(reply.json["facts"], json!({"session": status, "profile": null}));
        assert_eq!(reply.calls, Vec::<String>::new());
    }
    let open = world.request(Method::GET, "/auth/gate?path=/plans").send().await;
    assert_eq!(decision(&open), ("allow", "-", "sign_in"));
}

#[tokio::test]
async fn a_founder_is_led_from_the_plan_to_the_dashboard_with_one_call_each() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    founder.get(DASHBOARD).await;
    let reply = founder.get(DASHBOARD).await;
    assert_eq!(decision(&reply), ("interstitial", "plan", "choose_plan"));
    assert_eq!(reply.calls, ["postgrest rpc/read_gate"]);
    assert_recorded(world, &reply.id, &["postgrest rpc/read_gate"]).await;
    assert_eq!(decision(&founder.get("/auth/gate?path=/plans").await), ("allow", "-", "choose_plan"));
    assert_eq!(decision(&founder.get("/auth/gate").await), ("interstitial", "plan", "choose_plan"));

    give_plan(world, &founder).await;
    assert_eq!(
        decision(&founder.get(DASHBOARD).await),
        ("interstitial", "onboarding", "continue_onboarding")
    );
    assert_eq!(founder.finalize(&answers()).await.status, 201);
    let reply = founder.get(DASHBOARD).await;
    assert_eq!(decision(&reply), ("allow", "-", "-"));
    assert_eq!(reply.json["controls"]["state"], "enabled");
    assert_eq!(reply.json["explanation"]["why"], "Nothing is missing: every page is open to you.");
}

#[tokio::test]
async fn the_explainer_names_both_ends_of_a_plan_that_ran_out() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    give_plan(world, &founder).await;
    let end = format!(
        "update public.subscriptions set current_period_start = '2026-01-03Z', current_period_end = '2026-02-03Z'
         where workspace_id = '{}'",
        founder.workspace_id
    );
    run_sql(world, &end).await;
    let reply = founder.get(DASHBOARD).await;
    assert_eq!(decision(&reply), ("interstitial", "plan", "choose_plan"));
    let sentence = "Your plan ended on 3 Feb 2026 and 3 days of grace ended on 6 Feb 2026; pay to continue.";
    assert_eq!(reply.json["explanation"]["why"], sentence);
    assert_eq!(reply.json["explanation"]["since"], "2026-02-06T00:00:00.000Z");
}

#[tokio::test]
async fn an_outsider_gets_404_and_support_an_answer_with_an_audit_row() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    let mut other = world.founder_without_plan().await;
    other.workspace_id = founder.workspace_id.clone();
    other.get(DASHBOARD).await.refused(404, "workspace_not_found");
    let nowhere = "/auth/gate?workspace=6d0c0b6e-7a3b-4c1f-9a77-1d2f3a4b5c6d";
    other.workspace_id = String::new();
    other.get(nowhere).await.refused(404, "workspace_not_found");
    other.get("/auth/gate?workspace=mine").await.refused(400, "workspace_header_invalid");

    // Support is what app_metadata says; a person writes only their user_metadata.
    let metadata = |column: &str| {
        format!(
            "update auth.users set {column} = '{{\"gatehouse_support\": true}}' where email = '{}'",
            other.email
        )
    };
    run_sql(world, &metadata("raw_user_meta_data")).await;
    let path = format!("{DASHBOARD}&workspace={}", founder.workspace_id);
    other.token = signed_in_again(world, &other).await;
    other.get(&path).await.refused(404, "workspace_not_found");
    run_sql(world, &metadata("raw_app_meta_data")).await;
    other.token = signed_in_again(world, &other).await;
    let reply = other.get(&path).await;
    assert_eq!(decision(&reply), ("interstitial", "plan", "choose_plan"));
    assert_eq!(reply.json["facts"]["profile"]["workspace_id"], founder.workspace_id.as_str());
    assert_eq!(reply.calls, ["postgrest rpc/explain_workspace"]);
    let rows = format!(
        "select count(*) from public.audit_log where action = 'auth.explained' and workspace_id = '{}' and request_id = '{}'",
        founder.workspace_id, reply.id
    );
    assert_eq!(world.count(&rows).await, 1);
    other.get(nowhere).await.refused(404, "workspace_not_found");
}

/// The person's token after signing in once more, with the metadata of now.
async fn signed_in_again(world: &World, founder: &Founder<'_>) -> String {
    let url = format!("{}/auth/v1/token?grant_type=password", world.stack.supabase_url());
    let body = json!({"email": founder.email, "password": "a long enough passphrase"});
    let response = reqwest::Client::new()
        .post(url)
        .header("apikey", world.stack.publishable_key())
        .json(&body)
        .send()
        .await
        .expect("Auth answers");
    let session: Value = response.json().await.expect("JSON");
    session["access_token"].as_str().unwrap_or_else(|| panic!("no token: {session}")).to_owned()
}

#[tokio::test]
async fn with_postgres_away_the_page_stays_closed_and_says_so() {
    let world = World::own().await;
    let founder = world.founder_without_plan().await;
    give_plan(&world, &founder).await;
    founder.finalize(&answers()).await;
    assert_eq!(decision(&founder.get(DASHBOARD).await), ("allow", "-", "-"));
    world.stack.kill(Part::Postgrest).await.expect("it dies");
    let reply = founder.get(DASHBOARD).await;
    assert_eq!(decision(&reply), ("interstitial", "profile", "retry"));
    assert_eq!(reply.json["decision"]["code"], "not_checked");
    assert_eq!(reply.json["facts"], json!({"session": "valid", "profile": null}));
    assert_eq!(decision(&founder.get("/auth/gate?path=/settings").await), ("allow", "-", "retry"));
    world.stack.restart(Part::Postgrest).await.expect("it comes back");
    until("the gate opens again", || async { decision(&founder.get(DASHBOARD).await).0 == "allow" }).await;
}
