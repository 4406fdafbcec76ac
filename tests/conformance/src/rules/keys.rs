//! Rule 11: keys and bucket names.

use crate::bucket::{Bucket, new_name};
use crate::refusals::{bucket_not_found, invalid};
use crate::{Backend, BucketSettings, Failure};

const EMPTY: &str = "it is empty";
const LONG: &str = "it is longer than 1024 bytes";
const TOKEN: &str = "a token between the dots is empty";
const WILDCARD: &str = "it contains '*' or '>'";
const BLANK: &str = "it contains white space or a control character";

/// What is no key, and why.
fn malformed() -> [(String, Failure); 23] {
    [
        ("", EMPTY),
        (".", TOKEN),
        ("..", TOKEN),
        ("...", TOKEN),
        ("a..b", TOKEN),
        (".a", TOKEN),
        ("a.", TOKEN),
        ("*", WILDCARD),
        (">", WILDCARD),
        ("a.*", WILDCARD),
        ("a.>", WILDCARD),
        ("a*b", WILDCARD),
        ("a>b", WILDCARD),
        (" ", BLANK),
        ("a b", BLANK),
        ("a\tb", BLANK),
        ("a\r\nb", BLANK),
        ("\0", BLANK),
        ("a\u{1}", BLANK),
        ("a\u{7f}", BLANK),
        (&"k".repeat(1025), LONG),
        (&"k".repeat(2000), LONG),
        (&"é".repeat(513), LONG),
    ]
    .map(|(text, why)| (text.to_owned(), invalid("key", why)))
}

pub async fn rule_11_keys_of_every_legal_kind_come_back_as_they_were<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let longest = ["k".repeat(1024), "é".repeat(512), "a.".repeat(511) + "zz"];
    let mut keys = vec![
        "user:123",
        "user.123.name",
        "a/b",
        "/",
        "//a//",
        "a/./b",
        "a?b=c&d",
        "a#b",
        "100%",
        "%2F",
        "a%20b",
        "a+b",
        "é",
        "日本語",
        "🦀.🚀",
        "\u{a0}",
        "-_=|\\\"'@,;(){}[]<!~^$`",
        "$KV.a.b",
        "con",
        "__proto__",
    ];
    keys.extend(longest.iter().map(String::as_str));

    for (key, revision) in keys.iter().zip(1..) {
        assert_eq!(bucket.put(key, key).await, Ok(revision), "{key}");
    }
    assert_eq!(bucket.keys().await, keys);
    for key in &keys {
        let entry = bucket.get(key).await.unwrap();
        assert_eq!((&*entry.key, &*entry.value), (*key, key.as_bytes()));
        bucket.update(key, "", entry.revision).await.unwrap();
        bucket.delete(key).await.unwrap();
        bucket.create(key, "").await.unwrap();
        bucket.purge(key).await.unwrap();
    }
    assert_eq!(bucket.keys().await, [""; 0]);
}

pub async fn rule_11_keys_are_compared_byte_by_byte<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let keys = [
        "key", "Key", "KEY", "\u{e9}", "e\u{301}", "a/b", "a%2Fb", "a%2fb",
    ];
    for key in keys {
        assert!(bucket.create(key, key).await.is_ok(), "{key:?} is new");
    }
    for key in keys {
        assert_eq!(bucket.value(key).await, key.as_bytes());
    }
}

pub async fn rule_11_malformed_keys_are_400<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    bucket.put("a", "v").await.unwrap();
    for (key, refusal) in malformed() {
        let refused = [
            bucket.get(&key).await.err(),
            bucket.put(&key, "v").await.err(),
            bucket.create(&key, "v").await.err(),
            bucket.update(&key, "v", 1).await.err(),
            bucket.delete(&key).await.err(),
            bucket.purge(&key).await.err(),
        ];
        for refused in refused {
            assert_eq!(refused.as_ref(), Some(&refusal), "{key:?}");
        }
    }
    // The wildcards above have touched nothing.
    assert_eq!(bucket.keys().await, ["a"]);
    assert_eq!(bucket.put("a", "v").await, Ok(2));
}

pub async fn rule_11_bucket_names_of_every_legal_kind_are_taken<B: Backend>(backend: &B) {
    let run = new_name(backend);
    for name in [
        format!("my-bucket_{run}"),
        format!("AZaz09{run}_"),
        format!("-{run}"),
        format!("{run}{}", "b".repeat(200 - run.len())),
    ] {
        let settings = BucketSettings {
            name: name.clone(),
            ..Default::default()
        };
        let info = backend.create_bucket(&settings).await.unwrap();
        assert_eq!(info.name, name);
        assert_eq!(backend.put(&name, "k", b"v").await, Ok(1));
        backend.delete_bucket(&name).await.unwrap();
    }
}

pub async fn rule_11_bucket_names_are_case_sensitive<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let name = format!("{}a", bucket.name);
    let settings = BucketSettings {
        name: name.clone(),
        ..Default::default()
    };
    backend.create_bucket(&settings).await.unwrap();
    let other = format!("{}A", bucket.name);
    assert_eq!(backend.bucket_info(&other).await, Err(bucket_not_found()));
}

pub async fn rule_11_malformed_bucket_names_are_400<B: Backend>(backend: &B) {
    let characters = "only A-Z, a-z, 0-9, '_' and '-' are allowed";
    let long = "it is longer than 200 bytes";
    let empty = BucketSettings::default();
    assert_eq!(
        backend.create_bucket(&empty).await,
        Err(invalid("bucket name", EMPTY))
    );
    for (name, why) in [
        ("a b", characters),
        ("a.b", characters),
        ("a/b", characters),
        ("..", characters),
        ("é", characters),
        ("a*", characters),
        (">", characters),
        ("a\n", characters),
        (&"b".repeat(201), long),
    ] {
        let settings = BucketSettings {
            name: name.to_owned(),
            ..Default::default()
        };
        let refused = [
            backend.create_bucket(&settings).await.err(),
            backend.bucket_info(name).await.err(),
            backend.delete_bucket(name).await.err(),
            backend.get(name, "k").await.err(),
            backend.put(name, "k", b"v").await.err(),
            backend.create(name, "k", b"v").await.err(),
            backend.update(name, "k", b"v", 1).await.err(),
            backend.delete(name, "k").await.err(),
            backend.purge(name, "k").await.err(),
            backend.list_keys(name, None).await.err(),
            backend.watch(name, None).await.err(),
        ];
        for refused in refused {
            assert_eq!(refused, Some(invalid("bucket name", why)), "{name:?}");
        }
    }
}
