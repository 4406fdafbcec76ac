//! Which web pages may call the server.
//!
//! A developer's server on loopback is reachable from every page the developer visits. A browser
//! says which page a request comes from; one from a page that is not welcome is refused before it
//! does anything, preflighted or not, WebSocket handshakes included.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CONTENT_TYPE, HOST, IF_MATCH, IF_NONE_MATCH, ORIGIN, RETRY_AFTER,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::answer::Refusal;
use crate::app::App;
use crate::features::FEATURES;

const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(600);

/// A web origin: scheme, host and port, as a browser writes it in `Origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin such as `https://app.example.com`. `None` where there is no host, or more
    /// than an origin has.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme_str()?;
        let authority = uri.authority()?.as_str();
        let is_whole = text.len() == scheme.len() + "://".len() + authority.len();
        (is_whole && !authority.contains('@')).then(|| Self(text.to_ascii_lowercase()))
    }

    /// Host and port.
    fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, rest)| rest)
    }
}

/// The origins that are welcome: loopback ones, and those named at the start.
#[derive(Debug, Clone)]
pub(crate) struct Origins {
    allowed: Vec<Origin>,
    /// Whether the server trusts its network and not credentials. Then the `Host` header must name
    /// it by a name no stranger can own: a page may point a name of its own at 127.0.0.1, and
    /// would be same-origin with the server.
    check_host: bool,
}

impl Origins {
    pub(crate) fn new(allowed: Vec<Origin>, check_host: bool) -> Self {
        Self {
            allowed,
            check_host,
        }
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        let headers = request.headers();
        let forbidden = |words| Err(Refusal::new(StatusCode::FORBIDDEN, words));
        let host = host(request);
        if self.check_host && !host.is_some_and(|host| self.is_known_host(host)) {
            return forbidden("this host name is not allowed");
        }
        if let Some(origin) = headers.get(ORIGIN)
            && !self.allows(origin)
            && !is_same(origin, host)
        {
            return forbidden("this origin is not allowed");
        }
        Ok(())
    }

    fn is_known_host(&self, host: &str) -> bool {
        let allowed = |origin: &Origin| origin.authority().eq_ignore_ascii_case(host);
        is_loopback(host) || self.allowed.iter().any(allowed)
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        let Some(origin) = origin.to_str().ok().and_then(Origin::parse) else {
            return false;
        };
        let web = origin.0.starts_with("http://") || origin.0.starts_with("https://");
        self.allowed.contains(&origin) || web && is_loopback(origin.authority())
    }

    /// Answers preflights, and lets the pages that are welcome read the answers.
    pub(crate) fn cors(&self) -> CorsLayer {
        let origins = self.clone();
        CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(move |origin, _| {
                origins.allows(origin)
            }))
            .allow_methods([Method::GET, Method::PUT, Method::POST, Method::DELETE])
            .allow_headers([
                AUTHORIZATION,
                CONTENT_TYPE,
                IF_MATCH,
                IF_NONE_MATCH,
                HeaderName::from_static("x-ironflow-environment"),
                HeaderName::from_static("ironflow-write-id"),
                HeaderName::from_static("ironflow-ttl"),
            ])
            .expose_headers([RETRY_AFTER, FEATURES])
            .max_age(PREFLIGHT_MAX_AGE)
    }
}

/// Middleware: refuses a request from a page that is not welcome.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match app.origins.check(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Host and port the request was sent to. `None` where it does not say, or says it twice.
fn host(request: &Request) -> Option<&str> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.as_str());
    }
    single(request.headers(), &HOST)?.to_str().ok()
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn is_same(origin: &HeaderValue, host: Option<&str>) -> bool {
    let origin = origin.to_str().ok().and_then(Origin::parse);
    match (origin, host) {
        (Some(origin), Some(host)) => origin.authority().eq_ignore_ascii_case(host),
        _ => false,
    }
}

fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    host.eq_ignore_ascii_case("localhost")
        || host == "[::1]"
        || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(origins: &Origins, origin: Option<&str>, host: &str) -> bool {
        let mut request = Request::get("/").header(HOST, host);
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        origins.check(&request.body(().into()).unwrap()).is_ok()
    }

    #[test]
    fn loopback_origins_are_welcome_and_strangers_are_not() {
        let origins = Origins::new(Vec::new(), false);
        for origin in [
            "http://localhost",
            "https://localhost:5173",
            "http://127.0.0.1:1",
            "http://127.8.8.8",
            "http://[::1]:3000",
        ] {
            assert!(allowed(&origins, Some(origin), "kv.example"), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://evil.example#http://localhost",
            "http://localhost@evil.example",
            "http://evil@localhost",
            "ftp://localhost",
            "http://localhost/",
        ] {
            assert!(!allowed(&origins, Some(origin), "kv.example"), "{origin}");
        }
        assert!(allowed(&origins, None, "kv.example"));
    }

    #[test]
    fn the_servers_own_origin_and_the_named_ones_are_welcome() {
        let named = Origin::parse("https://App.example.com").unwrap();
        let origins = Origins::new(vec![named], false);
        assert!(allowed(&origins, Some("https://app.example.com"), "x"));
        assert!(!allowed(&origins, Some("http://app.example.com"), "x"));
        assert!(!allowed(&origins, Some("https://app.example.com:444"), "x"));
        assert!(allowed(&origins, Some("https://kv.example"), "kv.example"));
        assert!(!allowed(
            &origins,
            Some("https://kv.example:1"),
            "kv.example"
        ));
    }

    #[test]
    fn without_credentials_the_host_must_be_known() {
        let named = Origin::parse("https://app.example.com").unwrap();
        let origins = Origins::new(vec![named], true);
        assert!(allowed(&origins, None, "localhost:9123"));
        assert!(allowed(&origins, None, "app.example.com"));
        assert!(!allowed(&origins, None, "rebound.example:9123"));
        let rebound = Some("http://rebound.example:9123");
        assert!(!allowed(&origins, rebound, "rebound.example:9123"));
    }

    #[test]
    fn an_origin_has_no_path_and_no_user() {
        for bad in ["", "*", "null", "example.com", "https://a/", "https://u@a"] {
            assert!(Origin::parse(bad).is_none(), "{bad}");
        }
    }
}
