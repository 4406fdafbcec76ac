//! Version 2 of the watch, on each store of the server.

mod credentials;
mod deletions;
mod handshake;
mod jetstream;
mod limits;
mod live;
mod refusals;
mod replays;
mod resets;
mod rules;

use ironflow_conformance::{Backend as _, BucketSettings};
use ironflow_harness::HttpClient;
use ironflow_harness::process::{Server, ironflow_server, shared_nats};

fn start(arguments: &[&str]) -> Server {
    ironflow_server(env!("CARGO_BIN_EXE_ironflow-server"), arguments).unwrap()
}

/// A server of the test's own, on the memory store.
fn on_memory(arguments: &[&str]) -> Server {
    start(arguments)
}

/// The same on JetStream.
fn on_nats(arguments: &[&str]) -> Server {
    start(&[&["--store", shared_nats()], arguments].concat())
}

/// A bucket of the test's own.
struct Bucket {
    client: HttpClient,
    name: String,
}

impl Bucket {
    async fn new(server: &str, test: &str) -> Self {
        Self::with(server, test, BucketSettings::default()).await
    }

    async fn with(server: &str, test: &str, settings: BucketSettings) -> Self {
        let client = HttpClient::new(server);
        let name = format!("w2-{test}-{}", ironflow_harness::run());
        let bucket = Self { client, name };
        bucket.create(settings).await;
        bucket
    }

    async fn create(&self, settings: BucketSettings) {
        let name = self.name.clone();
        let settings = BucketSettings { name, ..settings };
        self.client.create_bucket(&settings).await.unwrap();
    }

    async fn put(&self, key: &str, value: &str) -> u64 {
        let put = self.client.put(&self.name, key, value.as_bytes());
        put.await.unwrap()
    }

    async fn delete(&self, key: &str) {
        self.client.delete(&self.name, key).await.unwrap();
    }

    async fn purge(&self, key: &str) {
        self.client.purge(&self.name, key).await.unwrap();
    }

    /// Writes keys `k0`, `k1` and so on.
    async fn fill(&self, count: usize, value: &str) {
        use futures_util::StreamExt as _;
        let keys = futures_util::stream::iter(0..count).map(|number| async move {
            self.put(&format!("k{number}"), value).await;
        });
        keys.buffer_unordered(16).collect::<Vec<()>>().await;
    }
}

/// Puts what follows to a server on each store: `server` is its address.
macro_rules! on_each_store {
    ($($module:ident: $($test:ident)*;)*) => {
        mod memory {
            fn address() -> &'static str {
                ironflow_harness::process::server_on_memory(env!("CARGO_BIN_EXE_ironflow-server"))
            }
            $($(
                #[tokio::test]
                async fn $test() {
                    crate::$module::$test(address()).await;
                }
            )*)*
        }

        mod nats {
            fn address() -> &'static str {
                ironflow_harness::process::server_on_nats(env!("CARGO_BIN_EXE_ironflow-server"))
            }
            $($(
                #[tokio::test]
                async fn $test() {
                    crate::$module::$test(address()).await;
                }
            )*)*
        }
    };
}

on_each_store! {
    handshake:
        the_server_selects_the_newest_version_that_is_offered
        version_1_is_as_it_was;
    replays:
        without_after_only_what_follows_comes
        after_0_gives_the_current_entries_without_markers
        after_a_revision_every_change_comes_deletes_included
        an_event_carries_what_an_entry_does
        a_replay_comes_in_batches_of_500_and_says_how_many
        a_batch_has_256_kib_unless_a_value_is_larger
        several_patterns_and_odd_keys
        hundreds_of_exact_keys
        a_replay_under_writes_loses_and_repeats_nothing;
    live:
        a_change_is_sent_once_however_many_subscriptions_match
        one_connection_serves_many_buckets
        an_unsubscribed_pattern_gives_nothing_and_its_id_is_free
        a_ping_is_answered_with_what_was_sent
        silence_is_broken_by_a_tick
        a_slow_client_goes_back_to_a_replay;
    resets:
        another_life_of_a_bucket_or_a_revision_it_does_not_have_is_a_reset
        the_info_of_a_bucket_carries_its_epoch;
    deletions:
        a_deleted_bucket_refuses_its_subscriptions_alone
        where_markers_expire_the_live_keys_are_listed
        an_expiry_is_a_live_change;
    refusals:
        what_is_wrong_with_a_subscription_is_refused_alone
        frames_that_are_none_leave_the_connection_as_it_is;
    limits:
        a_connection_has_1000_subscriptions
        a_connection_has_1_mib_of_patterns
        a_frame_has_256_kib;
}
