//! Credentials.

use wasm_bindgen::prelude::*;

use super::operation::Limits;
use crate::config::is_header_safe;
use crate::config::options::Options;
use crate::error::Error;
use crate::ffi::{self, Failure};

/// A callback with the credential, if there is one, and the milliseconds it took to get it.
pub(crate) type CredentialCallback = Box<dyn FnOnce(Result<Option<String>, Failure>, f64)>;

/// An API key, a token, or a token function. Never logged, never part of a URL.
#[derive(Clone)]
pub(crate) enum Credentials {
    None,
    Fixed(String),
    Ask(JsValue),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    /// Reads the credentials from validated options of these names.
    pub(crate) fn from_options(options: &Options, key: &str, token: &str) -> Self {
        let text = |name| options.text(name).filter(|text| !text.is_empty());
        match (text(key).or(text(token)), options.position(token)) {
            (Some(credential), _) => Self::Fixed(credential.into()),
            (None, Some(ask)) => Self::Ask(ffi::take_value(ask)),
            (None, None) => Self::None,
        }
    }

    /// Gets the credential for a request; calls the application's token function each time, with a timeout in
    /// milliseconds.
    pub(super) fn get(self, limits: &Limits, left_ms: u32, then: CredentialCallback) {
        let ask = match self {
            Self::None => return then(Ok(None), 0.0),
            Self::Fixed(credential) => return then(Ok(Some(credential)), 0.0),
            Self::Ask(ask) => ask,
        };
        let limits = limits.clone();
        let signal = limits.signal();
        ffi::ask_token(&ask, left_ms, &signal, move |race| {
            let token = race.result.map_err(|end| {
                end.failure(limits.timeout_ms, &|_, cause| {
                    let words = "the function auth.token failed";
                    Failure::caused(Error::NoCredentials(words.into()), cause)
                })
            });
            let token = token.and_then(|token| {
                let token = token.as_string().filter(|token| is_header_safe(token));
                token.map(Some).ok_or_else(|| {
                    let words = "auth.token must give a string of visible ASCII characters";
                    Error::Validation(words.into()).into()
                })
            });
            then(token, race.elapsed_ms);
        });
    }
}
