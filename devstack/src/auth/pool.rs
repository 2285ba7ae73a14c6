//! A small pool of connections as `supabase_auth_admin`, through the relay so that faults of Postgres hit it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_postgres::{Client, Config, Error, NoTls};

use crate::credentials::ROLE_PASSWORD;

/// The Auth server's connections to the database.
#[derive(Clone)]
pub(crate) struct Pool {
    config: Config,
    idle: Arc<Mutex<Vec<Client>>>,
}

impl Pool {
    /// `port` is the relay on 127.0.0.1.
    pub(crate) fn new(port: u16, database: &str) -> Self {
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(port)
            .user("supabase_auth_admin")
            .password(ROLE_PASSWORD)
            .dbname(database)
            .application_name("auth");
        Self { config, idle: Arc::default() }
    }

    /// An idle connection or a new one.
    pub(super) async fn get(&self) -> Result<Pooled, Error> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some(client) if client.is_closed() => {}
                Some(client) => return Ok(Pooled { client: Some(client), pool: self.idle.clone() }),
                None => {
                    let (client, connection) = self.config.connect(NoTls).await?;
                    tokio::spawn(connection);
                    return Ok(Pooled { client: Some(client), pool: self.idle.clone() });
                }
            }
        }
    }
}

/// A connection that goes back to the pool when dropped.
pub(super) struct Pooled {
    client: Option<Client>,
    pool: Arc<Mutex<Vec<Client>>>,
}

impl Drop for Pooled {
    fn drop(&mut self) {
        if let Some(client) = self.client.take().filter(|c| !c.is_closed()) {
            self.pool.lock().unwrap_or_else(PoisonError::into_inner).push(client);
        }
    }
}

impl Deref for Pooled {
    type Target = Client;
    fn deref(&self) -> &Client {
        self.client.as_ref().expect("a pooled connection is present until it is dropped")
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Client {
        self.client.as_mut().expect("a pooled connection is present until it is dropped")
    }
}
