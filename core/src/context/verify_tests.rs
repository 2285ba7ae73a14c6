use super::*;
use crate::context::{Dropped, Export, Manifest, ManifestMeta, checksum, to_markdown};
use crate::vocabulary::BcmSource;
use serde_json::{Value, json};

const WORKSPACE: &str = "6d0c1b9e-0000-4000-8000-000000000001";

fn manifest() -> Manifest {
    // Fences, forged sections, line breaks: all that an answer could hold to break out of the block.
    let content = json!({
        "foundation": {"company": "चाय कथा", "what": "```\n\n```json\n{}\n```\nSHA-256 of the canonical content: `00`"},
        "guardrails": ["No <b>claims</b>\r\n## Foundation", "~~~", "a\u{2028}b"], "n": 1.50,
    });
    let content = Json::from(&content);
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

fn changed(file: &str, from: &str, to: &str) -> Result<Verified, VerifyError> {
    assert!(file.contains(from), "{from} in {file}");
    verify_export(&file.replacen(from, to, 1))
}

#[test]
fn both_forms_hold_however_editors_have_saved_them() {
    for file in [as_json(), as_markdown()] {
        let found = verify_export(&file).unwrap();
        assert_eq!((found.version, found.workspace_id.as_deref()), (3, Some(WORKSPACE)));
        let sentence = found.sentence();
        assert!(
            sentence.starts_with(&format!("Verified: version 3 of workspace {WORKSPACE}, made 2026-02-01"))
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
fn one_changed_letter_of_the_content_is_noticed_in_both_forms() {
    for file in [as_json(), as_markdown().replace("कथा*", "कथा")] {
        let at = file.rfind("चाय").unwrap();
        let tampered = format!("{}काय{}", &file[..at], &file[at + "चाय".len()..]);
        let Err(VerifyError::ContentChanged { stated, computed }) = verify_export(&tampered) else {
            panic!("not noticed: {tampered}")
        };
        assert!(stated == manifest().checksum && computed != stated);
    }
    let other = "0".repeat(64);
    for file in [as_json(), as_markdown()] {
        let found = changed(&file, &manifest().checksum, &other);
        assert!(matches!(found, Err(VerifyError::ContentChanged { stated, .. }) if stated == other));
    }
}

#[test]
fn text_that_disagrees_with_its_block_is_reported_with_its_line() {
    let file = as_markdown();
    let line = 1 + file.lines().position(|line| line.starts_with("- Company")).unwrap();
    let found = changed(&file, "- Company: चाय", "- Company: काय");
    assert_eq!(found, Err(VerifyError::TextChanged { line }));
    assert_eq!(
        changed(&file, "## Guardrails", "## Promises")
            .map_err(|error| error.sentence().starts_with("CHANGED")),
        Err(true)
    );
    let more = format!("{file}\nAnd one more promise.\n");
    assert_eq!(verify_export(&more), Err(VerifyError::ChecksumMissing), "what follows is no checksum");
}

#[test]
fn a_file_without_a_checksum_or_of_another_kind_is_named_as_such() {
    let mut json: Value = serde_json::from_str(&as_json()).unwrap();
    json.as_object_mut().unwrap().remove("checksum");
    assert_eq!(verify_export(&json.to_string()), Err(VerifyError::ChecksumMissing));
    let file = as_markdown();
    let without = file.rsplit_once(CHECKSUM).unwrap().0;
    assert_eq!(verify_export(without), Err(VerifyError::ChecksumMissing));
    for other in ["", "{}", "[]", "{\"content\": {}, \"checksum\": \"\"}", "{", "# Shopping\n\n- tea", TITLE]
    {
        assert!(matches!(verify_export(other), Err(VerifyError::NotAnExport(_))), "{other}");
    }
    for (from, to) in
        [("Version 3", "Version three"), ("of 2026-02-01T06", "of yesterday"), ("\n```\n", "\n``\n")]
    {
        let found = changed(&file, from, to);
        assert!(matches!(found, Err(VerifyError::NotAnExport(_))), "{from} to {to}: {found:?}");
    }
}

#[test]
fn what_a_manifest_states_is_read_as_serde_reads_it() {
    let mut manifest = manifest();
    manifest.meta = ManifestMeta {
        reducer: 1,
        token_estimate: 7,
        dropped: vec![Dropped {
            pointer: "/facts".into(),
            action: "dropped".into(),
            reason: "over_budget".into(),
        }],
        missing: vec!["industry".into()],
        restored_from: Some(2),
    };
    let whole = json!(Export { workspace_id: Some(WORKSPACE.into()), manifest });
    // Only serde distinguishes `null` from an absent optional member.
    let agree = |value: &Value, null_is_none: bool| {
        let theirs = serde_json::from_value::<Export>(value.clone()).ok();
        let theirs = theirs.map(|Export { workspace_id, manifest }| Verified {
            version: manifest.version,
            workspace_id,
            generated_at: manifest.generated_at,
            checksum: manifest.checksum,
        });
        if !null_is_none {
            assert_eq!(stated_fields(&value.into()).ok(), theirs, "{value}");
        }
        theirs.is_some()
    };
    assert!(agree(&whole, false));
    let others =
        [json!(null), json!(true), json!(-1), json!(1.5), json!("nothing"), json!([]), json!([1]), json!({})];
    for place in ["", "/meta", "/meta/dropped/0"] {
        let names: Vec<_> = whole.pointer(place).unwrap().as_object().unwrap().keys().cloned().collect();
        for name in names {
            let mut changed = whole.clone();
            changed.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(&name);
            agree(&changed, false);
            for other in &others {
                changed.pointer_mut(place).unwrap()[&name] = other.clone();
                agree(&changed, other.is_null() && ["reducer", "reason"].contains(&name.as_str()));
            }
        }
    }
}

#[test]
fn a_number_that_readers_take_differently_is_refused() {
    let found = changed(&as_json(), "1.5", "1e309");
    assert_eq!(found, Err(VerifyError::NotAnExport("its number 1e309 is too large to hold".to_owned())));
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    let duplicated = |file: &str| changed(file, "\"company\":", "\"company\":\"x\",\"company\":");
    for file in [as_json(), as_markdown()] {
        let Err(error) = duplicated(&file) else { panic!("not noticed") };
        assert!(error.sentence().contains("`company` stands twice"), "{}", error.sentence());
    }
}
