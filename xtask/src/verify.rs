//! `xtask verify FILE`: whether an exported manifest is what it claims to be. Reads the file and nothing else.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gatehouse_core::context::{VerifyError, verify_export};

/// What a script can act upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Verified = 0,
    /// It is an export, and it does not hold.
    Flawed = 1,
    /// There was nothing to judge: no file, or no export.
    NotJudged = 2,
}

/// Judges one file, says in a sentence what was found, and ends with 0 verified, 1 not verified, 2 not an export.
pub fn verify(arguments: &[String]) -> ExitCode {
    // npm goes to the checkout's root first; a path counts from where the person is.
    let here = std::env::var_os("INIT_CWD").map(PathBuf::from).unwrap_or_default();
    let (verdict, sentence) = match arguments {
        [file] => judge(&here.join(file)),
        _ => (
            Verdict::NotJudged,
            "Name one exported file: npm run verify -- manifest-6d0c1b9e-v3.md".to_owned(),
        ),
    };
    println!("{sentence}");
    ExitCode::from(verdict as u8)
}

fn judge(file: &Path) -> (Verdict, String) {
    let name = file.display();
    match std::fs::read(file).map(String::from_utf8) {
        Err(error) => (Verdict::NotJudged, format!("{name} cannot be read: {error}.")),
        Ok(Err(_)) => {
            (Verdict::NotJudged, format!("{name} is not an export of a manifest: it is no UTF-8 text."))
        }
        Ok(Ok(text)) => match verify_export(&text) {
            Ok(found) => (
                Verdict::Verified,
                format!(
                    "{}\nThe checksum covers the content; version, workspace and time are what the file says.",
                    found.sentence()
                ),
            ),
            Err(error @ VerifyError::NotAnExport(_)) => (Verdict::NotJudged, error.sentence()),
            Err(error) => (Verdict::Flawed, error.sentence()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An export as the Worker made it.
    const EXPORT: &str = include_str!("../../tests/contract/export/manifest.md");

    fn judged(bytes: &[u8]) -> (Verdict, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("manifest.md");
        std::fs::write(&file, bytes).unwrap();
        judge(&file)
    }

    #[test]
    fn a_kept_export_is_verified_and_a_tampered_one_is_not() {
        let (verdict, said) = judged(EXPORT.as_bytes());
        assert_eq!(verdict, Verdict::Verified, "{said}");
        assert!(said.starts_with("Verified: version 1 of workspace "), "{said}");
        // The tagline of the text, of the block, of both.
        let (text, block) = EXPORT.split_once("```json").unwrap();
        let change = |part: &str| part.replace("Assam", "Nilgiri");
        for tampered in [
            format!("{}```json{block}", change(text)),
            format!("{text}```json{}", change(block)),
            change(EXPORT),
        ] {
            assert_ne!(tampered, EXPORT);
            let (verdict, said) = judged(tampered.as_bytes());
            assert_eq!(verdict, Verdict::Flawed, "{said}");
            assert!(said.starts_with("CHANGED: "), "{said}");
        }
    }

    #[test]
    fn what_cannot_be_judged_is_said() {
        for bytes in [&b"# Notes"[..], b"\xff\xfe", b"{\"a\": 1}"] {
            let (verdict, said) = judged(bytes);
            assert!(verdict == Verdict::NotJudged && said.contains("ot an export of a manifest: "), "{said}");
        }
        let (verdict, said) = judge(Path::new("/nowhere/manifest.md"));
        assert!(verdict == Verdict::NotJudged && said.contains("cannot be read"), "{said}");
    }
}
