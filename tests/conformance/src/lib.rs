//! The rules of the key-value API as tests that any backend can be put to.
//!
//! A backend implements [`Backend`]. [`for_each_rule`] then passes every rule to a macro that makes a test
//! of each:
//!
//! ```text
//! macro_rules! tests {
//!     ($($rule:ident)*) => {
//!         mod my_backend {
//!             $(
//!                 #[test]
//!                 fn $rule() {
//!                     // run ironflow_conformance::rules::$rule(&backend) to its end
//!                 }
//!             )*
//!         }
//!     };
//! }
//! ironflow_conformance::for_each_rule!(tests);
//! ```
//!
//! The extensions of the protocol have rules of their own, for a backend that is [`Extended`]:
//! [`for_each_extension_rule`] names them, and for one that is [`Expiring`] [`for_each_expiry_rule`]. So do the ids of writes, where requests may be repeated on
//! their way: [`Repeating`] and [`for_each_repetition_rule`].
//!
//! The suite knows no part of the product, no runtime and no platform: everything comes through
//! [`Backend`].
#![deny(missing_docs)]

mod backend;
mod bucket;
mod refusals;
pub mod rules;
mod time;

pub use backend::{
    Backend, BucketInfo, BucketSettings, Change, Detail, DetailedWatch, Entry, Event, Expiring,
    Extended, Failure, PutResult, Repeating, Watch, Write,
};
