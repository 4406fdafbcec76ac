//! The list of the rules is the rules.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

macro_rules! names {
    ($($rule:ident)*) => { [$(stringify!($rule)),*] };
}

/// The numbers of the rules of the extensions. (Rule 19 is one of servers alone.)
const EXTENSIONS: std::ops::RangeInclusive<u32> = 20..=23;

fn listed() -> Vec<&'static str> {
    let rules = ironflow_conformance::for_each_rule!(names);
    let extensions = ironflow_conformance::for_each_extension_rule!(names);
    let expiries = ironflow_conformance::for_each_expiry_rule!(names);
    let repetitions = ironflow_conformance::for_each_repetition_rule!(names);
    [&rules[..], &extensions[..], &expiries[..], &repetitions[..]].concat()
}

#[test]
fn every_rule_is_listed_once() {
    let listed = listed();
    let distinct: BTreeSet<String> = listed.iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), listed.len());

    let mut written = BTreeSet::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules")).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        for function in source.split("pub async fn ").skip(1) {
            written.insert(function.split(['<', '(']).next().unwrap().to_owned());
        }
    }
    assert_eq!(listed.len(), written.len());
    assert_eq!(distinct, written);
}

#[test]
fn every_rule_has_a_test() {
    let listed = listed();
    for number in (1..=18).chain(EXTENSIONS) {
        let prefix = format!("rule_{number:02}_");
        assert!(
            listed.iter().any(|rule| rule.starts_with(&prefix)),
            "{prefix}"
        );
    }
}
