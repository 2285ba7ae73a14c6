//! Money over the true wire: the Worker, the database, and PhonePe and Resend as simulators speak them.

use gatehouse_devstack::phonepe::Webhooks;
use gatehouse_devstack::worker::{Worker, WorkerOptions, worker_vars};
use gatehouse_devstack::{Stack, StackOptions};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Founder, Reply, World, until};

pub async fn order_status(founder: &Founder<'_>, order_id: &str) -> Reply {
    founder.get(&format!("/payments/v2/status/{order_id}")).await
}

pub async fn wait_until_paid(founder: &Founder<'_>, order_id: &str) {
    until("the order is completed", || async {
        order_status(founder, order_id).await.json["status"] == "completed"
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

pub fn email_count(world: &World, founder: &Founder<'_>) -> usize {
    world.stack.resend().emails().iter().filter(|mail| mail.to.contains(&founder.email)).count()
}

#[tokio::test]
async fn a_payment_travels_from_the_plan_to_access_and_one_e_mail() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    let plans = world.request(Method::GET, "/payments/v2/plans").send().await;
    assert_eq!(plans.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(plans.json["plans"][1]["monthly_paise"], 700_000);

    let key = Uuid::new_v4().to_string();
    let first = founder.init("glide", "month", &key).await;
    assert_eq!((first.status, &first.json["amount"]), (201, &json!(700_000)), "{first:?}");
    let order_id = first.json["order_id"].as_str().unwrap();
    let pending = order_status(&founder, order_id).await;
    assert_eq!(pending.json["status"], "pending");
    assert!(pending.json["poll_after_ms"].as_i64().is_some_and(|ms| ms >= 1_000), "{pending:?}");

    world.stack.phonepe().pay(order_id).unwrap();
    wait_until_paid(&founder, order_id).await;
    let done = order_status(&founder, order_id).await;
    assert_eq!(done.json["subscription"]["plan"], "glide");
    assert_eq!(done.json["poll_after_ms"], Value::Null);
    let verified = founder.get("/auth/verify-profile").await;
    assert_eq!((&verified.json["needs_payment"], &verified.json["plan"]), (&json!(false), &json!("glide")));
    until("the e-mail is sent", || async { email_count(world, &founder) == 1 }).await;

    // PhonePe says it again: nothing follows a second time.
    world.stack.phonepe().notify(order_id).unwrap();
    let again = founder.init("glide", "month", &key).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(again.json, first.json);
    let periods = format!(
        "select count(*) from audit_log where action = 'payment.completed' and details ->> 'order_id' = '{order_id}'"
    );
    assert_eq!(world.count(&periods).await, 1);
    assert_eq!(email_count(world, &founder), 1);
}

#[tokio::test]
async fn with_the_webhook_lost_the_cron_completes_the_order() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    world.stack.phonepe().webhooks_for(&order_id, Webhooks { lose: true, ..Webhooks::default() });
    world.stack.phonepe().pay(&order_id).unwrap();
    assert_eq!(order_status(&founder, &order_id).await.json["status"], "pending");
    make_due(world, &order_id).await;
    world.worker.run_scheduled("* * * * *", 0).unwrap();
    wait_until_paid(&founder, &order_id).await;
    // What one run has confirmed, the next one writes about.
    world.worker.run_scheduled("* * * * *", 0).unwrap();
    until("the e-mail is sent", || async { email_count(world, &founder) == 1 }).await;
}

#[tokio::test]
async fn a_status_page_asks_phonepe_when_it_is_due_and_only_then() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    world.stack.phonepe().webhooks_for(&order_id, Webhooks { lose: true, ..Webhooks::default() });
    world.stack.phonepe().pay(&order_id).unwrap();
    make_due(world, &order_id).await;
    let asked = order_status(&founder, &order_id).await;
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
    let kept = order_status(&founder, &order_id).await;
    assert_eq!(kept.calls, ["upstash EVALSHA look_at_order"]);
    assert_eq!(kept.json, asked.json);
}

#[tokio::test]
async fn init_makes_four_calls_and_a_repeat_one() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
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
    let (founder, stranger) = (world.founder_without_plan().await, world.founder().await);
    let ours =
        format!("select count(*) from payment_transactions where workspace_id = '{}'", founder.workspace_id);
    let orders = || world.count(&ours);
    let before = orders().await;
    founder.init("platinum", "month", "a-key-of-mine").await.refused(422, "plan_unknown");
    founder.init("glide", "week", "a-key-of-mine").await.refused(422, "plan_unknown");
    founder.init("glide", "month", "short").await.refused(400, "idempotency_key_missing");
    let cheaper = json!({"plan": "glide", "interval": "month", "amount": 100}).to_string();
    let request = founder
        .request(Method::POST, "/payments/v2/init")
        .header("idempotency-key", "a-key-of-mine")
        .body(cheaper);
    request.send().await.refused(400, "body_invalid");
    assert_eq!(orders().await, before);

    let order_id = founder.order().await;
    order_status(&stranger, &order_id).await.refused(404, "order_not_found");
    order_status(&stranger, "GH00000000000000000000000000000000").await.refused(404, "order_not_found");
    order_status(&stranger, "..%2Frpc").await.refused(404, "order_not_found");
    let mut other = stranger.clone();
    other.workspace_id.clone_from(&founder.workspace_id);
    other.init("glide", "month", &Uuid::new_v4().to_string()).await.refused(404, "workspace_not_found");
}

#[tokio::test]
async fn an_amount_that_differs_is_an_incident_and_no_plan() {
    let world = World::shared().await;
    let founder = world.founder_without_plan().await;
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
    let founder = world.founder_without_plan().await;
    let order_id = founder.order().await;
    world.stack.phonepe().fail(&order_id).unwrap();
    until("the order has failed", || async {
        order_status(&founder, &order_id).await.json["status"] == "failed"
    })
    .await;
    until("the e-mail is sent", || async { email_count(world, &founder) == 1 }).await;
    let again = founder.order().await;
    assert_ne!(again, order_id);
    world.stack.phonepe().pay(&again).unwrap();
    wait_until_paid(&founder, &again).await;
}

/// A second Worker on the shared platform, with some settings changed.
pub async fn another_worker(world: &World, changed: &[(&str, &str)]) -> Worker {
    let mut vars = worker_vars(&world.stack);
    vars.extend(changed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let repo = StackOptions::for_tests().repo;
    Worker::start(WorkerOptions { repo, port: 0, vars }).await.unwrap()
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
    let founder = world.founder_without_plan().await;
    let phonepe = world.stack.phonepe();

    let order_id = founder.order().await;
    // A forged callback and one that is signed for another body change nothing.
    let body = json!({"response": "eyJjb2RlIjoiUEFZTUVOVF9TVUNDRVNTIn0="}).to_string();
    for proof in ["", "0###1"] {
        let request =
            world.request(Method::POST, "/api/webhooks/phonepe").header("x-verify", proof).body(body.clone());
        request.send().await.refused(401, "webhook_rejected");
    }
    assert_eq!(order_status(&founder, &order_id).await.json["status"], "pending");
    phonepe.pay(&order_id).unwrap();
    wait_until_paid(&founder, &order_id).await;
    assert_eq!(founder.get("/auth/verify-profile").await.json["plan"], "glide");
    until("the e-mail is sent", || async { email_count(&world, &founder) == 1 }).await;

    let refund = founder
        .request(Method::POST, "/payments/v2/refund")
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
    let failed = world.founder_without_plan().await;
    let order_id = failed.order().await;
    phonepe.fail(&order_id).unwrap();
    until("the order has failed", || async {
        order_status(&failed, &order_id).await.json["status"] == "failed"
    })
    .await;
}
