//! Who the client says it is.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::operation::Limits;
use crate::config::is_header_safe;
use crate::error::Error;
use crate::js::{self, Failure, Given};
use crate::options::Options;

/// An API key, a token, or a function to ask for one. Never logged, never part of an address.
#[derive(Clone)]
pub(crate) enum Credentials {
    None,
    Fixed(String),
    Ask(Function),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    /// Reads the `auth` option.
    ///
    /// # Errors
    /// [`Error::Validation`] for unknown members, and for values that cannot travel in a header.
    pub(crate) fn from_js(auth: &JsValue) -> Result<Self, Error> {
        let mut options =
            Options::read("auth", serde_wasm_bindgen::Deserializer::from(auth.clone()))?;
        let api_key = options.text("apiKey")?;
        options.opaque("token");
        let takes = "a string of visible ASCII characters";
        if api_key.as_deref().is_some_and(|key| !is_header_safe(key)) {
            return Err(options.invalid("apiKey", takes));
        }
        let token = match auth.is_object() {
            true => auth.unchecked_ref::<Given>().token(),
            false => JsValue::UNDEFINED,
        };
        let token = if token.is_undefined() || token.is_null() {
            Self::None
        } else if let Some(ask) = token.dyn_ref::<Function>() {
            Self::Ask(ask.clone())
        } else {
            match token.as_string().filter(|token| is_header_safe(token)) {
                Some(token) => Self::Fixed(token),
                None => {
                    let takes =
                        "a string of visible ASCII characters, or a function that gives one";
                    return Err(options.invalid("token", takes));
                }
            }
        };
        options.finish()?;
        Ok(api_key.map_or(token, Self::Fixed))
    }

    /// The credential to use now, asking the application's function anew, with so many milliseconds
    /// left for it.
    pub(crate) async fn get(
        &self,
        limits: &Limits,
        left_ms: u32,
    ) -> Result<Option<String>, Failure> {
        let ask = match self {
            Self::None => return Ok(None),
            Self::Fixed(credential) => return Ok(Some(credential.clone())),
            Self::Ask(ask) => ask,
        };
        let asked = js::ask_token(ask, left_ms, &limits.signal);
        let token = js::settled(asked, limits.timeout_ms, |cause, _| {
            let words = "the function auth.token failed";
            Failure::caused(Error::NoCredentials(words.into()), cause)
        });
        match token
            .await?
            .as_string()
            .filter(|token| is_header_safe(token))
        {
            Some(token) => Ok(Some(token)),
            None => {
                let words = "auth.token must give a string of visible ASCII characters";
                Err(Error::Validation(words.into()).into())
            }
        }
    }
}
