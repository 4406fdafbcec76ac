//! Rule 10: patterns.

use crate::bucket::Bucket;
use crate::refusals::{bucket_not_found, invalid};
use crate::{Backend, Failure, Watch as _};

/// The documentation's table: a pattern, keys it matches, keys it does not.
const DOCUMENTED: [(&str, &[&str], &[&str]); 4] = [
    ("*", &["user", "flag"], &["user.123"]),
    (
        "user.*",
        &["user.123", "user.456"],
        &["user.123.name", "user:123"],
    ),
    (
        ">",
        &[
            "user",
            "flag",
            "user.123",
            "user:123",
            "user.123.name.first",
        ],
        &[],
    ),
    (
        "user.>",
        &["user.123", "user.123.name", "user.123.name.first"],
        &["config.flags", "user:123"],
    ),
];

/// Keys in the order of their writing, and what each pattern finds of them.
const KEYS: [&str; 8] = [
    "user.456",
    "config.feature-flags",
    "user",
    "user:123",
    "user.123.name",
    "user.123.name.first",
    "user.123",
    "zeta",
];
const FOUND: [(&str, &[&str]); 18] = [
    (">", &KEYS),
    ("*", &["user", "user:123", "zeta"]),
    ("user.*", &["user.456", "user.123"]),
    (
        "user.>",
        &[
            "user.456",
            "user.123.name",
            "user.123.name.first",
            "user.123",
        ],
    ),
    ("*.*", &["user.456", "config.feature-flags", "user.123"]),
    ("*.123", &["user.123"]),
    ("user.*.name", &["user.123.name"]),
    ("user.*.>", &["user.123.name", "user.123.name.first"]),
    (
        "*.>",
        &[
            "user.456",
            "config.feature-flags",
            "user.123.name",
            "user.123.name.first",
            "user.123",
        ],
    ),
    ("user.123", &["user.123"]),
    ("user:123", &["user:123"]),
    ("flag", &[]),
    ("alpha", &[]),
    ("user:*", &[]),
    ("us*", &[]),
    ("a*", &[]),
    ("*a", &[]),
    ("user.>x", &[]),
];

/// What is no pattern, and why.
fn malformed() -> [(String, Failure); 15] {
    let empty = invalid("pattern", "a token is empty");
    let blank = invalid("pattern", "it contains white space or a control character");
    let not_last = invalid("pattern", "'>' must be the last token");
    let long = invalid("pattern", "it is longer than 1024 bytes");
    [
        ("", &empty),
        (".", &empty),
        ("a.", &empty),
        (".a", &empty),
        ("a..b", &empty),
        ("user..>", &empty),
        (">.a", &not_last),
        ("a.>.b", &not_last),
        (">.>", &not_last),
        ("a b", &blank),
        ("a\tb", &blank),
        ("a\r\nb", &blank),
        ("a\0b", &blank),
        ("a\u{7f}", &blank),
        (&"k".repeat(1025), &long),
    ]
    .map(|(text, why)| (text.to_owned(), why.clone()))
}

pub async fn rule_10_the_documented_table_holds_for_listing<B: Backend>(backend: &B) {
    for (pattern, matches, others) in DOCUMENTED {
        let bucket = Bucket::new(backend).await;
        for key in others.iter().chain(matches) {
            bucket.put(key, "v").await.unwrap();
        }
        let found = bucket.keys_matching(pattern).await.unwrap();
        assert_eq!(found, matches, "{pattern}");
    }
}

pub async fn rule_10_the_documented_table_holds_for_watching<B: Backend>(backend: &B) {
    for (pattern, matches, others) in DOCUMENTED {
        let bucket = Bucket::new(backend).await;
        let mut watch = bucket.watch_matching(pattern).await;
        for key in others {
            bucket.put(key, "v").await.unwrap();
        }
        for key in matches {
            let revision = bucket.put(key, "v").await.unwrap();
            let event = watch.next().await;
            assert_eq!(event, bucket.put_event(key, "v", revision), "{pattern}");
        }
    }
}

pub async fn rule_10_wildcards_find_whole_tokens_in_listings<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for gone in ["flag", "alpha"] {
        bucket.put(gone, "v").await.unwrap();
    }
    for key in KEYS {
        bucket.put(key, "v").await.unwrap();
    }
    bucket.delete("flag").await.unwrap();
    bucket.purge("alpha").await.unwrap();
    for (pattern, wanted) in FOUND {
        let found = bucket.keys_matching(pattern).await.unwrap();
        assert_eq!(found, wanted, "{pattern}");
    }
}

pub async fn rule_10_wildcards_find_whole_tokens_in_watches<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let mut watches = Vec::new();
    for (pattern, wanted) in FOUND {
        watches.push((pattern, wanted, bucket.watch_matching(pattern).await));
    }
    for key in KEYS {
        bucket.put(key, "v").await.unwrap();
    }
    for (pattern, wanted, watch) in &mut watches {
        for key in *wanted {
            let event = watch.next().await.unwrap();
            assert_eq!(event.key, *key, "{pattern}");
        }
    }
    bucket.delete_bucket().await.unwrap();
    for (pattern, _, watch) in &mut watches {
        assert_eq!(watch.next().await, None, "{pattern}");
    }
}

pub async fn rule_10_a_key_is_a_pattern_that_matches_itself<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let longest = "k".repeat(1024);
    let keys = [
        "a/b?c#d%e&f+g",
        "é.🦀",
        "$KV.a",
        "\\\"'`{}[]<!~^|",
        &longest,
    ];
    for key in keys {
        bucket.put(key, "v").await.unwrap();
    }
    for key in keys {
        assert_eq!(bucket.keys_matching(key).await.unwrap(), [key]);
        let mut watch = bucket.watch_matching(key).await;
        bucket.put("unrelated", "v").await.unwrap();
        let revision = bucket.put(key, "w").await.unwrap();
        assert_eq!(watch.next().await, bucket.put_event(key, "w", revision));
        watch.stop().await;
    }
}

pub async fn rule_10_malformed_filters_are_400<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for (pattern, refusal) in malformed() {
        let refused = bucket.keys_matching(&pattern).await;
        assert_eq!(refused, Err(refusal), "{pattern:?}");
    }
}

pub async fn rule_10_malformed_watch_patterns_are_400<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    for (pattern, refusal) in malformed() {
        let refused = bucket.try_watch(Some(&pattern)).await.err();
        assert_eq!(refused, Some(refusal), "{pattern:?}");
    }
}

pub async fn rule_10_a_malformed_pattern_is_noticed_before_a_missing_bucket<B: Backend>(
    backend: &B,
) {
    let bucket = Bucket::missing(backend).await;
    let refusal = invalid("pattern", "a token is empty");
    assert_eq!(bucket.keys_matching("a..b").await, Err(refusal.clone()));
    assert_eq!(bucket.try_watch(Some("a..b")).await.err(), Some(refusal));
    assert_eq!(bucket.keys_matching("a.*").await, Err(bucket_not_found()));
}
