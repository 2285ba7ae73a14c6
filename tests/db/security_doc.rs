//! The tables of docs/SECURITY.md that are checked against a real database.

use std::path::PathBuf;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/SECURITY.md")
}

/// What stands between `<!-- name -->` and `<!-- /name -->`.
fn block(text: &str, name: &str) -> (usize, usize) {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start =
        text.find(&open).unwrap_or_else(|| panic!("docs/SECURITY.md has the marker {open}")) + open.len();
    let end = text.find(&close).unwrap_or_else(|| panic!("docs/SECURITY.md has the marker {close}"));
    (start, end)
}

/// The rows of a Markdown table, header first, cells without backticks.
pub fn rows(name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path()).expect("docs/SECURITY.md");
    let (start, end) = block(&text, name);
    text[start..end]
        .lines()
        .filter_map(|line| line.trim().strip_prefix('|')?.strip_suffix('|'))
        .filter(|line| !line.contains("---|"))
        .map(|line| line.split('|').map(|cell| cell.trim().replace('`', "")).collect())
        .collect()
}

/// Compares a generated block with the page; `UPDATE=1` writes it instead, for a person to read in the diff.
pub fn assert_block(name: &str, expected: &str) {
    let text = std::fs::read_to_string(path()).expect("docs/SECURITY.md");
    let (start, end) = block(&text, name);
    if std::env::var_os("UPDATE").is_some() {
        let written = format!("{}{expected}{}", &text[..start], &text[end..]);
        std::fs::write(path(), written).expect("docs/SECURITY.md is written");
        return;
    }
    let found: Vec<_> = text[start..end].lines().collect();
    let wanted: Vec<_> = expected.lines().collect();
    let missing: Vec<_> = wanted.iter().filter(|line| !found.contains(line)).collect();
    let stale: Vec<_> = found.iter().filter(|line| !wanted.contains(line)).collect();
    assert!(
        found == wanted,
        "docs/SECURITY.md differs from the database: missing {missing:#?}\nstale {stale:#?}\nread both, then \
         UPDATE=1 cargo test -p gatehouse-tests --test db catalog"
    );
}
