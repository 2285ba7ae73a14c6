//! The steps, in a founder's order.

use anyhow::{Context as _, Result, ensure};
use gatehouse_core::context::Manifest;
use gatehouse_core::route::{self, Route, RouteId};
use reqwest::Method;
use serde_json::{Map, Value};

use super::client::{Client, Credentials, Reply};
use super::report::Report;

/// Plays all steps and hands out the manifest; the first failure ends the journey.
pub async fn play(
    client: &Client<'_>,
    answers: &Map<String, Value>,
    report: &mut Report,
) -> Option<Manifest> {
    report.head();
    let mut journey =
        Journey { client, report, credentials: Credentials::default(), email: String::new(), at: "start" };
    let played = journey.all(answers).await;
    let at = journey.at;
    played.map_err(|error| report.failed(at, &error)).ok()
}

/// A founder on the way.
pub(super) struct Journey<'a> {
    pub client: &'a Client<'a>,
    pub report: &'a mut Report,
    pub credentials: Credentials,
    pub email: String,
    pub at: &'static str,
}

fn route(id: RouteId) -> Result<&'static Route> {
    route::of(id).context("the route table lacks a route")
}

/// Extras of one request to the Worker.
#[derive(Default)]
pub(super) struct Ask<'a> {
    /// A JSON body.
    pub body: Option<&'a Value>,
    /// Further headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// The value of the path's parameter.
    pub parameter: &'a str,
    /// Network calls where they are not the route's warm ones.
    pub calls: Option<usize>,
    /// Whether the membership record is known to be cold.
    pub cold: bool,
}

impl<'a> Ask<'a> {
    /// A request with a body.
    pub fn with(body: &'a Value) -> Self {
        Self { body: Some(body), ..Self::default() }
    }
}

impl Journey<'_> {
    /// One request; it must answer the status and make exactly the calls that the table says.
    pub async fn ask(&mut self, name: &'static str, id: RouteId, status: u16, ask: Ask<'_>) -> Result<Reply> {
        self.at = name;
        let route = route(id)?;
        let path: String = match route.path.split_once('{') {
            Some((fixed, _)) => format!("{fixed}{}", ask.parameter),
            None => route.path.to_owned(),
        };
        let method: Method = route.method.as_str().parse()?;
        let reply =
            self.client.send(&self.credentials, method, &path, ask.body, ask.headers, &[status]).await?;
        let cold = if ask.cold { usize::from(route.calls.cold_extra) } else { 0 };
        let expected = ask.calls.unwrap_or(usize::from(route.calls.warm) + cold);
        ensure!(
            reply.warm_calls() == expected || status >= 400,
            "{path} made the calls {:?}; {expected} were expected",
            reply.calls
        );
        self.report.passed(name, reply.ms, u64::from(route.budget_ms), reply.calls.len());
        Ok(reply)
    }

    async fn all(&mut self, answers: &Map<String, Value>) -> Result<Manifest> {
        self.ask("the Worker answers", RouteId::Health, 200, Ask::default()).await?;
        self.profile().await?;
        self.payment().await?;
        self.onboarding(answers).await?;
        let manifest = self.manifest().await?;
        self.exports(&manifest).await?;
        self.lost_webhook().await?;
        Ok(manifest)
    }

    /// Signs up, and makes sure of profile and workspace.
    pub async fn profile(&mut self) -> Result<()> {
        self.at = "sign up";
        let nonce = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        self.email = format!("founder-{nonce}@example.in");
        let (token, ms) = self.client.sign_up(&self.email, "a long enough passphrase").await?;
        self.credentials = Credentials { token: Some(token), workspace_id: None };
        self.report.passed(self.at, ms, 1_000, 0);

        // The sign-up trigger has made both already where it could; this heals and tells the id.
        self.at = "profile and workspace";
        let route = route(RouteId::EnsureProfile)?;
        let reply =
            self.client.send(&self.credentials, Method::POST, route.path, None, &[], &[200, 201]).await?;
        ensure!(reply.warm_calls() == usize::from(route.calls.warm), "{:?}", reply.calls);
        self.report.passed(self.at, reply.ms, u64::from(route.budget_ms), reply.calls.len());
        let first = reply.json()?;
        self.credentials.workspace_id = first["workspace_id"].as_str().map(str::to_owned);
        let again = self.ask("the same again makes nothing", RouteId::EnsureProfile, 200, Ask::default());
        let again = again.await?.json()?;
        ensure!(again["created"] == false && again["workspace_id"] == first["workspace_id"], "{again}");
        let verified =
            self.ask("the plan is missing", RouteId::VerifyProfile, 200, Ask::default()).await?.json()?;
        ensure!(verified["next"]["condition"] == "plan" && verified["needs_payment"] == true, "{verified}");
        Ok(())
    }
}
