//! Calling the SQL functions that store a version, and answering with what they stored.

use gatehouse_core::api::Written;
use gatehouse_core::context::{Manifest, ManifestMeta};
use gatehouse_core::error::Error;
use gatehouse_core::json::Json;
use gatehouse_core::onboarding::Answers;
use gatehouse_core::time;
use gatehouse_core::vocabulary::BcmSource;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fence::{Fence, SessionChange};
use crate::clients::postgrest::{self, Failure};
use crate::entry::Member;
use crate::http::Reply;
use crate::scope::Scope;

/// A stored version without its content.
#[derive(Deserialize)]
pub struct Version {
    version: u32,
    checksum: String,
    source: BcmSource,
    meta: ManifestMeta,
    generated_at: String,
    confirmed_at: String,
}

impl Version {
    /// Its number.
    pub const fn number(&self) -> u32 {
        self.version
    }

    /// The manifest with its content.
    pub fn manifest(self, content: Json) -> Manifest {
        Manifest {
            version: self.version,
            generated_at: time::normalise(&self.generated_at),
            confirmed_at: time::normalise(&self.confirmed_at),
            checksum: self.checksum,
            source: self.source,
            meta: self.meta,
            content,
        }
    }
}

/// What `private.store_version()` answers.
#[derive(Deserialize)]
pub struct Stored {
    /// Whether a new version was made.
    pub created: bool,
    /// Edits since the version that is current now.
    pub edits: u32,
    /// The revision of the onboarding's snapshot, where it became what the version is made from.
    #[serde(default)]
    pub session_revision: Option<u32>,
    /// The version that is current now.
    #[serde(flatten)]
    pub version: Version,
}

/// Calls a function that stores a version. A refusal lowers the fence; an unknown outcome leaves it to expire, since the
/// commit may still come.
///
/// # Errors
/// What the function refuses with, `dependency_unavailable`.
pub async fn store<T: DeserializeOwned>(
    scope: &Scope,
    member: &Member,
    fence: Fence,
    operation: &'static str,
    arguments: &Value,
) -> Result<(T, Fence), Error> {
    match postgrest::rpc(scope, &member.person, operation, arguments).await {
        Ok(stored) => Ok((stored, fence)),
        Err(Failure::Refused(error)) => {
            fence.lower_without_publish(scope);
            Err(error)
        }
        Err(Failure::Unknown(error)) => Err(error),
    }
}

/// Publishes what was stored and answers with it: 201 for a new version, else 200 with `unchanged` as its sentence. When
/// Redis is unavailable by now, the write stands and `Degraded` says so. `answers` are those that a submitted onboarding
/// shows from now on, where the write replaced them.
pub async fn publish_and_reply(
    scope: &Scope,
    fence: Fence,
    stored: Stored,
    content: Json,
    answers: Option<&Answers>,
    unchanged: &str,
) -> Reply {
    let created = stored.created;
    let session = stored
        .session_revision
        .zip(answers)
        .map(|(revision, answers)| SessionChange::Replaced { revision, answers });
    let manifest = stored.version.manifest(content);
    let published = fence.publish(scope, &manifest, session).await;
    let message = if created {
        format!("Version {} is now the current manifest.", manifest.version)
    } else {
        format!("The content is the same as version {}; {unchanged}", manifest.version)
    };
    let reply = Reply::json(if created { 201 } else { 200 }, &Written { created, message, manifest });
    reply.degraded(published.is_none().then_some("redis"))
}
