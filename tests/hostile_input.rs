//! What a caller, or a server's configuration, may pass in: any text as a key or pattern, any value as
//! an option. Nothing panics, and an independent reading of the rules agrees on what is refused.
//!
//! `IRONFLOW_INPUTS` sets how many inputs each test tries.
#![cfg(not(target_arch = "wasm32"))]

#[path = "hostile_input/loose.rs"]
mod loose;

use ironflow_browser::config::{Config, DEFAULT_SERVER_URL, OPTIONS, TransportKind, from_serde};
use ironflow_browser::error::Error;
use ironflow_browser::kv::{BucketConfig, BucketName, Key, Pattern};
use ironflow_browser::transport::path;
use ironflow_harness::{count, say};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{FileFailurePersistence, TestCaseError, TestRunner};
use serde_json::Value;

use loose::loose;

/// Where failures are kept.
const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/hostile_input/proptest-regressions.txt"
);

fn try_out<S: Strategy>(
    what: &str,
    inputs: S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let cases = count("IRONFLOW_INPUTS", 3000);
    let config = ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&inputs, test)
        .unwrap_or_else(|failure| panic!("{failure}"));
    say(&format!("{cases} {what}"));
}

/// Text of what keys and patterns are made of, and what they must not be.
fn text() -> impl Strategy<Value = String> {
    let significant = select(
        "aab..**>> \t\n\0\u{7f}é\u{a0}\u{3000}\u{85}🦀e\u{301}/%:"
            .chars()
            .collect::<Vec<_>>(),
    );
    let character = prop_oneof![8 => significant, 1 => any::<char>()];
    let short = vec(character, 0..12).prop_map(String::from_iter);
    let long = (select(vec!["k", "é", "a.", "*."]), 300_usize..1100)
        .prop_map(|(part, times)| part.repeat(times) + "k");
    prop_oneof![30 => short, 1 => long]
}

/// Rule 11, read byte by byte.
fn is_key(text: &str) -> bool {
    let bytes = text.as_bytes();
    let dot_at_end = |at: usize| at == 0 || at + 1 == bytes.len();
    (1..=1024).contains(&bytes.len())
        && bytes.iter().enumerate().all(|(at, byte)| match byte {
            0..=0x20 | 0x7f | b'*' | b'>' => false,
            b'.' => !dot_at_end(at) && bytes[at - 1] != b'.',
            _ => true,
        })
}

/// Rule 10, likewise: what would be a key without its wildcards, but for a `>` before the end.
fn is_pattern(text: &str) -> bool {
    is_key(&text.replace(['*', '>'], "w")) && !text.starts_with(">.") && !text.contains(".>.")
}

/// Rule 10: whether the tokens of a key match those of a pattern.
fn matches(pattern: &[&str], key: &[&str]) -> bool {
    match (pattern, key) {
        ([], []) => true,
        ([">"], [_, ..]) => true,
        (["*", pattern @ ..], [_, key @ ..]) => matches(pattern, key),
        ([token, pattern @ ..], [found, key @ ..]) => token == found && matches(pattern, key),
        _ => false,
    }
}

#[test]
fn keys_are_taken_as_rule_11_says() {
    try_out("texts as keys", text(), |text| {
        match Key::parse(&text) {
            Ok(key) => prop_assert!(is_key(&text) && *key == *text),
            Err(refusal) => prop_assert!(!is_key(&text) && refusal.status() == 400),
        }
        Ok(())
    });
}

#[test]
fn patterns_are_taken_as_rule_10_says() {
    try_out("texts as patterns", text(), |text| {
        match Pattern::parse(&text) {
            Ok(pattern) => prop_assert!(is_pattern(&text) && pattern.as_str() == text),
            Err(refusal) => prop_assert!(!is_pattern(&text) && refusal.status() == 400),
        }
        Ok(())
    });
}

#[test]
fn patterns_match_as_rule_10_says() {
    let token = || select(vec!["a", "b", "ab", "a:b", "é"]);
    let part = select(vec![
        "a", "b", "ab", "a:b", "é", "*", "*", ">", "a*", "*>", ">a",
    ]);
    let inputs = (vec(part, 1..6), vec(token(), 1..6));
    try_out("patterns and keys", inputs, |(pattern, key)| {
        if let Ok(parsed) = Pattern::parse(&pattern.join(".")) {
            let matched = parsed.matches(&key.join("."));
            prop_assert_eq!(matched, matches(&pattern, &key));
        }
        Ok(())
    });
}

/// Undoes percent-encoding, where there is nothing but unreserved characters beside it.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            b'-' | b'.' | b'_' | b'~' => byte,
            byte => byte.is_ascii_alphanumeric().then_some(byte)?,
        });
    }
    Some(bytes)
}

#[test]
fn every_key_comes_back_out_of_its_address() {
    let bucket = BucketName::parse("b").unwrap();
    try_out("keys in addresses", text(), |text| {
        if let Ok(key) = Key::parse(&text) {
            let url = path::key(DEFAULT_SERVER_URL, &bucket, &key);
            let part = url.rsplit('/').next().and_then(decode);
            prop_assert_eq!(part, Some(text.into_bytes()));
        }
        Ok(())
    });
}

#[test]
fn options_of_any_value_are_taken_or_refused_by_name() {
    try_out("options", loose(), |options| {
        let config =
            match from_serde(options, OPTIONS).map(|options| Config::from_options(&options)) {
                Ok(config) => config,
                Err(Error::Validation(words)) => {
                    prop_assert!(!words.is_empty());
                    return Ok(());
                }
                Err(other) => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
        let url = &config.server_url;
        prop_assert!(url.starts_with("http://") || url.starts_with("https://"));
        prop_assert!(!url.ends_with('/') && !url.contains(['?', '#', '@', ' ']));
        prop_assert!(config.environment.bytes().all(|b| b.is_ascii_graphic()));
        prop_assert!((1..=i32::MAX as u32).contains(&config.timeout_ms));
        let reconnect = &config.reconnect;
        for number in [reconnect.initial, reconnect.max, reconnect.multiplier] {
            prop_assert!(number.is_finite() && number >= 0.0);
        }
        prop_assert!(reconnect.max_attempts >= -1.0);
        prop_assert!(matches!(
            config.transport.as_str(),
            "connectrpc" | "websocket" | "memory"
        ));
        prop_assert_eq!(
            config.transport == TransportKind::Memory,
            config.transport.as_str() == "memory"
        );
        Ok(())
    });
}

#[test]
fn settings_of_any_value_make_a_bucket_or_are_refused() {
    let number = prop_oneof![
        4 => any::<i64>().prop_map(Value::from),
        4 => any::<u64>().prop_map(Value::from),
        4 => (-2_i64..70).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => text().prop_map(Value::from),
    ];
    let name = select(vec![
        "name",
        "description",
        "ttl_seconds",
        "max_value_size",
        "max_bytes",
        "history",
        "other",
    ]);
    let inputs = (text(), vec((name, number), 0..5));
    try_out("settings of buckets", inputs, |(name, settings)| {
        let mut json = serde_json::json!({ "name": name });
        for (name, value) in settings {
            json[name] = value;
        }
        if let Ok(config) = serde_json::from_value::<BucketConfig>(json)
            && let Ok((name, config)) = config.normalized()
        {
            prop_assert_eq!(&*name, &config.name);
            prop_assert!((1..=64).contains(&config.history));
            prop_assert!(config.value_limit() > 0);
        }
        Ok(())
    });
}
