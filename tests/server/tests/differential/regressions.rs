//! Differences that were found, each as the sequence that showed it.

use ironflow_conformance::BucketSettings;
use ironflow_harness::{HttpClient, process};

use crate::run::run;
use crate::step::{Kind, Sequence, Step};

async fn no_difference(settings: BucketSettings, steps: Vec<Step>) {
    let server = process::server_on_nats(env!("CARGO_BIN_EXE_ironflow-server"));
    let client = HttpClient::new(server);
    let sequence = Sequence { settings, steps };
    run(&client, &sequence).await.unwrap();
}

fn put(key: &str, size: usize) -> Step {
    Step::Write {
        key: key.to_owned(),
        value: vec![0; size],
        kind: Kind::Put,
        ttl: None,
    }
}

/// While the marker of an expired key stands, JetStream's message that creates the key names its revision,
/// which has more digits than the store's 0.
#[tokio::test]
async fn a_key_created_right_after_its_expiry_may_have_other_bytes() {
    let mut steps: Vec<_> = (0..9).map(|_| put("a", 1)).collect();
    let write = |kind, ttl| Step::Write {
        key: "b".to_owned(),
        value: Vec::new(),
        kind,
        ttl,
    };
    steps.push(write(Kind::Put, Some(1))); // 10, and 11 its expiry
    steps.push(Step::Wait { milliseconds: 1000 });
    steps.push(write(Kind::Create, None));
    no_difference(BucketSettings::default(), steps).await;
}

/// The server wrote white space beyond ASCII into subjects with more bytes than the key has.
#[tokio::test]
async fn white_space_in_a_key_counts_as_many_bytes_as_it_has() {
    let steps = vec![put("a\u{a0}b", 0), put("\u{3000}.\u{2003}", 10)];
    no_difference(BucketSettings::default(), steps).await;
}

/// The store let a marker replace a smaller value in a bucket too full for both.
#[tokio::test]
async fn a_marker_larger_than_what_it_replaces_gets_no_credit() {
    let settings = BucketSettings {
        max_bytes: 198,
        ..Default::default()
    };
    let steps = vec![put("user", 0), Step::Delete("user".to_owned())];
    no_difference(settings, steps).await;
}

/// The entries of a pattern whose subject has `*` as an ordinary character never ended: JetStream found a
/// later message that the consumer did not deliver.
#[tokio::test]
async fn entries_of_a_pattern_with_white_space_or_a_stray_star_end() {
    for pattern in ["\u{3000}.*", "us*", "a*b.>"] {
        let steps = vec![
            put("\u{3000}.\u{2003}", 0),
            put("user.456", 10),
            put("null", 8),
            put("us", 1),
            Step::Entries(vec![pattern.to_owned()]),
        ];
        no_difference(BucketSettings::default(), steps).await;
    }
}
