//! Every e-mail as it leaves, byte for byte. What all of them share is kept once: `frame/page.html`, whose `{holes}` an
//! e-mail's own `.html` file fills, and `frame/styles.json`, the styles that its content uses by name. `UPDATE=1` writes
//! the e-mails' own files again; read the difference as a reader would. The frame is changed by hand.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a golden file that cannot be read must fail its test"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gatehouse_core::email::render;
use serde_json::Value;

/// The holes that an e-mail's file fills with one line each; `content` and `notes` are what follows, before and after
/// the line `{button}`.
const LINES: [&str; 7] = ["subject", "preheader", "kind", "colour", "action", "link", "origin"];
const BUTTON: &str = "{button}\n";

struct Frame {
    page: String,
    /// `style="…"` by name.
    styles: BTreeMap<String, String>,
}

impl Frame {
    fn load(folder: &Path) -> Self {
        let read = |name: &str| std::fs::read_to_string(folder.join("frame").join(name)).unwrap();
        Self { page: read("page.html"), styles: serde_json::from_str(&read("styles.json")).unwrap() }
    }

    /// The page's text in turns: a literal, then the name of a hole, then a literal, and so on.
    fn pieces(&self) -> Vec<&str> {
        self.page.split(['{', '}']).collect()
    }

    /// The whole HTML of an e-mail, from its own file.
    fn compose(&self, file: &str) -> String {
        let (lines, rest) = file.split_once("\n\n").expect("a blank line below the one-line parts");
        let mut body = rest.to_owned();
        for (name, css) in &self.styles {
            body = body.replace(&format!("\"{{{name}}}\""), &format!("\"{css}\""));
        }
        let (content, notes) = body.split_once(BUTTON).expect("a line {button}");
        let mut parts = BTreeMap::from([("content", content), ("notes", notes)]);
        parts.extend(lines.lines().map(|line| line.split_once(": ").expect("name: text")));
        let fill =
            |(at, piece): (usize, &str)| if at % 2 == 0 { piece.to_owned() } else { parts[piece].to_owned() };
        self.pieces().into_iter().enumerate().map(fill).collect()
    }

    /// An e-mail's own file, from its whole HTML.
    fn decompose(&self, html: &str) -> String {
        let mut parts = BTreeMap::new();
        let pieces = self.pieces();
        let mut rest = html.strip_prefix(pieces[0]).expect("the frame's beginning");
        for pair in pieces[1..].chunks(2) {
            let (text, after) =
                rest.split_once(pair[1]).unwrap_or_else(|| panic!("not in the frame: {rest}"));
            parts.insert(pair[0], text);
            rest = after;
        }
        let lines: String = LINES.iter().map(|name| format!("{name}: {}\n", parts[name])).collect();
        let mut body = format!("{}{BUTTON}{}", parts["content"], parts["notes"]);
        for (name, css) in &self.styles {
            body = body.replace(&format!("\"{css}\""), &format!("\"{{{name}}}\""));
        }
        format!("{lines}\n{body}")
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

#[test]
fn every_e_mail_is_as_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/contract/emails");
    let frame = Frame::load(&folder);
    let rows = files(&folder, "json");
    for path in &rows {
        let row: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let template = row["template"].as_str().unwrap();
        let web_url = row["web_url"].as_str().unwrap();
        let mail = render(template, &row["data"], web_url).expect(template);
        assert_eq!(render(template, &row["data"], web_url), Some(mail.clone()), "the same bytes each time");
        let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path.with_extension("txt"), &text).unwrap();
            std::fs::write(path.with_extension("html"), frame.decompose(&mail.html)).unwrap();
        }
        let kept = |extension| std::fs::read_to_string(path.with_extension(extension)).unwrap_or_default();
        assert_eq!(kept("txt"), text, "{}", path.display());
        assert_eq!(frame.compose(&kept("html")), mail.html, "{}", path.display());
    }
    assert!(rows.len() >= 9, "{} e-mails in {}", rows.len(), folder.display());
    for extension in ["txt", "html"] {
        assert_eq!(files(&folder, extension).len(), rows.len(), "each .{extension} belongs to a .json");
    }
}
