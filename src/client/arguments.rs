//! Reads and validates the caller's arguments. A bad argument is a `ValidationError`, before any request.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::config::from_js::Arguments;
use crate::config::options::{
    OptionKind, OptionSpec, Options, Setting, ill_formed, invalid, unreadable,
};
use crate::config::{TIMEOUT, timeout};
use crate::error::Error;
use crate::ffi::{self, Body};
use crate::kv::{BucketConfig, BucketName, Key, Pattern, Revision, Ttl};
use crate::text::concat;
use crate::transport::Limits;

/// JavaScript's largest safe integer.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

pub(super) fn bucket_name(given: &Arguments) -> Result<BucketName, Error> {
    Ok(BucketName::parse(given.text("the bucket name")?)?)
}

pub(super) fn key(given: &Arguments) -> Result<Key, Error> {
    Ok(Key::parse(given.text("the key")?)?)
}

/// A pattern; none if the argument is unset.
pub(super) fn filter(given: &Arguments) -> Result<Option<Pattern>, Error> {
    match given.is_unset() {
        true => Ok(None),
        false => Ok(Some(Pattern::parse(given.text("the pattern")?)?)),
    }
}

/// A pattern, or a list of at least one; all keys if the argument is unset.
pub(super) fn patterns(given: Option<&Setting>, what: &str) -> Result<Vec<Pattern>, Error> {
    let mut patterns = Vec::new();
    match given {
        None => patterns.push(Pattern::all()),
        Some(Setting::Text(pattern)) => patterns.push(Pattern::parse(pattern)?),
        Some(Setting::List(at)) => {
            let each = concat(&["each pattern of ", what]);
            for pattern in list(*at).iter() {
                let given = Arguments::read(&pattern, &JsValue::UNDEFINED);
                patterns.push(Pattern::parse(given.text(&each)?)?);
            }
        }
        Some(Setting::IllFormed) => return Err(ill_formed(what)),
        Some(_) => return Err(invalid(what, "a string")),
    }
    match patterns.is_empty() {
        true => {
            let message = concat(&[what, " must hold at least one pattern"]);
            Err(Error::Validation(message))
        }
        false => Ok(patterns),
    }
}

/// The caller's function.
pub(super) fn function(value: &JsValue, what: &str) -> Result<(), Error> {
    match value.is_function() {
        true => Ok(()),
        false => Err(invalid(what, "a function")),
    }
}

pub(super) fn revision(value: &JsValue) -> Result<Revision, Error> {
    match value.as_f64() {
        Some(n) if (0.0..=MAX_SAFE).contains(&n) && n.fract() == 0.0 => Ok(n as Revision),
        _ => Err(invalid("the revision", "a whole number, 0 or more")),
    }
}

/// The value to store. Bytes are copied, so that the caller may reuse the buffer. `decode`: how the handle
/// decodes values, which limits the values it accepts.
pub(super) fn body(
    key: &JsValue,
    value: &JsValue,
    decode: Option<&JsValue>,
) -> Result<Body, Error> {
    let mode = decode.cloned().unwrap_or_default();
    ffi::encode_value(key, value, &mode).map_err(|error| match error.as_string() {
        Some(message) => Error::Validation(message),
        None => unreadable("the value"),
    })
}

const SIGNAL: OptionSpec = ("signal", OptionKind::Signal);

const KEEPALIVE: OptionSpec = ("keepalive", OptionKind::Bool);

const MAX_ATTEMPTS: OptionSpec = (
    "maxAttempts",
    OptionKind::NumberThat("a whole number, 1 or more", |n| {
        (1.0..=f64::from(u32::MAX)).contains(&n) && n.fract() == 0.0
    }),
);

/// The time to live of a written value, in seconds.
const TTL: OptionSpec = (
    "ttl",
    OptionKind::NumberThat("a whole number of seconds, 1 to 31536000", |n| {
        Ttl::from_seconds(n as u32).is_some() && n.fract() == 0.0
    }),
);

/// The option with the revision to read, or that must be the last.
const REVISION: &str = "revision";

/// The options of a method's last argument.
fn known_options(method: &str) -> &'static [OptionSpec] {
    match method {
        "get" | "delete" | "purge" => &[("timeout", TIMEOUT), SIGNAL, KEEPALIVE, (REVISION, COUNT)],
        "put" | "create" | "update" => &[("timeout", TIMEOUT), SIGNAL, KEEPALIVE, TTL],
        "modify" => &[("timeout", TIMEOUT), SIGNAL, KEEPALIVE, TTL, MAX_ATTEMPTS],
        _ => &[("timeout", TIMEOUT), SIGNAL, KEEPALIVE],
    }
}

/// Reads the last, optional argument of a method: its limits, and other options.
pub(super) fn request_options(
    given: &Arguments,
    method: &str,
    default_timeout_ms: u32,
) -> Result<(Limits, Options), Error> {
    let options = given.options("", known_options(method))?;
    let limits = Limits {
        timeout_ms: timeout(&options).unwrap_or(default_timeout_ms),
        signal: signal(&options),
        once: false,
        keepalive: options.bool(KEEPALIVE.0) == Some(true),
    };
    Ok((limits, options))
}

/// The number of attempts of `modify`, infinity by default.
pub(super) fn max_attempts(options: &Options) -> f64 {
    options.number(MAX_ATTEMPTS.0).unwrap_or(f64::INFINITY)
}

/// The option `revision`. An undefined one is refused, because the operation would be unconditional.
pub(super) fn revision_option(options: &Options) -> Option<Revision> {
    options
        .number(REVISION)
        .map(|revision| revision as Revision)
}

/// The option `ttl`, in seconds; 0 if it is not given.
pub(super) fn ttl_option(options: &Options) -> u32 {
    options.number(TTL.0).map_or(0, |seconds| seconds as u32)
}

/// The option `signal`, an AbortSignal.
pub(super) fn signal(options: &Options) -> Option<JsValue> {
    options.position("signal").map(ffi::take_value)
}

/// The second argument of `bucket`: how values are decoded, if they are.
pub(super) fn decode(given: &Arguments) -> Result<Option<JsValue>, Error> {
    const KNOWN: &[OptionSpec] = &[(
        "decode",
        OptionKind::TextThat("\"json\", \"text\" or \"bytes\"", |mode| {
            matches!(mode, "json" | "text" | "bytes")
        }),
    )];
    let options = given.options("", KNOWN)?;
    Ok(options.text("decode").map(JsValue::from))
}

/// The option `memory.buckets`: names, or settings.
pub(super) fn memory_buckets(options: &Options) -> Result<Vec<BucketConfig>, Error> {
    let path = "memory.buckets";
    let mut configs = Vec::new();
    let Some(at) = options.position(path) else {
        return Ok(configs);
    };
    for bucket in list(at).iter() {
        let given = Arguments::read(&bucket, &bucket);
        configs.push(match bucket.is_string() {
            true => BucketConfig::named(&bucket_name(&given)?),
            false => bucket_config(&given, path)?,
        });
    }
    Ok(configs)
}

/// The list at this position of the last read arguments.
fn list(at: u32) -> Array {
    ffi::take_value(at).unchecked_into()
}

const COUNT: OptionKind = OptionKind::NumberThat("a whole number, 0 or more", |n| {
    (0.0..=MAX_SAFE).contains(&n) && n.fract() == 0.0
});

const BUCKET: &[OptionSpec] = &[
    ("name", OptionKind::Text),
    ("description", OptionKind::Text),
    ("ttlSeconds", COUNT),
    ("maxValueSize", COUNT),
    ("maxBytes", COUNT),
    ("history", COUNT),
];

/// The settings of a new bucket.
pub(super) fn bucket_config(given: &Arguments, path: &str) -> Result<BucketConfig, Error> {
    let options = given.options(path, BUCKET)?;
    let text = |name| options.text(name).unwrap_or_default().into();
    let number = |name| options.number(name).unwrap_or(0.0) as u64;
    let config = BucketConfig {
        name: text("name"),
        description: text("description"),
        ttl_seconds: number("ttlSeconds"),
        max_value_size: number("maxValueSize"),
        max_bytes: number("maxBytes"),
        history: number("history"),
    };
    // Sent only if it was given: the backend decides the default.
    config.clone().normalized()?;
    Ok(config)
}
