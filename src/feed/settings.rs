//! How a feed behaves when its connection does not.

use crate::config::{RetryPolicy, Visibility};

/// What a feed is delivered once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How a lost connection is taken up again.
    pub reconnect: RetryPolicy,
    /// What is made of the page being hidden.
    pub visibility: Visibility,
    /// How long the connection outlives the last subscriber, in milliseconds.
    pub grace_ms: u32,
    /// Whether nothing can be missed, because there is no network in between.
    pub lossless: bool,
}

impl Settings {
    /// Those of a feed over a connection.
    pub const fn of(reconnect: RetryPolicy, visibility: Visibility) -> Self {
        Self {
            reconnect,
            visibility,
            // Long enough for a component to be taken away and put back.
            grace_ms: 1000,
            lossless: false,
        }
    }

    /// Those of a feed over a store in memory: there is no connection to lose, or to keep.
    pub const fn in_memory() -> Self {
        Self {
            reconnect: RetryPolicy {
                enabled: false,
                max_attempts: 0.0,
                initial: 0.0,
                max: 0.0,
                multiplier: 1.0,
            },
            visibility: Visibility {
                pause_on_hidden: false,
                reconnect_on_visible: false,
            },
            grace_ms: 0,
            lossless: true,
        }
    }
}
