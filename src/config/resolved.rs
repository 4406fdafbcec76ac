//! A configuration as an application sees it.
//!
//! It is written as a list, to which JavaScript gives the names that the options have: a list takes a
//! fraction of the code that an object does.

use serde::{Serialize, Serializer};

use super::{Attempts, Config};

impl Serialize for Attempts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (
            self.enabled,
            self.max_attempts,
            self.initial,
            self.max,
            self.multiplier,
        )
            .serialize(serializer)
    }
}

impl Serialize for Config {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (
            &*self.server_url,
            self.transport.as_str(),
            &*self.environment,
            self.timeout_ms,
            &self.reconnect,
            &self.retry,
            self.visibility.pause_on_hidden,
            self.visibility.reconnect_on_visible,
            self.memory.auto_create,
        )
            .serialize(serializer)
    }
}
