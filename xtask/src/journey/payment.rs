//! The founder pays; and once more with the webhook lost.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use gatehouse_core::route::RouteId;
use reqwest::Method;
use serde_json::{Value, json};

use super::steps::{Ask, Journey};

/// What happens behind the founder's back is waited for this long, then the journey fails.
const PATIENCE: Duration = Duration::from_secs(20);

impl Journey<'_> {
    /// From the plans to access, and the e-mail that says so.
    pub async fn payment(&mut self) -> Result<()> {
        let plans = self.ask("the plans", RouteId::Plans, 200, Ask::default()).await?.json()?;
        ensure!(plans["plans"][1]["monthly_paise"] == 700_000, "{plans}");
        let (order_id, page) = self.open_page("a payment page for Glide").await?;
        let pending = self.status("the order is pending", &order_id, 2).await?;
        ensure!(pending["status"] == "pending" && pending["poll_after_ms"].is_number(), "{pending}");

        self.at = "pay on PhonePe's page";
        let (text, ms) = self.client.click(&page, "pay").await?;
        ensure!(text.contains("₹7,000"), "the page does not show the amount");
        self.report.passed(self.at, ms, 2_000, 0);

        self.completed("the webhook completes the order", &order_id).await?;
        let verified =
            self.ask("the plan is paid", RouteId::VerifyProfile, 200, Ask::default()).await?.json()?;
        ensure!(
            verified["needs_payment"] == false && verified["next"]["condition"] == "onboarding",
            "{verified}"
        );
        self.mail("the confirmation is in the inbox").await
    }

    /// A second founder, whose webhook never arrives: the cron completes the order when PhonePe's schedule allows.
    pub async fn lost_webhook(&mut self) -> Result<()> {
        self.profile().await?;
        let (order_id, page) = self.open_page("a payment page whose webhook is lost").await?;
        let lose = json!({"lose": true});
        self.client
            .platform(Method::PUT, &format!("phonepe/orders/{order_id}/webhooks"), Some(&lose))
            .await?;
        self.client.click(&page, "pay").await?;
        let pending = self.status("paid, and nobody has said so", &order_id, 2).await?;
        ensure!(pending["status"] == "pending", "{pending}");
        self.report
            .print("  … PhonePe may be asked 22 s after the start; until then the cron has nothing to do");
        self.at = "the cron completes the order";
        let started = Instant::now();
        loop {
            let run = Instant::now();
            self.client.cron().await?;
            let ms = u64::try_from(run.elapsed().as_millis())?;
            let path = format!("/payments/v2/status/{order_id}");
            let reply = self.client.send(&self.credentials, Method::GET, &path, None, &[], &[200]).await?;
            if reply.json()?["status"] == "completed" {
                self.report.passed(self.at, ms, 5_000, 0);
                break;
            }
            ensure!(started.elapsed() < 3 * PATIENCE, "it is still {}", reply.text);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        // What one run has confirmed, the next one writes about.
        self.client.cron().await?;
        self.mail("and confirmed all the same").await
    }

    async fn open_page(&mut self, name: &'static str) -> Result<(String, String)> {
        let key = format!(
            "journey-{}",
            self.email.bytes().filter(u8::is_ascii_digit).map(char::from).collect::<String>()
        );
        let body = json!({"plan": "glide", "interval": "month"});
        let headers = [("idempotency-key", key.as_str())];
        let ask = || Ask { headers: &headers, ..Ask::with(&body) };
        let opened = self.ask(name, RouteId::PaymentInit, 201, ask()).await?.json()?;
        ensure!(opened["amount"] == 700_000, "{opened}");
        let text =
            |name: &str| opened[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
        Ok((text("order_id")?, text("redirect_url")?))
    }

    async fn status(&mut self, name: &'static str, order_id: &str, calls: usize) -> Result<Value> {
        let ask = Ask { parameter: order_id, calls: Some(calls + 1), ..Ask::default() };
        self.ask(name, RouteId::PaymentStatus, 200, ask).await?.json()
    }

    /// Asks until the order is completed; the last answer is the step.
    async fn completed(&mut self, name: &'static str, order_id: &str) -> Result<()> {
        self.at = name;
        let path = format!("/payments/v2/status/{order_id}");
        let started = Instant::now();
        loop {
            let reply = self.client.send(&self.credentials, Method::GET, &path, None, &[], &[200]).await?;
            if reply.json()?["status"] == "completed" {
                self.report.passed(name, reply.ms, 1_000, reply.calls.len());
                return Ok(());
            }
            ensure!(started.elapsed() < PATIENCE, "it is still {}", reply.text);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn mail(&mut self, name: &'static str) -> Result<()> {
        self.at = name;
        let started = Instant::now();
        loop {
            let mails = self.client.platform(Method::GET, "resend/emails", None).await?;
            let count = mails.to_string().matches(&self.email).count();
            if count > 0 {
                ensure!(count == 1, "{count} e-mails for one payment");
                self.report.passed(name, u64::try_from(started.elapsed().as_millis())?, 20_000, 0);
                return Ok(());
            }
            ensure!(started.elapsed() < PATIENCE, "no e-mail for {}", self.email);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
