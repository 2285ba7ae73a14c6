//! What a founder, support and PhonePe send to the Worker, and where its handlers die.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use gatehouse_core::context::sha256_hex;
use gatehouse_core::vocabulary::{Interval, Plan};
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::history::{Death, Forgery, Key};
use crate::play::{Player, key};
use crate::support::{Reply, Request, World};

/// The parts that init, status and refund call, in order; the last after the answer.
pub const REQUEST_CALLS: [Part; 5] =
    [Part::Upstash, Part::Postgrest, Part::Phonepe, Part::Postgrest, Part::Upstash];
/// The same of a webhook: kept; then, after the answer, asked about, applied, e-mails claimed, sent, written down.
const WEBHOOK_CALLS: [Part; 6] =
    [Part::Postgrest, Part::Phonepe, Part::Postgrest, Part::Postgrest, Part::Resend, Part::Postgrest];

impl Player<'_> {
    pub async fn has_provider_id(&self, order: &str) -> Result<bool> {
        let sql =
            "select provider_order_id is not null from payment_transactions where merchant_order_id = $1";
        Ok(self.db.query_one(sql, &[&order]).await?.get(0))
    }

    pub async fn init(&mut self, offer: (Plan, Interval), how: Key, death: Option<Death>) -> Result<()> {
        let last = self.keys.last().cloned();
        let (plan, interval) = offer;
        let asked = match (how, last) {
            (Key::Repeated, Some(last)) => vec![last],
            (Key::Misused, Some((key, ..))) => vec![(key, plan, interval)],
            (Key::TwoTabs, _) => vec![(key(), plan, interval), (key(), plan, interval)],
            _ => vec![(key(), plan, interval)],
        };
        let mut requests = Vec::new();
        for (key, plan, interval) in &asked {
            let body = json!({"plan": plan, "interval": interval}).to_string();
            let request = self
                .founder
                .request(Method::POST, "/payments/v2/init")
                .header("idempotency-key", key)
                .body(body);
            self.kill_request(&request.id, death, &REQUEST_CALLS)?;
            requests.push(request.try_send());
            self.redis_keys.push(format!("idem:{}:payment_init:{key}", self.user_id));
        }
        for (reply, asked) in futures_util::future::join_all(requests).await.into_iter().zip(asked) {
            let Some(reply) = received(reply) else { continue };
            expect_status(&reply, &[200, 201, 409, 422, 429, 502, 503])?;
            if let Some(order) = reply.json["order_id"].as_str() {
                let first = self.answered.entry(asked.0.clone()).or_insert_with(|| order.to_owned());
                ensure!(first == order, "one key was answered with two orders: {first} and {order}");
            }
            if how != Key::Misused {
                self.keys.push(asked);
            }
        }
        Ok(())
    }

    pub async fn refund(
        &mut self,
        order: &str,
        support: bool,
        paise: Option<i64>,
        twice: bool,
        death: Option<Death>,
    ) -> Result<()> {
        let (who, user) =
            if support { (&self.staff, &self.staff_id) } else { (&self.founder, &self.user_id) };
        let mut requests = Vec::new();
        for _ in 0..=usize::from(twice) {
            let key = key();
            let body = json!({"order_id": order, "amount": paise, "reason": "not what I needed"}).to_string();
            let request =
                who.request(Method::POST, "/payments/v2/refund").header("idempotency-key", &key).body(body);
            self.redis_keys.push(format!("idem:{user}:refund:{key}"));
            requests.push(request);
        }
        for request in &requests {
            set_faults(self.world, &mut self.tags, &request.id, death, &REQUEST_CALLS)?;
        }
        for reply in futures_util::future::join_all(requests.into_iter().map(Request::try_send)).await {
            let Some(reply) = received(reply) else { continue };
            expect_status(&reply, &[202, 404, 409, 422, 429, 502, 503])?;
        }
        Ok(())
    }

    /// Carries a webhook, and waits until what it leaves for after its answer has been applied. Answers whether it was
    /// taken.
    pub async fn deliver(&mut self, body: &str, twice: bool, death: Option<Death>) -> Result<bool> {
        let phonepe = self.world.stack.phonepe();
        let secret = sha256_hex(format!("{}:{}", phonepe.webhook_username(), phonepe.webhook_password()));
        let mut requests = Vec::new();
        for _ in 0..=usize::from(twice) {
            let request =
                self.world.request(Method::POST, "/api/webhooks/phonepe").header("authorization", &secret);
            self.kill_request(&request.id, death, &WEBHOOK_CALLS)?;
            requests.push(request.body(body.to_owned()).try_send());
        }
        let mut taken = true;
        for reply in futures_util::future::join_all(requests).await {
            let Some(reply) = received(reply) else {
                taken = false;
                continue;
            };
            expect_status(&reply, &[200, 503])?;
            taken &= reply.status == 200;
            if reply.status == 200 && reply.json["duplicate"] == false {
                self.wait_for_background(&reply.id).await?;
            }
        }
        Ok(taken)
    }

    /// The claim of e-mails comes after the applying, whatever became of that.
    pub async fn wait_for_background(&self, request_id: &str) -> Result<()> {
        for _ in 0..1_500 {
            if self.world.stack.calls(request_id).iter().any(|call| call.path.ends_with("/claim_due_work")) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the work after webhook {request_id} never ended")
    }

    pub async fn forge(&mut self, how: Forgery, order: Option<String>) -> Result<()> {
        let order = order.unwrap_or_else(|| "GHnone".to_owned());
        let claim = |id: &str| {
            json!({"event": "checkout.order.completed", "n": Uuid::new_v4().to_string(),
                "payload": {"merchantOrderId": id, "state": "COMPLETED", "amount": 700_000}})
            .to_string()
        };
        match how {
            Forgery::WrongSecret => {
                let request = self.world.request(Method::POST, "/api/webhooks/phonepe");
                let request = request.header("authorization", &"0".repeat(64)).body(claim(&order));
                expect_status(&request.send().await, &[401])
            }
            Forgery::ClaimsPayment => self.deliver(&claim(&order), false, None).await.map(drop),
            Forgery::UnknownOrder => {
                let stranger = format!("GH{}", Uuid::new_v4().simple());
                self.deliver(&claim(&stranger), false, None).await.map(drop)
            }
            Forgery::NoJson => self.deliver(&format!("not json {}", key()), false, None).await.map(drop),
        }
    }
}

/// From its `at`-th call on, nothing of this request gets through; that call itself is done, and its answer lost, or not.
pub fn set_faults(
    world: &World,
    tags: &mut Vec<String>,
    request_id: &str,
    death: Option<Death>,
    steps: &[Part],
) -> Result<()> {
    let Some(Death { at, done }) = death else { return Ok(()) };
    tags.push(request_id.to_owned());
    for part in [Part::Upstash, Part::Postgrest, Part::Phonepe, Part::Resend] {
        let skip = steps.iter().take(at).filter(|step| **step == part).count() as u32;
        let lost = Fault { drop: true, skip, request_id: Some(request_id.to_owned()), ..Fault::default() };
        let last = done && steps.get(at) == Some(&part);
        if last {
            world.stack.faults().set(part, Fault { after: true, times: Some(1), ..lost.clone() })?;
        }
        world.stack.faults().set(part, Fault { skip: if last { 0 } else { skip }, ..lost })?;
    }
    Ok(())
}

/// The answer, if it arrived. A lost one is printed: the caller does not know what was done.
pub fn received(answer: Result<Reply, reqwest::Error>) -> Option<Reply> {
    answer.inspect_err(|error| eprintln!("an answer of the Worker was lost: {error:?}")).ok()
}

pub fn expect_status(reply: &Reply, allowed: &[u16]) -> Result<()> {
    ensure!(allowed.contains(&reply.status), "an answer that nobody expected: {reply:?}");
    Ok(())
}
