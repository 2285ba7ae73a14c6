//! Whether an exported file is what it claims to be, judged from the file alone.
//!
//! The checksum covers the content. Version, workspace and time are what the file says: nothing in it can prove them.

use serde_json::Value;

use super::export::{BLOCK, CHECKSUM, Export, Head, TITLE, render};
use super::{canonical_json, sha256_hex};
use crate::json::Json;
use crate::time;

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
    let Export { workspace_id, manifest } =
        serde_json::from_str(text).map_err(|cause| Flaw::NotAnExport(cause.to_string()))?;
    let checksum = compare(&manifest.content, &manifest.checksum)?;
    Ok(Verified { version: manifest.version, workspace_id, generated_at: manifest.generated_at, checksum })
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
    unambiguous(canonical)?;
    let content: Value =
        serde_json::from_str(canonical).map_err(|cause| Flaw::NotAnExport(cause.to_string()))?;
    let checksum = compare(&content, stated)?;
    let again = render(&head, &canonical_json(&content), &checksum);
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

fn compare(content: &Value, stated: &str) -> Result<String, Flaw> {
    let computed = sha256_hex(canonical_json(content));
    if computed == stated {
        return Ok(computed);
    }
    Err(Flaw::ContentChanged { stated: stated.to_owned(), computed })
}

/// JSON that every reader reads alike. Of two members with one name some readers take the first and some the last, so one
/// of the two could be shown under a checksum that was computed over the other.
fn unambiguous(text: &str) -> Result<Json, Flaw> {
    let json =
        Json::read(text).map_err(|why| Flaw::NotAnExport(format!("its JSON cannot be read, {why}")))?;
    match repeated(&json) {
        Some(name) => Err(Flaw::NotAnExport(format!("`{name}` stands twice in one object"))),
        None => Ok(json),
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
mod tests {
    use super::super::{Manifest, ManifestMeta, checksum, to_markdown};
    use super::*;
    use crate::vocabulary::BcmSource;
    use serde_json::json;

    const WORKSPACE: &str = "6d0c1b9e-0000-4000-8000-000000000001";

    fn manifest() -> Manifest {
        // Fences, forged sections, line breaks: all that an answer could hold to break out of the block.
        let content = json!({
            "foundation": {"company": "चाय कथा", "what": "```\n\n```json\n{}\n```\nSHA-256 of the canonical content: `00`"},
            "guardrails": ["No <b>claims</b>\r\n## Foundation", "~~~", "a\u{2028}b"], "n": 1.50,
        });
        Manifest {
            version: 3,
            generated_at: "2026-02-01T06:30:00.000Z".into(),
            confirmed_at: "2026-02-01T06:30:00.000Z".into(),
            checksum: checksum(&content),
            source: BcmSource::Onboarding,
            meta: ManifestMeta::default(),
            content,
        }
    }

    fn as_json() -> String {
        serde_json::to_string(&Export { workspace_id: Some(WORKSPACE.into()), manifest: manifest() }).unwrap()
    }

    fn as_markdown() -> String {
        to_markdown(&manifest(), WORKSPACE)
    }

    fn changed(file: &str, from: &str, to: &str) -> Result<Verified, Flaw> {
        assert!(file.contains(from), "{from} in {file}");
        verify_export(&file.replacen(from, to, 1))
    }

    #[test]
    fn both_forms_hold_however_editors_have_saved_them() {
        for file in [as_json(), as_markdown()] {
            let found = verify_export(&file).unwrap();
            assert_eq!((found.version, found.workspace_id.as_deref()), (3, Some(WORKSPACE)));
            let said = found.sentence();
            assert!(
                said.starts_with(&format!("Verified: version 3 of workspace {WORKSPACE}, made 2026-02-01"))
            );
            let saved = format!("\u{feff}{}\r\n", file.trim_end().replace('\n', "\r\n"));
            assert_eq!(verify_export(&saved), Ok(found));
        }
        let pretty = serde_json::from_str::<Value>(&as_json()).unwrap();
        assert!(verify_export(&serde_json::to_string_pretty(&pretty).unwrap()).is_ok());
        let read = serde_json::to_string(&manifest()).unwrap();
        assert_eq!(verify_json(&read).unwrap().workspace_id, None, "a manifest as the Worker sends it");
    }

    #[test]
    fn the_block_alone_is_what_the_checksum_is_over() {
        let file = as_markdown();
        let line = file.lines().find(|line| line.starts_with('{')).unwrap();
        assert_eq!(sha256_hex(line), manifest().checksum);
        assert_eq!(file.lines().filter(|line| line.starts_with("```")).count(), 2);
    }

    #[test]
    fn one_changed_letter_of_the_content_is_told_in_both_forms() {
        for file in [as_json(), as_markdown().replace("कथा*", "कथा")] {
            let at = file.rfind("चाय").unwrap();
            let tampered = format!("{}काय{}", &file[..at], &file[at + "चाय".len()..]);
            let Err(Flaw::ContentChanged { stated, computed }) = verify_export(&tampered) else {
                panic!("not noticed: {tampered}")
            };
            assert!(stated == manifest().checksum && computed != stated);
        }
        let other = "0".repeat(64);
        for file in [as_json(), as_markdown()] {
            let found = changed(&file, &manifest().checksum, &other);
            assert!(matches!(found, Err(Flaw::ContentChanged { stated, .. }) if stated == other));
        }
    }

    #[test]
    fn text_that_disagrees_with_its_block_is_told_with_its_line() {
        let file = as_markdown();
        let line = 1 + file.lines().position(|line| line.starts_with("- Company")).unwrap();
        let found = changed(&file, "- Company: चाय", "- Company: काय");
        assert_eq!(found, Err(Flaw::TextChanged { line }));
        assert_eq!(
            changed(&file, "## Guardrails", "## Promises")
                .map_err(|flaw| flaw.sentence().starts_with("CHANGED")),
            Err(true)
        );
        let more = format!("{file}\nAnd one more promise.\n");
        assert_eq!(verify_export(&more), Err(Flaw::ChecksumMissing), "what follows is no checksum");
    }

    #[test]
    fn a_file_without_a_checksum_or_of_another_kind_is_named_as_such() {
        let mut json: Value = serde_json::from_str(&as_json()).unwrap();
        json.as_object_mut().unwrap().remove("checksum");
        assert_eq!(verify_export(&json.to_string()), Err(Flaw::ChecksumMissing));
        let file = as_markdown();
        let without = file.rsplit_once(CHECKSUM).unwrap().0;
        assert_eq!(verify_export(without), Err(Flaw::ChecksumMissing));
        for other in
            ["", "{}", "[]", "{\"content\": {}, \"checksum\": \"\"}", "{", "# Shopping\n\n- tea", TITLE]
        {
            assert!(matches!(verify_export(other), Err(Flaw::NotAnExport(_))), "{other}");
        }
        for (from, to) in
            [("Version 3", "Version three"), ("of 2026-02-01T06", "of yesterday"), ("\n```\n", "\n``\n")]
        {
            let found = changed(&file, from, to);
            assert!(matches!(found, Err(Flaw::NotAnExport(_))), "{from} to {to}: {found:?}");
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        let twice = |file: &str| changed(file, "\"company\":", "\"company\":\"x\",\"company\":");
        for file in [as_json(), as_markdown()] {
            let Err(flaw) = twice(&file) else { panic!("not noticed") };
            assert!(flaw.sentence().contains("`company` stands twice"), "{}", flaw.sentence());
        }
    }
}
