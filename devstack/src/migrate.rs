//! Applies the project's migrations as the Supabase CLI does.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use tokio_postgres::Client;
use tokio_postgres::error::ErrorPosition;

/// Applies every `*.sql` of `folder` that is not recorded yet, each in one transaction; returns the names applied.
///
/// `client` must be connected as `postgres`. A recorded file whose text has changed since is refused. An error names the
/// file, the line and the message of Postgres.
pub async fn migrate(client: &mut Client, folder: &Path) -> Result<Vec<String>> {
    let files = migration_files(folder)?;
    client
        .batch_execute(
            "create schema if not exists supabase_migrations;
             create table if not exists supabase_migrations.schema_migrations
               (version text not null primary key, statements text[], name text);",
        )
        .await?;
    let rows =
        client.query("select version, statements from supabase_migrations.schema_migrations", &[]).await?;
    let recorded: HashMap<String, Option<Vec<String>>> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut applied = Vec::new();
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (version, name) = stem.split_once('_').unwrap_or((&stem, ""));
        if version.is_empty() || !version.bytes().all(|b| b.is_ascii_digit()) {
            bail!("{} must be named <digits>_<name>.sql.", file.display());
        }
        let sql = fs::read_to_string(&file)?;
        if let Some(statements) = recorded.get(version) {
            // Another tool records a file as several statements, which cannot be compared with its text.
            if let Some([applied]) = statements.as_deref()
                && *applied != sql
            {
                bail!(
                    "{} was edited after it had been applied, so this database does not match the files. Restore \
                     the file and write a new migration, or remove the data folder (`rm -r .devstack` in the \
                     checkout) and start again.",
                    file.display()
                );
            }
            continue;
        }
        let transaction = client.transaction().await?;
        transaction.batch_execute(&sql).await.map_err(|error| with_line(&file, &sql, &error))?;
        transaction
            .execute(
                "insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)",
                &[&version, &name, &vec![sql.as_str()]],
            )
            .await
            .with_context(|| format!("{} cannot be recorded: is its version used twice?", file.display()))?;
        transaction.commit().await.map_err(|error| with_line(&file, &sql, &error))?;
        applied.push(stem);
    }
    if !applied.is_empty() {
        client.batch_execute("notify pgrst, 'reload schema'").await?;
    }
    Ok(applied)
}

/// The migrations of a folder, in the order in which they are applied.
pub(crate) fn migration_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("There is no migrations folder at {}.", folder.display()))?;
    let mut files: Vec<_> =
        entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "sql")).collect();
    files.sort();
    Ok(files)
}

fn with_line(file: &Path, sql: &str, error: &tokio_postgres::Error) -> anyhow::Error {
    let Some(db) = error.as_db_error() else { return anyhow!("{}: {error}", file.display()) };
    let line = match db.position() {
        Some(ErrorPosition::Original(position)) => {
            let before = sql.chars().take((*position as usize).saturating_sub(1));
            format!(":{}", before.filter(|c| *c == '\n').count() + 1)
        }
        _ => String::new(),
    };
    let mut text = format!("{}{line}: {} ({})", file.display(), db.message(), db.code().code());
    for (label, more) in [("detail", db.detail()), ("hint", db.hint()), ("where", db.where_())] {
        if let Some(more) = more {
            text.push_str(&format!("\n  {label}: {more}"));
        }
    }
    anyhow!(text)
}
