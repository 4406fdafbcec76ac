//! Reading what a caller passes in. Whatever is wrong with it is a `ValidationError`, found before
//! any request.

use wasm_bindgen::prelude::*;

use crate::config::from_js;
use crate::config::options::{OptionKind, OptionSpec, Options, invalid, unreadable};
use crate::config::{TIMEOUT, timeout};
use crate::error::Error;
use crate::ffi::{self, Body, Given, is_unset};
use crate::kv::{BucketConfig, BucketName, Key, Pattern, Revision};
use crate::text::concat;
use crate::transport::Limits;

/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// JavaScript's largest safe integer.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

pub(super) fn bucket_name(value: &JsValue) -> Result<BucketName, Error> {
    Ok(BucketName::parse(&text(value, "the bucket name")?)?)
}

pub(super) fn key(value: &JsValue) -> Result<Key, Error> {
    Ok(Key::parse(&text(value, "the key")?)?)
}

/// A pattern, or none where there is nothing.
pub(super) fn filter(value: &JsValue) -> Result<Option<Pattern>, Error> {
    if is_unset(value) {
        return Ok(None);
    }
    pattern(value, "the pattern").map(Some)
}

pub(super) fn pattern(value: &JsValue, what: &str) -> Result<Pattern, Error> {
    Ok(Pattern::parse(&text(value, what)?)?)
}

/// A pattern, or a list of at least one; every key where there is nothing.
pub(super) fn patterns(value: &JsValue, what: &str) -> Result<Vec<Pattern>, Error> {
    if is_unset(value) {
        return Ok(vec![Pattern::all()]);
    }
    let Some(list) = from_js::list(value, what)? else {
        return pattern(value, what).map(|pattern| vec![pattern]);
    };
    if list.length() == 0 {
        let message = concat(&[what, " must hold at least one pattern"]);
        return Err(Error::Validation(message));
    }
    let each = concat(&["each pattern of ", what]);
    list.iter().map(|given| pattern(&given, &each)).collect()
}

/// A function of the caller's.
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

/// What is to be stored. Bytes are copied now, so that the caller may go on using the buffer. `decode`: how
/// the handle decodes values, and so what it takes.
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

const SIGNAL: OptionSpec = ("signal", OptionKind::Anything);

const MAX_ATTEMPTS: OptionSpec = (
    "maxAttempts",
    OptionKind::NumberThat("a whole number, 1 or more", |n| {
        (1.0..=f64::from(u32::MAX)).contains(&n) && n.fract() == 0.0
    }),
);

/// The name of the option that makes a removal conditional.
const REVISION: &str = "revision";

/// The options that a method takes as its last argument.
fn known_options(method: &str) -> &'static [OptionSpec] {
    match method {
        "delete" | "purge" => &[
            ("timeout", TIMEOUT),
            SIGNAL,
            (REVISION, OptionKind::Anything),
        ],
        "modify" => &[("timeout", TIMEOUT), SIGNAL, MAX_ATTEMPTS],
        _ => &[("timeout", TIMEOUT), SIGNAL],
    }
}

/// The last, optional argument of every operation.
pub(super) fn limits(
    value: &JsValue,
    method: &str,
    default_timeout_ms: u32,
) -> Result<Limits, Error> {
    if value.is_undefined() {
        return Ok(Limits {
            timeout_ms: default_timeout_ms,
            signal: None,
            once: false,
        });
    }
    let (limits, _) = read_limits(value, method, default_timeout_ms)?;
    Ok(limits)
}

/// The last, optional argument of `modify`: beside the limits, the number of attempts, infinity by default.
pub(super) fn modify_options(
    value: &JsValue,
    default_timeout_ms: u32,
) -> Result<(Limits, f64), Error> {
    let (limits, options) = read_limits(value, "modify", default_timeout_ms)?;
    let max_attempts = options.number(MAX_ATTEMPTS.0).unwrap_or(f64::INFINITY);
    Ok((limits, max_attempts))
}

/// The option `revision`. One that is undefined is refused: what must be conditional would not be.
pub(super) fn expected_revision(options: &JsValue) -> Result<Option<Revision>, Error> {
    let given = ffi::member_or_null(options, REVISION).map_err(|_| unreadable(REVISION))?;
    match given.is_undefined() {
        true => Ok(None),
        false => revision(&given).map(Some),
    }
}

fn read_limits(
    value: &JsValue,
    method: &str,
    default_timeout_ms: u32,
) -> Result<(Limits, Options), Error> {
    let options = from_js::options("", value, known_options(method))?;
    let limits = Limits {
        timeout_ms: timeout(&options).unwrap_or(default_timeout_ms),
        signal: signal(value)?,
        once: false,
    };
    Ok((limits, options))
}

/// The option `signal`, an AbortSignal.
pub(super) fn signal(given: &JsValue) -> Result<Option<JsValue>, Error> {
    let signal = from_js::member(given, "signal")?;
    if is_unset(&signal) {
        Ok(None)
    } else if ffi::is_abort_signal(&signal) {
        Ok(Some(signal))
    } else {
        Err(invalid("signal", "an AbortSignal"))
    }
}

/// The second argument of `bucket`: how values are decoded, if they are.
pub(super) fn decode(value: &JsValue) -> Result<Option<JsValue>, Error> {
    const KNOWN: &[OptionSpec] = &[(
        "decode",
        OptionKind::TextThat("\"json\", \"text\" or \"bytes\"", |mode| {
            matches!(mode, "json" | "text" | "bytes")
        }),
    )];
    let options = from_js::options("", value, KNOWN)?;
    Ok(options.text("decode").map(JsValue::from))
}

/// The option `memory.buckets`: names, or settings.
pub(super) fn memory_buckets(given: &Given) -> Result<Vec<BucketConfig>, Error> {
    let path = "memory.buckets";
    let buckets = given.memory().buckets();
    if is_unset(&buckets) {
        return Ok(Vec::new());
    }
    let Some(buckets) = from_js::list(&buckets, path)? else {
        return Err(invalid(path, "a list of names or settings of buckets"));
    };
    let mut configs = Vec::new();
    for bucket in buckets.iter() {
        configs.push(match bucket.is_string() {
            true => BucketConfig::named(&bucket_name(&bucket)?),
            false => bucket_config(&bucket, path)?,
        });
    }
    Ok(configs)
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
pub(super) fn bucket_config(value: &JsValue, path: &str) -> Result<BucketConfig, Error> {
    let options = from_js::options(path, value, BUCKET)?;
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
    // Sent as it was given: what is unset is the backend's to decide.
    config.clone().normalized()?;
    Ok(config)
}

fn text(value: &JsValue, what: &str) -> Result<String, Error> {
    let Some(text) = value.as_string() else {
        return Err(invalid(what, "a string"));
    };
    // A lone surrogate has no UTF-8 form: it would arrive as U+FFFD, and so could another.
    if text.as_bytes().windows(3).any(|bytes| bytes == REPLACEMENT) && !ffi::is_well_formed(value) {
        return Err(Error::Validation(concat(&[what, " is not valid Unicode"])));
    }
    Ok(text)
}
