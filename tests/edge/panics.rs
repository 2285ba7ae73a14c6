//! A panic stays within its request.

use gatehouse_devstack::{Fault, Part};
use reqwest::Method;

use crate::support::World;

#[tokio::test]
async fn a_panic_is_a_500_and_the_requests_beside_and_after_it_are_answered() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let slow = founder.ask(Method::GET, "/auth/verify-profile");
    let delay = Fault { delay_ms: 1_000, request_id: Some(slow.id.clone()), ..Fault::default() };
    world.stack.faults().set(Part::Postgrest, delay).unwrap();
    let slow_id = slow.id.clone();
    let (beside, ()) = tokio::join!(slow.send(), async {
        // The slow request is inside the Worker: its call has reached the neighbour's door or is on the way there.
        for _ in 0..5 {
            world.ask(Method::POST, "/__panic").send().await.refused(500, "internal");
        }
        assert!(world.stack.calls(&slow_id).is_empty(), "the slow request is still in flight");
    });
    assert_eq!(beside.status, 200, "{beside:?}");
    assert_eq!(founder.get("/auth/verify-profile").await.status, 200);
}
