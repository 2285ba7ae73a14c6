//! Plays a history: one founder on a platform that many share, with webhooks carried by hand.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::Result;
use gatehouse_core::vocabulary::{Interval, Plan};
use gatehouse_devstack::phonepe::{OrderState, RefundState};
use gatehouse_devstack::{Fault, Part};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::access::Access;
use crate::cron::Cron;
use crate::history::{Death, Down, Event, Step};
use crate::requests::{REQUEST_CALLS, expect_status, received, set_faults};
use crate::support::{Founder, World};

/// Banks complete a failed payment within three days (seconds), if at all.
const LATEST: i64 = 3 * 86_400;

/// A founder with all that this test knows of them.
pub struct Player<'a> {
    pub world: &'a World,
    pub cron: &'a Cron,
    pub founder: Founder<'a>,
    pub staff: Founder<'a>,
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
    pub mail: Vec<String>,
    /// What PhonePe says that it took, where that is not the order's amount; true = for ever.
    pub other_amounts: BTreeMap<String, (i64, bool)>,
    pub keys: Vec<(String, Plan, Interval)>,
    pub answered: HashMap<String, String>,
    /// Keys in Redis, and what faults are aimed at.
    pub redis_keys: Vec<String>,
    pub tags: Vec<String>,
}

pub fn key() -> String {
    Uuid::new_v4().to_string()
}

impl<'a> Player<'a> {
    pub async fn new(world: &'a World, cron: &'a Cron) -> Result<Self> {
        let founder = world.founder_without_plan().await;
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
                let request = self.founder.request(Method::GET, &format!("/payments/v2/status/{order}"));
                self.kill_request(&request.id, death, &REQUEST_CALLS)?;
                if let Some(reply) = received(request.try_send().await) {
                    expect_status(&reply, &[200, 503])?;
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
                if matches!(how, Down::OtherOrder) && !self.has_provider_id(&order).await? {
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
        self.record_new_orders().await
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
        self.world.stack.faults().set(
            part,
            Fault { drop: true, after: done, times: Some(1), path, body_contains: about, ..Fault::default() },
        )
    }

    pub fn kill_request(&mut self, request_id: &str, death: Option<Death>, steps: &[Part]) -> Result<()> {
        set_faults(self.world, &mut self.tags, request_id, death, steps)
    }

    /// Nothing goes wrong any more: no fault of this history is left, and what PhonePe took is what was asked for, except
    /// where it never will be.
    pub fn clear_faults(&mut self) {
        let mine: Vec<&String> = self.orders.iter().chain(&self.refunds).chain(&self.tags).collect();
        self.world.stack.faults().clear_where(|fault| {
            let aims = [&fault.path, &fault.body_contains, &fault.request_id];
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
    pub fn expire_phonepe_pages(&mut self) -> Result<()> {
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
    pub fn complete_refunds(&self) -> Result<()> {
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
