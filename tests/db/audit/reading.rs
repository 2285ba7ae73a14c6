//! Reading a workspace's chain, and what no row keeps.

use serde_json::{Value, json};

use super::{VERIFY, append};
use crate::support::{Db, Who, World, refusal, refused_with};

#[tokio::test]
async fn owners_and_admins_read_their_own_chain_page_by_page() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    for number in 0..4 {
        append(&db, Some(world.workspace), &json!({ "number": number })).await;
    }
    let read = "select public.read_audit($1, $2, $3)";
    for who in [Who::Person(world.owner), Who::Person(world.admin), Who::Service] {
        let mut seen = Vec::new();
        let mut before: Option<i64> = None;
        loop {
            let page = db.call(who, read, &[&world.workspace, &before, &2]).await.expect("a page");
            seen.extend(page["rows"].as_array().expect("rows").iter().map(|row| row["seq"].as_i64()));
            before = page["next_before"].as_i64();
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, [5, 4, 3, 2, 1].map(Some), "{who:?}");
    }
    let none = None::<i64>;
    for (who, expected) in [
        (Who::Person(world.member), refused_with("PT403", "role_not_allowed")),
        (Who::Person(world.outsider), refused_with("PT404", "workspace_not_found")),
        (Who::Nobody, refused_with("PT401", "not_signed_in")),
    ] {
        let found = db.call(who, read, &[&world.workspace, &none, &10]).await;
        assert_eq!(refusal(found), expected, "{who:?}");
        let found = db.call(who, VERIFY, &[&world.workspace]).await;
        assert_eq!(refusal(found), expected, "{who:?}");
    }
    for sql in ["select public.audit_verify(null)", "select public.read_audit(null, null, 10)"] {
        let found = db.call(Who::Person(world.owner), sql, &[]).await;
        assert_eq!(refusal(found), refused_with("PT404", "workspace_not_found"), "the system's chain");
    }
    for limit in [0, 101, -1] {
        let found = db.call(Who::Person(world.owner), read, &[&world.workspace, &none, &limit]).await;
        assert_eq!(refusal(found), refused_with("PT422", "limit_out_of_range"));
    }
}

#[tokio::test]
async fn personal_data_goes_at_any_depth() {
    let db = Db::shared().await;
    let world = World::new(&db).await;
    let mut deep = json!("asha@example.in");
    for _ in 0..20 {
        deep = json!([deep]);
    }
    let details = json!({
        "order_id": "o-1", "amount": 500_000, "Email": "a@x.in", "userAgent": "Mozilla", "name": null, "deep": deep,
        "list": [{ "phone": "+91", "kept": true }, "text", 1.50],
        "payer": { "VPA": "a@upi", "account": { "number": 1 }, "inner": { "full_name": "Asha", "empty": {}, "none": [] } },
    });
    append(&db, Some(world.workspace), &details).await;
    let kept: Value = db
        .one(
            "select details from public.audit_log where workspace_id = $1 order by seq desc limit 1",
            &[&world.workspace],
        )
        .await;
    let gone = "[redacted]";
    let mut expected = json!({
        "order_id": "o-1", "amount": 500_000, "Email": gone, "userAgent": gone, "name": gone, "deep": kept["deep"],
        "list": [{ "phone": gone, "kept": true }, "text", 1.50],
        "payer": { "VPA": gone, "account": gone, "inner": { "full_name": gone, "empty": {}, "none": [] } },
    });
    assert_eq!(kept, expected);
    expected["deep"].take();
    assert!(!kept["deep"].to_string().contains("asha") && kept["deep"].to_string().contains(gone));
    let keys: Vec<String> = db.one("select private.redacted_keys()", &[]).await;
    for key in keys {
        let found: Value = db.one("select private.redact(jsonb_build_object($1::text, 'x'))", &[&key]).await;
        assert_eq!(found[&key], gone, "{key}");
    }
}
