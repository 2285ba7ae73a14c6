//! Sessions: tokens, authentication, signing out.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio_postgres::Transaction;

use super::error::{AuthError, db_text};
use super::users::USER_JSON;
use super::{AuthServer, Reply, Request, TOKEN_SECONDS};
use crate::clock;

impl AuthServer {
    /// Starts a session for a user and returns the session object.
    pub(super) async fn open_session(
        &self,
        transaction: &Transaction<'_>,
        user_id: &str,
        method: &str,
        request: &Request<'_>,
    ) -> Result<Value, AuthError> {
        let session_id = uuid::Uuid::new_v4().to_string();
        let agent = request.header("user-agent");
        transaction
            .execute(
                "with signed_in as (
                   update auth.users set last_sign_in_at = now(), updated_at = now() where id::text = $2
                 ), opened as (
                   insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
                   values ($1::text::uuid, $2::text::uuid, now(), now(), 'aal1', $3, '127.0.0.1')
                   returning id
                 )
                 insert into auth.mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)
                 select id, now(), now(), $4, gen_random_uuid() from opened",
                &[&session_id, &user_id, &agent, &method],
            )
            .await
            .map_err(|e| AuthError::database("granting user", db_text(&e)))?;
        let refresh_token = new_refresh_token(transaction, user_id, &session_id, None).await?;
        self.session_json(transaction, user_id, &session_id, refresh_token).await
    }

    /// The session object: a new access token with this refresh token.
    pub(super) async fn session_json(
        &self,
        transaction: &Transaction<'_>,
        user_id: &str,
        session_id: &str,
        refresh_token: String,
    ) -> Result<Value, AuthError> {
        let sql = format!(
            "select {USER_JSON}, s.aal::text,
               (select coalesce(jsonb_agg(jsonb_build_object('method', c.authentication_method,
                  'timestamp', extract(epoch from c.created_at)::bigint)), '[]')
                from auth.mfa_amr_claims c where c.session_id = s.id)
             from auth.users u join auth.sessions s on s.user_id = u.id
             where u.id::text = $1 and s.id::text = $2"
        );
        let row = transaction.query_one(&sql, &[&user_id, &session_id]).await;
        let row = row.map_err(|e| AuthError::database("querying schema", db_text(&e)))?;
        let (user, aal, amr): (Value, String, Value) = (row.get(0), row.get(1), row.get(2));
        let expires_at = clock::epoch_seconds() + TOKEN_SECONDS;
        let access_token = self.keys.sign(&claims(&self.issuer, &user, session_id, &aal, &amr, expires_at));
        Ok(json!({
            "access_token": access_token, "token_type": "bearer", "expires_in": TOKEN_SECONDS, "expires_at": expires_at,
            "refresh_token": refresh_token, "user": user,
        }))
    }

    /// The user and claims of the bearer token, whose session must still exist.
    pub(super) async fn authenticate(&self, request: &Request<'_>) -> Result<(Value, Value), AuthError> {
        let token = request
            .header("authorization")
            .and_then(|v| v.strip_prefix("Bearer ").or_else(|| v.strip_prefix("bearer ")));
        let claims =
            self.keys.verify(token.ok_or_else(AuthError::no_authorization)?).map_err(AuthError::bad_jwt)?;
        let Some(subject) = claims["sub"].as_str() else {
            return Err(AuthError::new(403, "bad_jwt", "invalid claim: missing sub claim"));
        };
        let sql = format!(
            "select {USER_JSON}, exists (select from auth.sessions s where s.user_id = u.id and s.id::text = $2)
             from auth.users u where u.id::text = $1"
        );
        let session = claims["session_id"].as_str().unwrap_or_default();
        let client =
            self.database.get().await.map_err(|e| AuthError::database("finding user", db_text(&e)))?;
        let row = client.query_opt(&sql, &[&subject, &session]).await;
        let Some(row) = row.map_err(|e| AuthError::database("finding user", db_text(&e)))? else {
            return Err(AuthError::new(403, "user_not_found", "User from sub claim in JWT does not exist"));
        };
        if !session.is_empty() && !row.get::<_, bool>(1) {
            return Err(AuthError::new(
                403,
                "session_not_found",
                "Session from session_id claim in JWT does not exist",
            ));
        }
        Ok((row.get(0), claims))
    }

    /// `POST /logout?scope=global|local|others`.
    pub(super) async fn log_out(&self, request: &Request<'_>) -> Reply {
        let (user, claims) = self.authenticate(request).await?;
        let condition = match request.query("scope").unwrap_or("global") {
            "global" => "$2::text is not null",
            "local" => "id::text = $2",
            "others" => "id::text <> $2",
            _ => return Err(AuthError::validation("Unsupported logout scope")),
        };
        let (id, session) =
            (user["id"].as_str().unwrap_or_default(), claims["session_id"].as_str().unwrap_or_default());
        let sql = format!("delete from auth.sessions where user_id::text = $1 and {condition}");
        let client =
            self.database.get().await.map_err(|e| AuthError::database("logging user out", db_text(&e)))?;
        client
            .execute(&sql, &[&id, &session])
            .await
            .map_err(|e| AuthError::database("logging user out", db_text(&e)))?;
        Ok((StatusCode::NO_CONTENT, Value::Null))
    }
}

/// Claims of an access token.
fn claims(issuer: &str, user: &Value, session_id: &str, aal: &str, amr: &Value, expires_at: i64) -> Value {
    json!({
        "iss": issuer, "sub": user["id"], "aud": "authenticated", "exp": expires_at, "iat": expires_at - TOKEN_SECONDS,
        "email": user["email"], "phone": user["phone"], "app_metadata": user["app_metadata"],
        "user_metadata": user["user_metadata"], "role": "authenticated", "aal": aal, "amr": amr,
        "session_id": session_id, "is_anonymous": user["is_anonymous"],
    })
}

/// Stores a new refresh token of a session: 12 characters, like those of the hosted service.
pub(super) async fn new_refresh_token(
    transaction: &Transaction<'_>,
    user_id: &str,
    session_id: &str,
    parent: Option<&str>,
) -> Result<String, AuthError> {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let token: String =
        (0..12).map(|_| char::from(ALPHABET[rand::random_range(0..ALPHABET.len())])).collect();
    transaction
        .execute(
            "insert into auth.refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
             values ('00000000-0000-0000-0000-000000000000', $1, $2, false, now(), now(), $3, $4::text::uuid)",
            &[&token, &user_id, &parent, &session_id],
        )
        .await
        .map_err(|e| AuthError::database("granting user", db_text(&e)))?;
    Ok(token)
}
