//! The golden vectors of access and periods, which core runs too, and the billing day that purchases keep.

use serde_json::Value;

use crate::support::{Db, World};

fn vectors(name: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../contract/entitlements.json")).expect("JSON");
    let cases = file[name].as_array().expect("a list").clone();
    assert!(!cases.is_empty(), "{name}");
    cases
}

/// A session in a zone with summer time: no rule may depend on it.
async fn in_new_york() -> Db {
    let db = Db::shared().await;
    db.client.batch_execute("set time zone 'America/New_York'").await.expect("a time zone");
    db
}

#[tokio::test]
async fn access_ends_as_written() {
    let db = in_new_york().await;
    for case in vectors("access_until") {
        let found: Option<String> = db
            .one(
                "select private.rfc3339(private.access_until(jsonb_populate_record(null::public.subscriptions, $1)))",
                &[&case["subscription"]],
            )
            .await;
        assert_eq!(found.as_deref(), case["until"].as_str(), "{}", case["name"]);
    }
}

#[tokio::test]
async fn periods_end_as_written() {
    let db = in_new_york().await;
    for case in vectors("periods") {
        let (interval, day) = (case["interval"].as_str(), case["billing_day"].as_i64());
        let day = day.map(|day| i32::try_from(day).expect("a day"));
        let mut at = case["from"].as_str().expect("an instant").to_owned();
        for end in case["ends"].as_array().expect("ends") {
            at = db
                .one(
                    "select private.rfc3339(private.add_interval($1::text::timestamptz, $2, $3))",
                    &[&at, &interval, &day],
                )
                .await;
            assert_eq!(Some(at.as_str()), end.as_str(), "{}", case["name"]);
        }
    }
}

/// Pays for each `(plan, interval, instant)` in turn and answers the period's end and the billing day after each.
async fn pay(db: &Db, world: &World, payments: &[(&str, &str, &str)]) -> Vec<String> {
    let mut ends = Vec::new();
    for (plan, interval, at) in payments {
        ends.push(
            db.one(
                "select private.rfc3339(s.current_period_end) || ' ' || s.billing_day
                 from private.extend_subscription($1, $2, $3, $4::text::timestamptz) s",
                &[&world.workspace, plan, interval, at],
            )
            .await,
        );
    }
    ends
}

#[tokio::test]
async fn renewals_come_back_to_the_day_that_a_short_month_cut() {
    let db = in_new_york().await;
    let world = World::new(&db).await;
    let ends = pay(
        &db,
        &world,
        &[
            ("glide", "month", "2027-01-31T10:00:00Z"),
            ("glide", "month", "2027-02-20T00:00:00Z"),
            ("glide", "month", "2027-03-20T00:00:00Z"),
            ("glide", "year", "2027-04-20T00:00:00Z"),
            // Too late to renew: a new period, a new day.
            ("glide", "month", "2028-05-15T08:00:00Z"),
            ("glide", "month", "2028-06-01T08:00:00Z"),
        ],
    )
    .await;
    assert_eq!(
        ends,
        [
            "2027-02-28T10:00:00.000Z 31",
            "2027-03-31T10:00:00.000Z 31",
            "2027-04-30T10:00:00.000Z 31",
            "2028-04-30T10:00:00.000Z 31",
            "2028-06-15T08:00:00.000Z 15",
            "2028-07-15T08:00:00.000Z 15",
        ]
    );
}

#[tokio::test]
async fn days_on_top_are_kept_by_the_renewals_after_them() {
    let db = in_new_york().await;
    let world = World::new(&db).await;
    // 10 of 30 days of 7,000 a month are 7 days of 10,000: the larger plan's periods end on the 28th from then on.
    let ends = pay(
        &db,
        &world,
        &[
            ("glide", "month", "2027-04-01T00:00:00Z"),
            ("soar", "month", "2027-04-21T00:00:00Z"),
            ("soar", "month", "2027-05-01T00:00:00Z"),
        ],
    )
    .await;
    assert_eq!(ends[1..], ["2027-05-28T00:00:00.000Z 28", "2027-06-28T00:00:00.000Z 28"]);
}
