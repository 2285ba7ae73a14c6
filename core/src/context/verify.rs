//! Verifies an exported file without any other source.
//!
//! The checksum covers the content. It does not cover version, workspace and time: nothing in the file can prove them.

use super::export::{BLOCK, CHECKSUM, Head, TITLE, render};
use super::sha256_hex;
use crate::json::member_reader::{MemberReader, optional};
use crate::json::{Json, canonical_number};
use crate::time;
use crate::vocabulary::BcmSource;

/// What a verified file states about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The manifest's version.
    pub version: u32,
    /// The workspace's id, where the file has it.
    pub workspace_id: Option<String>,
    /// When the version was generated, RFC 3339 UTC.
    pub generated_at: String,
    /// The checksum, computed here.
    pub checksum: String,
}

impl Verified {
    /// The verdict as a sentence for people.
    pub fn sentence(&self) -> String {
        let Self { version, workspace_id, generated_at, checksum } = self;
        let whose = workspace_id.as_deref().unwrap_or("that the file does not name");
        format!(
            "Verified: version {version} of workspace {whose}, made {generated_at}. Its content has the SHA-256 that the file states, {checksum}."
        )
    }
}

/// Why a file is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// It is not an export. The text is the end of a sentence that says why.
    NotAnExport(String),
    /// The file states no checksum.
    ChecksumMissing,
    /// The content does not have the stated checksum: one of the two was changed.
    ContentChanged {
        /// The checksum that the file states.
        stated: String,
        /// The checksum of its content.
        computed: String,
    },
    /// In a Markdown export, the text for people does not match the block of canonical JSON.
    TextChanged {
        /// The first line that differs, counted from 1.
        line: usize,
    },
}

impl VerifyError {
    /// The verdict as a sentence for people.
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

/// Verifies an export, JSON or Markdown.
///
/// # Errors
/// [`VerifyError`].
pub fn verify_export(file: &str) -> Result<Verified, VerifyError> {
    // Editors may add a byte order mark and change line ends; neither changes the content.
    let text = file.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    if text.trim_start().starts_with('{') { verify_json(&text) } else { verify_markdown(&text) }
}

/// Verifies a manifest as JSON, exported or as the Worker sends it.
///
/// # Errors
/// [`VerifyError`], never `TextChanged`.
pub fn verify_json(text: &str) -> Result<Verified, VerifyError> {
    let json = read_unambiguous(text)?;
    if json.get("content").is_some() && json.get("checksum").is_none() {
        return Err(VerifyError::ChecksumMissing);
    }
    if !matches!(json, Json::Object(_)) {
        return Err(VerifyError::NotAnExport("it is no JSON object".to_owned()));
    }
    let fields = stated_fields(&json).map_err(VerifyError::NotAnExport)?;
    compare(json.get("content").unwrap_or(&Json::Null), &fields.checksum)?;
    Ok(fields)
}

/// Reads what a manifest states about itself; the checksum is the stated one. Every required member must be there with
/// the right type. Not done with serde, whose generated code is ten times as large in the browser bundle.
fn stated_fields(json: &Json) -> Result<Verified, String> {
    let members = MemberReader::default();
    members.required(json.get("content"), "content");
    members.required(members.text(json, "confirmed_at"), "confirmed_at");
    members.required(members.word(json, "source", BcmSource::parse), "source");
    let meta = members.required(optional(json, "meta"), "meta").unwrap_or(&Json::Null);
    members.required(members.count(meta, "token_estimate"), "meta.token_estimate");
    for name in ["reducer", "restored_from"] {
        members.count(meta, name);
    }
    for id in members.list(meta, "missing") {
        members.required(id.as_text(), "meta.missing");
    }
    for dropped in members.list(meta, "dropped") {
        members.required(members.text(dropped, "pointer"), "meta.dropped.pointer");
        members.required(members.text(dropped, "action"), "meta.dropped.action");
        members.text(dropped, "reason");
    }
    let version = members.required(members.count(json, "version"), "version");
    let workspace_id = members.text(json, "workspace_id");
    let generated_at = members.required(members.text(json, "generated_at"), "generated_at");
    let checksum = members.required(members.text(json, "checksum"), "checksum");
    let read = version.zip(generated_at).zip(checksum);
    let ((version, generated_at), checksum) = members.finish(read)?;
    Ok(Verified {
        version,
        workspace_id: workspace_id.map(str::to_owned),
        generated_at: generated_at.to_owned(),
        checksum: checksum.to_owned(),
    })
}

fn verify_markdown(text: &str) -> Result<Verified, VerifyError> {
    let missing = |what: &str| VerifyError::NotAnExport(format!("it has no {what}"));
    let head = head(text).ok_or_else(|| missing("first lines that name version, time and workspace"))?;
    let (open, close) = BLOCK;
    let (_, block) = text.rsplit_once(open).ok_or_else(|| missing("block of canonical JSON"))?;
    let (canonical, end) =
        block.split_once(close).ok_or_else(|| missing("end of its block of canonical JSON"))?;
    let stated = end.trim().strip_prefix(CHECKSUM).and_then(|rest| rest.strip_suffix('`'));
    let stated = stated.ok_or(VerifyError::ChecksumMissing)?;
    let content = read_unambiguous(canonical)?;
    let checksum = compare(&content, stated)?;
    let expected = render(&head, &content.canonical(), &checksum);
    if expected.trim_end() != text.trim_end() {
        let equal_lines =
            expected.lines().zip(text.lines()).take_while(|(ours, theirs)| ours == theirs).count();
        return Err(VerifyError::TextChanged { line: equal_lines + 1 });
    }
    Ok(Verified {
        version: head.version,
        workspace_id: Some(head.workspace_id.to_owned()),
        generated_at: head.generated_at.to_owned(),
        checksum,
    })
}

/// The first lines of a Markdown export.
fn head(text: &str) -> Option<Head<'_>> {
    let mut lines = text.strip_prefix(TITLE)?.lines();
    let (version, rest) = lines.next()?.strip_prefix("Version ")?.split_once(" of ")?;
    let (generated_at, source) = rest.strip_suffix('.')?.split_once(", from ")?;
    time::parse(generated_at)?;
    let workspace_id = lines.next()?.strip_prefix("Workspace ")?.strip_suffix('.')?;
    Some(Head { version: version.parse().ok()?, generated_at, source, workspace_id })
}

fn compare(content: &Json, stated: &str) -> Result<String, VerifyError> {
    let computed = sha256_hex(content.canonical());
    if computed == stated {
        return Ok(computed);
    }
    Err(VerifyError::ContentChanged { stated: stated.to_owned(), computed })
}

/// Reads JSON that every parser reads the same way. With a duplicate name some parsers take the first member and some
/// the last, so one could be shown with a checksum computed over the other. A number too large for a double is infinite
/// for some and an error for others.
fn read_unambiguous(text: &str) -> Result<Json, VerifyError> {
    let json = Json::read(text)
        .map_err(|why| VerifyError::NotAnExport(format!("its JSON cannot be read, {why}")))?;
    match (duplicate_name(&json), oversized_number(&json)) {
        (Some(name), _) => Err(VerifyError::NotAnExport(format!("`{name}` stands twice in one object"))),
        (_, Some(number)) => {
            Err(VerifyError::NotAnExport(format!("its number {number} is too large to hold")))
        }
        _ => Ok(json),
    }
}

/// The first number that is too large for a double.
fn oversized_number(json: &Json) -> Option<&str> {
    match json {
        Json::Number(number) => canonical_number(number).is_none().then_some(number),
        Json::List(items) => items.iter().find_map(oversized_number),
        Json::Object(members) => members.iter().find_map(|(_, value)| oversized_number(value)),
        _ => None,
    }
}

/// The first name that an object has twice.
fn duplicate_name(json: &Json) -> Option<&str> {
    match json {
        Json::List(items) => items.iter().find_map(duplicate_name),
        Json::Object(members) => {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            let duplicate = names.windows(2).find_map(|pair| match pair {
                [one, other] if one == other => Some(*one),
                _ => None,
            });
            duplicate.or_else(|| members.iter().find_map(|(_, value)| duplicate_name(value)))
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
