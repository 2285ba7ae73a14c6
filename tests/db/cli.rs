//! The hosted platform's own tools on our files: `db push` applies them unchanged, and its advisors look at the result.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use uuid::Uuid;

use crate::migrations::schema;
use crate::security_doc;
use crate::stack::Fresh;
use crate::support::Db;

/// A folder as the CLI wants it, whose migrations are the project's.
struct Project(PathBuf);

impl Project {
    fn new() -> Project {
        let folder = std::env::temp_dir().join(format!("gatehouse-cli-{}", Uuid::new_v4()));
        std::fs::create_dir_all(folder.join("supabase")).expect("a folder");
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let migrations = migrations.canonicalize().expect("the migrations");
        std::os::unix::fs::symlink(migrations, folder.join("supabase/migrations")).expect("a link");
        Project(folder)
    }

    /// Runs the CLI without a network: every proxy is a closed port.
    fn run(&self, arguments: &[&str]) -> String {
        let cli = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../node_modules/@supabase/cli-linux-x64/bin/supabase");
        let mut command = Command::new(cli);
        command
            .current_dir(&self.0)
            .args(arguments)
            .env("HOME", &self.0)
            .env("NO_PROXY", "127.0.0.1,localhost");
        for off in ["DO_NOT_TRACK", "SUPABASE_TELEMETRY_DISABLED", "SUPABASE_NO_UPDATE_NOTIFIER"] {
            command.env(off, "1");
        }
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            command.env(proxy, "http://127.0.0.1:9");
        }
        let output = command.output().expect("the Supabase CLI is installed: run `npm ci`");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{arguments:?}: {text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg_attr(
    not(all(target_os = "linux", target_arch = "x86_64")),
    ignore = "npm brings the Supabase CLI for Linux on x86_64 only"
)]
#[tokio::test]
async fn db_push_makes_the_same_schema_and_the_advisors_have_nothing_new_to_say() {
    let fresh = Fresh::start().await;
    let url = fresh.url();
    let remote = format!("--remote={url}");
    let project = Project::new();
    project.run(&["db", "push", &remote, "--yes"]);

    let (pushed, ours) = (Db::connect(&url).await, Db::shared().await);
    let (pushed_schema, our_schema) = (schema(&pushed).await, schema(&ours).await);
    let only_pushed: Vec<_> = pushed_schema.iter().filter(|line| !our_schema.contains(line)).collect();
    let only_ours: Vec<_> = our_schema.iter().filter(|line| !pushed_schema.contains(line)).collect();
    assert!(only_pushed.is_empty() && only_ours.is_empty(), "pushed {only_pushed:#?}\nours {only_ours:#?}");

    let report = project.run(&[
        "db",
        "advisors",
        &remote,
        "--type",
        "all",
        "--level",
        "info",
        "--fail-on",
        "none",
        "--output-format",
        "json",
    ]);
    let report: Value = serde_json::from_str(&report).expect("a report");
    let findings = report["results"].as_array().expect("a list of findings");
    let serious: Vec<_> = findings.iter().filter(|finding| finding["level"] != "INFO").collect();
    assert!(serious.is_empty(), "{serious:#?}");
    let kinds: BTreeSet<&str> = findings.iter().filter_map(|finding| finding["name"].as_str()).collect();
    let justified = security_doc::rows("advisors");
    let justified: BTreeSet<&str> = justified[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(kinds, justified, "docs/SECURITY.md gives a reason for each kind of finding and for no other");
    println!("counted: 0 findings of the advisors at warning or error, {} as information", findings.len());
    drop(pushed);
    fresh.stop().await;
}
