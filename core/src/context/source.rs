//! The ETag of the answers that a manifest is made from.

/// The manifest's version, and how often the answers were changed since without changing the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceTag {
    /// The current version.
    pub version: u32,
    /// Edits since then that did not change the manifest's content, so that no version was made.
    pub edits: u32,
}

impl SourceTag {
    /// The strong ETag: `"3"`, or `"3.1"` after one such edit.
    pub fn etag(self) -> String {
        match self.edits {
            0 => format!("\"{}\"", self.version),
            edits => format!("\"{}.{edits}\"", self.version),
        }
    }

    /// Reads an `If-Match` that names one ETag of ours.
    pub fn parse(header: &str) -> Option<Self> {
        let tag = header.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
        let (version, edits) = tag.split_once('.').unwrap_or((tag, "0"));
        let number = |text: &str| {
            text.parse()
                .ok()
                .filter(|number| *number < 1 << 31 && text.bytes().all(|byte| byte.is_ascii_digit()))
        };
        Some(Self { version: number(version)?, edits: number(edits)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_reads_back_and_nothing_else_is_one() {
        for tag in [SourceTag { version: 3, edits: 0 }, SourceTag { version: 12, edits: 7 }] {
            assert_eq!(SourceTag::parse(&tag.etag()), Some(tag));
        }
        assert_eq!(SourceTag { version: 3, edits: 0 }.etag(), "\"3\"");
        assert_eq!(SourceTag { version: 3, edits: 1 }.etag(), "\"3.1\"");
        assert_eq!(SourceTag::parse(" W/\"3.0\" "), Some(SourceTag { version: 3, edits: 0 }));
        for other in [
            "",
            "3",
            "\"\"",
            "\"3",
            "\"-1\"",
            "\"+1\"",
            "\"3.\"",
            "\"3.1.2\"",
            "\"2147483648\"",
            "\"1\", \"2\"",
            "*",
        ] {
            assert_eq!(SourceTag::parse(other), None, "{other}");
        }
    }
}
