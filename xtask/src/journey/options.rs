//! The journey's command line.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use lexopt::prelude::*;

use super::client::Target;

const HELP: &str = "\
npm run journey -- [options]

  --input FILE            the answers to give (default tests/journey/answers.json)
  --url URL               play against this Worker instead of starting one
  --supabase-url URL      where to sign up (default: SUPABASE_URL of .dev.vars)
  --publishable-key KEY   (default: SUPABASE_PUBLISHABLE_KEY of .dev.vars)
  --json                  print one JSON line at the end: {ok, steps:[{name, ms, budget_ms, calls}]}";

/// What was asked for.
pub struct Options {
    /// The file with the answers.
    pub input: PathBuf,
    /// Only one JSON line instead of a table.
    pub json: bool,
    /// The Worker to play against; none starts one.
    pub target: Option<Target>,
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// A sentence with the fix; `--help` prints the usage and ends the program.
    pub fn parse(repo: &Path, arguments: Vec<String>) -> Result<Self> {
        let mut input = repo.join("tests/journey/answers.json");
        let (mut url, mut supabase_url, mut publishable_key, mut json) = (None, None, None, false);
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("input") => input = PathBuf::from(parser.value()?),
                Long("url") => url = Some(parser.value()?.string()?),
                Long("supabase-url") => supabase_url = Some(parser.value()?.string()?),
                Long("publishable-key") => publishable_key = Some(parser.value()?.string()?),
                Long("json") => json = true,
                Long("help") => {
                    println!("{HELP}");
                    std::process::exit(0);
                }
                other => bail!("{}\n\n{HELP}", other.unexpected()),
            }
        }
        let target = match url {
            None => None,
            Some(url) => Some(Target {
                url: url.trim_end_matches('/').to_owned(),
                supabase_url: supabase_url.map_or_else(|| dev_var(repo, "SUPABASE_URL"), Ok)?,
                publishable_key: publishable_key
                    .map_or_else(|| dev_var(repo, "SUPABASE_PUBLISHABLE_KEY"), Ok)?,
            }),
        };
        Ok(Self { input, json, target })
    }
}

/// A value of `.dev.vars`, which `npm run stack` writes.
fn dev_var(repo: &Path, name: &str) -> Result<String> {
    let text = std::fs::read_to_string(repo.join(".dev.vars"))
        .context("With --url, give --supabase-url and --publishable-key, or run `npm run stack`, which writes .dev.vars.")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.map(|value| value.trim_matches('"').to_owned()).with_context(|| format!(".dev.vars has no {name}."))
}
