//! The vocabulary of the key-value API: what a key, a pattern, a bucket, an entry and a watch
//! event are, and how each looks on the wire. Every other module uses these types.

mod bucket;
mod entry;
mod error;
mod key;
mod pattern;
mod pattern_union;
mod tree;
pub mod wire;

pub use bucket::{BucketConfig, BucketInfo, BucketName, MAX_HISTORY, MAX_VALUE_BYTES};
pub use entry::{
    Change, Entry, Operation, Precondition, Reason, Removal, Revision, Stored, Timestamp, Ttl,
    Value, WatchEvent, Written,
};
pub use error::KvError;
pub use key::Key;
pub use pattern::Pattern;
pub(crate) use pattern::{Token, split};
pub use tree::Tree;
