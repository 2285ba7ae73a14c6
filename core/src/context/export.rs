//! The manifest as a file for people.

use serde_json::Value;

use super::Manifest;
use crate::time;

/// A safe file name: ASCII, the workspace and the version, no path and no quote.
pub fn export_name(workspace_id: &str, version: u32, extension: &str) -> String {
    let id: String = workspace_id.chars().filter(|c| c.is_ascii_hexdigit()).take(8).collect();
    format!("manifest-{id}-v{version}.{extension}")
}

/// The manifest as Markdown. It ends with the checksum of the content it was made from.
pub fn to_markdown(manifest: &Manifest) -> String {
    let mut out = String::from("# Business Context Manifest\n\n");
    let made =
        time::parse(&manifest.generated_at).map_or_else(|| manifest.generated_at.clone(), time::format);
    out.push_str(&format!("Version {} of {made}, from {}.\n", manifest.version, manifest.source));
    if let Value::Object(sections) = &manifest.content {
        for (name, section) in sections {
            out.push_str(&format!("\n## {}\n\n", heading(name)));
            write_value(&mut out, section, 0);
        }
    }
    out.push_str(&format!("\n---\n\nSHA-256 of the canonical content: `{}`\n", manifest.checksum));
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

fn write_value(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::Object(_) | Value::Array(_) => {
                        out.push_str(&format!("{indent}- {}:\n", heading(name)));
                        write_value(out, value, depth + 1);
                    }
                    scalar => out.push_str(&format!("{indent}- {}: {}\n", heading(name), line(scalar))),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(_) | Value::Array(_) => {
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

/// One line of plain text. Markup in an answer is shown, never run.
fn line(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
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
            content: serde_json::json!({"foundation": {"company": "<b>चाय</b> *Co*"}, "icps": [{"name": "A", "goals": ["One\ntwo"]}]}),
        };
        let text = to_markdown(&manifest);
        assert!(text.contains("Version 3 of 2026-02-01T06:30:00.000Z, from onboarding."));
        assert!(text.contains("## Foundation\n\n- Company: &lt;b>चाय&lt;/b> \\*Co\\*\n"), "{text}");
        assert!(text.contains("## Ideal customers\n\n- Name: A\n- Goals:\n  - One two\n"), "{text}");
        assert!(text.ends_with(&format!("`{}`\n", "ab".repeat(32))));
        assert_eq!(export_name("6d0c/../../etc", 3, "md"), "manifest-6d0cec-v3.md");
    }
}
