//! What the Worker's sources name, for tests that compare the document with them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The texts in quotes that follow one of `starts`, each of which ends with a quote, in the Rust files below `folder`.
pub fn literals_after(folder: &str, starts: &[&str]) -> BTreeSet<String> {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = BTreeSet::new();
    let mut folders = vec![repo.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(path).unwrap();
            for start in starts {
                let after = text.split(start).skip(1);
                found.extend(after.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
            }
        }
    }
    found
}
