//! Acting as somebody: a role and claims for one transaction, exactly as PostgREST sets them.

use serde_json::{Value, json};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Transaction};
use uuid::Uuid;

use crate::stack::{Fresh, database_url};

/// Arguments of a statement.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Who a statement runs as.
#[derive(Clone, Copy, Debug)]
pub enum Who {
    /// No token: the role anon.
    Anon,
    /// A signed-in person, by the id in their token.
    Person(Uuid),
    /// A token of the role authenticated that names nobody.
    Nobody,
    /// The service key.
    Service,
}

impl Who {
    /// The role of the database.
    pub fn role(self) -> &'static str {
        match self {
            Who::Anon => "anon",
            Who::Person(_) | Who::Nobody => "authenticated",
            Who::Service => "service_role",
        }
    }

    fn claims(self) -> Value {
        match self {
            Who::Person(id) => json!({ "role": "authenticated", "sub": id.to_string() }),
            other => json!({ "role": other.role() }),
        }
    }
}

/// Why a statement was refused: SQLSTATE and message.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    pub state: String,
    pub code: String,
}

impl From<tokio_postgres::Error> for Refused {
    fn from(error: tokio_postgres::Error) -> Self {
        let db = error.as_db_error().unwrap_or_else(|| panic!("not an answer of the database: {error}"));
        Refused { state: db.code().code().to_owned(), code: db.message().to_owned() }
    }
}

/// State and code of a call that is refused.
pub fn refusal(result: Result<Value, Refused>) -> (String, String) {
    result.map_err(|refused| (refused.state, refused.code)).expect_err("this call is refused")
}

/// What [`refusal`] answers for this SQLSTATE and code.
pub fn refused_with(state: &str, code: &str) -> (String, String) {
    (state.to_owned(), code.to_owned())
}

/// The owner's connection, from which any role can be taken on.
pub struct Db {
    pub client: Client,
}

impl Db {
    /// Connects to the shared database.
    pub async fn shared() -> Db {
        Db::connect(&database_url().await).await
    }

    /// Connects to the database at `url`.
    pub async fn connect(url: &str) -> Db {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the database answers");
        tokio::spawn(connection);
        Db { client }
    }

    /// A transaction with the role and claims of `who`. Dropped without a commit, it leaves nothing behind.
    pub async fn act(&mut self, who: Who) -> Transaction<'_> {
        let tx = self.client.transaction().await.expect("a transaction opens");
        let claims = who.claims().to_string();
        tx.execute("select set_config('request.jwt.claims', $1, true)", &[&claims])
            .await
            .expect("claims are set");
        tx.batch_execute(&format!("set local role {}", who.role())).await.expect("the role is taken on");
        tx
    }

    /// Runs one statement that yields one jsonb value, and commits it.
    pub async fn call(&mut self, who: Who, sql: &str, params: Params<'_>) -> Result<Value, Refused> {
        let tx = self.act(who).await;
        let value = tx.query_one(sql, params).await?.get(0);
        tx.commit().await?;
        Ok(value)
    }

    /// Reads one value as the owner of the tables.
    pub async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> T {
        self.client.query_one(sql, params).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
    }

    /// Changes something as the owner of the tables and says how many rows it met.
    pub async fn run(&self, sql: &str, params: Params<'_>) -> u64 {
        self.client.execute(sql, params).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// A new account; the sign-up trigger fires as it does for the Auth service.
    pub async fn sign_up(&self, email: Option<&str>, metadata: Value) -> Uuid {
        let id = Uuid::new_v4();
        self.run(
            "insert into auth.users (id, email, raw_user_meta_data) values ($1, $2, $3)",
            &[&id, &email, &metadata],
        )
        .await;
        id
    }

    /// A new account that has lost all of its profile.
    pub async fn sign_up_without_profile(&self) -> Uuid {
        let account = self.sign_up(Some(&format!("{}@example.in", Uuid::new_v4())), json!({})).await;
        assert_eq!(self.run("delete from public.users where auth_user_id = $1", &[&account]).await, 1);
        account
    }
}

/// A migrated database of this test's own, for what would disturb the others: queues, locks, broken tables.
pub async fn own_database() -> (Fresh, Db) {
    let fresh = Fresh::migrated().await;
    let db = Db::connect(&fresh.url()).await;
    (fresh, db)
}

/// A workspace with everybody who stands in some relation to it.
pub struct World {
    pub workspace: Uuid,
    pub owner: Uuid,
    pub admin: Uuid,
    pub member: Uuid,
    pub outsider: Uuid,
}

impl World {
    /// Four fresh people and the first one's workspace, which has never had a plan.
    pub async fn new(db: &Db) -> World {
        let mut people = Vec::new();
        for name in ["owner", "admin", "member", "outsider"] {
            let email = format!("{name}-{}@example.in", Uuid::new_v4());
            people.push(db.sign_up(Some(&email), json!({ "full_name": name })).await);
        }
        let [owner, admin, member, outsider] = people[..] else { panic!("four people") };
        let workspace = db
            .one(
                "select w.id from public.workspaces w join public.users u on u.id = w.owner_id
                 where u.auth_user_id = $1",
                &[&owner],
            )
            .await;
        for (person, role) in [(admin, "admin"), (member, "member")] {
            db.run(
                "insert into public.workspace_members (workspace_id, user_id, role)
                 select $1, id, $3 from public.users where auth_user_id = $2",
                &[&workspace, &person, &role],
            )
            .await;
        }
        World { workspace, owner, admin, member, outsider }
    }

    /// As [`World::new`], with a year of the largest plan, which has a seat for everybody.
    pub async fn with_plan(db: &Db) -> World {
        let world = World::new(db).await;
        let buy = "select private.extend_subscription($1, 'soar', 'year', now())";
        assert_eq!(db.run(buy, &[&world.workspace]).await, 1);
        world
    }
}

/// The RFC 8785 text of a value.
pub fn canonical_json(value: &Value) -> String {
    gatehouse_core::json::Json::from(value).canonical()
}

/// The checksum of a manifest's content.
pub fn checksum(content: &Value) -> String {
    gatehouse_core::context::checksum(&content.into())
}
