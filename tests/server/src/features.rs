//! The extensions of the protocol that the server announces, and those that a bucket has.

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

/// The header that names the extensions, on every answer.
pub(crate) const FEATURES: HeaderName = HeaderName::from_static("ironflow-kv-features");

/// The extensions, on either backend.
const ANNOUNCED: HeaderValue =
    HeaderValue::from_static("write-id, remove, entries, history, key-ttl, expiry-events");

/// Those that every bucket has.
const OF_EVERY_BUCKET: [&str; 4] = ["write-id", "remove", "entries", "history"];

/// Announces the extensions in an answer.
pub(crate) async fn announce(mut response: Response) -> Response {
    response.headers_mut().insert(FEATURES, ANNOUNCED);
    response
}

/// The extensions that a bucket may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Features {
    /// Whether a write may have a time to live of its own.
    pub(crate) key_ttl: bool,
    /// Whether the expiry of a key is an event.
    pub(crate) expiry_events: bool,
}

impl Features {
    /// Of a bucket that lacks none.
    pub(crate) const ALL: Self = Self {
        key_ttl: true,
        expiry_events: true,
    };

    /// The names of the bucket's extensions, where it lacks any.
    pub(crate) fn names_if_fewer(self) -> Option<Vec<&'static str>> {
        if self == Self::ALL {
            return None;
        }
        let mut names = OF_EVERY_BUCKET.to_vec();
        names.extend(self.key_ttl.then_some("key-ttl"));
        names.extend(self.expiry_events.then_some("expiry-events"));
        Some(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_names_its_extensions_where_it_lacks_some() {
        assert_eq!(Features::ALL.names_if_fewer(), None);
        let events_alone = Features {
            key_ttl: false,
            expiry_events: true,
        };
        let names = events_alone.names_if_fewer().unwrap();
        let header = ANNOUNCED;
        let announced = header.to_str().unwrap();
        assert_eq!(names.join(", "), announced.replace("key-ttl, ", ""));
    }
}
