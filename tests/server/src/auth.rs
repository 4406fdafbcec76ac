//! Who may do what: API keys and the roles they give (rule 19).

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};
use tokio::sync::watch;

use crate::answer::Refusal;
use crate::app::App;

/// What a browser, which cannot set headers on a WebSocket, offers as a subprotocol instead.
const SUBPROTOCOL_PREFIX: &str = "ironflow.auth.bearer.";

/// A credential the server accepts, known only by its hash.
#[derive(Clone)]
pub struct ApiKey {
    hash: [u8; 32],
    read_only: bool,
}

impl ApiKey {
    /// Reads `KEY` or `KEY:read`. The second may read and watch, but not write. `None` where the
    /// key is empty.
    pub fn parse(text: &str) -> Option<Self> {
        let (key, read_only) = match text.strip_suffix(":read") {
            Some(key) => (key, true),
            None => (text, false),
        };
        (!key.is_empty()).then(|| Self {
            hash: hash(key.as_bytes()),
            read_only,
        })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

/// What the bearer of a credential may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Read,
    Write,
}

/// Every key the server accepts. A server that begins without any lets everyone do everything.
#[derive(Debug)]
pub(crate) struct Keys {
    is_open: bool,
    list: watch::Sender<Arc<[ApiKey]>>,
}

impl Keys {
    pub(crate) fn new(keys: Vec<ApiKey>) -> Self {
        Self {
            is_open: keys.is_empty(),
            list: watch::Sender::new(keys.into()),
        }
    }

    /// Accepts these keys from now on. An open server stays open, and no other becomes one.
    pub(crate) fn replace(&self, keys: Vec<ApiKey>) {
        self.list.send_replace(keys.into());
    }

    /// Notices when other keys are accepted.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<[ApiKey]>> {
        self.list.subscribe()
    }

    /// The role the request's credential gives it. Neither how much of a key matches nor which one
    /// does shows in the time this takes.
    fn role(&self, headers: &HeaderMap) -> Result<Role, Refusal> {
        if self.is_open {
            return Ok(Role::Write);
        }
        let unauthorized = |words| Refusal::new(StatusCode::UNAUTHORIZED, words);
        let credential = credential(headers).ok_or_else(|| unauthorized("missing credentials"))?;
        let offered = hash(&credential);
        let (mut known, mut writes) = (Choice::from(0), Choice::from(0));
        for key in self.list.borrow().iter() {
            let equal = key.hash.ct_eq(&offered);
            known |= equal;
            writes |= equal & Choice::from(u8::from(!key.read_only));
        }
        match (known.into(), writes.into()) {
            (false, _) => Err(unauthorized("invalid credentials")),
            (true, false) => Ok(Role::Read),
            (true, true) => Ok(Role::Write),
        }
    }
}

/// What stands for a credential, without giving it away.
pub(crate) type CredentialHash = [u8; 32];

impl Keys {
    /// Whose request it is. Where no key is wanted, all requests are one holder's.
    pub(crate) fn holder(&self, headers: &HeaderMap) -> CredentialHash {
        if self.is_open {
            return CredentialHash::default();
        }
        hash(&credential(headers).unwrap_or_default())
    }

    /// Whether the holder of this credential may read.
    pub(crate) fn knows(&self, holder: &CredentialHash) -> bool {
        let keys = self.list.borrow();
        let known = keys.iter().map(|key| key.hash.ct_eq(holder));
        let is_known = known.fold(Choice::from(0), |any, equal| any | equal);
        self.is_open || is_known.into()
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The credential in the `Authorization` header, or else among the offered subprotocols.
fn credential(headers: &HeaderMap) -> Option<Vec<u8>> {
    if let Some(header) = headers.get(AUTHORIZATION) {
        let (scheme, credential) = header.to_str().ok()?.split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| credential.trim().as_bytes().to_vec());
    }
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|offers| offers.split(','))
        .find_map(|offer| offer.trim().strip_prefix(SUBPROTOCOL_PREFIX))
        .and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok())
}

/// A request that may read.
pub(crate) struct Reader;

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        app.keys.role(&parts.headers).map(|_| Self)
    }
}

/// A request that may write.
pub(crate) struct Writer;

impl Writer {
    pub(crate) fn check(headers: &HeaderMap, keys: &Keys) -> Result<Self, Refusal> {
        match keys.role(headers)? {
            Role::Write => Ok(Self),
            Role::Read => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "not permitted: these credentials are read-only",
            )),
        }
    }
}

impl FromRequestParts<Arc<App>> for Writer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        Self::check(&parts.headers, &app.keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn keys(texts: &[&str]) -> Keys {
        Keys::new(texts.iter().filter_map(|t| ApiKey::parse(t)).collect())
    }

    fn bearer(credential: &str) -> HeaderMap {
        let value = HeaderValue::from_str(&format!("Bearer {credential}")).unwrap();
        HeaderMap::from_iter([(AUTHORIZATION, value)])
    }

    #[test]
    fn each_key_gives_its_role() {
        let keys = keys(&["writer", "reader:read"]);
        assert_eq!(keys.role(&bearer("writer")).unwrap(), Role::Write);
        assert_eq!(keys.role(&bearer("reader")).unwrap(), Role::Read);
        for wrong in ["", "write", "writer2", "reader:read"] {
            assert!(keys.role(&bearer(wrong)).is_err(), "{wrong}");
        }
        assert!(keys.role(&HeaderMap::new()).is_err());
    }

    #[test]
    fn without_keys_everyone_writes() {
        assert_eq!(keys(&[]).role(&bearer("x")).unwrap(), Role::Write);
        assert_eq!(keys(&[]).role(&HeaderMap::new()).unwrap(), Role::Write);
    }

    #[test]
    fn a_server_without_keys_left_is_closed_to_everyone() {
        let closed = keys(&["writer"]);
        let holder = closed.holder(&bearer("writer"));
        assert!(closed.knows(&holder));
        closed.replace(Vec::new());
        assert!(closed.role(&bearer("writer")).is_err());
        assert!(!closed.knows(&holder));
        let open = keys(&[]);
        assert!(open.knows(&open.holder(&bearer("x"))));
    }

    #[test]
    fn a_websocket_carries_its_credential_as_a_subprotocol() {
        let offer = |text| HeaderMap::from_iter([(SEC_WEBSOCKET_PROTOCOL, text)]);
        let keys = keys(&["schlüssel"]);
        let good = HeaderValue::from_static("ironflow.v1, ironflow.auth.bearer.c2NobMO8c3NlbA");
        assert_eq!(keys.role(&offer(good)).unwrap(), Role::Write);
        let bad = HeaderValue::from_static("ironflow.v1, ironflow.auth.bearer.!");
        assert!(keys.role(&offer(bad)).is_err());
    }

    #[test]
    fn an_empty_key_is_no_key() {
        assert!(ApiKey::parse("").is_none());
        assert!(ApiKey::parse(":read").is_none());
    }
}
