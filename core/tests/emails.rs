//! Every e-mail as it leaves, byte for byte. `UPDATE=1` writes the files anew; read the difference as a reader would.

use std::path::Path;

use gatehouse_core::email::render;
use serde_json::Value;

#[test]
fn every_e_mail_is_as_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/contract/emails");
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let given: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let template = given["template"].as_str().unwrap();
        let web_url = given["web_url"].as_str().unwrap();
        let mail = render(template, &given["data"], web_url).expect(template);
        assert_eq!(render(template, &given["data"], web_url), Some(mail.clone()), "the same bytes each time");
        for (extension, found) in
            [("txt", format!("Subject: {}\n\n{}", mail.subject, mail.text)), ("html", mail.html)]
        {
            let kept = path.with_extension(extension);
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&kept, &found).unwrap();
            }
            assert_eq!(std::fs::read_to_string(&kept).unwrap_or_default(), found, "{}", kept.display());
        }
        seen += 1;
    }
    assert!(seen >= 9, "{seen} e-mails in {}", folder.display());
}
