//! A configuration as an application sees it, under the names that its options have.
//!
//! It is written as maps, not as structs: serde-wasm-bindgen keeps a table of the names of a struct's
//! fields, which would not pay here.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Attempts, Config};

enum Member<'a> {
    Text(&'a str),
    Number(f64),
    Bool(bool),
    Object(&'a [(&'a str, Member<'a>)]),
}

use Member::{Bool, Number, Object, Text};

impl Serialize for Member<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Text(text) => serializer.serialize_str(text),
            Number(number) => serializer.serialize_f64(*number),
            Bool(value) => serializer.serialize_bool(*value),
            Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, member) in *members {
                    map.serialize_entry(name, member)?;
                }
                map.end()
            }
        }
    }
}

impl Serialize for Config {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let backoff = |attempts: &Attempts| {
            [
                ("initial", Number(attempts.initial)),
                ("max", Number(attempts.max)),
                ("multiplier", Number(attempts.multiplier)),
            ]
        };
        let (reconnecting, retrying) = (backoff(&self.reconnect), backoff(&self.retry));
        let reconnect = [
            ("enabled", Bool(self.reconnect.enabled)),
            ("maxAttempts", Number(self.reconnect.max_attempts)),
            ("backoff", Object(&reconnecting)),
        ];
        let retry = [
            ("enabled", Bool(self.retry.enabled)),
            ("maxAttempts", Number(self.retry.max_attempts)),
            ("backoff", Object(&retrying)),
        ];
        let visibility = [
            ("pauseOnHidden", Bool(self.visibility.pause_on_hidden)),
            (
                "reconnectOnVisible",
                Bool(self.visibility.reconnect_on_visible),
            ),
        ];
        Object(&[
            ("serverUrl", Text(&self.server_url)),
            ("transport", Text(self.transport.as_str())),
            ("environment", Text(&self.environment)),
            ("timeout", Number(self.timeout_ms.into())),
            ("reconnect", Object(&reconnect)),
            ("retry", Object(&retry)),
            ("visibility", Object(&visibility)),
            (
                "memory",
                Object(&[("autoCreate", Bool(self.memory.auto_create))]),
            ),
        ])
        .serialize(serializer)
    }
}
