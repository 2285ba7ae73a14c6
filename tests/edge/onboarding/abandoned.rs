//! A draft that nobody comes back to, until somebody does.

use serde_json::json;

use super::{assert_saved, read_session, replace_session, save_step, wait_for_snapshot};
use crate::support::{Founder, World, until};

/// Minute 0 of an hour, in which the cron sweeps.
const SWEEPING: i64 = 0;

async fn status_is(world: &World, founder: &Founder<'_>, status: &str) -> bool {
    let sql = format!(
        "select count(*) from users where email = '{}' and onboarding_status = '{status}'",
        founder.email
    );
    world.count(&sql).await == 1
}

async fn age_snapshot(world: &World, founder: &Founder<'_>, days: u32) {
    let sql = format!(
        "with aged as (update onboarding_snapshots set updated_at = now() - interval '{days} days'
           where workspace_id = '{}' returning 1) select count(*) from aged",
        founder.workspace_id
    );
    assert_eq!(world.count(&sql).await, 1);
}

#[tokio::test]
async fn the_cron_marks_an_old_draft_abandoned_and_the_next_save_resumes_it() {
    let world = World::own().await;
    let (old, recent) = (world.founder().await, world.founder().await);
    for founder in [&old, &recent] {
        read_session(founder).await;
        assert_saved(&replace_session(founder, 0, &json!({"industry": "Tea"})).await, 1);
        wait_for_snapshot(&world, founder, 1).await;
    }
    age_snapshot(&world, &old, 8).await;
    age_snapshot(&world, &recent, 6).await;
    // By now Redis has let go of the session.
    world.redis(&["DEL", &format!("onb:{}", old.workspace_id)]).await;
    world.redis(&["DEL", &format!("onb:{}:snapshot", old.workspace_id)]).await;
    world.worker.run_scheduled("* * * * *", SWEEPING).unwrap();
    until("the old draft is abandoned", || status_is(&world, &old, "abandoned")).await;
    assert!(status_is(&world, &recent, "in_progress").await);
    let logged = format!(
        "select count(*) from audit_log where action = 'onboarding.abandoned' and workspace_id = '{}'
           and request_id is not null",
        old.workspace_id
    );
    assert_eq!(world.count(&logged).await, 1);

    let resumed = save_step(&old, "company", 1, json!({"answers": {"company_name": "चाय कथा"}})).await;
    assert_saved(&resumed, 2);
    assert_eq!(resumed.json["answers"], json!({"industry": "Tea", "company_name": "चाय कथा"}));
    until("the onboarding goes on", || status_is(&world, &old, "in_progress")).await;
}
