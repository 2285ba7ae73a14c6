//! The validator's vectors through the routes that validate: `PATCH /onboarding/steps/{step}` for a step and for one
//! answer, `PUT /onboarding/session` and `POST /onboarding/finalize` for all answers. The Worker's wasm must answer, to the
//! byte, what native core says to the same body. No route takes a whole context or a manifest, so all of the vectors
//! are put to the module itself as well.

use gatehouse_core::error::FieldError;
use gatehouse_core::onboarding::{
    Answers, FieldId, StepId, validate_answers, validate_draft, validate_step_draft,
};
use gatehouse_core::route::{self, RouteId};
use gatehouse_core::validator::{Subject, validate_bytes};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{Founder, Reply, World};

const FILES: [&str; 4] = [
    include_str!("../contract/validation/steps.json"),
    include_str!("../contract/validation/json.json"),
    include_str!("../contract/validation/context.json"),
    include_str!("../contract/validation/manifest.json"),
];

/// A case's document: its text, or what is made by repeating parts.
fn document(case: &Value) -> String {
    let Some(parts) = case["generate"].as_array() else {
        return case["document"].as_str().unwrap().to_owned();
    };
    let text = |part: &Value, name: &str| part[name].as_str().unwrap().to_owned();
    let times = |part: &Value| usize::try_from(part["times"].as_u64().unwrap()).unwrap();
    parts
        .iter()
        .map(|part| text(part, "prefix") + &text(part, "unit").repeat(times(part)) + &text(part, "suffix"))
        .collect()
}

/// What native core says to a body's answers: refused before they are looked at, wrong, or good.
enum Native {
    Refused(u16, &'static str),
    Wrong(Vec<FieldError>),
    Good(Answers),
}

fn native(
    id: RouteId,
    body: &str,
    check: impl Fn(&Map<String, Value>) -> Result<Answers, Vec<FieldError>>,
) -> Native {
    let route = route::of(id).unwrap();
    if body.len() > route.max_body {
        return Native::Refused(413, "body_too_large");
    }
    match serde_json::from_str::<Map<String, Value>>(body)
        .ok()
        .as_ref()
        .and_then(|body| body["answers"].as_object())
    {
        None => Native::Refused(400, "body_invalid"),
        Some(answers) => check(answers).map_or_else(Native::Wrong, Native::Good),
    }
}

#[track_caller]
fn assert_same(name: &str, reply: &Reply, native: &Native) {
    match native {
        Native::Refused(status, code) => {
            reply.refused(*status, code);
        }
        Native::Wrong(errors) => {
            reply.refused(422, "answers_invalid");
            let expected = format!("\"errors\":{}", serde_json::to_string(errors).unwrap());
            assert!(reply.text.contains(&expected), "{name}\n  native {expected}\n  Worker {}", reply.text);
        }
        Native::Good(answers) => {
            assert_eq!(reply.status, 200, "{name}: {reply:?}");
            for (id, answer) in answers.iter() {
                assert_eq!(reply.json["answers"][id.as_str()], json!(answer), "{name}: {id}");
            }
        }
    }
}

async fn send_answers(founder: &Founder<'_>, method: Method, path: &str, revision: u64, body: &str) -> Reply {
    founder
        .request(method, path)
        .header("if-match", &format!("\"{revision}\""))
        .body(body.to_owned())
        .send()
        .await
}

async fn step(founder: &Founder<'_>, step: StepId, revision: u64, body: &str) -> (Reply, Native) {
    let path = format!("/onboarding/steps/{step}");
    let native = native(RouteId::SaveStep, body, |answers| validate_step_draft(step, answers));
    (send_answers(founder, Method::PATCH, &path, revision, body).await, native)
}

#[tokio::test]
async fn the_worker_says_to_every_vector_what_native_core_says() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let cases = FILES.map(|file| serde_json::from_str::<Value>(file).unwrap());
    let (mut sent, mut revision) = (0, 0);
    for case in cases.iter().flat_map(|file| file["cases"].as_array().unwrap()) {
        let (name, text) = (case["name"].as_str().unwrap(), document(case));
        let body = format!("{{\"answers\":{text}}}");
        let (reply, native) = match Subject::parse(case["schema"].as_str().unwrap()).unwrap() {
            Subject::Step(id) => step(&founder, id, revision, &body).await,
            Subject::Field(id) => {
                let body = format!("{{\"answers\":{{\"{id}\":{text}}}}}");
                step(&founder, FieldId::field(id).unwrap().step, revision, &body).await
            }
            Subject::Answers => {
                let finished = self::native(RouteId::Finalize, &body, |answers| validate_answers(answers));
                if !matches!(finished, Native::Good(_)) && text != "null" {
                    let reply = send_answers(&founder, Method::POST, "/onboarding/finalize", 0, &body).await;
                    assert_same(name, &reply, &finished);
                    assert!(reply.calls.is_empty(), "{name}: refused before any call");
                }
                let native = self::native(RouteId::ReplaceSession, &body, |answers| validate_draft(answers));
                (send_answers(&founder, Method::PUT, "/onboarding/session", revision, &body).await, native)
            }
            _ => continue,
        };
        assert_same(name, &reply, &native);
        revision = reply.json["revision"].as_u64().unwrap_or(revision);
        sent += 1;
    }
    println!("counted: {sent} of the validator's vectors through the Worker's routes");
    assert!(sent >= 200, "{sent} vectors apply to routes");
}

#[tokio::test]
async fn the_workers_module_lists_the_faults_of_every_vector_as_native_core_does() {
    let world = World::shared().await;
    let mut cases = 0;
    for file in FILES {
        for case in serde_json::from_str::<Value>(file).unwrap()["cases"].as_array().unwrap() {
            let (name, schema, text) = (&case["name"], case["schema"].as_str().unwrap(), document(case));
            let native = validate_bytes(Subject::parse(schema).unwrap(), text.as_bytes());
            let reply =
                world.request(Method::POST, &format!("/__validate?schema={schema}")).body(text).send().await;
            assert_eq!(reply.text, serde_json::to_string(&native).unwrap(), "{name}");
            assert_eq!(json!(native), case["expect"], "{name}");
            cases += 1;
        }
    }
    println!("counted: {cases} of the validator's vectors through the Worker's module");
    assert!(cases >= 300, "{cases} vectors");
}
