//! A person who calls the Worker.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Reply, Request, World};

/// A signed-in person with a workspace.
#[derive(Clone)]
pub struct Founder<'a> {
    pub(super) world: &'a World,
    pub email: String,
    pub token: String,
    pub workspace_id: String,
}

impl<'a> Founder<'a> {
    /// A request with the person's session and workspace.
    pub fn request(&self, method: Method, path: &str) -> Request<'a> {
        let request =
            self.world.request(method, path).header("authorization", &format!("Bearer {}", self.token));
        if self.workspace_id.is_empty() {
            request
        } else {
            request.header("x-workspace-id", &self.workspace_id)
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: Option<&Value>) -> Reply {
        let request = self.request(Method::POST, path);
        match body {
            Some(body) => {
                request.header("content-type", "application/json").body(body.to_string()).send().await
            }
            None => request.send().await,
        }
    }

    /// Opens a payment page.
    pub async fn init(&self, plan: &str, interval: &str, key: &str) -> Reply {
        let body = json!({"plan": plan, "interval": interval}).to_string();
        self.request(Method::POST, "/payments/v2/init").header("idempotency-key", key).body(body).send().await
    }

    /// Opens a payment page for a month of Glide and answers the order's id.
    pub async fn order(&self) -> String {
        let reply = self.init("glide", "month", &Uuid::new_v4().to_string()).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.json["order_id"].as_str().expect("an order id").to_owned()
    }

    pub async fn finalize(&self, answers: &Value) -> Reply {
        self.post("/onboarding/finalize", Some(&json!({"answers": answers}))).await
    }
}
