//! One local platform for the whole binary. It dies with the process, so nothing stops it.

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

/// Address of the migrated database, as the role that owns the tables.
pub async fn database_url() -> String {
    stack().await.database_url().to_owned()
}

/// A platform of its own without any migration, for what would disturb the shared one.
pub struct Fresh(Stack);

impl Fresh {
    /// Starts it.
    pub async fn start() -> Fresh {
        let options = StackOptions { migrations: None, ..StackOptions::for_tests() };
        Fresh(Stack::start(options, |_| {}).await.expect("a second local platform starts"))
    }

    /// Starts it with the project's migrations, always on a server of its own.
    pub async fn migrated() -> Fresh {
        let options = StackOptions { database_url: None, ..StackOptions::for_tests() };
        Fresh(Stack::start(options, |_| {}).await.expect("a second local platform starts"))
    }

    /// Address of its database.
    pub fn url(&self) -> String {
        self.0.database_url().to_owned()
    }

    /// Stops it and removes its data.
    pub async fn stop(self) {
        self.0.stop().await.expect("the second platform stops");
    }
}
