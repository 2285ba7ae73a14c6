//! Seven steps, saved one by one, and the manifest that they make.

use anyhow::{Context as _, Result, ensure};
use gatehouse_core::onboarding::{STEPS, StepId, fields_in};
use gatehouse_core::route::RouteId;
use serde_json::{Map, Value, json};

use super::steps::{Ask, Journey};

/// The name that each step's save has in the report.
const SAVED: [(StepId, &str); 7] = [
    (StepId::Company, "save: company"),
    (StepId::Offer, "save: offer"),
    (StepId::Customer, "save: customer"),
    (StepId::Position, "save: position"),
    (StepId::Voice, "save: voice"),
    (StepId::Reach, "save: reach"),
    (StepId::Proof, "save: proof"),
];

impl Journey<'_> {
    /// Saves each step as a form does, then finalizes from what was saved.
    pub async fn onboarding(&mut self, answers: &Map<String, Value>) -> Result<()> {
        ensure!(
            SAVED.iter().map(|(id, _)| *id).eq(STEPS.iter().map(|step| step.id)),
            "the journey names other steps"
        );
        let unknown: Vec<_> = answers
            .keys()
            .filter(|name| {
                !STEPS.iter().any(|step| fields_in(step.id).any(|field| field.id.as_str() == *name))
            })
            .collect();
        ensure!(unknown.is_empty(), "the answers name what is not asked: {unknown:?}");
        let mut revision = 0;
        for (index, (step, name)) in SAVED.into_iter().enumerate() {
            let of_step: Map<_, _> = fields_in(step)
                .filter_map(|field| {
                    Some((field.id.as_str().to_owned(), answers.get(field.id.as_str())?.clone()))
                })
                .collect();
            let if_match = format!("\"{revision}\"");
            let body = json!({"base": {}, "answers": of_step});
            let headers = [("if-match", if_match.as_str())];
            let ask =
                Ask { headers: &headers, parameter: step.as_str(), cold: index == 0, ..Ask::with(&body) };
            let saved = self.ask(name, RouteId::SaveStep, 200, ask).await?.json()?;
            revision = saved["revision"].as_u64().context("no revision")?;
        }
        let session =
            self.ask("all answers are there", RouteId::ReadSession, 200, Ask::default()).await?.json()?;
        ensure!(session["progress"]["answered"] == session["progress"]["required"], "{session}");
        let finalized = self.ask("finalize", RouteId::Finalize, 201, Ask::default()).await?.json()?;
        ensure!(finalized["created"] == true && finalized["manifest"]["version"] == 1, "{finalized}");
        let same = self
            .ask("the same again makes no version", RouteId::Finalize, 200, Ask::default())
            .await?
            .json()?;
        ensure!(same["created"] == false && same["manifest"]["version"] == 1, "{same}");
        Ok(())
    }
}
