//! What is generated from core and its schemas: the validator's tables and the questions, the API's description, the
//! docs' tables, the package's TypeScript.
//!
//! Each file says on its first line that it is generated. `codegen --check` writes nothing and fails when a
//! file differs from what it should be, which is how drift fails the tests.

mod catalogue;
mod docs;
mod openapi;
mod schemas;
mod types;
mod typescript;

pub use openapi::minified as minified_openapi;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// A generated file: its path below the repository, and its text.
struct Generated {
    path: &'static str,
    text: String,
}

fn generate(repo: &Path) -> Result<Vec<Generated>> {
    let file = |path, text| Generated { path, text };
    let schemas = schemas::read(repo)?;
    Ok(vec![
        file(".dev.vars.example", docs::dev_vars()),
        file("core/src/onboarding/ids.rs", schemas::rust_ids(&schemas)),
        file("core/src/onboarding/questions.rs", schemas::rust_questions(&schemas)),
        file("core/src/validator/tables.rs", schemas::tables(&schemas)?),
        file("docs/API.md", docs::api()),
        file("docs/ENVIRONMENT.md", docs::environment()),
        file("docs/ERRORS.md", docs::errors()),
        file("docs/LOGGING.md", docs::logging()),
        file("docs/METRICS.md", docs::metrics()),
        file("docs/ONBOARDING.md", schemas::docs(&schemas)),
        file("docs/VOCABULARY.md", docs::vocabulary()),
        file("docs/openapi.json", openapi::pretty()),
        file("migrations/009_plan_catalogue.sql", catalogue::sql()),
        file("wasm-client/npm/src/generated/api.ts", typescript::api()),
        file("wasm-client/npm/src/generated/catalogue.ts", catalogue::typescript()),
        file("wasm-client/npm/src/generated/context.ts", schemas::typescript(&schemas)),
        file("wasm-client/npm/src/generated/fields.ts", typescript::fields()),
        file("wasm-client/npm/src/generated/vocabulary.ts", typescript::vocabulary()),
    ])
}

/// Writes every generated file below `repo`, or with `check` compares them.
///
/// # Errors
/// With `check`, when any file differs; the message names each.
pub fn run(repo: &Path, check: bool) -> Result<()> {
    let mut drifted: Vec<PathBuf> = Vec::new();
    for Generated { path, text } in generate(repo)? {
        let full = repo.join(path);
        if fs::read_to_string(&full).is_ok_and(|present| present == text) {
            continue;
        }
        drifted.push(path.into());
        if !check {
            fs::create_dir_all(full.parent().unwrap_or(repo))?;
            fs::write(&full, text).with_context(|| format!("cannot write {path}"))?;
            println!("codegen: wrote {path}");
        }
    }
    if check && !drifted.is_empty() {
        let names: Vec<_> = drifted.iter().map(|path| path.display().to_string()).collect();
        bail!(
            "generated files differ from core: {}. Run `npm run codegen` and commit them.",
            names.join(", ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generated_file_says_so_on_its_first_line() {
        for file in generate(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap() {
            let first = file.text.lines().take(2).collect::<String>();
            assert!(first.contains("Generated") || first.contains("generated"), "{}", file.path);
            assert!(file.text.ends_with('\n'), "{}", file.path);
        }
    }

    #[test]
    fn the_committed_files_are_what_core_says() {
        let repo = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        run(repo, true).unwrap();
    }
}
