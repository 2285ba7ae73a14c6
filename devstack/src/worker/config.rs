//! How the Worker is run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

/// How to run the Worker.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// The checkout with `build/worker` and `node_modules`.
    pub repo: PathBuf,
    /// Port on 127.0.0.1; 0 = a free one.
    pub port: u16,
    /// Bindings, on top of `[vars]` in `wrangler.toml`: usually [`super::worker_vars`] of a running stack.
    pub vars: BTreeMap<String, String>,
}

/// The options of `devstack/worker.mjs`: those of `wrangler.toml`, so that tests run the Worker as it is deployed.
pub(super) fn runner_options(options: &WorkerOptions) -> Result<serde_json::Value> {
    if !options.repo.join("build/worker/index.js").is_file() {
        bail!("The Worker is not built: run `npm run build` in {}.", options.repo.display());
    }
    let path = options.repo.join("wrangler.toml");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read.", path.display()))?;
    let config: toml::Table =
        text.parse().with_context(|| format!("{} is not valid TOML.", path.display()))?;
    let mut vars = config.get("vars").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    vars.extend(options.vars.iter().map(|(name, value)| (name.clone(), toml::Value::String(value.clone()))));
    let mut limits = serde_json::Map::new();
    for limit in config.get("ratelimits").and_then(toml::Value::as_array).into_iter().flatten() {
        let name = limit
            .get("name")
            .and_then(toml::Value::as_str)
            .context("A rate limit in wrangler.toml has no name.")?;
        limits.insert(
            name.to_owned(),
            json!({"namespace_id": limit.get("namespace_id"), "simple": limit.get("simple")}),
        );
    }
    Ok(json!({
        "repo": options.repo,
        "port": options.port,
        "vars": vars,
        "ratelimits": limits,
        "compatibilityDate": config.get("compatibility_date"),
        "compatibilityFlags": config.get("compatibility_flags").unwrap_or(&toml::Value::Array(Vec::new())),
    }))
}

/// The Node binary: that of the npm packages, else the one on PATH.
pub(super) fn node(repo: &Path) -> PathBuf {
    let package = repo.join("node_modules/.bin/node");
    if package.exists() { package } else { PathBuf::from("node") }
}
