//! The rules that watches follow, put to version 2.

macro_rules! rules {
    ($($rule:ident)*) => {
        mod rules_on_memory {
            $(
                #[tokio::test]
                async fn $rule() {
                    let address = ironflow_harness::process::server_on_memory;
                    let address = address(env!("CARGO_BIN_EXE_ironflow-server"));
                    let client = ironflow_harness::HttpClient::with_watch_2(address);
                    ironflow_conformance::rules::$rule(&client).await;
                }
            )*
        }

        mod rules_on_nats {
            $(
                #[tokio::test]
                async fn $rule() {
                    let address = ironflow_harness::process::server_on_nats;
                    let address = address(env!("CARGO_BIN_EXE_ironflow-server"));
                    let client = ironflow_harness::HttpClient::with_watch_2(address);
                    ironflow_conformance::rules::$rule(&client).await;
                }
            )*
        }
    };
}

rules! {
    rule_10_malformed_watch_patterns_are_400
    rule_10_the_documented_table_holds_for_watching
    rule_10_wildcards_find_whole_tokens_in_watches
    rule_12_a_watch_reports_a_value_of_1_mib
    rule_13_a_refusal_reaches_no_watch
    rule_14_a_rewrite_without_ttl_ends_it_and_one_with_ttl_restarts_it
    rule_14_an_expiry_is_one_event_with_a_revision_of_its_own
    rule_14_everything_says_when_a_value_expires
    rule_15_a_delete_is_one_event_with_the_markers_revision
    rule_15_a_purge_gives_its_reason
    rule_15_a_purge_is_one_event_with_the_markers_revision
    rule_15_a_stopped_watch_emits_nothing
    rule_15_a_watch_emits_changes_of_every_client
    rule_15_a_watch_of_a_missing_bucket_is_404
    rule_15_a_write_of_each_of_many_keys_is_an_event_in_order
    rule_15_every_kind_of_write_is_one_event
    rule_15_keys_that_do_not_match_make_no_event
    rule_15_other_buckets_make_no_event
    rule_15_refused_writes_make_no_event
    rule_15_the_newest_revision_of_a_key_rewritten_fast_is_emitted
    rule_15_values_arrive_byte_for_byte
    rule_15_what_was_written_before_the_watch_makes_no_event
    rule_16_a_bucket_created_again_is_watched_afresh
    rule_16_deleting_a_bucket_ends_its_watches
    rule_18_environments_are_separate_worlds
    rule_24_the_earlier_of_a_keys_and_the_buckets_ttl_counts
}
