//! Plays a history: one founder on a platform that many share, with webhooks carried by hand.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use gatehouse_core::context::sha256_hex;
use gatehouse_core::vocabulary::{Interval, Plan};
use gatehouse_devstack::phonepe::{OrderState, RefundState};
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::access::Access;
use crate::cron::Cron;
use crate::history::{Death, Down, Event, Forgery, Key, Step};
use crate::support::{Ask, Founder, Reply, World};

/// The parts that init, status and refund call, in order; the last after the answer.
const ASKING: [Part; 5] = [Part::Upstash, Part::Postgrest, Part::Phonepe, Part::Postgrest, Part::Upstash];
/// The same of a webhook: kept; then, after the answer, asked about, applied, e-mails claimed, sent, written down.
const HEARING: [Part; 6] =
    [Part::Postgrest, Part::Phonepe, Part::Postgrest, Part::Postgrest, Part::Resend, Part::Postgrest];

/// Banks complete a failed payment within three days (seconds), if at all.
const LATEST: i64 = 3 * 86_400;

/// A founder with all that this test knows of them.
pub struct Player<'a> {
    pub world: &'a World,
    pub cron: &'a Cron,
    pub founder: Founder<'a>,
    staff: Founder<'a>,
    pub user_id: String,
    pub staff_id: String,
    pub db: tokio_postgres::Client,
    pub redis: redis::aio::MultiplexedConnection,
    /// What captures and refunds have given so far.
    pub access: Option<Access>,
    /// Captures and refunds that are in `access`, and what each order added.
    pub absorbed: HashSet<String>,
    pub granted: HashMap<String, i64>,
    /// Seconds that have passed by leaps, now and when each order was first seen.
    pub leapt: i64,
    pub leapt_before: HashMap<String, i64>,
    /// Our ids, in the order of their making.
    pub orders: Vec<String>,
    pub refunds: Vec<String>,
    /// Webhooks under way.
    mail: Vec<String>,
    /// What PhonePe says that it took, where that is not the order's amount; true = for ever.
    pub other_amounts: BTreeMap<String, (i64, bool)>,
    keys: Vec<(String, Plan, Interval)>,
    answered: HashMap<String, String>,
    /// Keys in Redis, and what faults are aimed at.
    pub redis_keys: Vec<String>,
    tags: Vec<String>,
}

fn key() -> String {
    Uuid::new_v4().to_string()
}

impl<'a> Player<'a> {
    pub async fn new(world: &'a World, cron: &'a Cron) -> Result<Self> {
        let founder = world.founder().await;
        let (db, connection) =
            tokio_postgres::connect(world.stack.database_url(), tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        let sql = "select u.auth_user_id::text from workspaces w join users u on u.id = w.owner_id where w.id::text = $1";
        let user_id: String = db.query_one(sql, &[&founder.workspace_id]).await?.get(0);
        let mut staff = founder.clone();
        let staff_id = key();
        staff.token =
            world.stack.mint(&json!({"sub": staff_id, "app_metadata": {"gatehouse_support": true}}));
        // A busy machine is no fault of Redis.
        let patient = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(20)))
            .set_response_timeout(Some(Duration::from_secs(20)));
        let redis = redis::Client::open(world.stack.redis_url())?
            .get_multiplexed_async_connection_with_config(&patient)
            .await?;
        let redis_keys = vec![
            format!("limit:payment_init:{}:{user_id}", founder.workspace_id),
            format!("member:{}:{user_id}", founder.workspace_id),
        ];
        Ok(Self {
            world,
            cron,
            founder,
            staff,
            user_id,
            staff_id,
            db,
            redis,
            access: None,
            absorbed: HashSet::new(),
            granted: HashMap::new(),
            leapt: 0,
            leapt_before: HashMap::new(),
            orders: Vec::new(),
            refunds: Vec::new(),
            mail: Vec::new(),
            other_amounts: BTreeMap::new(),
            keys: Vec::new(),
            answered: HashMap::new(),
            redis_keys,
            tags: Vec::new(),
        })
    }

    pub async fn play(&mut self, event: Event) -> Result<()> {
        let phonepe = self.world.stack.phonepe();
        let order = |number: usize| self.orders.get(number % self.orders.len().max(1)).cloned();
        match event {
            Event::Init { plan, interval, key, death } => self.init((plan, interval), key, death).await?,
            Event::Pay(number) | Event::Fail(number) | Event::Cancel(number) => {
                let Some(order) = order(number) else { return Ok(()) };
                let age = self.leapt - self.leapt_before.get(&order).copied().unwrap_or_default();
                let done = match event {
                    Event::Pay(_) if age > LATEST => return Ok(()),
                    Event::Pay(_) => phonepe.pay(&order),
                    Event::Fail(_) => phonepe.fail(&order),
                    _ => phonepe.cancel(&order),
                };
                // What cannot happen at PhonePe did not happen.
                if done.is_ok() {
                    self.mail.push(phonepe.order_webhook(&order)?.to_string());
                }
            }
            Event::Webhook { which, twice, again_later, death } => {
                if self.mail.is_empty() {
                    return Ok(());
                }
                let at = which % self.mail.len();
                let body = self.mail.remove(at);
                let taken = self.deliver(&body, twice, death).await?;
                // PhonePe sends again what was not taken.
                if again_later || !taken {
                    self.mail.push(body);
                }
            }
            Event::LoseWebhook(which) => {
                if !self.mail.is_empty() {
                    self.mail.remove(which % self.mail.len());
                }
            }
            Event::Forge(how, number) => self.forge(how, order(number)).await?,
            Event::LookAtStatus(number, death) => {
                let Some(order) = order(number) else { return Ok(()) };
                let ask = self.founder.ask(Method::GET, &format!("/payments/v2/status/{order}"));
                self.die(&ask.id, death, &ASKING)?;
                if let Some(reply) = heard(ask.try_send().await) {
                    judge(&reply, &[200, 503])?;
                }
            }
            Event::Refund { order: number, support, paise, twice, death } => {
                let Some(order) = order(number) else { return Ok(()) };
                self.refund(&order, support, paise, twice, death).await?;
            }
            Event::EndRefund { refund, paid_back } => {
                let id = self.refunds.get(refund % self.refunds.len().max(1)).cloned();
                let Some(id) = id else { return Ok(()) };
                let ended = if paid_back { phonepe.complete_refund(&id) } else { phonepe.fail_refund(&id) };
                if ended.is_ok() {
                    self.mail.push(phonepe.refund_webhook(&id)?.to_string());
                }
            }
            Event::OtherAmount { order: number, paise, for_ever } => {
                let Some(order) = order(number) else { return Ok(()) };
                // Only what nobody has paid yet can come to another amount.
                if phonepe.order(&order).is_some_and(|order| order.state == OrderState::Pending) {
                    phonepe.answer_amount(&order, paise);
                    self.other_amounts.insert(order, (paise, for_ever));
                }
            }
            Event::Down { order: number, how, times } => {
                let Some(order) = order(number) else { return Ok(()) };
                // Which order PhonePe means can be judged only once it has named it.
                if matches!(how, Down::OtherOrder) && !self.is_named(&order).await? {
                    return Ok(());
                }
                let body = match how {
                    Down::Status500 | Down::ConnectionLost => None,
                    Down::Garbage => Some(json!({"state": "SO-SO", "amount": "much", "orderId": null})),
                    Down::NoAmount => Some(json!({"state": "COMPLETED"})),
                    Down::OtherOrder => {
                        Some(json!({"state": "COMPLETED", "amount": 700_000, "orderId": "OMO-another"}))
                    }
                };
                let fault = Fault {
                    drop: matches!(how, Down::ConnectionLost),
                    status: Some(if body.is_some() { 200 } else { 500 }),
                    body,
                    times: Some(times),
                    path: Some(format!("/order/{order}/status")),
                    ..Fault::default()
                };
                self.world.stack.faults().set(Part::Phonepe, fault)?;
            }
            Event::Break { order: number, step, done } => self.break_step(order(number), step, done)?,
            Event::Cron => self.cron.run().await?,
            Event::SecondsPass(seconds) => self.leap(seconds).await?,
            Event::ForgetRedis => {
                let keys = self.redis_keys.clone();
                redis::cmd("DEL").arg(keys).exec_async(&mut self.redis).await?;
            }
            Event::AskForAccess => self.compare_access().await?,
        }
        self.find_new().await
    }

    async fn is_named(&self, order: &str) -> Result<bool> {
        let sql =
            "select provider_order_id is not null from payment_transactions where merchant_order_id = $1";
        Ok(self.db.query_one(sql, &[&order]).await?.get(0))
    }

    async fn init(&mut self, offer: (Plan, Interval), how: Key, death: Option<Death>) -> Result<()> {
        let last = self.keys.last().cloned();
        let (plan, interval) = offer;
        let asked = match (how, last) {
            (Key::Repeated, Some(last)) => vec![last],
            (Key::Misused, Some((key, ..))) => vec![(key, plan, interval)],
            (Key::TwoTabs, _) => vec![(key(), plan, interval), (key(), plan, interval)],
            _ => vec![(key(), plan, interval)],
        };
        let mut asks = Vec::new();
        for (key, plan, interval) in &asked {
            let body = json!({"plan": plan, "interval": interval}).to_string();
            let ask =
                self.founder.ask(Method::POST, "/payments/v2/init").header("idempotency-key", key).body(body);
            self.die(&ask.id, death, &ASKING)?;
            asks.push(ask.try_send());
            self.redis_keys.push(format!("idem:{}:payment_init:{key}", self.user_id));
        }
        for (reply, asked) in futures_util::future::join_all(asks).await.into_iter().zip(asked) {
            let Some(reply) = heard(reply) else { continue };
            judge(&reply, &[200, 201, 409, 422, 429, 502, 503])?;
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

    async fn refund(
        &mut self,
        order: &str,
        support: bool,
        paise: Option<i64>,
        twice: bool,
        death: Option<Death>,
    ) -> Result<()> {
        let (who, user) =
            if support { (&self.staff, &self.staff_id) } else { (&self.founder, &self.user_id) };
        let mut asks = Vec::new();
        for _ in 0..=usize::from(twice) {
            let key = key();
            let body = json!({"order_id": order, "amount": paise, "reason": "not what I needed"}).to_string();
            let ask = who.ask(Method::POST, "/payments/v2/refund").header("idempotency-key", &key).body(body);
            self.redis_keys.push(format!("idem:{user}:refund:{key}"));
            asks.push(ask);
        }
        for ask in &asks {
            aim(self.world, &mut self.tags, &ask.id, death, &ASKING)?;
        }
        for reply in futures_util::future::join_all(asks.into_iter().map(Ask::try_send)).await {
            let Some(reply) = heard(reply) else { continue };
            judge(&reply, &[202, 404, 409, 422, 429, 502, 503])?;
        }
        Ok(())
    }

    /// Carries a webhook, and waits until what it leaves for after its answer has been applied. Answers whether it was
    /// taken.
    async fn deliver(&mut self, body: &str, twice: bool, death: Option<Death>) -> Result<bool> {
        let phonepe = self.world.stack.phonepe();
        let secret = sha256_hex(format!("{}:{}", phonepe.webhook_username(), phonepe.webhook_password()));
        let mut asks = Vec::new();
        for _ in 0..=usize::from(twice) {
            let ask = self.world.ask(Method::POST, "/api/webhooks/phonepe").header("authorization", &secret);
            self.die(&ask.id, death, &HEARING)?;
            asks.push(ask.body(body.to_owned()).try_send());
        }
        let mut taken = true;
        for reply in futures_util::future::join_all(asks).await {
            let Some(reply) = heard(reply) else {
                taken = false;
                continue;
            };
            judge(&reply, &[200, 503])?;
            taken &= reply.status == 200;
            if reply.status == 200 && reply.json["duplicate"] == false {
                self.ended(&reply.id).await?;
            }
        }
        Ok(taken)
    }

    /// The claim of e-mails comes after the applying, whatever became of that.
    async fn ended(&self, request_id: &str) -> Result<()> {
        for _ in 0..1_500 {
            if self.world.stack.calls(request_id).iter().any(|call| call.path.ends_with("/claim_due_work")) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the work after webhook {request_id} never ended")
    }

    async fn forge(&mut self, how: Forgery, order: Option<String>) -> Result<()> {
        let order = order.unwrap_or_else(|| "GHnone".to_owned());
        let claim = |id: &str| {
            json!({"event": "checkout.order.completed", "n": Uuid::new_v4().to_string(),
                "payload": {"merchantOrderId": id, "state": "COMPLETED", "amount": 700_000}})
            .to_string()
        };
        match how {
            Forgery::WrongSecret => {
                let ask = self.world.ask(Method::POST, "/api/webhooks/phonepe");
                let ask = ask.header("authorization", &"0".repeat(64)).body(claim(&order));
                judge(&ask.send().await, &[401])
            }
            Forgery::ClaimsPayment => self.deliver(&claim(&order), false, None).await.map(drop),
            Forgery::UnknownOrder => {
                let stranger = format!("GH{}", Uuid::new_v4().simple());
                self.deliver(&claim(&stranger), false, None).await.map(drop)
            }
            Forgery::NoJson => self.deliver(&format!("not json {}", key()), false, None).await.map(drop),
        }
    }

    fn break_step(&mut self, order: Option<String>, step: Step, done: bool) -> Result<()> {
        let Some(order) = order else { return Ok(()) };
        let refund = self.refunds.last().cloned().unwrap_or_else(|| "GRnone".to_owned());
        let (part, path, about) = match step {
            Step::Apply => (Part::Postgrest, "apply_payment_event", Some(order)),
            Step::ApplyRefund => (Part::Postgrest, "apply_refund_event", Some(refund)),
            Step::Mail => (Part::Resend, "/emails", Some(order)),
            Step::FinishMail => (Part::Postgrest, "finish_email", None),
            Step::Claim => (Part::Postgrest, "claim_due_work", None),
        };
        let path = Some(path.to_owned());
        self.world
            .stack
            .faults()
            .set(part, Fault { drop: true, after: done, times: Some(1), path, about, ..Fault::default() })
    }

    fn die(&mut self, request_id: &str, death: Option<Death>, steps: &[Part]) -> Result<()> {
        aim(self.world, &mut self.tags, request_id, death, steps)
    }

    /// Nothing goes wrong any more: no fault of this history is left, and what PhonePe took is what was asked for, except
    /// where it never will be.
    pub fn calm(&mut self) {
        let mine: Vec<&String> = self.orders.iter().chain(&self.refunds).chain(&self.tags).collect();
        self.world.stack.faults().clear_where(|fault| {
            let aims = [&fault.path, &fault.about, &fault.request_id];
            aims.into_iter().flatten().any(|aim| mine.iter().any(|mine| aim.contains(mine.as_str())))
        });
        let phonepe = self.world.stack.phonepe();
        self.other_amounts.retain(|order, (_, for_ever)| {
            let truth = phonepe.order(order).map_or(0, |order| order.amount);
            if !*for_ever {
                phonepe.answer_amount(order, truth);
            }
            *for_ever
        });
    }

    /// What PhonePe still holds open comes to an end: pages by their time, refunds by being paid.
    pub fn end_at_phonepe(&mut self) -> Result<()> {
        let phonepe = self.world.stack.phonepe();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis() as i64;
        for id in &self.orders {
            let passed = 1_000 * (self.leapt - self.leapt_before.get(id).copied().unwrap_or_default());
            let order = phonepe.order(id).filter(|order| order.state == OrderState::Pending);
            if order.is_some_and(|order| order.expire_at_ms <= now + passed) {
                phonepe.expire(id)?;
                self.mail.push(phonepe.order_webhook(id)?.to_string());
            }
        }
        Ok(())
    }

    /// The bank pays back what it still holds.
    pub fn pay_back(&self) -> Result<()> {
        let phonepe = self.world.stack.phonepe();
        for refund in phonepe.refunds() {
            let open = matches!(refund.state, RefundState::Pending | RefundState::Confirmed);
            if open && self.refunds.contains(&refund.merchant_refund_id) {
                phonepe.complete_refund(&refund.merchant_refund_id)?;
            }
        }
        Ok(())
    }
}

/// From its `at`-th call on, nothing of this request gets through; that call itself is done, and its answer lost, or not.
fn aim(
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

/// An answer that was lost on its way, said aloud: as in life, the caller does not know what was done.
fn heard(answer: Result<Reply, reqwest::Error>) -> Option<Reply> {
    answer.inspect_err(|error| eprintln!("an answer of the Worker was lost: {error:?}")).ok()
}

fn judge(reply: &Reply, allowed: &[u16]) -> Result<()> {
    ensure!(allowed.contains(&reply.status), "an answer that nobody expected: {reply:?}");
    Ok(())
}
