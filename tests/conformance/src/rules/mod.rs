//! The rules. Each is a test, named by its number in the protocol and by what holds; it panics
//! where that does not hold.
#![allow(missing_docs, reason = "a rule's name says what it tests")]

mod buckets;
mod conditional_removals;
mod entries;
mod history;
mod key_ttl;
mod keys;
mod limits;
mod listing;
mod patterns;
mod removals;
mod repetitions;
mod retained;
mod revisions;
mod ttl;
mod values;
mod watching;
mod writes;

pub use buckets::*;
pub use conditional_removals::*;
pub use entries::*;
pub use history::*;
pub use key_ttl::*;
pub use keys::*;
pub use limits::*;
pub use listing::*;
pub use patterns::*;
pub use removals::*;
pub use repetitions::*;
pub use retained::*;
pub use revisions::*;
pub use ttl::*;
pub use values::*;
pub use watching::*;
pub use writes::*;

/// Names every rule once, for a macro: `for_each_rule!(tests)` is `tests! { rule_01_… rule_01_… }`.
#[macro_export]
macro_rules! for_each_rule {
    ($tests:ident) => {
        $tests! {
            rule_01_the_first_write_of_a_fresh_bucket_gets_1
            rule_01_all_keys_of_a_bucket_share_one_counter
            rule_01_every_stored_message_takes_the_next_number
            rule_01_refused_writes_take_no_number
            rule_01_reads_take_no_number
            rule_01_concurrent_writes_get_one_number_each
            rule_02_the_counter_survives_emptying
            rule_02_a_bucket_deleted_and_created_again_is_empty_and_starts_at_1
            rule_03_update_succeeds_on_the_last_revision_alone
            rule_03_update_of_a_key_without_messages_takes_0_alone
            rule_03_update_of_a_deleted_key_takes_the_tombstones_revision_alone
            rule_03_update_of_a_purged_key_takes_the_markers_revision_alone
            rule_03_of_concurrent_updates_exactly_one_wins
            rule_03_no_increment_by_update_is_lost
            rule_04_create_succeeds_on_a_missing_key
            rule_04_create_of_a_live_key_is_412
            rule_04_create_succeeds_on_a_deleted_key
            rule_04_create_succeeds_on_a_purged_key
            rule_04_of_concurrent_creates_exactly_one_wins
            rule_05_get_gives_value_revision_and_operation
            rule_05_get_gives_the_time_of_the_write
            rule_05_get_of_a_missing_key_is_404
            rule_05_get_of_a_deleted_or_purged_key_is_404
            rule_05_a_client_reads_what_another_has_written
            rule_06_delete_appends_one_marker
            rule_06_delete_of_a_missing_key_is_404_and_stores_nothing
            rule_06_delete_of_a_tombstoned_key_is_404_and_stores_nothing
            rule_06_delete_leaves_every_other_key
            rule_06_of_concurrent_deletes_exactly_one_succeeds
            rule_07_purge_leaves_one_marker_of_the_whole_history
            rule_07_purge_of_a_missing_key_is_404_and_stores_nothing
            rule_07_purge_of_a_tombstoned_key_succeeds
            rule_07_purge_leaves_every_other_key
            rule_08_one_message_a_key_is_kept_by_default
            rule_08_as_many_messages_a_key_are_kept_as_history_says
            rule_08_markers_count_as_history
            rule_08_each_key_has_a_history_of_its_own
            rule_08_more_than_64_is_400
            rule_09_an_empty_bucket_lists_no_keys
            rule_09_live_keys_alone_are_listed
            rule_09_keys_are_listed_by_their_last_revision
            rule_09_rewriting_a_key_moves_it_to_the_end
            rule_09_a_refused_write_moves_nothing
            rule_09_hundreds_of_keys_are_listed_each_once
            rule_10_the_documented_table_holds_for_listing
            rule_10_the_documented_table_holds_for_watching
            rule_10_wildcards_find_whole_tokens_in_listings
            rule_10_wildcards_find_whole_tokens_in_watches
            rule_10_a_key_is_a_pattern_that_matches_itself
            rule_10_malformed_filters_are_400
            rule_10_malformed_watch_patterns_are_400
            rule_10_a_malformed_pattern_is_noticed_before_a_missing_bucket
            rule_11_keys_of_every_legal_kind_come_back_as_they_were
            rule_11_keys_are_compared_byte_by_byte
            rule_11_malformed_keys_are_400
            rule_11_bucket_names_of_every_legal_kind_are_taken
            rule_11_bucket_names_are_case_sensitive
            rule_11_malformed_bucket_names_are_400
            rule_12_values_come_back_byte_for_byte
            rule_12_an_empty_value_is_live
            rule_12_a_value_of_1_mib_comes_back_byte_for_byte
            rule_12_a_watch_reports_a_value_of_1_mib
            rule_12_one_byte_more_than_1_mib_is_413
            rule_12_max_value_size_is_the_largest_value
            rule_12_max_value_size_counts_bytes_of_the_value_alone
            rule_12_max_value_size_may_be_more_than_1_mib
            rule_13_a_full_bucket_is_507_and_stores_nothing
            rule_13_a_value_larger_than_the_bucket_is_507
            rule_13_overwriting_is_credited_with_what_it_replaces
            rule_13_a_larger_message_gets_no_credit
            rule_13_a_key_below_its_history_limit_gets_no_credit
            rule_13_removals_make_room
            rule_13_a_marker_needs_room_too
            rule_13_a_refusal_reaches_no_watch
            rule_13_the_key_is_checked_before_the_bucket
            rule_13_the_bucket_is_checked_before_the_size
            rule_13_the_size_is_checked_before_the_precondition
            rule_13_the_precondition_is_checked_before_the_capacity
            rule_14_an_expired_key_is_as_if_never_written
            rule_14_a_key_lives_until_its_time
            rule_14_markers_expire_too
            rule_14_rewriting_restarts_the_clock
            rule_14_an_expiry_is_a_delete_event_and_takes_a_revision
            rule_14_what_expires_makes_room
            rule_15_every_kind_of_write_is_one_event
            rule_15_values_arrive_byte_for_byte
            rule_15_a_delete_is_one_event_with_the_markers_revision
            rule_15_a_purge_is_one_event_with_the_markers_revision
            rule_15_what_was_written_before_the_watch_makes_no_event
            rule_15_keys_that_do_not_match_make_no_event
            rule_15_refused_writes_make_no_event
            rule_15_other_buckets_make_no_event
            rule_15_a_watch_emits_changes_of_every_client
            rule_15_a_write_of_each_of_many_keys_is_an_event_in_order
            rule_15_the_newest_revision_of_a_key_rewritten_fast_is_emitted
            rule_15_a_stopped_watch_emits_nothing
            rule_15_a_watch_of_a_missing_bucket_is_404
            rule_16_a_new_bucket_answers_with_its_info
            rule_16_unset_settings_have_their_defaults
            rule_16_creating_again_with_equal_settings_keeps_the_data
            rule_16_creating_again_with_other_settings_is_409
            rule_16_concurrent_creates_of_a_bucket_agree
            rule_16_every_bucket_is_listed_with_its_info
            rule_16_every_operation_on_a_missing_bucket_is_404
            rule_16_deleting_a_bucket_ends_its_watches
            rule_16_a_bucket_created_again_is_watched_afresh
            rule_17_values_counts_messages_rather_than_keys
            rule_17_bytes_grow_and_shrink_with_what_is_retained
            rule_18_environments_are_separate_worlds
        }
    };
}

/// Names every rule of the extensions once, for a macro.
#[macro_export]
macro_rules! for_each_extension_rule {
    ($tests:ident) => {
        $tests! {
            rule_15_a_purge_gives_its_reason
            rule_21_remove_succeeds_on_the_last_revision_alone
            rule_21_remove_of_a_missing_or_tombstoned_key_is_404_whatever_the_revision
            rule_21_a_conditional_purge_takes_the_tombstones_revision_alone
            rule_21_a_refused_remove_stores_nothing_and_makes_no_event
            rule_21_of_concurrent_removes_exactly_one_succeeds
            rule_21_a_value_written_meanwhile_is_never_removed
            rule_21_the_key_and_the_bucket_are_checked_first
            rule_22_history_gives_what_is_retained_in_order
            rule_22_history_keeps_as_many_as_the_bucket_says
            rule_22_history_of_a_purged_key_is_its_marker
            rule_22_history_of_a_key_that_was_never_written_is_empty
            rule_22_history_leaves_what_has_expired
            rule_22_history_holds_large_and_empty_values
            rule_22_a_retained_revision_is_read
            rule_22_a_revision_that_is_no_retained_value_of_the_key_is_404
            rule_22_the_key_and_the_bucket_are_checked_first
            rule_23_entries_are_the_live_keys_with_their_values
            rule_23_entries_are_filtered_as_listings_are
            rule_23_several_filters_give_each_matching_key_once
            rule_23_thousands_of_entries_come_each_once
            rule_23_entries_hold_large_values
            rule_23_entries_read_while_keys_change_are_one_state
            rule_23_expired_keys_are_no_entries
            rule_23_the_filters_and_the_bucket_are_checked_first
        }
    };
}

/// Names every rule of the ids of writes once, for a macro.
#[macro_export]
macro_rules! for_each_repetition_rule {
    ($tests:ident) => {
        $tests! {
            rule_20_a_repeated_write_makes_no_second_revision
            rule_20_a_repeated_create_makes_no_second_revision
            rule_20_a_repetition_that_comes_late_undoes_nothing
            rule_20_repetitions_at_the_same_time_are_carried_out_once
            rule_20_no_increment_is_lost_or_made_twice
            rule_20_other_ids_keys_and_operations_are_other_writes
            rule_20_a_refused_write_stays_refused_and_uses_no_revision
            rule_20_a_repeated_write_is_one_event
            rule_20_the_largest_value_has_an_id_or_goes_without
            rule_20_a_malformed_id_is_400
        }
    };
}

/// Names every rule of keys with a time to live of their own once, for a macro.
#[macro_export]
macro_rules! for_each_expiry_rule {
    ($tests:ident) => {
        $tests! {
            rule_08_a_write_with_a_ttl_drops_the_keys_older_revisions
            rule_14_a_key_with_a_ttl_of_its_own_expires_alone
            rule_14_an_expiry_is_one_event_with_a_revision_of_its_own
            rule_14_a_rewrite_without_ttl_ends_it_and_one_with_ttl_restarts_it
            rule_14_create_and_update_take_a_ttl
            rule_14_right_after_its_expiry_a_key_is_as_if_never_written
            rule_14_everything_says_when_a_value_expires
            rule_14_a_ttl_is_1_to_31536000_seconds
            rule_22_history_leaves_an_older_revision_with_a_ttl_when_its_time_comes
            rule_24_the_earlier_of_a_keys_and_the_buckets_ttl_counts
        }
    };
}
