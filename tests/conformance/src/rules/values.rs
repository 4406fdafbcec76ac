//! Rule 12: what a value may be.

use crate::bucket::Bucket;
use crate::refusals::value_too_large;
use crate::{Backend, BucketSettings, Failure, Watch as _};

const MIB: usize = 1 << 20;

/// Bytes that neither repeat early nor read as text.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

async fn with_max_value_size<B: Backend>(backend: &B, max_value_size: u64) -> Bucket<B> {
    let settings = BucketSettings {
        max_value_size,
        ..Default::default()
    };
    Bucket::with(backend, settings).await
}

/// Fails without printing a large value.
#[track_caller]
fn assert_too_large(result: Result<u64, Failure>, what: &str) {
    assert_eq!(result, Err(value_too_large()), "{what}");
}

pub async fn rule_12_values_come_back_byte_for_byte<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let all = (0..=255).collect::<Vec<u8>>();
    for value in [
        b"text".as_slice(),
        "héllo, 🦀".as_bytes(),
        br#"{"name":"Alice"}"#,
        b"\0",
        b" \r\n",
        b"\xff\xfe\x80",
        &all,
        &bytes(10_000),
    ] {
        for _ in 0..2 {
            bucket.put("k", value).await.unwrap();
            assert_eq!(bucket.value("k").await, value);
            bucket.delete("k").await.unwrap();
            bucket.create("k", value).await.unwrap();
            assert_eq!(bucket.value("k").await, value);
        }
    }
}

pub async fn rule_12_an_empty_value_is_live<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    bucket.create("k", "").await.unwrap(); // 1
    assert_eq!(bucket.value("k").await, b"");
    assert_eq!(bucket.keys().await, ["k"]);
    assert_eq!(bucket.update("k", "", 1).await, Ok(2));
    assert_eq!(bucket.put("k", "").await, Ok(3));
    assert_eq!(bucket.delete("k").await, Ok(()));
}

pub async fn rule_12_a_value_of_1_mib_comes_back_byte_for_byte<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let value = bytes(MIB);
    let put = bucket.put("put", &value).await.unwrap();
    bucket.create("create", &value).await.unwrap();
    bucket.put("update", "small").await.unwrap();
    bucket.update("update", &value, 3).await.unwrap();
    for key in ["put", "create", "update"] {
        assert!(bucket.value(key).await == value, "{key}");
    }
    assert_eq!(put, 1);
}

pub async fn rule_12_a_watch_reports_a_value_of_1_mib<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let mut watch = bucket.watch().await;
    let value = bytes(MIB);
    bucket.put("k", &value).await.unwrap();
    let event = watch.next().await.unwrap();
    assert!(event.value == value);
}

pub async fn rule_12_one_byte_more_than_1_mib_is_413<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let value = bytes(MIB + 1);
    assert_too_large(bucket.put("k", &value).await, "put");
    assert_too_large(bucket.create("k", &value).await, "create");
    assert_too_large(bucket.update("k", &value, 0).await, "update");
    assert_too_large(bucket.put("k", bytes(3 * MIB)).await, "3 MiB");
    assert_eq!(bucket.put("k", "v").await, Ok(1), "nothing was stored");
}

pub async fn rule_12_max_value_size_is_the_largest_value<B: Backend>(backend: &B) {
    let bucket = with_max_value_size(backend, 10).await;
    assert_eq!(bucket.put("k", "ten bytes.").await, Ok(1));
    assert_eq!(bucket.update("k", "ten bytes.", 1).await, Ok(2));
    assert_eq!(bucket.create("other", "ten bytes.").await, Ok(3));
    assert_too_large(bucket.put("k", "eleven byte").await, "put");
    assert_too_large(bucket.create("new", "eleven byte").await, "create");
    assert_too_large(bucket.update("k", "eleven byte", 2).await, "update");
    assert_eq!(bucket.value("k").await, b"ten bytes.");
}

pub async fn rule_12_max_value_size_counts_bytes_of_the_value_alone<B: Backend>(backend: &B) {
    let bucket = with_max_value_size(backend, 1).await;
    let key = "k".repeat(1024);
    assert_eq!(bucket.put(&key, "v").await, Ok(1));
    assert_eq!(bucket.update(&key, "w", 1).await, Ok(2));
    assert_too_large(bucket.put(&key, "é").await, "one letter, two bytes");
    assert_eq!(bucket.delete(&key).await, Ok(()));
    assert_eq!(bucket.create(&key, "x").await, Ok(4));
    assert_eq!(bucket.purge(&key).await, Ok(()));
}

pub async fn rule_12_max_value_size_may_be_more_than_1_mib<B: Backend>(backend: &B) {
    let bucket = with_max_value_size(backend, (MIB + MIB / 2) as u64).await;
    let value = bytes(MIB + MIB / 2);
    assert_eq!(bucket.create("k", &value).await, Ok(1));
    assert!(bucket.value("k").await == value);
    let more = bytes(value.len() + 1);
    assert_too_large(bucket.put("k", more).await, "one byte more");
}
