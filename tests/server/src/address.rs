//! What a request is about: the environment, bucket, key and pattern its URL and headers name.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::http::request::Parts;
use ironflow_browser::kv::{BucketName, Key, KvError, Pattern};
use percent_encoding::percent_decode_str;

use crate::answer::Refusal;
use crate::app::App;
use crate::environment::Environment;

/// The subprotocol of a watch of version 1.
pub(crate) const WATCH_1: &str = "ironflow.v1";

/// The same of version 2.
pub(crate) const WATCH_2: &str = "ironflow.v2";

/// The path of all buckets.
pub(crate) const BUCKETS_PATH: &str = "/api/v1/kv/buckets";

/// How many patterns one request may have: each key is compared with all of them.
const MAX_PATTERNS: usize = 64;

const ENVIRONMENT_HEADER: &str = "x-ironflow-environment";

/// A bucket of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BucketAddress {
    pub(crate) environment: Environment,
    pub(crate) bucket: BucketName,
}

/// A key of a bucket.
pub(crate) struct KeyAddress {
    pub(crate) bucket: BucketAddress,
    pub(crate) key: Key,
}

/// The keys of a bucket that `?filter=` matches.
pub(crate) struct FilterAddress {
    pub(crate) bucket: BucketAddress,
    pub(crate) pattern: Pattern,
}

/// The keys of a bucket that any `?filter=` matches.
pub(crate) struct FiltersAddress {
    pub(crate) bucket: BucketAddress,
    pub(crate) patterns: Vec<Pattern>,
}

/// What a watch is about, by its version: the environment is `?env=`.
pub(crate) enum WatchAddress {
    /// The keys of a bucket that `?key=` matches.
    One {
        bucket: BucketAddress,
        pattern: Pattern,
    },
    /// A whole environment. Of the path and the rest of the query nothing counts.
    Two { environment: Environment },
}

impl FromRequestParts<Arc<App>> for Environment {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        Ok(environment(&parts.headers)?)
    }
}

impl FromRequestParts<Arc<App>> for BucketAddress {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        Ok(bucket_address(parts)?.0)
    }
}

impl FromRequestParts<Arc<App>> for KeyAddress {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        let (bucket, rest) = bucket_address(parts)?;
        let key = rest.strip_prefix("keys/").unwrap_or_default();
        let key = Key::parse(&decode(key)?)?;
        Ok(Self { bucket, key })
    }
}

impl FromRequestParts<Arc<App>> for FilterAddress {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        let (bucket, _) = bucket_address(parts)?;
        let pattern = pattern(parts, "filter")?;
        Ok(Self { bucket, pattern })
    }
}

impl FromRequestParts<Arc<App>> for FiltersAddress {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        let (bucket, _) = bucket_address(parts)?;
        let filters = queries(parts, "filter").take(MAX_PATTERNS + 1);
        let filters = filters.map(|text| Pattern::parse(&text?));
        let mut patterns = filters.collect::<Result<Vec<_>, KvError>>()?;
        if patterns.len() > MAX_PATTERNS {
            return Err(KvError::Invalid("invalid filter: there are more than 64").into());
        }
        if patterns.is_empty() {
            patterns.push(Pattern::all());
        }
        Ok(Self { bucket, patterns })
    }
}

impl FromRequestParts<Arc<App>> for WatchAddress {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        if app.has_watch_2 && offers(&parts.headers, WATCH_2) {
            let environment = match query(parts, "env")? {
                Some(environment) => Environment::parse(&environment)?,
                None => environment(&parts.headers)?,
            };
            return Ok(Self::Two { environment });
        }
        let (mut bucket, _) = bucket_address(parts)?;
        if let Some(environment) = query(parts, "env")? {
            bucket.environment = Environment::parse(&environment)?;
        }
        let pattern = pattern(parts, "key")?;
        Ok(Self::One { bucket, pattern })
    }
}

/// Whether a handshake offers a subprotocol.
fn offers(headers: &HeaderMap, subprotocol: &str) -> bool {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offers = offers
        .filter_map(|header| header.to_str().ok())
        .flat_map(|offers| offers.split(','));
    offers.any(|offer| offer.trim() == subprotocol)
}

/// The first parameter of this name in the query, decoded.
pub(crate) fn query(parts: &Parts, name: &str) -> Result<Option<String>, KvError> {
    queries(parts, name).next().transpose()
}

/// Every parameter of this name in the query, decoded.
fn queries(parts: &Parts, name: &str) -> impl Iterator<Item = Result<String, KvError>> {
    let pairs = parts.uri.query().unwrap_or_default().split('&');
    pairs.filter_map(move |pair| {
        let (found, value) = pair.split_once('=').unwrap_or((pair, ""));
        match decode(&found.replace('+', " ")) {
            Ok(found) if found == name => Some(decode(&value.replace('+', " "))),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        }
    })
}

fn pattern(parts: &Parts, name: &str) -> Result<Pattern, KvError> {
    match query(parts, name)? {
        Some(text) => Pattern::parse(&text),
        None => Ok(Pattern::all()),
    }
}

/// The bucket the path names, and what follows it. The path is taken apart before it is decoded:
/// `%2F` is part of a name, `/` ends it.
fn bucket_address(parts: &Parts) -> Result<(BucketAddress, &str), KvError> {
    let path = parts.uri.path();
    let path = path.strip_prefix(BUCKETS_PATH).unwrap_or_default();
    let path = path.strip_prefix('/').unwrap_or_default();
    let (bucket, rest) = path.split_once('/').unwrap_or((path, ""));
    let address = BucketAddress {
        environment: environment(&parts.headers)?,
        bucket: BucketName::parse(&decode(bucket)?)?,
    };
    Ok((address, rest))
}

fn environment(headers: &HeaderMap) -> Result<Environment, KvError> {
    match headers.get(ENVIRONMENT_HEADER) {
        None => Ok(Environment::default()),
        // What is not ASCII text is no environment either: let the parser say so.
        Some(value) => Environment::parse(value.to_str().unwrap_or_default()),
    }
}

/// Undoes percent-encoding, and takes nothing but well-formed encoding of UTF-8.
fn decode(text: &str) -> Result<String, KvError> {
    let mut escapes = text.split('%').skip(1);
    let well_formed = escapes.all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    if !well_formed {
        return Err(KvError::Invalid("malformed percent-encoding in the URL"));
    }
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(KvError::Invalid("the URL is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(uri: &str) -> Parts {
        Request::get(uri).body(()).unwrap().into_parts().0
    }

    #[test]
    fn decoding_is_strict() {
        assert_eq!(decode("a%2Fb%C3%A9+c").unwrap(), "a/bé+c");
        for malformed in ["%", "%4", "a%zz", "%%41", "%4é", "%ff"] {
            assert!(decode(malformed).is_err(), "{malformed}");
        }
    }

    #[test]
    fn a_slash_in_a_key_arrives_in_either_spelling() {
        for uri in [
            "/api/v1/kv/buckets/b-1/keys/a/b",
            "/api/v1/kv/buckets/b%2D1/keys/a%2Fb",
        ] {
            let parts = parts(uri);
            let (address, rest) = bucket_address(&parts).unwrap();
            assert_eq!(&*address.bucket, "b-1");
            assert_eq!(decode(rest).unwrap(), "keys/a/b");
        }
        assert!(bucket_address(&parts("/api/v1/kv/buckets/a%2Fb/keys/c")).is_err());
    }

    #[test]
    fn a_query_is_read_as_a_form() {
        let parts = parts("/?a=1&filter=user.%2A+x&filter=second&empty");
        assert_eq!(query(&parts, "filter").unwrap().unwrap(), "user.* x");
        assert_eq!(query(&parts, "empty").unwrap().unwrap(), "");
        assert_eq!(query(&parts, "none").unwrap(), None);
        let filters: Result<Vec<_>, _> = queries(&parts, "filter").collect();
        assert_eq!(filters.unwrap(), ["user.* x", "second"]);
    }
}
