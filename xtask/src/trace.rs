//! Holds `docs/requirements.md`, `plan.md` and `status.md` to each other and to the tests that they name.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Checks the traceability of the requirements.
///
/// # Errors
/// Every fault at once: an id without a status row or a place in the plan, an unknown state, a proof that does
/// not exist, a `done` without proof.
pub fn check(repo: &Path) -> Result<()> {
    let read = |name: &str| {
        let path = repo.join("docs").join(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let required = ids(&read("requirements.md")?, |line| line.trim_start().strip_prefix("- **"));
    let plan = read("plan.md")?;
    let rows = rows(&read("status.md")?);
    let mut faults = Vec::new();
    for id in &required {
        if !rows.contains_key(id) {
            faults.push(format!("{id} has no row in status.md"));
        }
        let places =
            plan.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|word| word == id).count();
        if places != 1 {
            faults.push(format!("{id} stands {places} times in plan.md, not once"));
        }
    }
    for (id, (state, proofs)) in &rows {
        if !required.contains(id) {
            faults.push(format!("status.md has {id}, which requirements.md does not"));
        }
        let named: Vec<_> = proofs.split(" ; ").filter_map(|proof| proof.split_once(" :: ")).collect();
        match state.as_str() {
            "done" if named.is_empty() => faults.push(format!("{id} is done without a proof")),
            "done" | "part" | "planned" => {}
            other => faults.push(format!("{id} has the unknown state {other}")),
        }
        faults.extend(
            named
                .iter()
                .filter_map(|(file, test)| missing(repo, file.trim(), test.trim()))
                .map(|fault| format!("{id}: {fault}")),
        );
    }
    if faults.is_empty() {
        Ok(())
    } else {
        bail!("the requirements do not trace:\n  {}", faults.join("\n  "))
    }
}

fn ids<'a>(text: &'a str, strip: impl Fn(&'a str) -> Option<&'a str>) -> Vec<String> {
    text.lines().filter_map(|line| strip(line)?.split("**").next()).map(str::to_owned).collect()
}

fn rows(text: &str) -> BTreeMap<String, (String, String)> {
    text.lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| R-")?.split('|').map(str::trim);
            Some((format!("R-{}", cells.next()?), (cells.next()?.to_owned(), cells.next()?.to_owned())))
        })
        .collect()
}

/// What is wrong with a proof, if anything. `*` names every test of a file.
fn missing(repo: &Path, file: &str, test: &str) -> Option<String> {
    let Ok(text) = std::fs::read_to_string(repo.join(file)) else {
        return Some(format!("{file} does not exist"));
    };
    let exists = match test {
        "*" => text.contains("#[test]") || text.contains("#[tokio::test") || text.contains("test("),
        name => text.contains(name),
    };
    (!exists).then(|| format!("{file} has no {test}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requirements_trace_to_tests_that_exist() {
        check(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap();
    }

    #[test]
    fn every_kind_of_fault_is_found() {
        let repo = std::env::temp_dir().join(format!("gatehouse-trace-{}", std::process::id()));
        std::fs::create_dir_all(repo.join("docs")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(repo.join("docs").join(name), text).unwrap();
        write("requirements.md", "- **R-01** one\n- **R-02** two\n");
        write("plan.md", "R-01, R-01\n");
        write("status.md", "| R-01 | done | |\n| R-03 | soon | docs/plan.md :: nothing_here |\n");
        let faults = format!("{:#}", check(&repo).unwrap_err());
        std::fs::remove_dir_all(&repo).unwrap();
        for fault in [
            "R-02 has no row",
            "R-01 stands 2 times",
            "R-02 stands 0 times",
            "R-01 is done without a proof",
            "R-03, which requirements.md does not",
            "unknown state soon",
            "docs/plan.md has no nothing_here",
        ] {
            assert!(faults.contains(fault), "{fault} in {faults}");
        }
    }
}
