//! Orders: whose they are, what they cost, and when two requests mean the same one.

use gatehouse_core::plan::CATALOGUE;
use gatehouse_core::vocabulary::{Interval, Plan};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Db, Refused, Who, World, refusal, refused_with};

/// Orders as the Worker does, with a request id.
pub async fn order(
    db: &mut Db,
    who: Who,
    workspace: Uuid,
    plan: &str,
    interval: &str,
    key: &str,
) -> Result<Value, Refused> {
    db.call(who, "select public.create_order($1, $2, $3, $4, 'req-o')", &[&workspace, &plan, &interval, &key])
        .await
}

/// An order of the owner's with a checkout of its own that lasts another 20 minutes; its id.
pub async fn open_order(db: &mut Db, world: &World, plan: &str, interval: &str) -> String {
    let made =
        order(db, Who::Person(world.owner), world.workspace, plan, interval, &Uuid::new_v4().to_string())
            .await
            .expect("an order");
    let id = made["order_id"].as_str().expect("an id").to_owned();
    save_checkout(db, &id, &format!("OMO{id}"), 1200).await.expect("a checkout");
    id
}

async fn save_checkout(db: &mut Db, order: &str, provider: &str, seconds: i32) -> Result<Value, Refused> {
    db.call(
        Who::Service,
        "select public.save_checkout($1, $2, 'https://pay.example/' || $1, now() + make_interval(secs => $3::int),
                                     now() + interval '20 seconds')",
        &[&order, &provider, &seconds],
    )
    .await
}

#[tokio::test]
async fn the_price_list_is_cores_and_open_to_everybody() {
    let mut db = Db::shared().await;
    for who in [Who::Anon, Who::Nobody, Who::Service] {
        let list = db
            .call(who, "select jsonb_agg(to_jsonb(p) - 'rank' order by rank) from public.plans p", &[])
            .await;
        assert_eq!(list, Ok(json!(CATALOGUE)), "{who:?}");
    }
}

#[tokio::test]
async fn an_order_costs_what_the_price_list_says() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    for &plan in Plan::ALL {
        for &interval in Interval::ALL {
            let key = format!("{plan}-{interval}");
            let made = order(
                &mut db,
                Who::Person(world.admin),
                world.workspace,
                plan.as_str(),
                interval.as_str(),
                &key,
            )
            .await
            .expect("an order");
            let id = made["order_id"].as_str().expect("an id");
            assert!(
                id.len() == 34 && id.starts_with("GH") && id[2..].bytes().all(|b| b.is_ascii_hexdigit()),
                "{id}"
            );
            assert_eq!(
                made,
                json!({ "order_id": id, "plan": plan, "interval": interval, "currency": "INR", "status": "pending",
                    "amount": gatehouse_core::plan::price(plan, interval), "created": true,
                    "redirect_url": null, "expires_at": null })
            );
        }
    }
    let audited: i64 = db
        .one(
            "select count(*) from public.audit_log where workspace_id = $1 and actor = $2
               and action = 'payment.order_created' and request_id = 'req-o'",
            &[&world.workspace, &world.admin],
        )
        .await;
    assert_eq!(audited, 6);
}

#[tokio::test]
async fn only_owners_and_admins_order_and_nobody_passes_nonsense() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let ws = world.workspace;
    for (who, expected) in [
        (Who::Anon, refused_with("42501", "permission denied for function create_order")),
        (Who::Service, refused_with("PT401", "not_signed_in")),
        (Who::Nobody, refused_with("PT401", "not_signed_in")),
        (Who::Person(world.outsider), refused_with("PT404", "workspace_not_found")),
        (Who::Person(world.member), refused_with("PT403", "role_not_allowed")),
    ] {
        assert_eq!(refusal(order(&mut db, who, ws, "glide", "month", "k").await), expected, "{who:?}");
    }
    let owner = Who::Person(world.owner);
    for (plan, interval) in
        [("enterprise", "month"), ("glide", "week"), ("Glide", "month"), ("", ""), ("glide'; --", "year")]
    {
        let found = refusal(order(&mut db, owner, ws, plan, interval, "k").await);
        assert_eq!(found, refused_with("PT422", "plan_unknown"), "{plan} {interval}");
    }
    for key in ["", "with space", "ключ", &"k".repeat(256)] {
        let found = refusal(order(&mut db, owner, ws, "glide", "month", key).await);
        assert_eq!(found, refused_with("PT422", "idempotency_key_invalid"), "{key}");
    }
    for (sql, code) in [
        ("select public.create_order(null, 'glide', 'month', 'k', null)", "workspace_not_found"),
        ("select public.create_order(gen_random_uuid(), 'glide', 'month', 'k', null)", "workspace_not_found"),
        ("select public.read_order(null)", "order_not_found"),
        ("select public.list_orders(null, 1)", "workspace_not_found"),
    ] {
        assert_eq!(db.call(owner, sql, &[]).await.expect_err(sql).code, code, "{sql}");
    }
    let orders: i64 =
        db.one("select count(*) from public.payment_transactions where workspace_id = $1", &[&ws]).await;
    assert_eq!(orders, 0, "a refusal leaves nothing");
}

#[tokio::test]
async fn a_key_names_one_order_for_ever() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let (owner, ws) = (Who::Person(world.owner), world.workspace);
    let first = order(&mut db, owner, ws, "glide", "month", "key-1").await.expect("an order");
    let id = first["order_id"].as_str().expect("an id").to_owned();
    // Another key while the checkout is being opened, and while it is open, shares it and is bound to it.
    for key in ["key-2", "key-3"] {
        let again = order(&mut db, owner, ws, "glide", "month", key).await.expect("the same");
        assert_eq!((&again["order_id"], &again["created"]), (&json!(id), &json!(false)), "{key}");
        let kept = save_checkout(&mut db, &id, "OMO-keys", 1200).await.expect("a checkout");
        assert_eq!(
            (&kept["order_id"], &kept["redirect_url"]),
            (&json!(id), &json!(format!("https://pay.example/{id}")))
        );
    }
    for (plan, interval) in [("soar", "month"), ("glide", "year")] {
        for key in ["key-1", "key-2"] {
            let found = refusal(order(&mut db, owner, ws, plan, interval, key).await);
            assert_eq!(found, refused_with("PT422", "idempotency_key_reused"));
        }
        let other =
            order(&mut db, owner, ws, plan, interval, &format!("{plan}{interval}")).await.expect("another");
        assert_ne!(other["order_id"], json!(id));
    }
    // About to expire: the keys stay, a new key gets a new order.
    save_checkout(&mut db, &id, "OMO-keys", 59).await.expect("a checkout");
    for key in ["key-1", "key-2", "key-3"] {
        let again = order(&mut db, owner, ws, "glide", "month", key).await.expect("the same");
        assert_eq!(again["order_id"], json!(id), "{key}");
    }
    let next = order(&mut db, owner, ws, "glide", "month", "key-4").await.expect("a new one");
    assert_eq!(next["created"], true);
    // The same key in another workspace is another key.
    let other = World::new(&db).await;
    let made = order(&mut db, Who::Person(other.owner), other.workspace, "soar", "year", "key-1").await;
    assert_eq!(made.expect("an order")["created"], true);
}

#[tokio::test]
async fn an_order_whose_opener_died_is_not_shared_after_a_minute() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let owner = Who::Person(world.owner);
    let dead = order(&mut db, owner, world.workspace, "soar", "year", "a").await.expect("an order");
    db.run(
        "update public.payment_transactions set created_at = now() - interval '61 seconds' where workspace_id = $1",
        &[&world.workspace],
    )
    .await;
    let next = order(&mut db, owner, world.workspace, "soar", "year", "b").await.expect("an order");
    assert_eq!(next["created"], true);
    assert_ne!(next["order_id"], dead["order_id"]);
    let asked: bool = db
        .one(
            "select bool_and(next_check_at > now()) from public.payment_transactions where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    assert!(asked, "cron asks about both");
}

#[tokio::test]
async fn ten_orders_at_once_are_one() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    let calls = (0..10).map(|n| {
        let (owner, workspace) = (world.owner, world.workspace);
        tokio::spawn(async move {
            let mut db = Db::shared().await;
            order(&mut db, Who::Person(owner), workspace, "glide", "year", &format!("tab-{}", n % 4)).await
        })
    });
    let made: Vec<Value> = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .map(|call| call.expect("no panic").expect("an order"))
        .collect();
    assert!(made.iter().all(|order| order["order_id"] == made[0]["order_id"]));
    assert_eq!(made.iter().filter(|order| order["created"] == true).count(), 1);
}

#[tokio::test]
async fn sixty_keys_an_hour_are_enough_for_anybody() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let owner = Who::Person(world.owner);
    for n in 0..60 {
        order(&mut db, owner, world.workspace, "glide", "month", &n.to_string()).await.expect("an order");
    }
    let found = refusal(order(&mut db, owner, world.workspace, "glide", "month", "60").await);
    assert_eq!(found, refused_with("PT429", "too_many_orders"));
    let known = order(&mut db, owner, world.workspace, "glide", "month", "59").await;
    assert!(known.is_ok(), "a known key is still answered");
}

#[tokio::test]
async fn members_read_their_orders_and_outsiders_find_none() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "ascent", "month").await;
    let later = open_order(&mut db, &world, "ascent", "year").await;
    for person in [world.owner, world.admin, world.member] {
        let read =
            db.call(Who::Person(person), "select public.read_order($1)", &[&id]).await.expect("an order");
        assert_eq!(
            (&read["order_id"], &read["amount"], &read["status"]),
            (&json!(id), &json!(500_000), &json!("pending"))
        );
        assert_eq!(
            (&read["subscription"], &read["paid_at"], &read["checks"]),
            (&json!(null), &json!(null), &json!(0))
        );
        assert_eq!(read["workspace_id"], json!(world.workspace.to_string()));
        let list = "select public.list_orders($1, $2)";
        let all =
            db.call(Who::Person(person), list, &[&world.workspace, &None::<i32>]).await.expect("orders");
        assert_eq!((&all[0]["order_id"], &all[1]), (&json!(later), &read));
        let one = db.call(Who::Person(person), list, &[&world.workspace, &1_i32]).await.expect("orders");
        assert_eq!(one.as_array().map(Vec::len), Some(1));
        for limit in [0_i32, -1, 101] {
            let refused = db.call(Who::Person(person), list, &[&world.workspace, &limit]).await;
            assert_eq!(refusal(refused), refused_with("PT422", "limit_out_of_range"));
        }
    }
    for (who, one, all) in [
        (Who::Person(world.outsider), "order_not_found", "workspace_not_found"),
        (Who::Nobody, "not_signed_in", "not_signed_in"),
        (
            Who::Anon,
            "permission denied for function read_order",
            "permission denied for function list_orders",
        ),
    ] {
        let refused = db.call(who, "select public.read_order($1)", &[&id]).await.expect_err("refused");
        assert_eq!(refused.code, one);
        let refused =
            db.call(who, "select public.list_orders($1, 5)", &[&world.workspace]).await.expect_err("refused");
        assert_eq!(refused.code, all);
    }
}

#[tokio::test]
async fn a_checkout_belongs_to_one_order() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let id = open_order(&mut db, &world, "ascent", "month").await;
    let other = open_order(&mut db, &world, "ascent", "year").await;
    assert_eq!(
        refusal(save_checkout(&mut db, "GHnone", "OMO1", 60).await),
        refused_with("PT404", "order_not_found")
    );
    let conflict = refused_with("PT409", "checkout_conflict");
    assert_eq!(refusal(save_checkout(&mut db, &id, "OMO-another", 60).await), conflict, "a second checkout");
    assert_eq!(
        refusal(save_checkout(&mut db, &id, &format!("OMO{other}"), 60).await),
        conflict,
        "somebody else's"
    );
    let refused = db
        .call(Who::Person(world.owner), "select public.save_checkout($1, 'x', 'x', now(), now())", &[&id])
        .await;
    assert_eq!(refusal(refused).0, "42501");
}
