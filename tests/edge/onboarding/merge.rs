//! Two tabs, one session.

use futures_util::future::join_all;
use gatehouse_core::onboarding::{FIELDS, Field, Kind};
use serde_json::{Map, Value, json};

use super::{SESSION_SCRIPT, assert_saved, read_session, replace_session, save_step};
use crate::support::World;

#[tokio::test]
async fn two_tabs_merge_what_they_did_not_both_change() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    let start = json!({"industry": "Tea", "company_name": "Chaya", "top_goals": ["a"]});
    assert_saved(&replace_session(&founder, 0, &start).await, 1);
    // Both tabs have revision 1. One saves the industry, the other the name, and then both their steps' other fields.
    let one = json!({"base": {"industry": "Tea"}, "answers": {"industry": "Tea and coffee"}});
    assert_saved(&save_step(&founder, "company", 1, one).await, 2);
    let two = json!({"base": {"industry": "Tea", "company_name": "Chaya"},
                     "answers": {"industry": "Tea", "company_name": "चाय कथा"}});
    let merged = save_step(&founder, "company", 1, two).await;
    assert_saved(&merged, 3);
    assert_eq!(merged.calls, [SESSION_SCRIPT, SESSION_SCRIPT], "a merge costs one call more");
    assert_eq!(
        merged.json["answers"],
        json!({"industry": "Tea and coffee", "company_name": "चाय कथा", "top_goals": ["a"]})
    );
    // The same answer in both tabs is no conflict, and nothing new to save.
    let same = json!({"base": {"company_name": "Chaya"}, "answers": {"company_name": "चाय कथा"}});
    assert_saved(&save_step(&founder, "company", 1, same).await, 3);
    // A field taken back is a change like any other.
    let back = json!({"base": {"top_goals": ["a"]}, "answers": {"top_goals": []}});
    let back = save_step(&founder, "customer", 1, back).await;
    assert_saved(&back, 4);
    assert_eq!(
        back.calls,
        [SESSION_SCRIPT],
        "nobody else has changed this field, so there is nothing to merge"
    );
    assert_eq!(back.json["answers"], json!({"industry": "Tea and coffee", "company_name": "चाय कथा"}));
}

#[tokio::test]
async fn a_true_conflict_is_refused_with_the_other_copy_and_the_fields() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    let list = |items: Value| json!({"base": {"competitors": ["Vahdam"]}, "answers": {"competitors": items}});
    assert_saved(&save_step(&founder, "position", 0, list(json!(["Vahdam"]))).await, 1);
    assert_saved(&save_step(&founder, "position", 1, list(json!(["Vahdam", "Teabox"]))).await, 2);
    let refused = save_step(&founder, "position", 1, list(json!(["Vahdam", "Blue Tokai"]))).await;
    refused.refused(412, "revision_conflict");
    assert_eq!(
        refused.json["current"],
        json!({"revision": 2, "answers": {"competitors": ["Vahdam", "Teabox"]}})
    );
    assert_eq!(refused.json["base"], json!({"competitors": ["Vahdam"]}), "to show what both have changed");
    let field = &refused.json["errors"][0];
    assert_eq!(
        (field["pointer"].as_str(), field["code"].as_str()),
        (Some("/answers/competitors"), Some("changed_elsewhere"))
    );
    // Replacing everything is never merged.
    let refused = replace_session(&founder, 1, &json!({})).await;
    refused.refused(412, "revision_conflict");
    assert_eq!((&refused.json["current"]["revision"], refused.json.get("base")), (&json!(2), None));
    // Nothing was saved; with the other copy's revision the person's choice is.
    assert_saved(&read_session(&founder).await, 2);
    assert_saved(&save_step(&founder, "position", 2, list(json!(["Blue Tokai"]))).await, 3);
    // A revision from nowhere is a conflict too, once Postgres has been asked.
    replace_session(&founder, 99, &json!({})).await.refused(412, "revision_conflict");
}

#[tokio::test]
async fn an_answer_that_is_taken_back_without_a_base_is_taken_back_or_asked_about() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    let start = json!({"industry": "Tea", "company_name": "Chaya"});
    assert_saved(&replace_session(&founder, 0, &start).await, 1);
    assert_saved(&save_step(&founder, "company", 1, json!({"answers": {"business_stage": "Seed"}})).await, 2);
    let back = json!({"answers": {"industry": null}});
    let refused = save_step(&founder, "company", 1, back.clone()).await;
    refused.refused(412, "revision_conflict");
    assert_eq!(refused.json["errors"][0]["pointer"], "/answers/industry");
    let taken = save_step(&founder, "company", 2, back).await;
    assert_saved(&taken, 3);
    assert_eq!(taken.json["answers"], json!({"company_name": "Chaya", "business_stage": "Seed"}));
}

#[tokio::test]
async fn many_tabs_at_once_lose_nothing() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    let steps = ["company", "offer", "customer", "position"];
    let fields = ["industry", "core_problem", "ideal_customer_title", "key_differentiator"];
    let tab = |index: usize| {
        let body = json!({"answers": {fields[index]: format!("said in tab {index}")}});
        let founder = founder.clone();
        async move { save_step(&founder, steps[index], 0, body).await }
    };
    let (a, b, c, d) = tokio::join!(tab(0), tab(1), tab(2), tab(3));
    let mut taken = 0;
    for (index, reply) in [a, b, c, d].iter().enumerate() {
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.json["answers"][fields[index]], format!("said in tab {index}"));
        taken += 1;
    }
    let all = read_session(&founder).await;
    assert_saved(&all, taken);
    assert_eq!(all.json["answers"].as_object().unwrap().len(), 4);
}

/// Something to answer a field with, another for each number.
fn sample_answer(field: &Field, number: usize) -> Value {
    match field.kind {
        Kind::List { .. } => json!([format!("typed {number}")]),
        Kind::Url => json!(format!("https://chaya.example/{number}")),
        _ => json!(format!("typed {number}")),
    }
}

#[tokio::test]
async fn two_hundred_saves_in_flight_from_two_tabs_lose_no_edit() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    // One tab has the even fields and the other the odd ones. Nobody has heard of any answer: all name revision 0, and
    // a field is sent ten times, as by a page that tries again.
    let send = |field: &'static Field| {
        let founder = founder.clone();
        let body = json!({"base": {}, "answers": {field.id.as_str(): sample_answer(field, 0)}});
        async move { save_step(&founder, field.step.as_str(), 0, body).await }
    };
    let fields = &FIELDS[..20];
    for reply in join_all((0..10).flat_map(|_| fields.iter().map(send))).await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    let all = read_session(&founder).await;
    assert_saved(&all, 20);
    let expected: Map<_, _> =
        fields.iter().map(|field| (field.id.to_string(), sample_answer(field, 0))).collect();
    assert_eq!(all.json["answers"], Value::Object(expected));
}

#[tokio::test]
async fn two_tabs_that_type_two_hundred_saves_end_in_the_last_text_of_every_field() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    // Each field goes on from what its tab has saved of it, at the revision that came back with it.
    let type_on = |field: &'static Field| {
        let founder = founder.clone();
        async move {
            let (mut base, mut revision) = (Value::Null, 0);
            for number in 0..10 {
                let now = sample_answer(field, number);
                let body = json!({"base": {field.id.as_str(): base}, "answers": {field.id.as_str(): now}});
                let reply = save_step(&founder, field.step.as_str(), revision, body).await;
                assert_eq!(reply.status, 200, "{reply:?}");
                (base, revision) = (now, reply.json["revision"].as_u64().unwrap());
            }
        }
    };
    let fields = &FIELDS[..20];
    join_all(fields.iter().map(type_on)).await;
    let all = read_session(&founder).await;
    assert_saved(&all, 200);
    for field in fields {
        assert_eq!(all.json["answers"][field.id.as_str()], sample_answer(field, 9), "{}", field.id);
    }
}

#[tokio::test]
async fn of_many_saves_of_one_field_one_is_taken_and_the_others_are_shown_it() {
    let world = World::shared().await;
    let founder = world.founder().await;
    read_session(&founder).await;
    let send = |number: usize| {
        let founder = founder.clone();
        let body = json!({"answers": {"industry": format!("tab {number}")}});
        async move { save_step(&founder, "company", 0, body).await }
    };
    let replies = join_all((0..20).map(send)).await;
    let all = read_session(&founder).await;
    assert_saved(&all, 1);
    for (number, reply) in replies.iter().enumerate() {
        if all.json["answers"]["industry"] == format!("tab {number}") {
            assert_saved(reply, 1);
        } else {
            reply.refused(412, "revision_conflict");
            assert_eq!(reply.json["current"]["answers"], all.json["answers"]);
            assert_eq!(reply.json["errors"][0]["pointer"], "/answers/industry");
        }
    }
}
