//! Users: sign-up, reading and changing them.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;

use super::error::{AuthError, db_text};
use super::{AuthServer, Reply, Request};

/// The lowest cost that bcrypt allows: the stack protects nothing of value.
const BCRYPT_COST: u32 = 4;

/// The user object that clients get; `u` is the row of auth.users.
pub(super) const USER_JSON: &str = "jsonb_strip_nulls(jsonb_build_object(
  'id', u.id, 'aud', u.aud, 'role', u.role, 'email', coalesce(u.email, ''),
  'email_confirmed_at', u.email_confirmed_at, 'phone', coalesce(u.phone, ''),
  'confirmed_at', u.confirmed_at, 'last_sign_in_at', u.last_sign_in_at, 'banned_until', u.banned_until,
  'app_metadata', coalesce(u.raw_app_meta_data, '{}'), 'user_metadata', coalesce(u.raw_user_meta_data, '{}'),
  'identities', (select coalesce(jsonb_agg(jsonb_build_object(
      'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id, 'identity_data', i.identity_data,
      'provider', i.provider, 'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
      'updated_at', i.updated_at, 'email', i.email) order by i.created_at), '[]')
    from auth.identities i where i.user_id = u.id),
  'created_at', u.created_at, 'updated_at', u.updated_at, 'is_anonymous', u.is_anonymous))";

/// A user to insert.
pub(super) struct NewUser {
    /// None for an anonymous user.
    pub(super) email: Option<String>,
    pub(super) password: Option<String>,
    pub(super) user_metadata: Value,
    pub(super) app_metadata: Value,
    pub(super) confirmed: bool,
    pub(super) id: Option<String>,
}

impl AuthServer {
    /// `POST /signup`: an e-mail user, or an anonymous one when neither e-mail nor password is sent.
    pub(super) async fn sign_up(&self, request: &Request<'_>) -> Reply {
        let anonymous = request.text("email").is_empty() && request.text("password").is_empty();
        let new = NewUser {
            email: if anonymous { None } else { Some(valid_email(request.text("email"))?) },
            password: if anonymous {
                None
            } else {
                Some(valid_password(request.text("password"), "Signup requires a valid password")?)
            },
            user_metadata: object(&request.body["data"]),
            app_metadata: json!({}),
            confirmed: true,
            id: None,
        };
        let mut client =
            self.database.get().await.map_err(|e| AuthError::database("finding user", db_text(&e)))?;
        let transaction =
            client.transaction().await.map_err(|e| AuthError::database("saving new user", db_text(&e)))?;
        let id = insert(&transaction, new, AuthError::user_exists).await?;
        let method = if anonymous { "anonymous" } else { "password" };
        let session = self.open_session(&transaction, &id, method, request).await?;
        transaction.commit().await.map_err(|e| AuthError::database("saving new user", db_text(&e)))?;
        Ok((StatusCode::OK, session))
    }

    /// `GET /user`.
    pub(super) async fn read_user(&self, request: &Request<'_>) -> Reply {
        let (user, _) = self.authenticate(request).await?;
        Ok((StatusCode::OK, user))
    }

    /// `PUT /user`: e-mail (confirmed at once), password and user metadata (merged).
    pub(super) async fn change_user(&self, request: &Request<'_>) -> Reply {
        let (user, _) = self.authenticate(request).await?;
        let id = user["id"].as_str().unwrap_or_default();
        if !request.text("password").is_empty() {
            valid_password(request.text("password"), "")?;
            let client =
                self.database.get().await.map_err(|e| AuthError::database("finding user", db_text(&e)))?;
            let row = client
                .query_one(
                    "select coalesce(encrypted_password, '') from auth.users where id::text = $1",
                    &[&id],
                )
                .await;
            let old: String = row.map_err(|e| AuthError::database("finding user", db_text(&e)))?.get(0);
            if bcrypt::verify(request.text("password"), &old).unwrap_or(false) {
                return Err(AuthError::new(
                    422,
                    "same_password",
                    "New password should be different from the old password.",
                ));
            }
        }
        let change = json!({
            "email": request.body["email"], "password": request.body["password"], "user_metadata": request.body["data"],
        });
        Ok((StatusCode::OK, self.update(id, &change).await?))
    }

    /// Changes these fields of a user, where present: email, password, user_metadata, app_metadata.
    pub(super) async fn update(&self, id: &str, change: &Value) -> Result<Value, AuthError> {
        let email = match change["email"].as_str() {
            Some(email) => Some(valid_email(email)?),
            None => None,
        };
        let password = match change["password"].as_str() {
            Some(password) => Some(hash(&valid_password(password, "")?)?),
            None => None,
        };
        let (user_data, app_data) = (object(&change["user_metadata"]), object(&change["app_metadata"]));
        let sql = format!(
            "with changed as (
               update auth.users set
                 email = coalesce($2::text, email), encrypted_password = coalesce($3::text, encrypted_password),
                 is_anonymous = is_anonymous and $2::text is null,
                 email_confirmed_at = case when $2::text is null then email_confirmed_at else now() end,
                 raw_user_meta_data = jsonb_strip_nulls(coalesce(raw_user_meta_data, '{{}}') || $4),
                 raw_app_meta_data = jsonb_strip_nulls(coalesce(raw_app_meta_data, '{{}}') || $5),
                 updated_at = now()
               where id::text = $1 returning *)
             select {USER_JSON} from changed u"
        );
        let client =
            self.database.get().await.map_err(|e| AuthError::database("finding user", db_text(&e)))?;
        let row = client.query_opt(&sql, &[&id, &email, &password, &user_data, &app_data]).await.map_err(
            |error| match error.code() == Some(&SqlState::UNIQUE_VIOLATION) {
                true => AuthError::email_exists(),
                false => AuthError::database("updating user", db_text(&error)),
            },
        )?;
        row.map(|row| row.get(0)).ok_or_else(AuthError::user_not_found)
    }
}

/// Inserts a user with its identity. `duplicate` is the error for an address that exists already; a failing trigger
/// is "Database error saving new user".
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    new: NewUser,
    duplicate: fn() -> AuthError,
) -> Result<String, AuthError> {
    let id = new.id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let encrypted = match &new.password {
        Some(password) => hash(password)?,
        None => String::new(),
    };
    let mut app_metadata = match new.email {
        Some(_) => json!({"provider": "email", "providers": ["email"]}),
        None => json!({}),
    };
    merge(&mut app_metadata, &new.app_metadata);
    let mut user_metadata = new.user_metadata;
    if let Some(email) = &new.email {
        merge(
            &mut user_metadata,
            &json!({"sub": id, "email": email, "email_verified": new.confirmed, "phone_verified": false}),
        );
    }
    let fail = |error: tokio_postgres::Error| match error.as_db_error() {
        Some(db) if *db.code() == SqlState::UNIQUE_VIOLATION && db.schema() == Some("auth") => duplicate(),
        _ => AuthError::database("saving new user", db_text(&error)),
    };
    transaction
        .execute(
            "insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
               confirmation_token, recovery_token, email_change_token_new, email_change,
               raw_app_meta_data, raw_user_meta_data, created_at, updated_at, is_anonymous)
             values ('00000000-0000-0000-0000-000000000000', $1::text::uuid, 'authenticated', 'authenticated', $2::text, $3,
               case when $4 and $2::text is not null then now() end, '', '', '', '', $5, $6, now(), now(), $2::text is null)",
            &[&id, &new.email, &encrypted, &new.confirmed, &app_metadata, &user_metadata],
        )
        .await
        .map_err(fail)?;
    if new.email.is_some() {
        transaction
            .execute(
                "insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
                 values ($1::text, $1::text::uuid, $2, 'email', now(), now(), now())",
                &[&id, &user_metadata],
            )
            .await
            .map_err(fail)?;
    }
    Ok(id)
}

/// A JSON object, or an empty one for anything else.
pub(super) fn object(value: &Value) -> Value {
    if value.is_object() { value.clone() } else { json!({}) }
}

fn merge(into: &mut Value, from: &Value) {
    if let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) {
        into.extend(from.clone());
    }
}

/// The address in lower case, or the client's error.
pub(super) fn valid_email(email: &str) -> Result<String, AuthError> {
    let email = email.trim().to_lowercase();
    let valid = email.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && !email.contains([' ', '\n'])
            && !domain.contains('@')
    });
    if valid {
        Ok(email)
    } else {
        Err(AuthError::validation("Unable to validate email address: invalid format"))
    }
}

/// The password, or the client's error; `missing` is the message for an empty one.
pub(super) fn valid_password(password: &str, missing: &str) -> Result<String, AuthError> {
    match password.chars().count() {
        0 if !missing.is_empty() => Err(AuthError::validation(missing)),
        0..6 => Err(AuthError::weak_password()),
        _ if password.len() > 72 => {
            Err(AuthError::validation("Password cannot be longer than 72 characters"))
        }
        _ => Ok(password.to_owned()),
    }
}

fn hash(password: &str) -> Result<String, AuthError> {
    bcrypt::hash(password, BCRYPT_COST).map_err(|e| AuthError::database("saving new user", e))
}
