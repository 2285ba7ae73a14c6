//! `/admin/users`, which needs the secret key.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::error::{AuthError, db_text};
use super::users::{NewUser, USER_JSON, insert, object, valid_email, valid_password};
use super::{AuthServer, Reply, Request};

impl AuthServer {
    /// Answers one request; `id` is empty for the collection.
    pub(super) async fn admin(&self, method: &Method, id: &str, request: &Request<'_>) -> Reply {
        let token = request.header("authorization").and_then(|v| v.strip_prefix("Bearer "));
        let claims =
            self.keys.verify(token.ok_or_else(AuthError::no_authorization)?).map_err(AuthError::bad_jwt)?;
        if claims["role"] != "service_role" {
            return Err(AuthError::new(403, "not_admin", "User not allowed"));
        }
        if !id.is_empty() && uuid::Uuid::parse_str(id).is_err() {
            return Err(AuthError::validation("user_id must be an UUID"));
        }
        match (method.as_str(), id) {
            ("GET", "") => self.list_users(request).await,
            ("POST", "") => self.create_user(request).await,
            ("GET", id) => Ok((
                StatusCode::OK,
                self.fetch(&format!("select {USER_JSON} from auth.users u where u.id::text = $1"), id)
                    .await?,
            )),
            ("PUT", id) => self.change_any_user(id, request).await,
            ("DELETE", id) => {
                self.fetch("delete from auth.users where id::text = $1 returning '{}'::jsonb", id).await?;
                Ok((StatusCode::OK, json!({})))
            }
            _ => Err(AuthError::new(405, "validation_failed", "Method not allowed")),
        }
    }

    /// The JSON that a statement returns about one user.
    async fn fetch(&self, sql: &str, id: &str) -> Result<Value, AuthError> {
        let client =
            self.database.get().await.map_err(|e| AuthError::database("loading user", db_text(&e)))?;
        let row = client
            .query_opt(sql, &[&id])
            .await
            .map_err(|e| AuthError::database("loading user", db_text(&e)))?;
        row.map(|row| row.get(0)).ok_or_else(AuthError::user_not_found)
    }

    async fn list_users(&self, request: &Request<'_>) -> Reply {
        let number = |name: &str, default: i64| {
            request.query(name).and_then(|v| v.parse().ok()).filter(|n| *n > 0).unwrap_or(default)
        };
        let (page, size) = (number("page", 1), number("per_page", 50).min(1000));
        let sql = format!(
            "select coalesce(jsonb_agg({USER_JSON} order by u.created_at desc), '[]')
             from (select * from auth.users order by created_at desc limit $1 offset $2) u"
        );
        let client =
            self.database.get().await.map_err(|e| AuthError::database("finding users", db_text(&e)))?;
        let row = client
            .query_one(&sql, &[&size, &((page - 1) * size)])
            .await
            .map_err(|e| AuthError::database("finding users", db_text(&e)))?;
        Ok((StatusCode::OK, json!({"users": row.get::<_, Value>(0), "aud": "authenticated"})))
    }

    async fn create_user(&self, request: &Request<'_>) -> Reply {
        let password = request.text("password");
        let new = NewUser {
            email: Some(valid_email(request.text("email"))?),
            password: if password.is_empty() { None } else { Some(valid_password(password, "")?) },
            user_metadata: object(&request.body["user_metadata"]),
            app_metadata: object(&request.body["app_metadata"]),
            confirmed: request.body["email_confirm"] == true,
            id: request.body["id"].as_str().filter(|id| uuid::Uuid::parse_str(id).is_ok()).map(str::to_owned),
        };
        let fail = |e: tokio_postgres::Error| AuthError::database("creating new user", db_text(&e));
        let mut client = self.database.get().await.map_err(fail)?;
        let transaction = client.transaction().await.map_err(fail)?;
        let id = insert(&transaction, new, AuthError::email_exists).await?;
        transaction.commit().await.map_err(fail)?;
        drop(client);
        Ok((
            StatusCode::OK,
            self.fetch(&format!("select {USER_JSON} from auth.users u where u.id::text = $1"), &id).await?,
        ))
    }

    async fn change_any_user(&self, id: &str, request: &Request<'_>) -> Reply {
        if let Some(ban) = request.body["ban_duration"].as_str() {
            let until = match ban {
                "none" => "null".to_owned(),
                // Go durations such as 24h or 90s are also Postgres intervals.
                text if text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.') => {
                    format!("now() + interval '{text}'")
                }
                _ => return Err(AuthError::validation("invalid format for ban duration")),
            };
            self.fetch(
                &format!(
                    "update auth.users set banned_until = {until} where id::text = $1 returning '{{}}'::jsonb"
                ),
                id,
            )
            .await?;
        }
        Ok((StatusCode::OK, self.update(id, &request.body).await?))
    }
}
