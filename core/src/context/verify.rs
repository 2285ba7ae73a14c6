//! Whether an exported file is what it claims to be, judged from the file alone.
//!
//! The checksum covers the content. Version, workspace and time are what the file says: nothing in it can prove them.

use super::export::{BLOCK, CHECKSUM, Head, TITLE, render};
use super::sha256_hex;
use crate::json::members::{Members, optional};
use crate::json::{Json, canonical_number};
use crate::time;
use crate::vocabulary::BcmSource;

/// What a file that holds says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The manifest's version.
    pub version: u32,
    /// Whose it is, where the file says so.
    pub workspace_id: Option<String>,
    /// When the version was made, RFC 3339 UTC.
    pub generated_at: String,
    /// The checksum, computed here.
    pub checksum: String,
}

impl Verified {
    /// What was found, for a person.
    pub fn sentence(&self) -> String {
        let Self { version, workspace_id, generated_at, checksum } = self;
        let whose = workspace_id.as_deref().unwrap_or("that the file does not name");
        format!(
            "Verified: version {version} of workspace {whose}, made {generated_at}. Its content has the SHA-256 that the file states, {checksum}."
        )
    }
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is something else; the text ends a sentence that says what is amiss.
    NotAnExport(String),
    /// Nothing says what the content's checksum should be.
    ChecksumMissing,
    /// The content, or the checksum, was changed.
    ContentChanged {
        /// As the file states it.
        stated: String,
        /// As the content has it.
        computed: String,
    },
    /// The text that people read is not the one that is made from the block of canonical JSON.
    TextChanged {
        /// The first line that differs, counted from 1.
        line: usize,
    },
}

impl Flaw {
    /// What was found, for a person.
    pub fn sentence(&self) -> String {
        match self {
            Self::NotAnExport(why) => format!("Not an export of a manifest: {why}."),
            Self::ChecksumMissing => {
                "Not verified: the file states no checksum, so there is nothing to compare its content with."
                    .to_owned()
            }
            Self::ContentChanged { stated, computed } => format!(
                "CHANGED: the file states the SHA-256 {stated}, and its content has {computed}. Take a new export."
            ),
            Self::TextChanged { line } => format!(
                "CHANGED: the text disagrees with the block of canonical JSON, first in line {line}. The block has its checksum: what it says was exported, what the text says was not."
            ),
        }
    }
}

/// Judges an export, JSON or Markdown.
///
/// # Errors
/// [`Flaw`].
pub fn verify_export(file: &str) -> Result<Verified, Flaw> {
    // What editors and Windows do to a file changes nothing that it says.
    let text = file.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    if text.trim_start().starts_with('{') { verify_json(&text) } else { verify_markdown(&text) }
}

/// Judges a manifest as JSON, exported or as the Worker sends it.
///
/// # Errors
/// [`Flaw`], but never that the text was changed.
pub fn verify_json(text: &str) -> Result<Verified, Flaw> {
    let json = unambiguous(text)?;
    if json.get("content").is_some() && json.get("checksum").is_none() {
        return Err(Flaw::ChecksumMissing);
    }
    if !matches!(json, Json::Object(_)) {
        return Err(Flaw::NotAnExport("it is no JSON object".to_owned()));
    }
    let said = said(&json).map_err(Flaw::NotAnExport)?;
    compare(json.get("content").unwrap_or(&Json::Null), &said.checksum)?;
    Ok(said)
}

/// What a manifest says of itself, its checksum as stated. Every member must be there and of its kind; the browser looks
/// with this and not with serde, whose generated readers weigh ten times as much there.
fn said(json: &Json) -> Result<Verified, String> {
    let members = Members::default();
    members.needed(json.get("content"), "content");
    members.needed(members.text(json, "confirmed_at"), "confirmed_at");
    members.needed(members.word(json, "source", BcmSource::parse), "source");
    let meta = members.needed(optional(json, "meta"), "meta").unwrap_or(&Json::Null);
    members.needed(members.count(meta, "token_estimate"), "meta.token_estimate");
    for name in ["reducer", "restored_from"] {
        members.count(meta, name);
    }
    for id in members.list(meta, "missing") {
        members.needed(id.as_text(), "meta.missing");
    }
    for gone in members.list(meta, "dropped") {
        members.needed(members.text(gone, "pointer"), "meta.dropped.pointer");
        members.needed(members.text(gone, "action"), "meta.dropped.action");
        members.text(gone, "reason");
    }
    let version = members.needed(members.count(json, "version"), "version");
    let workspace_id = members.text(json, "workspace_id");
    let generated_at = members.needed(members.text(json, "generated_at"), "generated_at");
    let checksum = members.needed(members.text(json, "checksum"), "checksum");
    let said = version.zip(generated_at).zip(checksum);
    let ((version, generated_at), checksum) = members.finish(said)?;
    Ok(Verified {
        version,
        workspace_id: workspace_id.map(str::to_owned),
        generated_at: generated_at.to_owned(),
        checksum: checksum.to_owned(),
    })
}

fn verify_markdown(text: &str) -> Result<Verified, Flaw> {
    let none = |what: &str| Flaw::NotAnExport(format!("it has no {what}"));
    let head = head(text).ok_or_else(|| none("first lines that name version, time and workspace"))?;
    let (open, close) = BLOCK;
    let (_, block) = text.rsplit_once(open).ok_or_else(|| none("block of canonical JSON"))?;
    let (canonical, end) =
        block.split_once(close).ok_or_else(|| none("end of its block of canonical JSON"))?;
    let stated = end.trim().strip_prefix(CHECKSUM).and_then(|rest| rest.strip_suffix('`'));
    let stated = stated.ok_or(Flaw::ChecksumMissing)?;
    let content = unambiguous(canonical)?;
    let checksum = compare(&content, stated)?;
    let again = render(&head, &content.canonical(), &checksum);
    if again.trim_end() != text.trim_end() {
        let same = again.lines().zip(text.lines()).take_while(|(ours, theirs)| ours == theirs).count();
        return Err(Flaw::TextChanged { line: same + 1 });
    }
    Ok(Verified {
        version: head.version,
        workspace_id: Some(head.workspace_id.to_owned()),
        generated_at: head.made.to_owned(),
        checksum,
    })
}

/// The first lines of a Markdown export.
fn head(text: &str) -> Option<Head<'_>> {
    let mut lines = text.strip_prefix(TITLE)?.lines();
    let (version, rest) = lines.next()?.strip_prefix("Version ")?.split_once(" of ")?;
    let (made, source) = rest.strip_suffix('.')?.split_once(", from ")?;
    time::parse(made)?;
    let workspace_id = lines.next()?.strip_prefix("Workspace ")?.strip_suffix('.')?;
    Some(Head { version: version.parse().ok()?, made, source, workspace_id })
}

fn compare(content: &Json, stated: &str) -> Result<String, Flaw> {
    let computed = sha256_hex(content.canonical());
    if computed == stated {
        return Ok(computed);
    }
    Err(Flaw::ContentChanged { stated: stated.to_owned(), computed })
}

/// JSON that every reader reads alike. Of two members with one name some readers take the first and some the last, so
/// one of the two could be shown under a checksum that was computed over the other. What is too large for a double some
/// take for infinite and some for no number.
fn unambiguous(text: &str) -> Result<Json, Flaw> {
    let json =
        Json::read(text).map_err(|why| Flaw::NotAnExport(format!("its JSON cannot be read, {why}")))?;
    match (repeated(&json), huge(&json)) {
        (Some(name), _) => Err(Flaw::NotAnExport(format!("`{name}` stands twice in one object"))),
        (_, Some(number)) => Err(Flaw::NotAnExport(format!("its number {number} is too large to hold"))),
        _ => Ok(json),
    }
}

/// A number that no double holds.
fn huge(json: &Json) -> Option<&str> {
    match json {
        Json::Number(number) => canonical_number(number).is_none().then_some(number),
        Json::List(items) => items.iter().find_map(huge),
        Json::Object(members) => members.iter().find_map(|(_, value)| huge(value)),
        _ => None,
    }
}

fn repeated(json: &Json) -> Option<&str> {
    match json {
        Json::List(items) => items.iter().find_map(repeated),
        Json::Object(members) => {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            let twice = names.windows(2).find_map(|pair| match pair {
                [one, other] if one == other => Some(*one),
                _ => None,
            });
            twice.or_else(|| members.iter().find_map(|(_, value)| repeated(value)))
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
