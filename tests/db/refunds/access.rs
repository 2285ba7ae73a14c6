//! What a refund does to the subscription: the time it bought goes, and nothing else.

use gatehouse_core::vocabulary::{Interval, Plan};

use super::{apply_refund, new_key, paid_order, read_order, request_as_support, request_refund};
use crate::support::{Db, Params, Who, World};

#[tokio::test]
async fn a_refund_takes_back_its_own_time_and_leaves_the_rest() {
    let mut db = Db::shared().await;
    // (what was paid first, what is refunded) → what must be left, as SQL over the subscription s and the first order's end.
    for (first, second, left) in [
        // A renewal: only the first month stays.
        (
            ("glide", "month"),
            ("glide", "month"),
            "s.plan = 'glide' and s.next_plan is null and s.current_period_end = $2",
        ),
        // An upgrade: the credit that the first order became stays, in the larger plan.
        (
            ("ascent", "month"),
            ("soar", "month"),
            "s.plan = 'soar' and s.current_period_end - now() between interval '14 days' and interval '16 days'",
        ),
        // A smaller plan to follow: it does not follow.
        (
            ("soar", "month"),
            ("ascent", "year"),
            "s.plan = 'soar' and s.next_plan is null and s.current_period_end = $2",
        ),
    ] {
        let world = World::new(&db).await;
        let price = |(plan, interval): (&str, &str)| {
            gatehouse_core::plan::price(Plan::parse(plan).unwrap(), Interval::parse(interval).unwrap())
        };
        paid_order(&mut db, &world, first.0, first.1, price(first)).await;
        let end = "select current_period_end from public.subscriptions where workspace_id = $1";
        let end: std::time::SystemTime = db.one(end, &[&world.workspace]).await;
        db.run(
            "update public.payment_transactions set expires_at = now() where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
        let order = paid_order(&mut db, &world, second.0, second.1, price(second)).await;
        let refund = request_as_support(&mut db, &order, None, &new_key()).await.expect("a refund");
        apply_refund(&mut db, &refund, "COMPLETED", price(second)).await;
        let sql = format!(
            "select s.status = 'active' and $2::timestamptz is not null and {left} from public.subscriptions s where workspace_id = $1"
        );
        let params: Params<'_> = &[&world.workspace, &end];
        let kept: bool = db.one(&sql, params).await;
        let now = read_order(&mut db, &world, &order).await;
        assert!(kept, "{first:?} then {second:?}: {now}");
    }
}

#[tokio::test]
async fn a_refund_of_what_runs_lets_what_follows_begin() {
    let mut db = Db::shared().await;
    let world = World::new(&db).await;
    let order = paid_order(&mut db, &world, "soar", "month", 1_000_000).await;
    paid_order(&mut db, &world, "ascent", "month", 500_000).await;
    let refund =
        request_refund(&mut db, Who::Person(world.owner), &order, None, &new_key()).await.expect("a refund");
    apply_refund(&mut db, &refund, "COMPLETED", 1_000_000).await;
    let month: bool = db
        .one(
            "select plan = 'ascent' and status = 'active' and next_plan is null
                    and current_period_end - current_period_start >= interval '28 days'
                    and current_period_start <= now()
             from public.subscriptions where workspace_id = $1",
            &[&world.workspace],
        )
        .await;
    assert!(month, "{}", read_order(&mut db, &world, &order).await);
}
