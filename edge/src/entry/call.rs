//! What a handler receives. Each part's type says what the row of the route must ask for; the two are compared when the
//! Worker is compiled.

use gatehouse_core::error::{Error, ErrorCode};
use gatehouse_core::route::{self, Body, Caller, Needs, Params, Route};
use serde::de::DeserializeOwned;

use super::admitted::{Admitted, AdmittedCaller, Proof, Visitor};
use super::person::{Person, UnverifiedMember};
use crate::http::{Request, parse_object};

/// A request that brings what its route asks for: who calls, the idempotency key, the body.
pub struct Call<'a, C = (), K = (), B = ()> {
    /// Who calls.
    pub caller: C,
    /// The idempotency key.
    pub key: K,
    /// The body.
    pub body: B,
    /// The row of the route.
    pub route: &'static Route,
    request: &'a Request<'a>,
    params: &'a Params,
}

impl<'a, C: TakeCaller, K: TakeKey, B: TakeBody> Call<'a, C, K, B> {
    const NEEDS: Needs = Needs { caller: C::CALLER, key: K::KEY, body: B::BODY };

    /// What the handler of the route with number `ROUTE` receives.
    ///
    /// # Errors
    /// `body_invalid`.
    pub fn new<const ROUTE: u8>(
        request: &'a Request<'a>,
        route: &'static Route,
        params: &'a Params,
        admitted: Admitted,
    ) -> Result<Self, Error> {
        const {
            assert!(
                matches!(route::by_number(ROUTE), Some(row) if row.needs().equals(Self::NEEDS)),
                "the handler receives something else than its row in core/src/route asks for"
            );
        }
        let Admitted { caller, key, body } = admitted;
        let (caller, key, body) = (C::take(caller)?, K::take(key)?, B::take(body)?);
        Ok(Self { caller, key, body, route, request, params })
    }
}

impl<C, K, B> Call<'_, C, K, B> {
    /// The value of the path's `{name}`.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name)
    }

    /// A parameter of the query as it stands there; nothing is decoded.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.request.query(name)
    }

    /// A whole number from 1 to `most` from the query, where it is given.
    ///
    /// # Errors
    /// `query_invalid`.
    pub fn query_number(&self, name: &str, most: u32) -> Result<Option<u32>, Error> {
        query_number(self.request, name, most)
    }

    /// The header `If-Match`.
    pub fn if_match(&self) -> Option<String> {
        self.request.header("if-match")
    }

    /// The header `If-None-Match`.
    pub fn if_none_match(&self) -> Option<String> {
        self.request.header("if-none-match")
    }

    /// The header `User-Agent`.
    pub fn user_agent(&self) -> Option<String> {
        self.request.header("user-agent")
    }
}

/// A whole number from 1 to `most` from a request's query, where it is given.
///
/// # Errors
/// `query_invalid`.
pub fn query_number(request: &Request<'_>, name: &str, most: u32) -> Result<Option<u32>, Error> {
    let Some(text) = request.query(name) else { return Ok(None) };
    let value = text.parse().ok().filter(|value| (1..=most).contains(value));
    value.map(Some).ok_or_else(|| {
        Error::with_detail(
            ErrorCode::QueryInvalid,
            format!("`{name}` must be a whole number from 1 to {most}."),
        )
    })
}

/// A caller as a handler receives it. The last `Err` of each is out of reach: rows and handlers are compared above.
pub trait TakeCaller: Sized {
    /// What the row says.
    const CALLER: Caller;

    /// Takes what was admitted.
    ///
    /// # Errors
    /// `internal`.
    fn take(admitted: AdmittedCaller) -> Result<Self, Error>;
}

/// The bearer of METRICS_TOKEN.
pub struct MetricsReader;

/// The bearer of OPERATOR_TOKEN.
pub struct Operator;

/// Writes [`TakeCaller`] for the variant of the same meaning.
macro_rules! take_caller {
    ($($type:ty: $caller:ident, $pattern:pat => $value:expr;)*) => {
        $(impl TakeCaller for $type {
            const CALLER: Caller = Caller::$caller;

            fn take(admitted: AdmittedCaller) -> Result<Self, Error> {
                match admitted {
                    $pattern => Ok($value),
                    _ => Err(ErrorCode::Internal.into()),
                }
            }
        })*
    };
}

take_caller! {
    (): Anybody, AdmittedCaller::Anybody => ();
    Visitor: Visitor, AdmittedCaller::Visitor(visitor) => visitor;
    Person: Person, AdmittedCaller::Person(person) => person;
    UnverifiedMember: Member, AdmittedCaller::Member(member) => member;
    Proof: PhonePe, AdmittedCaller::PhonePe(proof) => proof;
    MetricsReader: Metrics, AdmittedCaller::Anybody => MetricsReader;
    Operator: Operator, AdmittedCaller::Anybody => Operator;
}

/// An idempotency key as a handler receives it.
pub trait TakeKey: Sized {
    /// What the row says.
    const KEY: bool;

    /// Takes what was admitted.
    ///
    /// # Errors
    /// `idempotency_key_missing`.
    fn take(key: Option<String>) -> Result<Self, Error>;
}

/// The value of `Idempotency-Key`: 8 to 64 letters, digits, `-` or `_`.
pub struct IdempotencyKey(pub String);

impl TakeKey for () {
    const KEY: bool = false;

    fn take(_: Option<String>) -> Result<Self, Error> {
        Ok(())
    }
}

impl TakeKey for IdempotencyKey {
    const KEY: bool = true;

    fn take(key: Option<String>) -> Result<Self, Error> {
        key.map(Self).ok_or_else(|| ErrorCode::IdempotencyKeyMissing.into())
    }
}

/// A body as a handler receives it.
pub trait TakeBody: Sized {
    /// What the row says.
    const BODY: Body;

    /// Reads the bytes that came.
    ///
    /// # Errors
    /// `body_invalid`.
    fn take(bytes: Vec<u8>) -> Result<Self, Error>;
}

/// A JSON object.
pub struct JsonBody<T>(pub T);

/// A JSON object, or the default where nothing came.
pub struct OptionalJsonBody<T>(pub T);

/// Whatever came.
pub struct Bytes(pub Vec<u8>);

impl TakeBody for () {
    const BODY: Body = Body::Nothing;

    fn take(_: Vec<u8>) -> Result<Self, Error> {
        Ok(())
    }
}

impl<T: DeserializeOwned> TakeBody for JsonBody<T> {
    const BODY: Body = Body::Json;

    fn take(bytes: Vec<u8>) -> Result<Self, Error> {
        parse_object(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned + Default> TakeBody for OptionalJsonBody<T> {
    const BODY: Body = Body::OptionalJson;

    fn take(bytes: Vec<u8>) -> Result<Self, Error> {
        if bytes.is_empty() { Ok(Self(T::default())) } else { parse_object(&bytes).map(Self) }
    }
}

impl TakeBody for Bytes {
    const BODY: Body = Body::Bytes;

    fn take(bytes: Vec<u8>) -> Result<Self, Error> {
        Ok(Self(bytes))
    }
}
