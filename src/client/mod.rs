//! The classes that an application uses. Their methods read the arguments, pass one value to the transport, and
//! return its result.

mod arguments;
mod bucket;
mod connect;
mod entries;
mod ironflow_client;
mod kv;
mod modify;
mod pattern_hint;
mod request;
mod sequence;
mod state;
mod view;
mod watch_arguments;

pub use bucket::BrowserKVBucketHandle;
pub use ironflow_client::{IronflowClient, create_client};
pub use kv::BrowserKVClient;
