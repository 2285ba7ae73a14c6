//! Exports: the manifest as a file.

use serde::{Deserialize, Serialize};

use super::Manifest;
use crate::json::Json;
use crate::time;

/// A safe file name: ASCII, the workspace and the version, no path and no quote.
pub fn export_file_name(workspace_id: &str, version: u32, extension: &str) -> String {
    let id: String = workspace_id.chars().filter(|c| c.is_ascii_hexdigit()).take(8).collect();
    format!("manifest-{id}-v{version}.{extension}")
}

/// A manifest as the JSON export has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Export {
    /// Whose it is; absent in a manifest that was not exported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<String>,
    /// The manifest.
    #[serde(flatten)]
    pub manifest: Manifest,
}

/// The manifest as Markdown: text for people, then a block with the canonical content, then its checksum, so that
/// anybody can verify the file ([`super::verify_export`]).
pub fn to_markdown(manifest: &Manifest, workspace_id: &str) -> String {
    let Manifest { version, generated_at, source, content, checksum, .. } = manifest;
    let generated_at = time::parse(generated_at).map_or_else(|| generated_at.clone(), time::format);
    let head = Head { version: *version, generated_at: &generated_at, source: source.as_str(), workspace_id };
    render(&head, &content.canonical(), checksum)
}

/// What the first lines of a Markdown export state.
pub(super) struct Head<'a> {
    pub version: u32,
    /// RFC 3339 UTC.
    pub generated_at: &'a str,
    pub source: &'a str,
    pub workspace_id: &'a str,
}

pub(super) const TITLE: &str = "# Business Context Manifest\n\n";
/// Nothing in the content can close the block: canonical JSON is one line that begins with a brace.
pub(super) const BLOCK: (&str, &str) = ("\n```json\n", "\n```\n");
pub(super) const CHECKSUM: &str = "SHA-256 of the canonical content: `";

/// The order of the sections; any other section comes last.
const SECTIONS: [&str; 8] =
    ["foundation", "icps", "competitive", "messaging", "channels", "market", "facts", "guardrails"];

/// The text of a Markdown export. Verifying renders it again from the same three values and compares.
pub(super) fn render(head: &Head<'_>, canonical: &str, checksum: &str) -> String {
    let Head { version, generated_at, source, workspace_id } = head;
    let mut out =
        format!("{TITLE}Version {version} of {generated_at}, from {source}.\nWorkspace {workspace_id}.\n");
    if let Ok(Json::Object(mut sections)) = Json::read(canonical) {
        sections.sort_by_key(|(name, _)| {
            SECTIONS.iter().position(|known| known == name).unwrap_or(SECTIONS.len())
        });
        for (name, section) in &sections {
            out.push_str(&format!("\n## {}\n\n", heading(name)));
            write_value(&mut out, section, 0);
        }
    }
    let (open, close) = BLOCK;
    out.push_str(
        "\n---\n\nThe content in its canonical form (RFC 8785), from which all of this can be verified:\n",
    );
    out.push_str(&format!("{open}{canonical}{close}\n{CHECKSUM}{checksum}`\n"));
    out
}

fn heading(name: &str) -> String {
    if name == "icps" {
        return "Ideal customers".to_owned();
    }
    let spaced = name.replace('_', " ");
    let mut chars = spaced.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn write_value(out: &mut String, value: &Json, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Json::Object(map) => {
            for (name, value) in map {
                match value {
                    Json::Object(_) | Json::List(_) => {
                        out.push_str(&format!("{indent}- {}:\n", heading(name)));
                        write_value(out, value, depth + 1);
                    }
                    scalar => out.push_str(&format!("{indent}- {}: {}\n", heading(name), line(scalar))),
                }
            }
        }
        Json::List(items) => {
            for item in items {
                match item {
                    Json::Object(_) | Json::List(_) => {
                        write_value(out, item, depth);
                        out.push('\n');
                    }
                    scalar => out.push_str(&format!("{indent}- {}\n", line(scalar))),
                }
            }
        }
        scalar => out.push_str(&format!("{indent}{}\n", line(scalar))),
    }
}

/// A value as one line of plain text, with HTML and Markdown escaped.
fn line(value: &Json) -> String {
    let text = value.as_text().map_or_else(|| value.canonical(), str::to_owned);
    let mut out = String::with_capacity(text.len());
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::ManifestMeta;
    use crate::vocabulary::BcmSource;

    #[test]
    fn markdown_shows_content_and_checksum_and_runs_no_markup() {
        let manifest = Manifest {
            version: 3,
            generated_at: "2026-02-01T06:30:00.000Z".into(),
            confirmed_at: "2026-02-01T06:30:00.000Z".into(),
            checksum: "ab".repeat(32),
            source: BcmSource::Onboarding,
            meta: ManifestMeta::default(),
            content: Json::read(r#"{"foundation": {"company": "<b>चाय</b> *Co*"}, "icps": [{"name": "A", "goals": ["One\ntwo"]}]}"#).unwrap(),
        };
        let text = to_markdown(&manifest, "6d0c");
        assert!(text.contains("Version 3 of 2026-02-01T06:30:00.000Z, from onboarding.\nWorkspace 6d0c.\n"));
        assert!(text.contains("## Foundation\n\n- Company: &lt;b>चाय&lt;/b> \\*Co\\*\n"), "{text}");
        assert!(text.contains("## Ideal customers\n\n- Goals:\n  - One two\n- Name: A\n"), "{text}");
        assert!(text.ends_with(&format!("`{}`\n", "ab".repeat(32))));
        assert_eq!(export_file_name("6d0c/../../etc", 3, "md"), "manifest-6d0cec-v3.md");
    }
}
