//! Rules 16 and 18: the life of buckets, and the environments they live in.

use futures_util::future::join_all;

use crate::bucket::{Bucket, new_name};
use crate::refusals::{bucket_exists, bucket_not_found, key_not_found};
use crate::time::instant;
use crate::{Backend, BucketInfo, BucketSettings, Watch as _};

/// A bucket with something to say in every setting.
fn settings<B: Backend>(backend: &B) -> BucketSettings {
    BucketSettings {
        name: new_name(backend),
        description: "Flags & façades".to_owned(),
        ttl_seconds: 3600,
        max_value_size: 1000,
        max_bytes: 100_000,
        history: 5,
    }
}

/// Its info, fresh.
fn fresh(settings: &BucketSettings, created_at: String) -> BucketInfo {
    BucketInfo {
        name: settings.name.clone(),
        description: settings.description.clone(),
        ttl_seconds: settings.ttl_seconds,
        values: 0,
        bytes: 0,
        history: settings.history,
        created_at,
    }
}

pub async fn rule_16_a_new_bucket_answers_with_its_info<B: Backend>(backend: &B) {
    let settings = settings(backend);
    let info = backend.create_bucket(&settings).await.unwrap();
    instant(&info.created_at);
    assert_eq!(info, fresh(&settings, info.created_at.clone()));
    assert_eq!(backend.bucket_info(&settings.name).await, Ok(info));
}

pub async fn rule_16_unset_settings_have_their_defaults<B: Backend>(backend: &B) {
    let settings = BucketSettings {
        name: new_name(backend),
        ..Default::default()
    };
    let info = backend.create_bucket(&settings).await.unwrap();
    let defaults = BucketSettings {
        history: 1,
        ..settings
    };
    assert_eq!(info, fresh(&defaults, info.created_at.clone()));
    let again = backend.create_bucket(&defaults).await;
    assert_eq!(again, Ok(info), "1 is the default history");
}

pub async fn rule_16_creating_again_with_equal_settings_keeps_the_data<B: Backend>(backend: &B) {
    let settings = settings(backend);
    let first = backend.create_bucket(&settings).await.unwrap();
    backend.put(&settings.name, "k", b"v").await.unwrap();
    let mut watch = backend.watch(&settings.name, None).await.unwrap();

    let again = backend.create_bucket(&settings).await.unwrap();
    assert_eq!((again.values, &again.created_at), (1, &first.created_at));
    assert_eq!(backend.get(&settings.name, "k").await.unwrap().value, b"v");
    let revision = backend.put(&settings.name, "k", b"w").await;
    assert_eq!(revision, Ok(2));
    assert_eq!(watch.next().await.unwrap().revision, 2, "watches go on");
}

pub async fn rule_16_creating_again_with_other_settings_is_409<B: Backend>(backend: &B) {
    let settings = settings(backend);
    let info = backend.create_bucket(&settings).await.unwrap();
    let same = || settings.clone();
    let others = [
        BucketSettings {
            description: "Flags".to_owned(),
            ..same()
        },
        BucketSettings {
            ttl_seconds: 60,
            ..same()
        },
        BucketSettings {
            ttl_seconds: 0,
            ..same()
        },
        BucketSettings {
            max_value_size: 1001,
            ..same()
        },
        BucketSettings {
            max_value_size: 0,
            ..same()
        },
        BucketSettings {
            max_bytes: 200_000,
            ..same()
        },
        BucketSettings {
            max_bytes: 0,
            ..same()
        },
        BucketSettings {
            history: 6,
            ..same()
        },
        BucketSettings {
            history: 0,
            ..same()
        },
    ];
    for other in others {
        let refused = backend.create_bucket(&other).await;
        assert_eq!(refused, Err(bucket_exists()), "{other:?}");
    }
    assert_eq!(backend.bucket_info(&settings.name).await, Ok(info));
}

pub async fn rule_16_concurrent_creates_of_a_bucket_agree<B: Backend>(backend: &B) {
    let bucket = Bucket::missing(backend).await;
    let settings = BucketSettings {
        name: bucket.name.clone(),
        ..Default::default()
    };
    let clients = bucket.clients(8).await;
    let tries = clients
        .iter()
        .map(|client| client.backend.create_bucket(&settings));
    let infos = join_all(tries).await;
    assert!(
        infos.iter().all(|info| info.is_ok() && *info == infos[0]),
        "{infos:?}"
    );
}

pub async fn rule_16_every_bucket_is_listed_with_its_info<B: Backend>(backend: &B) {
    let settings = settings(backend);
    let info = backend.create_bucket(&settings).await.unwrap();
    let other = Bucket::new(backend).await;
    let listed = backend.list_buckets().await.unwrap();
    for wanted in [info, other.info().await.unwrap()] {
        let found: Vec<_> = listed.iter().filter(|i| i.name == wanted.name).collect();
        assert_eq!(found, [&wanted]);
    }
    other.delete_bucket().await.unwrap();
    let listed = backend.list_buckets().await.unwrap();
    assert!(listed.iter().all(|info| info.name != other.name));
    assert!(listed.iter().any(|info| info.name == settings.name));
}

pub async fn rule_16_every_operation_on_a_missing_bucket_is_404<B: Backend>(backend: &B) {
    let bucket = Bucket::missing(backend).await;
    let refused = async || {
        [
            bucket.info().await.err(),
            bucket.delete_bucket().await.err(),
            bucket.get("k").await.err(),
            bucket.put("k", "v").await.err(),
            bucket.create("k", "v").await.err(),
            bucket.update("k", "v", 0).await.err(),
            bucket.update("k", "v", 1).await.err(),
            bucket.delete("k").await.err(),
            bucket.purge("k").await.err(),
            bucket.keys_matching(">").await.err(),
            bucket.backend.list_keys(&bucket.name, None).await.err(),
            bucket.try_watch(None).await.err(),
        ]
    };
    for refused in refused().await {
        assert_eq!(refused, Some(bucket_not_found()), "never there");
    }
    let settings = BucketSettings {
        name: bucket.name.clone(),
        ..Default::default()
    };
    bucket.backend.create_bucket(&settings).await.unwrap();
    bucket.put("k", "v").await.unwrap();
    bucket.delete_bucket().await.unwrap();
    for refused in refused().await {
        assert_eq!(refused, Some(bucket_not_found()), "deleted");
    }
}

pub async fn rule_16_deleting_a_bucket_ends_its_watches<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let other = Bucket::new(backend).await;
    let client = &bucket.clients(1).await[0];
    let mut ending = [
        bucket.watch().await,
        bucket.watch_matching("user.*").await,
        client.watch_matching("k").await,
    ];
    let mut lasting = other.watch().await;
    bucket.put("k", "v").await.unwrap();
    for watch in [0, 2] {
        let event = ending[watch].next().await;
        assert_eq!(event, bucket.put_event("k", "v", 1));
    }
    bucket.delete_bucket().await.unwrap();
    for watch in &mut ending {
        assert_eq!(watch.next().await, None);
    }
    other.put("k", "v").await.unwrap();
    assert_eq!(lasting.next().await, other.put_event("k", "v", 1));
}

pub async fn rule_16_a_bucket_created_again_is_watched_afresh<B: Backend>(backend: &B) {
    let bucket = Bucket::new(backend).await;
    let mut before = bucket.watch().await;
    bucket.delete_bucket().await.unwrap();
    let settings = BucketSettings {
        name: bucket.name.clone(),
        history: 2,
        ..Default::default()
    };
    bucket.backend.create_bucket(&settings).await.unwrap();
    let mut after = bucket.watch().await;
    bucket.put("k", "v").await.unwrap();
    assert_eq!(before.next().await, None);
    assert_eq!(after.next().await, bucket.put_event("k", "v", 1));
}

pub async fn rule_18_environments_are_separate_worlds<B: Backend>(backend: &B) {
    let Some(staging) = backend.in_environment("staging").await else {
        return;
    };
    let here = Bucket::new(backend).await;
    assert_eq!(
        staging.bucket_info(&here.name).await,
        Err(bucket_not_found()),
        "a bucket of one environment is none of another"
    );
    let settings = BucketSettings {
        name: here.name.clone(),
        history: 2,
        ..Default::default()
    };
    staging.create_bucket(&settings).await.unwrap();
    let there = Bucket {
        backend: staging,
        name: here.name.clone(),
    };

    let mut watch = there.watch().await;
    assert_eq!(here.put("k", "here").await, Ok(1));
    assert_eq!(there.get("k").await, Err(key_not_found()));
    assert_eq!(there.keys().await, [""; 0]);
    assert_eq!(there.create("k", "there").await, Ok(1));
    assert_eq!(watch.next().await, there.put_event("k", "there", 1));
    assert_eq!(here.value("k").await, b"here");
    let histories = [here.info().await.unwrap(), there.info().await.unwrap()];
    assert_eq!(histories.map(|info| info.history), [1, 2]);

    here.delete_bucket().await.unwrap();
    assert_eq!(there.value("k").await, b"there");
    let listed = here.backend.list_buckets().await.unwrap();
    assert!(listed.iter().all(|info| info.name != here.name));
    there.put("k", "still watched").await.unwrap();
    assert_eq!(watch.next().await.unwrap().revision, 2);
}
