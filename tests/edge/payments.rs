//! Money over the true wire: the Worker, the database, and PhonePe and Resend as simulators speak them.

use gatehouse_devstack::phonepe::Webhooks;
use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use gatehouse_devstack::{Stack, StackOptions};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Founder, Reply, World, until};

async fn status(founder: &Founder<'_>, order_id: &str) -> Reply {
    founder.get(&format!("/payments/v2/status/{order_id}")).await
}

async fn paid(founder: &Founder<'_>, order_id: &str) {
    until("the order is completed", || async {
        status(founder, order_id).await.json["status"] == "completed"
    })
    .await;
}

/// The order's next check is due now, as if its 22 seconds had passed.
pub async fn make_due(world: &World, order_id: &str) {
    let (client, connection) =
        tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "update payment_transactions set next_check_at = now() - interval '1 second' where merchant_order_id = $1";
    assert_eq!(client.execute(sql, &[&order_id]).await.unwrap(), 1);
}

fn mails(world: &World, founder: &Founder<'_>) -> usize {
    world.stack.resend().emails().iter().filter(|mail| mail.to.contains(&founder.email)).count()
}

#[tokio::test]
async fn a_payment_travels_from_the_plan_to_access_and_one_e_mail() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let plans = world.ask(Method::GET, "/payments/v2/plans").send().await;
    assert_eq!(plans.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(plans.json["plans"][1]["monthly_paise"], 700_000);

    let key = Uuid::new_v4().to_string();
    let first = founder.init("glide", "month", &key).await;
    assert_eq!((first.status, &first.json["amount"]), (201, &json!(700_000)), "{first:?}");
    let order_id = first.json["order_id"].as_str().unwrap();
    let pending = status(&founder, order_id).await;
    assert_eq!(pending.json["status"], "pending");
    assert!(pending.json["poll_after_ms"].as_i64().is_some_and(|ms| ms >= 1_000), "{pending:?}");

    world.stack.phonepe().pay(order_id).unwrap();
    paid(&founder, order_id).await;
    let done = status(&founder, order_id).await;
    assert_eq!(done.json["subscription"]["plan"], "glide");
    assert_eq!(done.json["poll_after_ms"], Value::Null);
    let verified = founder.get("/auth/verify-profile").await;
    assert_eq!((&verified.json["needs_payment"], &verified.json["plan"]), (&json!(false), &json!("glide")));
    until("the e-mail is sent", || async { mails(world, &founder) == 1 }).await;

    // PhonePe says it again: nothing follows a second time.
    world.stack.phonepe().notify(order_id).unwrap();
    let again = founder.init("glide", "month", &key).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(again.json, first.json);
    let periods = format!(
        "select count(*) from audit_log where action = 'payment.completed' and details ->> 'order_id' = '{order_id}'"
    );
    assert_eq!(world.count(&periods).await, 1);
    assert_eq!(mails(world, &founder), 1);
}

#[tokio::test]
async fn with_the_webhook_lost_the_cron_completes_the_order() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let order_id = founder.order().await;
    world.stack.phonepe().webhooks_for(&order_id, Webhooks { lose: true, ..Webhooks::default() });
    world.stack.phonepe().pay(&order_id).unwrap();
    assert_eq!(status(&founder, &order_id).await.json["status"], "pending");
    make_due(world, &order_id).await;
    world.worker.run_scheduled("* * * * *", 0).unwrap();
    paid(&founder, &order_id).await;
    // What one run has confirmed, the next one writes about.
    world.worker.run_scheduled("* * * * *", 0).unwrap();
    until("the e-mail is sent", || async { mails(world, &founder) == 1 }).await;
}

#[tokio::test]
async fn a_status_page_asks_phonepe_when_it_is_due_and_only_then() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let order_id = founder.order().await;
    world.stack.phonepe().webhooks_for(&order_id, Webhooks { lose: true, ..Webhooks::default() });
    world.stack.phonepe().pay(&order_id).unwrap();
    make_due(world, &order_id).await;
    let asked = status(&founder, &order_id).await;
    assert_eq!(asked.json["status"], "completed");
    assert_eq!(
        asked.calls,
        [
            "upstash EVALSHA look_at_order",
            "postgrest rpc/read_order",
            "phonepe order status",
            "postgrest rpc/apply_payment_event",
            "upstash EVALSHA keep_order"
        ]
    );
    let kept = status(&founder, &order_id).await;
    assert_eq!(kept.calls, ["upstash EVALSHA look_at_order"]);
    assert_eq!(kept.json, asked.json);
}

#[tokio::test]
async fn init_makes_four_calls_and_a_repeat_one() {
    let world = World::shared().await;
    let founder = world.founder().await;
    founder.order().await;
    let key = Uuid::new_v4().to_string();
    let made = founder.init("soar", "year", &key).await;
    assert_eq!(
        made.calls,
        [
            "upstash EVALSHA begin_idempotent",
            "postgrest rpc/create_order",
            "phonepe pay",
            "postgrest rpc/save_checkout"
        ]
    );
    assert_eq!(made.json["amount"], 10_000_000);
    until("the answer is kept", || async {
        founder.init("soar", "year", &key).await.header("idempotent-replayed").is_some()
    })
    .await;
    assert_eq!(founder.init("soar", "year", &key).await.calls, ["upstash EVALSHA begin_idempotent"]);
    founder.init("ascent", "year", &key).await.refused(422, "idempotency_key_reused");
    let open = founder.init("soar", "year", &Uuid::new_v4().to_string()).await;
    assert_eq!(
        (open.status, &open.json["order_id"]),
        (200, &made.json["order_id"]),
        "the open order is not doubled"
    );
}

#[tokio::test]
async fn wrong_inits_and_other_peoples_orders_change_nothing() {
    let world = World::shared().await;
    let (founder, stranger) = (world.founder().await, world.founder().await);
    let orders = || world.count("select count(*) from payment_transactions");
    let before = orders().await;
    founder.init("platinum", "month", "a-key-of-mine").await.refused(422, "plan_unknown");
    founder.init("glide", "week", "a-key-of-mine").await.refused(422, "plan_unknown");
    founder.init("glide", "month", "short").await.refused(400, "idempotency_key_missing");
    let cheaper = json!({"plan": "glide", "interval": "month", "amount": 100}).to_string();
    let ask = founder
        .ask(Method::POST, "/payments/v2/init")
        .header("idempotency-key", "a-key-of-mine")
        .body(cheaper);
    ask.send().await.refused(400, "body_invalid");
    assert_eq!(orders().await, before);

    let order_id = founder.order().await;
    status(&stranger, &order_id).await.refused(404, "order_not_found");
    status(&stranger, "GH00000000000000000000000000000000").await.refused(404, "order_not_found");
    status(&stranger, "..%2Frpc").await.refused(404, "order_not_found");
    let mut other = stranger.clone();
    other.workspace_id.clone_from(&founder.workspace_id);
    other.init("glide", "month", &Uuid::new_v4().to_string()).await.refused(404, "workspace_not_found");
}

#[tokio::test]
async fn a_forged_webhook_is_rejected_and_a_true_one_that_lies_grants_nothing() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let order_id = founder.order().await;
    let body = json!({"event": "checkout.order.completed",
        "payload": {"merchantOrderId": order_id, "state": "COMPLETED", "amount": 700_000}})
    .to_string();
    let hook = |header: &str| {
        let ask = world.ask(Method::POST, "/api/webhooks/phonepe").body(body.clone());
        if header.is_empty() { ask } else { ask.header("authorization", header) }
    };
    hook("").send().await.refused(401, "webhook_rejected");
    hook(&"0".repeat(64)).send().await.refused(401, "webhook_rejected");
    // The header is a fixed secret that does not sign the body: whoever has it can still grant nothing.
    let phonepe = world.stack.phonepe();
    let secret = gatehouse_core::context::sha256_hex(format!(
        "{}:{}",
        phonepe.webhook_username(),
        phonepe.webhook_password()
    ));
    let taken = hook(&secret).send().await;
    assert_eq!(
        (taken.status, taken.calls.as_slice()),
        (200, ["postgrest rpc/receive_webhook".to_owned()].as_slice())
    );
    let settled =
        format!("select count(*) from webhook_inbox where order_id = '{order_id}' and state = 'ignored'");
    until("the webhook is settled", || async { world.count(&settled).await == 1 }).await;
    assert_eq!(status(&founder, &order_id).await.json["status"], "pending");
    assert_eq!(founder.get("/auth/verify-profile").await.json["needs_payment"], true);
}

#[tokio::test]
async fn an_amount_that_differs_is_an_incident_and_no_plan() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let order_id = founder.order().await;
    world.stack.phonepe().answer_amount(&order_id, 100);
    world.stack.phonepe().pay(&order_id).unwrap();
    let incidents = format!("select count(*) from payment_incidents where order_id = '{order_id}'");
    until("the incident is stored", || async { world.count(&incidents).await == 1 }).await;
    assert_eq!(founder.get("/auth/verify-profile").await.json["needs_payment"], true);
}

#[tokio::test]
async fn a_failed_payment_is_told_and_can_be_tried_again() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let order_id = founder.order().await;
    world.stack.phonepe().fail(&order_id).unwrap();
    until("the order has failed", || async { status(&founder, &order_id).await.json["status"] == "failed" })
        .await;
    until("the e-mail is sent", || async { mails(world, &founder) == 1 }).await;
    let again = founder.order().await;
    assert_ne!(again, order_id);
    world.stack.phonepe().pay(&again).unwrap();
    paid(&founder, &again).await;
}

#[tokio::test]
async fn a_thousand_identical_webhooks_are_one_payment_and_one_e_mail() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let order_id = founder.order().await;
    let phonepe = world.stack.phonepe();
    phonepe.webhooks_for(&order_id, Webhooks { lose: true, ..Webhooks::default() });
    phonepe.pay(&order_id).unwrap();
    let body =
        json!({"event": "checkout.order.completed", "payload": {"merchantOrderId": order_id}}).to_string();
    let (user, password) = (phonepe.webhook_username(), phonepe.webhook_password());
    let secret = gatehouse_core::context::sha256_hex(format!("{user}:{password}"));
    let hook = async |_: i32| {
        let ask = world.ask(Method::POST, "/api/webhooks/phonepe").header("authorization", &secret);
        ask.body(body.clone()).send().await
    };
    let mut duplicates = 0;
    for round in 0..20 {
        for reply in futures_util::future::join_all((round * 50..round * 50 + 50).map(hook)).await {
            assert_eq!(reply.status, 200, "{reply:?}");
            duplicates += i32::from(reply.json["duplicate"] == true);
        }
    }
    assert_eq!(duplicates, 999);
    paid(&founder, &order_id).await;
    until("the e-mail is sent", || async { mails(world, &founder) == 1 }).await;
    let applied = format!(
        "select count(*) from payment_events e join payment_transactions t on t.id = e.transaction_id
         where t.merchant_order_id = '{order_id}' and e.outcome = 'applied'"
    );
    assert_eq!(world.count(&applied).await, 1);
}

/// A second Worker on the shared platform, with some settings changed.
async fn another_worker(world: &World, changed: &[(&str, &str)]) -> Worker {
    let mut vars = worker_vars(&world.stack);
    vars.extend(changed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let repo = StackOptions::for_tests().repo;
    Worker::start(WorkerOptions { repo, port: 0, vars }).await.unwrap()
}

#[tokio::test]
async fn while_the_webhooks_secret_is_changed_both_are_taken_and_afterwards_one() {
    let world = World::shared().await;
    let rotating = [
        ("PHONEPE_WEBHOOK_PASSWORD", "thenewone1"),
        ("PHONEPE_WEBHOOK_PREVIOUS", "gatehouse_local:localwebhook1"),
    ];
    let done = [("PHONEPE_WEBHOOK_PASSWORD", "thenewone1")];
    for (vars, old_is_taken) in [(rotating.as_slice(), 200), (done.as_slice(), 401)] {
        let worker = another_worker(world, vars).await;
        for (password, status) in [("thenewone1", 200), ("localwebhook1", old_is_taken), ("neither1", 401)] {
            let secret = gatehouse_core::context::sha256_hex(format!("gatehouse_local:{password}"));
            let reply = reqwest::Client::new()
                .post(format!("{}/api/webhooks/phonepe", worker.url))
                .header("authorization", secret)
                .body(json!({"event": "something.new", "n": Uuid::new_v4().to_string()}).to_string())
                .send()
                .await
                .unwrap();
            assert_eq!(reply.status().as_u16(), status, "{password} with {vars:?}");
        }
    }
}

/// The same journey on the older generation: a Worker of its own, whose callbacks carry `X-VERIFY`.
#[tokio::test]
async fn on_v1_a_payment_travels_the_same_road() {
    let stack = Stack::start(StackOptions::for_tests(), |_| {}).await.unwrap();
    let phonepe = stack.phonepe();
    // The callback's address goes along with each payment, so the Worker's port is chosen first.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let callback = format!("http://127.0.0.1:{port}/api/webhooks/phonepe");
    let mut vars = worker_vars(&stack);
    vars.retain(|name, _| !name.starts_with("PHONEPE_") || name == "PHONEPE_PG_URL");
    for (name, value) in [
        ("PHONEPE_GENERATION", "v1"),
        ("PHONEPE_MERCHANT_ID", phonepe.merchant_id()),
        ("PHONEPE_SALT_KEY", phonepe.salt_key()),
        ("PHONEPE_SALT_INDEX", phonepe.salt_index()),
        ("PHONEPE_CALLBACK_URL", &callback),
    ] {
        vars.insert(name.to_owned(), value.to_owned());
    }
    let repo = StackOptions::for_tests().repo;
    let worker = Worker::start(WorkerOptions { repo, port, vars }).await.unwrap();
    let world = World::of(stack, worker);
    let founder = world.founder().await;
    let phonepe = world.stack.phonepe();

    let order_id = founder.order().await;
    // A forged callback and one that is signed for another body change nothing.
    let body = json!({"response": "eyJjb2RlIjoiUEFZTUVOVF9TVUNDRVNTIn0="}).to_string();
    for proof in ["", "0###1"] {
        let ask =
            world.ask(Method::POST, "/api/webhooks/phonepe").header("x-verify", proof).body(body.clone());
        ask.send().await.refused(401, "webhook_rejected");
    }
    assert_eq!(status(&founder, &order_id).await.json["status"], "pending");
    phonepe.pay(&order_id).unwrap();
    paid(&founder, &order_id).await;
    assert_eq!(founder.get("/auth/verify-profile").await.json["plan"], "glide");
    until("the e-mail is sent", || async { mails(&world, &founder) == 1 }).await;

    let refund = founder
        .ask(Method::POST, "/payments/v2/refund")
        .header("idempotency-key", &Uuid::new_v4().to_string())
        .body(json!({"order_id": order_id, "reason": "r"}).to_string());
    let refund = refund.send().await;
    assert_eq!(refund.status, 202, "{refund:?}");
    until("the order is refunded", || async {
        founder.get("/payments/v2/orders").await.json["orders"][0]["status"] == "refunded"
    })
    .await;

    let strange = founder.order().await;
    phonepe.answer_amount(&strange, 100);
    phonepe.pay(&strange).unwrap();
    let incidents = format!("select count(*) from payment_incidents where order_id = '{strange}'");
    until("the incident is stored", || async { world.count(&incidents).await == 1 }).await;
    assert_eq!(founder.get("/auth/verify-profile").await.json["needs_payment"], true);
    let failed = world.founder().await;
    let order_id = failed.order().await;
    phonepe.fail(&order_id).unwrap();
    until("the order has failed", || async { status(&failed, &order_id).await.json["status"] == "failed" })
        .await;
}

#[tokio::test]
async fn webhooks_out_of_order_about_strangers_and_of_new_kinds_end_as_stated() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let order_id = founder.order().await;
    let phonepe = world.stack.phonepe();
    // It failed and was paid after all; the news of the success arrives first, that of the failure last.
    phonepe.webhooks_for(&order_id, Webhooks { reorder: true, ..Webhooks::default() });
    phonepe.fail(&order_id).unwrap();
    phonepe.pay(&order_id).unwrap();
    let settled = |about: &str| {
        format!(
            "select count(*) from webhook_inbox where order_id = '{about}' and state in ('applied', 'ignored')"
        )
    };
    until("both webhooks are settled", || async { world.count(&settled(&order_id)).await == 2 }).await;
    assert_eq!(status(&founder, &order_id).await.json["status"], "completed");
    let applied = format!(
        "select count(*) from audit_log where details ->> 'order_id' = '{order_id}' and action = 'payment.completed'"
    );
    assert_eq!(world.count(&applied).await, 1);

    let secret = gatehouse_core::context::sha256_hex(format!(
        "{}:{}",
        phonepe.webhook_username(),
        phonepe.webhook_password()
    ));
    let hook = async |body: Value| {
        let ask = world.ask(Method::POST, "/api/webhooks/phonepe").header("authorization", &secret);
        assert_eq!(ask.body(body.to_string()).send().await.status, 200);
    };
    let (stranger, refund) =
        (format!("GH{}", Uuid::new_v4().simple()), format!("DASH{}", Uuid::new_v4().simple()));
    hook(json!({"event": "checkout.order.completed", "payload": {"merchantOrderId": stranger}})).await;
    hook(json!({"event": "pg.refund.completed", "payload": {"merchantRefundId": refund}})).await;
    for (about, kind) in [(&stranger, "unknown_order"), (&refund, "unknown_refund")] {
        until(kind, || async { world.count(&settled(about)).await == 1 }).await;
        let incidents =
            format!("select count(*) from payment_incidents where order_id = '{about}' and kind = '{kind}'");
        assert_eq!(world.count(&incidents).await, 1, "{kind}");
    }
    let event = format!("something.new.{}", Uuid::new_v4().simple());
    hook(json!({"event": event})).await;
    let ignored = format!("select count(*) from webhook_inbox where event = '{event}' and state = 'ignored'");
    until("a new kind is ignored", || async { world.count(&ignored).await == 1 }).await;
}
