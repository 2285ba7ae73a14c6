//! Suggestions: who may ask, how often, and that deciding about one changes nothing else.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::members::subscribe;
use crate::support::{Db, Refused, Who, World, refusal, refused_with};

const BEGIN: &str = "select public.begin_suggestions($1, $2)";
const KEEP: &str = "select public.keep_suggestions($1, 'm', $2, 'req-s')";
const LIST: &str = "select public.list_suggestions($1)";
const DECIDE: &str = "select public.decide_suggestion($1, $2, $3, 'req-s')";

async fn begin(db: &mut Db, who: Who, workspace: Uuid, fields: &[&str]) -> Result<Value, Refused> {
    let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    db.call(who, BEGIN, &[&workspace, &fields]).await
}

async fn decide(
    db: &mut Db,
    who: Who,
    workspace: Uuid,
    suggestion: &Value,
    state: &str,
) -> Result<Value, Refused> {
    db.call(who, DECIDE, &[&workspace, &id(suggestion), &state]).await
}

fn id(made: &Value) -> Uuid {
    Uuid::parse_str(made["id"].as_str().expect("an id")).expect("a uuid")
}

/// A workspace with a plan and a manifest.
async fn world_with_manifest(db: &Db) -> World {
    let world = World::new(db).await;
    subscribe(db, world.workspace, "glide").await;
    let sql = "insert into public.business_context_manifests
                 (workspace_id, version, source, content, checksum, business_context, answers, token_estimate)
               values ($1, 1, 'onboarding', '{}', encode(sha256('{}'), 'hex'), '{}', '{\"industry\":\"Tea\"}', 1)";
    db.run(sql, &[&world.workspace]).await;
    world
}

#[tokio::test]
async fn an_owner_asks_within_the_plan_and_is_given_the_answers() {
    let mut db = Db::shared().await;
    let bare = World::new(&db).await;
    let owner = Who::Person(bare.owner);
    let ask = &["brand_tone"];
    assert_eq!(
        refusal(begin(&mut db, owner, bare.workspace, ask).await),
        refused_with("PT403", "plan_required")
    );
    subscribe(&db, bare.workspace, "ascent").await;
    assert_eq!(
        refusal(begin(&mut db, owner, bare.workspace, ask).await),
        refused_with("PT404", "manifest_not_found")
    );

    let world = world_with_manifest(&db).await;
    for (who, status, code) in [
        (Who::Person(world.member), "PT403", "role_not_allowed"),
        (Who::Person(bare.owner), "PT404", "workspace_not_found"),
    ] {
        assert_eq!(refusal(begin(&mut db, who, world.workspace, ask).await), refused_with(status, code));
    }
    let owner = Who::Person(world.owner);
    for wrong in [&[][..], &["a"; 6], &[""]] {
        assert_eq!(
            refusal(begin(&mut db, owner, world.workspace, wrong).await),
            refused_with("PT422", "fields_invalid")
        );
    }
    let begun = begin(&mut db, owner, world.workspace, ask).await.expect("an owner");
    assert_eq!(begun["answers"], json!({"industry": "Tea"}));
    for _ in 1..20 {
        begin(&mut db, Who::Person(world.admin), world.workspace, ask).await.expect("an admin");
    }
    let full = refused_with("PT429", "too_many_suggestions");
    assert_eq!(refusal(begin(&mut db, owner, world.workspace, ask).await), full);
    let yesterday =
        "update public.suggestion_requests set created_at = now() - interval '1 day 1 minute' where id = $1";
    db.run(yesterday, &[&id(&begun)]).await;
    begin(&mut db, owner, world.workspace, ask).await.expect("a day later");
}

#[tokio::test]
async fn what_was_edited_since_the_version_is_what_the_model_is_told() {
    let mut db = Db::shared().await;
    let world = world_with_manifest(&db).await;
    let edited = "insert into public.workspace_context
                    (workspace_id, latest_version, confirmed_at, edits, answers, business_context)
                  values ($1, 1, now(), 1, '{\"industry\":\"Coffee\"}', '{}')";
    db.run(edited, &[&world.workspace]).await;
    let begun =
        begin(&mut db, Who::Person(world.owner), world.workspace, &["brand_tone"]).await.expect("begun");
    assert_eq!(begun["answers"], json!({"industry": "Coffee"}));
}

#[tokio::test]
async fn what_was_asked_for_is_kept_once_and_a_newer_suggestion_takes_the_place_of_an_open_one() {
    let mut db = Db::shared().await;
    let world = world_with_manifest(&db).await;
    let owner = Who::Person(world.owner);
    let begun = begin(&mut db, owner, world.workspace, &["brand_tone", "core_problem"]).await.expect("begun");
    let made = json!([
        {"field": "brand_tone", "answer": ["Warm"]}, {"field": "core_problem", "answer": "Stale tea"},
        {"field": "proof_points", "answer": ["A lie"]},
    ]);
    assert!(db.call(owner, KEEP, &[&id(&begun), &made]).await.is_err(), "a person keeps nothing");
    let kept = db.call(Who::Service, KEEP, &[&id(&begun), &made]).await.expect("kept");
    let fields: Vec<_> = kept.as_array().expect("a list").iter().map(|one| &one["field"]).collect();
    assert_eq!(fields, ["brand_tone", "core_problem"], "nothing that was not asked for");
    let again = json!([{"field": "brand_tone", "answer": ["Loud"]}]);
    assert_eq!(
        db.call(Who::Service, KEEP, &[&id(&begun), &again]).await,
        Ok(kept.clone()),
        "a repeat keeps nothing"
    );
    assert_eq!(db.call(Who::Person(world.member), LIST, &[&world.workspace]).await, Ok(kept.clone()));

    let next = begin(&mut db, owner, world.workspace, &["brand_tone"]).await.expect("begun");
    let newer = db.call(Who::Service, KEEP, &[&id(&next), &again]).await.expect("kept");
    let open = db.call(owner, LIST, &[&world.workspace]).await.expect("listed");
    assert_eq!(open, json!([newer[0], kept[1]]));
    let found = decide(&mut db, owner, world.workspace, &kept[0], "accepted").await;
    assert_eq!(refusal(found), refused_with("PT409", "suggestion_decided"));

    let unknown = Uuid::new_v4();
    assert_eq!(
        refusal(db.call(Who::Service, KEEP, &[&unknown, &made]).await),
        refused_with("PT404", "suggestion_not_found")
    );
    let third = begin(&mut db, owner, world.workspace, &["brand_tone"]).await.expect("begun");
    let nonsense = json!([{"field": "brand_tone", "answer": {"a": 1}}]);
    assert!(db.call(Who::Service, KEEP, &[&id(&third), &nonsense]).await.is_err());
    assert_eq!(db.call(owner, LIST, &[&world.workspace]).await, Ok(open), "a refusal leaves what was there");
}

#[tokio::test]
async fn deciding_marks_a_suggestion_and_touches_nothing_else() {
    let mut db = Db::shared().await;
    let (world, other) = (world_with_manifest(&db).await, world_with_manifest(&db).await);
    let owner = Who::Person(world.owner);
    let begun = begin(&mut db, owner, world.workspace, &["brand_tone"]).await.expect("begun");
    let made = json!([{"field": "brand_tone", "answer": ["Warm"]}]);
    let kept = db.call(Who::Service, KEEP, &[&id(&begun), &made]).await.expect("kept");
    let suggestion = &kept[0];
    for (who, workspace, state, status, code) in [
        (Who::Person(world.member), world.workspace, "accepted", "PT403", "role_not_allowed"),
        (Who::Person(other.owner), world.workspace, "accepted", "PT404", "workspace_not_found"),
        (Who::Person(other.owner), other.workspace, "accepted", "PT404", "suggestion_not_found"),
        (owner, world.workspace, "open", "PT422", "status_unknown"),
    ] {
        assert_eq!(
            refusal(decide(&mut db, who, workspace, suggestion, state).await),
            refused_with(status, code)
        );
    }
    let before: String = stored_versions(&db, world.workspace).await;
    for _ in 0..2 {
        let decided = decide(&mut db, owner, world.workspace, suggestion, "accepted").await.expect("decided");
        assert_eq!((&decided["state"], &decided["answer"]), (&json!("accepted"), &json!(["Warm"])));
    }
    let other_way = decide(&mut db, owner, world.workspace, suggestion, "dismissed").await;
    assert_eq!(refusal(other_way), refused_with("PT409", "suggestion_decided"));
    assert_eq!(stored_versions(&db, world.workspace).await, before);
    assert_eq!(db.call(owner, LIST, &[&world.workspace]).await, Ok(json!([])));
    let audit_rows: i64 = db
        .one(
            "select count(*) from public.audit_log where workspace_id = $1 and action = 'bcm.enriched'",
            &[&world.workspace],
        )
        .await;
    assert_eq!(audit_rows, 2, "one for what came, one for the decision");
}

async fn stored_versions(db: &Db, workspace: Uuid) -> String {
    db.one(
        "select jsonb_agg(to_jsonb(m) order by m.version)::text from public.business_context_manifests m where workspace_id = $1",
        &[&workspace],
    )
    .await
}
