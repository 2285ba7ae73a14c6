//! Who is asking: the session in header or cookie, its signature, its claims. No call when keys are warm.

use std::rc::Rc;

use gatehouse_core::auth::{
    Jwk, KEYS_MAX_AGE_MS, KeyStep, Sender, Token, bearer, check_claims, check_sender, find_credential,
    key_step, signed_with_secret, wrong_signature,
};
use gatehouse_core::error::{Error, ErrorCode};

use super::person::Person;
use super::signature;
use crate::clients::jwks;
use crate::http::Request;
use crate::isolate::{self, KeySet};
use crate::platform;
use crate::scope::Scope;

/// How often a request looks whether the key set has come that another one asked for, in milliseconds.
const LOOK_AGAIN_MS: u32 = 10;

/// Reads and checks the session. It is never refreshed here: refresh tokens are good once, and the page has them.
///
/// # Errors
/// `token_missing`, `token_invalid`, `token_expired`, `signing_key_unknown`; `origin_not_allowed` for a change that
/// another site asks for by cookie; `dependency_unavailable` when the keys cannot be had.
pub async fn require(scope: &Scope, request: &Request<'_>) -> Result<Person, Error> {
    let auth = &scope.settings.auth;
    let authorization = request.header("authorization");
    let has_bearer = authorization.as_deref().and_then(bearer).is_some();
    let cookie = if has_bearer { None } else { request.header("cookie") };
    let found = find_credential(authorization.as_deref(), cookie.as_deref(), &auth.cookie_name)?;
    if found.from_cookie {
        let (origin, fetch_site) = (request.header("origin"), request.header("sec-fetch-site"));
        let sender = Sender {
            method: &request.method,
            origin: origin.as_deref(),
            fetch_site: fetch_site.as_deref(),
            own_origin: &request.origin(),
        };
        check_sender(sender, &auth.allowed_origins)?;
    }
    let token = Token::parse(&found.token)?;
    if !signed_with_secret(&token, auth.jwt_secret.as_deref())? {
        let (keys, jwk) = signing_key(scope, &token).await?;
        jwk.check_algorithm(&token)?;
        if !signature::verify(&keys, &jwk, &token).await {
            return Err(wrong_signature());
        }
    }
    let session = check_claims(&token, &auth.issuer, platform::now())?;
    scope.note_user(&session.user_id);
    Ok(Person { session, token: found.token })
}

/// The key that the token names, fetched when our copy is old or does not know it.
async fn signing_key(scope: &Scope, token: &Token<'_>) -> Result<(Rc<KeySet>, Jwk), Error> {
    let find = |keys: &Rc<KeySet>| Some((Rc::clone(keys), keys.jwks.key(&token.kid).cloned()?));
    let copy = isolate::keys();
    let copy_age_ms = copy.as_ref().map_or(f64::INFINITY, |keys| platform::now_ms() - keys.fetched_ms);
    let known = copy.as_ref().and_then(find);
    let asked = isolate::keys_asked();
    let age = |since: Option<f64>| since.map_or(f64::INFINITY, |since| platform::now_ms() - since);
    match (key_step(known.is_some(), copy_age_ms, age(asked.attempt_ms), age(asked.unknown_ms)), known) {
        (KeyStep::Use, Some(known)) => Ok(known),
        (KeyStep::Refuse, _) => Err(unknown_key()),
        (_, known) => match newer_keys(scope).await {
            Ok(keys) => find(&keys).ok_or_else(|| {
                isolate::note_unknown_key();
                unknown_key()
            }),
            // Keys that were good lately beat locking everybody out while Auth is away.
            Err(error) => known.filter(|_| copy_age_ms < KEYS_MAX_AGE_MS).ok_or(error),
        },
    }
}

/// The key set from Auth, asked for by one request at a time. The others look whether its answer has come: a
/// Worker may read another request's value, and may not await another request's call.
async fn newer_keys(scope: &Scope) -> Result<Rc<KeySet>, Error> {
    let started = platform::now_ms();
    // A request that was cancelled never says that it ended: past the call's deadline it is not waited for.
    let under_way = || {
        let since = isolate::keys_asked().under_way_ms;
        since.is_some_and(|since| platform::elapsed_ms(since) < jwks::DEADLINE_MS)
    };
    if under_way() {
        while under_way() {
            platform::sleep(LOOK_AGAIN_MS).await;
        }
        if let Some(came) = isolate::keys().filter(|keys| keys.fetched_ms >= started) {
            return Ok(came);
        }
        if isolate::keys_asked().under_way_ms.is_none() {
            return Err(Error::with_detail(
                ErrorCode::DependencyUnavailable,
                "The sign-in service did not answer with its keys.",
            ));
        }
    }
    isolate::begin_asking();
    let fetched = jwks::fetch(scope).await;
    isolate::end_asking();
    fetched.map(isolate::keep_keys)
}

fn unknown_key() -> Error {
    Error::with_detail(
        ErrorCode::SigningKeyUnknown,
        "The access token is signed with a key that this project did not have when it was last asked.",
    )
}
