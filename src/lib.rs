//! The Ironflow key-value client for web apps.
//!
//! The rooms, from the bottom up; each knows only those before it:
//!
//! - [`kv`]: the vocabulary: keys, patterns, buckets, entries, watch events, refusals.
//! - [`store`]: the in-memory key-value store. Knows no browser and has no clock of its own.
#![deny(missing_docs)]

pub mod kv;
pub mod store;
