//! The settings of a feed.

use crate::config::{RetryPolicy, Visibility};

/// The settings of a feed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// When to reconnect.
    pub reconnect: RetryPolicy,
    /// What a watch does while the page is hidden.
    pub visibility: Visibility,
    /// How long a handshake may take, in milliseconds.
    pub handshake_ms: u32,
    /// The grace period: how long the connection outlives the last subscriber, in milliseconds.
    pub grace_ms: u32,
    /// Whether no change can be missed, because there is no network.
    pub lossless: bool,
}

impl Settings {
    /// The settings for a server.
    pub const fn for_server(
        reconnect: RetryPolicy,
        visibility: Visibility,
        handshake_ms: u32,
    ) -> Self {
        Self {
            reconnect,
            visibility,
            handshake_ms,
            // Long enough for a component to be taken away and put back.
            grace_ms: 1000,
            lossless: false,
        }
    }

    /// The settings for the store in memory: there is no connection to lose, or to keep.
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
            handshake_ms: 0,
            grace_ms: 0,
            lossless: true,
        }
    }
}
