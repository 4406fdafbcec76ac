//! The resolved configuration for `getConfig()`.
//!
//! It is serialized as a list of strings and a list of numbers, and JavaScript adds the names of the options: that
//! takes a fraction of the code that objects need.

use serde::{Serialize, Serializer};

use super::{Config, RetryPolicy};

impl RetryPolicy {
    fn numbers(&self) -> [f64; 5] {
        let enabled = f64::from(u8::from(self.enabled));
        [
            enabled,
            self.max_attempts,
            self.initial,
            self.max,
            self.multiplier,
        ]
    }
}

impl Serialize for Config {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts = [
            &*self.server_url,
            self.transport.as_str(),
            &*self.environment,
        ];
        let [pauses, reconnects, auto_create] = [
            self.visibility.pause_on_hidden,
            self.visibility.reconnect_on_visible,
            self.memory.auto_create,
        ]
        .map(|on| f64::from(u8::from(on)));
        let timeout = f64::from(self.timeout_ms);
        let alone = [timeout, self.heartbeat_ms, pauses, reconnects, auto_create];
        let numbers = [&alone[..], &self.reconnect.numbers(), &self.retry.numbers()];
        (texts, numbers).serialize(serializer)
    }
}
