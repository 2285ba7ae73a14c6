//! One local platform for the whole binary. It dies with the process, so nothing stops it.

use std::path::Path;

use gatehouse_devstack::{Stack, StackOptions};
use tokio::sync::OnceCell;

static STACK: OnceCell<Stack> = OnceCell::const_new();

/// The platform, started by whichever test comes first.
pub async fn stack() -> &'static Stack {
    STACK
        .get_or_init(|| async {
            Stack::start(StackOptions::for_tests(), |_| {}).await.expect("the local platform starts")
        })
        .await
}

/// Address of the migrated database, as a superuser.
pub async fn database_url() -> String {
    stack().await.database_url().to_owned()
}

/// What a hosted database holds before any migration of ours.
pub fn platform_sql() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../devstack/sql/platform.sql");
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
