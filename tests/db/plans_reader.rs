//! The plans that the server really used, also inside functions: auto_explain sends each to the client that asked.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use futures_util::stream::poll_fn;
use serde_json::Value;
use tokio_postgres::{AsyncMessage, Config, NoTls};
use uuid::Uuid;

use crate::support::{Db, Who};

/// A superuser's connection, because auto_explain is theirs; statements run as whoever is named.
pub struct Reader {
    db: Db,
    heard: Arc<Mutex<Vec<String>>>,
}

/// What one call of a function did.
#[derive(Debug, Default)]
pub struct Plans {
    /// Tables that were read from end to end.
    pub scanned: BTreeSet<String>,
    /// Indexes that were used.
    pub indexes: BTreeSet<String>,
    /// Pages of 8 KB that the whole call touched.
    pub buffers: u64,
    /// Statements inside functions.
    pub statements: usize,
}

impl Reader {
    /// Connects to the local platform's database at `url`.
    pub async fn connect(url: &str) -> Reader {
        let mut config: Config = url.parse().expect("an address");
        config.user("supabase_admin");
        let (client, mut connection) = config.connect(NoTls).await.expect("the superuser connects");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let sink = heard.clone();
        tokio::spawn(async move {
            let mut messages = poll_fn(move |context| connection.poll_message(context));
            while let Some(Ok(message)) = messages.next().await {
                if let AsyncMessage::Notice(notice) = message {
                    sink.lock().expect("no thread panicked").push(notice.message().to_owned());
                }
            }
        });
        client
            .batch_execute(
                "load 'auto_explain';
                 set auto_explain.log_min_duration = 0;
                 set auto_explain.log_nested_statements = on;
                 set auto_explain.log_analyze = on;
                 set auto_explain.log_timing = off;
                 set auto_explain.log_buffers = on;
                 set auto_explain.log_format = json;
                 set auto_explain.log_level = notice;
                 set client_min_messages = notice",
            )
            .await
            .expect("auto_explain is part of the server");
        Reader { db: Db { client }, heard }
    }

    /// For data that is made by hand: no triggers and no foreign keys, and none of it is explained.
    pub async fn fill(&self, sql: &str) {
        self.db
            .client
            .batch_execute(&format!(
                "set auto_explain.log_min_duration = -1; set session_replication_role = replica;
                 {sql};
                 set session_replication_role = origin; set auto_explain.log_min_duration = 0"
            ))
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// One value, as the owner of everything.
    pub async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(&self, sql: &str) -> T {
        self.db.one(sql, &[]).await
    }

    /// Runs one statement as `who`, rolls it back and tells how it was done. `generic` uses the plans that a function
    /// keeps for any argument, as it does from its sixth call on.
    pub async fn explain(&mut self, who: Who, sql: &str, generic: bool) -> Plans {
        let mode = if generic { "force_generic_plan" } else { "force_custom_plan" };
        let tx = self.db.act(who).await;
        tx.batch_execute(&format!("set local plan_cache_mode = {mode}")).await.expect("a setting");
        self.heard.lock().expect("no thread panicked").clear();
        // The statement's own end is a message that comes after all of its notices.
        let marker = Uuid::new_v4().to_string();
        tx.batch_execute(&format!("{sql}; do $$ begin raise notice '{marker}'; end $$"))
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        tx.rollback().await.expect("an end");
        let heard = std::mem::take(&mut *self.heard.lock().expect("no thread panicked"));
        assert!(heard.contains(&marker), "every plan has arrived");
        let mut plans = Plans::default();
        for text in heard.iter().filter_map(|message| message.split_once("plan:\n").map(|(_, plan)| plan)) {
            let explained: Value = serde_json::from_str(text).expect("a plan is JSON");
            let root = &explained["Plan"];
            plans.statements += 1;
            // A statement's numbers contain those of the statements inside it, so the outermost one has the most.
            let touched = |name: &str| root[name].as_u64().unwrap_or(0);
            plans.buffers = plans.buffers.max(touched("Shared Hit Blocks") + touched("Shared Read Blocks"));
            walk(root, &mut plans);
        }
        plans
    }
}

fn walk(node: &Value, plans: &mut Plans) {
    if node["Node Type"] == "Seq Scan"
        && let Some(table) = node["Relation Name"].as_str()
    {
        plans.scanned.insert(table.to_owned());
    }
    if let Some(index) = node["Index Name"].as_str() {
        plans.indexes.insert(index.to_owned());
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        walk(child, plans);
    }
}
