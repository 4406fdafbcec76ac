//! What JavaScript sees. A class here is the class an application uses; its methods read their
//! arguments, hand the transport one value, and give back what comes of it.

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
