//! The URLs of the protocol.

use crate::kv::{BucketName, Key, Pattern};
use crate::text::concat;

const BUCKETS: &str = "/api/v1/kv/buckets";

/// The URL of all buckets.
pub fn buckets(server_url: &str) -> String {
    concat(&[server_url, BUCKETS])
}

/// The URL of a bucket.
pub fn bucket(server_url: &str, name: &BucketName) -> String {
    concat(&[server_url, BUCKETS, "/", name])
}

/// The URL of a bucket's keys, all or those that match.
pub fn keys(server_url: &str, name: &BucketName, filter: Option<&Pattern>) -> String {
    let mut url = bucket(server_url, name);
    url.push_str("/keys");
    if let Some(pattern) = filter {
        url.push('?');
        url.push_str(&query(&[("filter", pattern.as_str())]));
    }
    url
}

/// The URL of a bucket's entries, all or those that match.
pub fn entries(server_url: &str, name: &BucketName, filters: &[Pattern]) -> String {
    let mut url = bucket(server_url, name);
    url.push_str("/entries");
    if *filters != [Pattern::all()] {
        let filters: Vec<_> = filters.iter().map(|f| ("filter", f.as_str())).collect();
        url.push('?');
        url.push_str(&query(&filters));
    }
    url
}

/// The URL of a key.
pub fn key(server_url: &str, name: &BucketName, key: &Key) -> String {
    let mut url = keys(server_url, name, None);
    url.push('/');
    encode(&mut url, key);
    url
}

/// The URL for conditional removal of a bucket's keys.
pub fn remove(server_url: &str, name: &BucketName) -> String {
    let mut url = bucket(server_url, name);
    url.push_str("/remove");
    url
}

/// The WebSocket URL of a bucket's watch.
pub fn watch(
    server_url: &str,
    name: &BucketName,
    environment: &str,
    filter: Option<&Pattern>,
) -> String {
    // http becomes ws, https wss.
    let rest = server_url.strip_prefix("http").unwrap_or(server_url);
    let mut url = bucket(&concat(&["ws", rest]), name);
    url.push_str("/watch?");
    let env = ("env", environment);
    url.push_str(&match filter {
        Some(pattern) => query(&[env, ("key", pattern.as_str())]),
        None => query(&[env]),
    });
    url
}

/// A query. `*` stays as it is, `>` becomes `%3E`; neither patterns nor environments contain white space.
#[cfg(target_arch = "wasm32")]
fn query(parameters: &[(&str, &str)]) -> String {
    let Ok(raw) = web_sys::UrlSearchParams::new() else {
        return write_query(parameters);
    };
    let query = gloo_net::http::QueryParams::from_raw(raw.clone());
    for (name, value) in parameters {
        query.append(name, value);
    }
    // Its `Display` would need `format!`, which takes many bytes.
    raw.to_string().into()
}

#[cfg(not(target_arch = "wasm32"))]
use write_query as query;

/// A query on the host, which has no URLSearchParams.
fn write_query(parameters: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in parameters {
        query.push_str(if query.is_empty() { "" } else { "&" });
        query.push_str(name);
        query.push('=');
        for (at, part) in value.split('*').enumerate() {
            query.push_str(if at == 0 { "" } else { "*" });
            encode(&mut query, part);
        }
    }
    query
}

/// Appends one part of a path, percent-encoded except for RFC 3986's unreserved characters.
fn encode(url: &mut String, part: &str) {
    const HEX: &str = "0123456789ABCDEF";
    let digit = |at: u8| {
        HEX.get(usize::from(at)..=usize::from(at))
            .unwrap_or_default()
    };
    for (at, byte) in part.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push_str(part.get(at..=at).unwrap_or_default());
        } else {
            url.push('%');
            url.push_str(digit(byte >> 4));
            url.push_str(digit(byte & 15));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_part_of_the_path_whatever_it_holds() {
        let name = BucketName::parse("my-bucket").unwrap();
        for (text, encoded) in [
            ("user.123", "user.123"),
            ("user:123", "user%3A123"),
            ("a/b?c#d%e&f+g", "a%2Fb%3Fc%23d%25e%26f%2Bg"),
            ("é", "%C3%A9"),
            ("🦀", "%F0%9F%A6%80"),
        ] {
            assert_eq!(
                key("http://x/base", &name, &Key::parse(text).unwrap()),
                format!("http://x/base/api/v1/kv/buckets/my-bucket/keys/{encoded}")
            );
        }
    }

    #[test]
    fn a_watch_speaks_websocket_where_the_server_is_found() {
        let name = BucketName::parse("b").unwrap();
        let pattern = Pattern::parse("user.*").unwrap();
        assert_eq!(
            watch("https://x/base", &name, "a&b", Some(&pattern)),
            "wss://x/base/api/v1/kv/buckets/b/watch?env=a%26b&key=user.*"
        );
        assert_eq!(
            watch("http://x", &name, "default", None),
            "ws://x/api/v1/kv/buckets/b/watch?env=default"
        );
    }

    #[test]
    fn a_listing_may_be_filtered() {
        let name = BucketName::parse("b").unwrap();
        let pattern = Pattern::parse("user.>").unwrap();
        assert_eq!(
            keys("http://x", &name, Some(&pattern)),
            "http://x/api/v1/kv/buckets/b/keys?filter=user.%3E"
        );
        assert_eq!(
            entries("http://x", &name, &[pattern, Pattern::parse("*").unwrap()]),
            "http://x/api/v1/kv/buckets/b/entries?filter=user.%3E&filter=*"
        );
        assert_eq!(
            entries("http://x", &name, &[Pattern::all()]),
            "http://x/api/v1/kv/buckets/b/entries"
        );
    }
}
