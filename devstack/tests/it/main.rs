//! The platform through its network interfaces. Tests that cannot disturb each other share one stack.

mod auth;
mod clients;
mod existing;
mod faults;
mod gateway;
mod lifecycle;
mod phonepe;
mod resend;
mod upstash;
mod vertex;
mod webhooks;

use gatehouse_devstack::{Stack, StackOptions};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// The shared stack, without migrations: these tests do not need the product's tables.
pub async fn shared_stack() -> &'static Stack {
    static STACK: OnceCell<Stack> = OnceCell::const_new();
    STACK.get_or_init(own_stack).await
}

/// A stack for one test alone, for tests that kill parts.
pub async fn own_stack() -> Stack {
    let stack = Stack::start(StackOptions { migrations: None, ..StackOptions::for_tests() }, |_| {})
        .await
        .expect("the stack starts");
    let (client, connection) = tokio_postgres::connect(stack.database_url(), tokio_postgres::NoTls)
        .await
        .expect("the database answers");
    tokio::spawn(connection);
    client
        .batch_execute(
            "create table public.notes (id bigint generated always as identity primary key, owner uuid default auth.uid(), body text);
             alter table public.notes enable row level security;
             create policy own_rows on public.notes to authenticated using (owner = auth.uid()) with check (owner = auth.uid());
             create function public.who() returns json language sql stable as
               $$ select json_build_object('role', auth.role(), 'uid', auth.uid(), 'email', auth.email()) $$;
             create function public.sign_ups_fail() returns trigger language plpgsql as
               $$ begin raise exception 'no more'; end $$;
             create trigger refuse before insert on auth.users for each row
               when (new.email like 'refused%') execute function public.sign_ups_fail();",
        )
        .await
        .expect("postgres may make tables, functions and triggers on auth.users");
    stack.reload_schema().await.expect("PostgREST reads the schema");
    stack
}

/// An e-mail address that no other test uses.
pub fn fresh_email() -> String {
    format!("{}@example.com", uuid::Uuid::new_v4().simple())
}

/// Sends one request with the publishable key; returns the status, headers and body (null when it is not JSON).
pub async fn call(
    stack: &Stack,
    method: &str,
    path: &str,
    body: Value,
    headers: &[(&str, &str)],
) -> (u16, reqwest::header::HeaderMap, Value) {
    let method = method.parse().expect("a method");
    let mut request = reqwest::Client::new().request(method, format!("{}{path}", stack.supabase_url()));
    if !headers.iter().any(|(name, _)| *name == "apikey") {
        request = request.header("apikey", stack.publishable_key());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if !body.is_null() {
        request = request.json(&body);
    }
    let response = request.send().await.expect("the gateway answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.json().await.unwrap_or(Value::Null))
}

/// Sends one request to the Upstash proxy with its token.
pub async fn upstash(stack: &Stack, path: &str, body: &Value) -> (u16, Value) {
    let request = reqwest::Client::new()
        .post(format!("{}{path}", stack.upstash_url()))
        .bearer_auth(stack.upstash_token());
    let answer = request.json(body).send().await.expect("the proxy answers");
    (answer.status().as_u16(), answer.json().await.unwrap_or(json!("not JSON")))
}
