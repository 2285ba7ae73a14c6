//! `POST /token`: password and refresh_token grants.

use axum::http::StatusCode;

use super::error::{AuthError, db_text};
use super::sessions::new_refresh_token;
use super::{AuthServer, Reply, Request};
use crate::options::RefreshReuse;

impl AuthServer {
    /// Dispatches on `grant_type`.
    pub(super) async fn token(&self, request: &Request<'_>) -> Reply {
        match request.query("grant_type") {
            Some("password") => self.password_grant(request).await,
            Some("refresh_token") => self.refresh_grant(request).await,
            _ => Err(AuthError::new(400, "invalid_credentials", "unsupported_grant_type")),
        }
    }

    async fn password_grant(&self, request: &Request<'_>) -> Reply {
        let email = request.text("email").trim().to_lowercase();
        if email.is_empty() {
            return Err(AuthError::validation("missing email or phone"));
        }
        let mut client =
            self.database.get().await.map_err(|e| AuthError::database("querying schema", db_text(&e)))?;
        let transaction =
            client.transaction().await.map_err(|e| AuthError::database("querying schema", db_text(&e)))?;
        let row = transaction
            .query_opt(
                "select id::text, coalesce(encrypted_password, ''), email_confirmed_at is not null,
                   coalesce(banned_until > now(), false)
                 from auth.users where email = $1 and not is_sso_user and deleted_at is null",
                &[&email],
            )
            .await
            .map_err(|e| AuthError::database("querying schema", db_text(&e)))?;
        let row = row.ok_or_else(AuthError::invalid_credentials)?;
        let (id, hash): (String, String) = (row.get(0), row.get(1));
        if !bcrypt::verify(request.text("password"), &hash).unwrap_or(false) {
            return Err(AuthError::invalid_credentials());
        }
        if row.get(3) {
            return Err(AuthError::new(400, "user_banned", "User is banned"));
        }
        if !row.get::<_, bool>(2) {
            return Err(AuthError::new(400, "email_not_confirmed", "Email not confirmed"));
        }
        let session = self.open_session(&transaction, &id, "password", request).await?;
        transaction.commit().await.map_err(|e| AuthError::database("granting user", db_text(&e)))?;
        Ok((StatusCode::OK, session))
    }

    /// Rotates: a token can be used once. A second use revokes the whole session, except in the cases that
    /// [`RefreshReuse::Hosted`] allows.
    async fn refresh_grant(&self, request: &Request<'_>) -> Reply {
        let presented = request.text("refresh_token");
        if presented.is_empty() {
            return Err(AuthError::validation("refresh_token required"));
        }
        let fail = |e: tokio_postgres::Error| AuthError::database("granting user", db_text(&e));
        let mut client = self.database.get().await.map_err(fail)?;
        let transaction = client.transaction().await.map_err(fail)?;
        let row = transaction
            .query_opt(
                "select t.user_id, t.session_id::text, t.revoked, t.updated_at + interval '10 seconds' > now(),
                   coalesce(u.banned_until > now(), false)
                 from auth.refresh_tokens t
                 join auth.sessions s on s.id = t.session_id
                 join auth.users u on u.id = s.user_id
                 where t.token = $1 for update of s",
                &[&presented],
            )
            .await
            .map_err(fail)?;
        let row = row.ok_or_else(AuthError::token_not_found)?;
        let (user_id, session_id, recent): (String, String, bool) = (row.get(0), row.get(1), row.get(3));
        if row.get(4) {
            return Err(AuthError::new(400, "user_banned", "Invalid Refresh Token: User Banned"));
        }
        // Read again under the lock: another request may have used this token meanwhile.
        let revoked: bool = transaction
            .query_one("select revoked from auth.refresh_tokens where token = $1", &[&presented])
            .await
            .map_err(fail)?
            .get(0);
        if revoked {
            let active = transaction
                .query_opt(
                    "select token, coalesce(parent, '') from auth.refresh_tokens
                     where session_id::text = $1 and not revoked order by id desc limit 1",
                    &[&session_id],
                )
                .await
                .map_err(fail)?;
            if self.reuse == RefreshReuse::Hosted
                && let Some(active) = active
                && (recent || active.get::<_, String>(1) == presented)
            {
                let session = self.session_json(&transaction, &user_id, &session_id, active.get(0)).await?;
                transaction.commit().await.map_err(fail)?;
                return Ok((StatusCode::OK, session));
            }
            transaction
                .execute("update auth.refresh_tokens set revoked = true, updated_at = now() where session_id::text = $1", &[&session_id])
                .await
                .map_err(fail)?;
            transaction.commit().await.map_err(fail)?;
            return Err(AuthError::token_reused());
        }
        transaction
            .execute(
                "update auth.refresh_tokens set revoked = true, updated_at = now() where token = $1",
                &[&presented],
            )
            .await
            .map_err(fail)?;
        transaction
            .execute(
                "update auth.sessions set refreshed_at = now(), updated_at = now() where id::text = $1",
                &[&session_id],
            )
            .await
            .map_err(fail)?;
        let token = new_refresh_token(&transaction, &user_id, &session_id, Some(presented)).await?;
        let session = self.session_json(&transaction, &user_id, &session_id, token).await?;
        transaction.commit().await.map_err(fail)?;
        Ok((StatusCode::OK, session))
    }
}
