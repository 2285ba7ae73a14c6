//! The functions called by hand, with whatever a person can think of.

use crate::support::canonical_json;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::manifests::{FINALIZE, meta, submit};
use crate::support::{Db, Refused, Who, World, refusal, refused_with};

/// Calls finalize with a checksum that the database itself computed over the raw text.
async fn finalize_raw(db: &mut Db, who: Who, workspace: Uuid, content: &str) -> Result<Value, Refused> {
    db.call(
        who,
        "select public.finalize_onboarding($1, '{}', '{}', $2, encode(sha256(convert_to($2, 'UTF8')), 'hex'), 9, $3, null)",
        &[&workspace, &content, &meta(9)],
    )
    .await
}

#[tokio::test]
async fn who_may_call_what() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let nowhere = Uuid::new_v4();
    let denied = "42501";
    for sql in ["select public.ensure_profile()", "select public.verify_profile()"] {
        assert_eq!(refusal(db.call(Who::Anon, sql, &[]).await).0, denied, "{sql}");
        assert_eq!(
            refusal(db.call(Who::Nobody, sql, &[]).await),
            refused_with("PT401", "not_signed_in"),
            "{sql}"
        );
    }
    for sql in ["select public.read_membership($1)", "select public.read_manifest($1)"] {
        assert_eq!(refusal(db.call(Who::Anon, sql, &[&world.workspace]).await).0, denied, "{sql}");
        assert_eq!(
            refusal(db.call(Who::Nobody, sql, &[&world.workspace]).await),
            refused_with("PT401", "not_signed_in"),
            "{sql}"
        );
        for (person, workspace) in
            [(world.outsider, Some(world.workspace)), (world.owner, Some(nowhere)), (world.owner, None)]
        {
            assert_eq!(
                refusal(db.call(Who::Person(person), sql, &[&workspace]).await),
                refused_with("PT404", "workspace_not_found"),
                "{sql}"
            );
        }
        assert!(db.call(Who::Person(world.member), sql, &[&world.workspace]).await.is_ok(), "{sql}");
    }
    let content = json!({ "a": 1 });
    for (who, workspace, expected) in [
        (Who::Nobody, world.workspace, refused_with("PT401", "not_signed_in")),
        (Who::Service, world.workspace, refused_with("PT401", "not_signed_in")),
        (Who::Person(world.outsider), world.workspace, refused_with("PT404", "workspace_not_found")),
        (Who::Person(world.owner), nowhere, refused_with("PT404", "workspace_not_found")),
        (Who::Person(world.member), world.workspace, refused_with("PT403", "role_not_allowed")),
    ] {
        assert_eq!(refusal(submit(&mut db, who, workspace, &content).await), expected, "{who:?}");
    }
    assert_eq!(refusal(submit(&mut db, Who::Anon, world.workspace, &content).await).0, denied);
    let versions: i64 = db
        .one(
            "select count(*) from public.business_context_manifests where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    assert_eq!(versions, 0, "nothing that was refused left a trace");
}

#[tokio::test]
async fn members_read_their_plan_and_outsiders_learn_nothing() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let read = "select public.read_membership($1)";
    let before = db.call(Who::Person(world.admin), read, &[&world.workspace]).await.expect("a member");
    assert_eq!(before, json!({ "role": "admin", "plan": null, "access_until": null }));
    db.run(
        "insert into public.subscriptions (workspace_id, plan, status, current_period_start, current_period_end)
         values ($1, 'soar', 'active', '2027-01-31T00:00:00Z', '2027-02-28T12:00:00.25Z')",
        &[&world.workspace],
    )
    .await;
    let after = db.call(Who::Person(world.member), read, &[&world.workspace]).await.expect("a member");
    assert_eq!(
        after,
        json!({ "role": "member", "plan": "soar", "access_until": "2027-03-03T12:00:00.250Z" })
    );
    let whole = db
        .call(Who::Person(world.member), "select public.read_manifest($1)", &[&world.workspace])
        .await
        .expect("a member");
    assert_eq!(whole, json!({ "membership": after, "manifest": null }));
}

#[tokio::test]
async fn every_argument_is_checked_again() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let good = json!({ "a": 1 });
    let text = canonical_json(&good);
    let sum = crate::support::checksum(&good);
    let object = Some(json!({}));
    let large = |bytes: usize| Some(json!({ "x": "y".repeat(bytes) }));
    struct Case<'a> {
        code: &'a str,
        answers: Option<Value>,
        source: Option<Value>,
        content: Option<&'a str>,
        sum: Option<&'a str>,
        tokens: Option<i32>,
        meta: Option<Value>,
    }
    let base = |code| Case {
        code,
        answers: object.clone(),
        source: object.clone(),
        content: Some(&text),
        sum: Some(&sum),
        tokens: Some(1),
        meta: Some(meta(1)),
    };
    let upper = sum.to_uppercase();
    for case in [
        Case { answers: None, ..base("answers_invalid") },
        Case { answers: Some(json!(["a"])), ..base("answers_invalid") },
        Case { answers: Some(Value::Null), ..base("answers_invalid") },
        Case { answers: large(262_144), ..base("answers_too_large") },
        Case { source: None, ..base("business_context_invalid") },
        Case { source: large(262_144), ..base("business_context_too_large") },
        Case { meta: Some(json!("m")), ..base("meta_invalid") },
        Case { meta: large(16_384), ..base("meta_too_large") },
        Case { meta: object.clone(), ..base("meta_invalid") },
        Case { meta: Some(meta(2)), ..base("meta_invalid") },
        Case {
            meta: Some(json!({ "token_estimate": 1, "dropped": {}, "missing": [] })),
            ..base("meta_invalid")
        },
        Case { content: None, ..base("manifest_invalid") },
        Case { tokens: None, ..base("token_estimate_out_of_range") },
        Case { tokens: Some(0), ..base("token_estimate_out_of_range") },
        Case { tokens: Some(-1), ..base("token_estimate_out_of_range") },
        Case { tokens: Some(1201), ..base("token_estimate_out_of_range") },
        Case { sum: None, ..base("checksum_mismatch") },
        Case { sum: Some(""), ..base("checksum_mismatch") },
        Case { sum: Some(&upper), ..base("checksum_mismatch") },
        Case { content: Some("{\"a\":2}"), ..base("checksum_mismatch") },
    ] {
        let found = db
            .call(
                Who::Person(world.owner),
                FINALIZE,
                &[
                    &world.workspace,
                    &case.answers,
                    &case.source,
                    &case.content,
                    &case.sum,
                    &case.tokens,
                    &case.meta,
                    &None::<&str>,
                ],
            )
            .await;
        assert_eq!(refusal(found), refused_with("PT422", case.code));
    }
}

#[tokio::test]
async fn content_that_a_reader_could_not_verify_is_refused() {
    let mut db = Db::shared().await;
    let world = World::with_plan(&db).await;
    let who = Who::Person(world.owner);
    let deep = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    // 16,384 bytes in all: three-byte letters, the frame `{"a":"…"}` and two letters more.
    let full = format!("{{\"a\":\"{}xx\"}}", "क".repeat(5458));
    assert_eq!(full.len(), 16_384);
    for (content, code) in [
        (String::new(), "manifest_invalid"),
        ("nonsense".into(), "manifest_invalid"),
        ("[1]".into(), "manifest_invalid"),
        ("null".into(), "manifest_invalid"),
        ("\"text\"".into(), "manifest_invalid"),
        (r#"{"a":"\u0000"}"#.into(), "manifest_invalid"),
        (r#"{"a":"\ud800"}"#.into(), "manifest_invalid"),
        ("{\"a\": 1}".into(), "manifest_not_canonical"),
        ("{\"b\":1,\"a\":1}".into(), "manifest_not_canonical"),
        ("{\"a\":1,\"a\":2}".into(), "manifest_not_canonical"),
        ("{\"a\":1.0}".into(), "manifest_not_canonical"),
        ("{\"a\":0.50}".into(), "manifest_not_canonical"),
        ("{\"a\":1e2}".into(), "manifest_not_canonical"),
        (r#"{"a":"\u0041"}"#.into(), "manifest_not_canonical"),
        (r#"{"a":9007199254740993}"#.into(), "manifest_not_canonical"),
        (r#"{"a":1000000000000000000000}"#.into(), "manifest_not_canonical"),
        (r#"{"a":0.0000001}"#.into(), "manifest_not_canonical"),
        (r#"{"😀":1,"ﬃ":2}"#.into(), "manifest_not_canonical"),
        (r#"{"ﬃ":2,"😀":1}"#.into(), "manifest_not_canonical"),
        (deep(33), "manifest_not_canonical"),
        (format!("{}1{}", "[".repeat(8000), "]".repeat(8000)), "manifest_invalid"),
        (format!("{{\"a\":{}{}}}", "[".repeat(8000), "]".repeat(8000)), "manifest_not_canonical"),
        (format!("{full} "), "manifest_too_large"),
    ] {
        let shown: String = content.chars().take(40).collect();
        assert_eq!(
            refusal(finalize_raw(&mut db, who, world.workspace, &content).await),
            refused_with("PT422", code),
            "{shown}"
        );
    }
    assert_eq!(finalize_raw(&mut db, who, world.workspace, &full).await.expect("16 KB fit")["version"], 1);
    assert_eq!(
        finalize_raw(&mut db, who, world.workspace, &deep(31)).await.expect("31 levels")["version"],
        2
    );
}

#[tokio::test]
async fn the_database_and_the_core_agree_on_canonical_json() {
    let db = Db::shared().await;
    for value in [
        json!({}),
        json!({ "b": [1, -2, 0.5, 1e15, 123456.789, 0.000_001, 100], "a": { "z": null, "A": true, "é": false } }),
        json!({ "aa": 1, "a": 2, "b": 3, "": 4, "1": 5, "10": 6, "9": 7 }),
        json!({ "text": "\u{8}\t\n\u{c}\r\"\\/<>&'\u{0}"[..11].to_owned() + "\u{1f}\u{7f}\u{80}\u{2028}\u{fffd}😀नि" }),
    ] {
        let found: String = db.one("select private.canonical_json($1)", &[&value]).await;
        assert_eq!(found, canonical_json(&value));
    }
}
