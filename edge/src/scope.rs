//! What one request works with: settings, the way out, and notes for its log line.

use std::cell::{Ref, RefCell};
use std::rc::Rc;

use gatehouse_core::env::Env;
use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::log::TierLine;
use gatehouse_core::rate_limit::{Policy, Verdict};

use crate::outbound::Outbound;
use crate::platform;

/// Settings, outbound calls and notes of one request, or of work that belongs to none.
pub struct Scope {
    /// The checked settings.
    pub settings: Rc<Env>,
    /// The one way out.
    pub outbound: Outbound,
    /// The request's id.
    pub request_id: String,
    env: worker::Env,
    /// None in the cron, which waits for its own work.
    context: Option<Rc<worker::Context>>,
    notes: RefCell<Notes>,
}

/// What a request leaves for its log line and for the headers of its answer.
#[derive(Default)]
pub struct Notes {
    /// The session's subject.
    pub user_id: Option<String>,
    /// The workspace that the request names.
    pub workspace_id: Option<String>,
    /// The cache tier that answered.
    pub cache: Option<&'static str>,
    /// What each cache tier gave or was given.
    pub tiers: Vec<TierLine>,
    /// The technical cause of a failure, which the caller never sees.
    pub cause: Option<String>,
    /// The error's code.
    pub code: Option<&'static str>,
    /// What the route's named limit said.
    pub limit: Option<(&'static Policy, Verdict)>,
}

impl Scope {
    /// A scope for a request, or for the cron, which has no `context`.
    pub fn new(
        env: &worker::Env,
        settings: Rc<Env>,
        request_id: String,
        context: Option<worker::Context>,
    ) -> Self {
        Self {
            settings,
            outbound: Outbound::new(request_id.clone()),
            request_id,
            env: env.clone(),
            context: context.map(Rc::new),
            notes: RefCell::default(),
        }
    }

    /// A scope for work after the answer: the same request id, its own calls and notes.
    pub fn background(&self) -> Self {
        self.with_request_id(self.request_id.clone())
    }

    /// A scope for what belongs to no request: it has an id of its own.
    pub fn detached(&self) -> Self {
        self.with_request_id(platform::random_uuid())
    }

    fn with_request_id(&self, request_id: String) -> Self {
        Self {
            settings: Rc::clone(&self.settings),
            outbound: Outbound::new(request_id.clone()),
            request_id,
            env: self.env.clone(),
            context: self.context.clone(),
            notes: RefCell::default(),
        }
    }

    /// Logs work after the answer, when it failed or wrote into a tier.
    pub fn log_background(&self, work: &str, failed: Option<Error>) {
        let notes = self.notes.borrow();
        if failed.is_none() && notes.tiers.is_empty() {
            return;
        }
        let line = serde_json::json!({
            "event": "background", "level": if failed.is_some() { "warn" } else { "info" },
            "request_id": self.request_id, "workspace_id": notes.workspace_id, "work": work,
            "code": failed.map(|error| error.code.as_str()),
            "cause": notes.cause, "calls": self.outbound.calls(), "tiers": notes.tiers,
        });
        platform::console_log(&line.to_string());
    }

    /// Runs work after the answer has gone out.
    pub fn wait_until(&self, work: impl Future<Output = ()> + 'static) {
        if let Some(context) = &self.context {
            context.wait_until(work);
        }
    }

    /// The content of a static asset of this deployment.
    ///
    /// # Errors
    /// `internal` when the deployment lacks it.
    pub async fn asset(&self, name: &str) -> Result<Vec<u8>, Error> {
        platform::fetch_asset(&self.env, name).await.map_err(|_| {
            self.note_cause(format!("the deployment has no asset {name}"));
            ErrorCode::Internal.into()
        })
    }

    /// The notes so far.
    pub fn notes(&self) -> Ref<'_, Notes> {
        self.notes.borrow()
    }

    /// Notes the session's subject for the log.
    pub fn note_user(&self, id: &str) {
        self.notes.borrow_mut().user_id = Some(id.to_owned());
    }

    /// Notes the workspace for the log.
    pub fn note_workspace(&self, id: &str) {
        self.notes.borrow_mut().workspace_id = Some(id.to_owned());
    }

    /// Notes which cache tier answered.
    pub fn note_cache(&self, tier: &'static str) {
        self.notes.borrow_mut().cache = Some(tier);
    }

    /// Notes what a cache tier gave or was given.
    pub fn note_tier(&self, line: TierLine) {
        self.notes.borrow_mut().tiers.push(line);
    }

    /// Notes what a named limit said, for the answer's headers.
    pub fn note_limit(&self, policy: &'static Policy, verdict: Verdict) {
        self.notes.borrow_mut().limit = Some((policy, verdict));
    }

    /// Notes the code of the error that the request ends with.
    pub fn note_code(&self, code: &'static str) {
        self.notes.borrow_mut().code = Some(code);
    }

    /// Notes a technical cause, which the log has and the caller never sees.
    pub fn note_cause(&self, cause: impl Into<String>) {
        self.notes.borrow_mut().cause = Some(cause.into());
    }
}
