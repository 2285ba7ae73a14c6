//! A panic stays within its request.

use std::sync::atomic::{AtomicBool, Ordering};

use gatehouse_devstack::{Fault, Part};
use reqwest::Method;

use crate::support::{World, until};

#[tokio::test]
async fn a_panic_is_a_500_and_the_requests_beside_and_after_it_are_answered() {
    let world = World::shared().await;
    let founder = world.founder().await;
    let slow = founder.request(Method::GET, "/auth/verify-profile");
    let delay =
        Fault { delay_ms: 2_000, times: Some(1), request_id: Some(slow.id.clone()), ..Fault::default() };
    let slow_id = slow.id.clone();
    let waiting = || {
        world.stack.faults().list().get(&Part::Postgrest).is_some_and(|faults| {
            faults.iter().any(|fault| fault.request_id.as_ref() == Some(&slow_id) && fault.times != Some(0))
        })
    };
    world.stack.faults().set(Part::Postgrest, delay).unwrap();
    let answered = AtomicBool::new(false);
    let (beside, ()) = tokio::join!(
        async {
            let reply = slow.send().await;
            answered.store(true, Ordering::SeqCst);
            reply
        },
        async {
            // The delay is used up the moment the slow request's call arrives: it is in flight in the Worker.
            until("the slow request is in flight", || async { !waiting() }).await;
            world.request(Method::POST, "/__panic").send().await.refused(500, "internal");
            assert!(!answered.load(Ordering::SeqCst), "the panic came while the slow request was in flight");
        }
    );
    assert_eq!(beside.status, 200, "{beside:?}");
    for _ in 0..5 {
        world.request(Method::POST, "/__panic").send().await.refused(500, "internal");
    }
    assert_eq!(founder.get("/auth/verify-profile").await.status, 200);
}
