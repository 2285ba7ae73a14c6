//! The steps, in a founder's order.

use anyhow::{Context as _, Result, ensure};
use gatehouse_core::context::{Manifest, verify_manifest};
use gatehouse_core::route::{ROUTES, Route, RouteId};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::client::{Client, Held, Reply};
use super::report::Report;

/// Plays all steps and hands out the manifest; the first failure ends the journey.
pub async fn play(client: &Client, answers: &Map<String, Value>, report: &mut Report) -> Option<Manifest> {
    report.head();
    let mut journey = Journey { client, report, held: Held::default(), at: "start" };
    let played = journey.all(answers).await;
    let at = journey.at;
    played.map_err(|error| report.failed(at, &error)).ok()
}

struct Journey<'a> {
    client: &'a Client,
    report: &'a mut Report,
    held: Held,
    at: &'static str,
}

fn route(id: RouteId) -> Result<&'static Route> {
    ROUTES.iter().find(|route| route.id == id).context("the route table lacks a route")
}

/// Extras of one request to the Worker.
#[derive(Default)]
struct Ask<'a> {
    body: Option<&'a Value>,
    etag: Option<&'a str>,
    /// Whether the membership record is known to be cold.
    cold: bool,
}

impl Journey<'_> {
    /// One request; it must answer the status and make exactly the calls that the table says.
    async fn ask(&mut self, name: &'static str, id: RouteId, status: u16, ask: Ask<'_>) -> Result<Reply> {
        self.at = name;
        let route = route(id)?;
        let method: Method = route.method.as_str().parse()?;
        let reply = self.client.send(&self.held, method, route.path, ask.body, ask.etag, &[status]).await?;
        let expected =
            usize::from(route.calls.warm) + if ask.cold { usize::from(route.calls.cold_extra) } else { 0 };
        ensure!(
            reply.warm_calls() == expected || status >= 400,
            "{} made the calls {:?}; {expected} were expected",
            route.path,
            reply.calls
        );
        self.report.passed(name, reply.ms, u64::from(route.budget_ms), reply.calls.len());
        Ok(reply)
    }

    async fn all(&mut self, answers: &Map<String, Value>) -> Result<Manifest> {
        self.ask("the Worker answers", RouteId::Health, 200, Ask::default()).await?;
        self.sign_up().await?;
        self.profile().await?;
        let none_yet = Ask { cold: true, ..Ask::default() };
        self.ask("no manifest yet", RouteId::Manifest, 404, none_yet).await?;
        self.business_context(answers).await?;
        let manifest = self.manifest().await?;
        self.exports(&manifest).await?;
        Ok(manifest)
    }

    async fn sign_up(&mut self) -> Result<()> {
        self.at = "sign up";
        let nonce = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        let (token, ms) =
            self.client.sign_up(&format!("founder-{nonce}@example.in"), "a long enough passphrase").await?;
        self.held.token = Some(token);
        self.report.passed(self.at, ms, 1_000, 0);
        Ok(())
    }

    async fn profile(&mut self) -> Result<()> {
        let name = "profile and workspace";
        self.at = name;
        // The sign-up trigger has made both already where it could; this heals and tells the id.
        let route = route(RouteId::EnsureProfile)?;
        let reply = self.client.send(&self.held, Method::POST, route.path, None, None, &[200, 201]).await?;
        ensure!(reply.warm_calls() == usize::from(route.calls.warm), "{:?}", reply.calls);
        self.report.passed(name, reply.ms, u64::from(route.budget_ms), reply.calls.len());
        let first = reply.json()?;
        self.held.workspace_id = first["workspace_id"].as_str().map(str::to_owned);
        let again = self
            .ask("the same again makes nothing", RouteId::EnsureProfile, 200, Ask::default())
            .await?
            .json()?;
        ensure!(
            again["created"] == false && again["workspace_id"] == first["workspace_id"],
            "made twice: {again}"
        );
        let verified =
            self.ask("what is missing", RouteId::VerifyProfile, 200, Ask::default()).await?.json()?;
        ensure!(verified["next"]["condition"] == "plan" && verified["needs_payment"] == true, "{verified}");
        Ok(())
    }

    async fn business_context(&mut self, answers: &Map<String, Value>) -> Result<()> {
        let mut incomplete = answers.clone();
        incomplete.remove("company_name");
        let body = json!({"answers": incomplete});
        let ask = Ask { body: Some(&body), ..Ask::default() };
        let refused = self.ask("a missing answer is named", RouteId::Finalize, 422, ask).await?.json()?;
        ensure!(refused["errors"][0]["pointer"] == "/answers/company_name", "{refused}");
        let body = json!({"answers": answers});
        let ask = || Ask { body: Some(&body), ..Ask::default() };
        let made =
            self.ask("the business context is finalized", RouteId::Finalize, 201, ask()).await?.json()?;
        ensure!(made["created"] == true && made["manifest"]["version"] == 1, "{made}");
        let same =
            self.ask("the same again makes no version", RouteId::Finalize, 200, ask()).await?.json()?;
        ensure!(same["created"] == false && same["manifest"]["version"] == 1, "{same}");
        Ok(())
    }

    async fn manifest(&mut self) -> Result<Manifest> {
        let ask = Ask { cold: false, ..Ask::default() };
        let read = self.ask("the manifest is read at the edge", RouteId::Manifest, 200, ask).await?;
        ensure!(read.cache.as_deref() == Some("tier0"), "it came from {:?}", read.cache);
        let manifest: Manifest = serde_json::from_str(&read.text)?;
        ensure!(verify_manifest(&manifest), "the checksum is not that of the content");
        let etag = read.etag.context("the manifest has no ETag")?;
        let ask = Ask { etag: Some(&etag), ..Ask::default() };
        let known = self.ask("known already", RouteId::Manifest, 304, ask).await?;
        ensure!(known.text.is_empty(), "a 304 has no body");
        Ok(manifest)
    }

    async fn exports(&mut self, manifest: &Manifest) -> Result<()> {
        let body = json!({"format": "json"});
        let ask = Ask { body: Some(&body), ..Ask::default() };
        let file = self.ask("export as JSON", RouteId::Export, 200, ask).await?;
        ensure!(serde_json::from_str::<Manifest>(&file.text)? == *manifest, "the file is another manifest");
        let body = json!({"format": "markdown"});
        let ask = Ask { body: Some(&body), ..Ask::default() };
        let file = self.ask("export as Markdown", RouteId::Export, 200, ask).await?;
        ensure!(file.text.contains(&manifest.checksum), "the file does not carry the checksum");
        let verified =
            self.ask("onboarding is done", RouteId::VerifyProfile, 200, Ask::default()).await?.json()?;
        ensure!(
            verified["onboarding_status"] == "completed" && verified["manifest"]["version"] == 1,
            "{verified}"
        );
        Ok(())
    }
}
