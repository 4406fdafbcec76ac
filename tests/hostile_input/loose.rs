//! Values as loose as JavaScript's, in the form a deserialiser gives them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};

/// A value of JavaScript.
#[derive(Debug, Clone)]
pub enum Loose {
    /// `null`, or nothing at all.
    Nothing,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Loose>),
    Object(Vec<(String, Loose)>),
}

impl<'de> IntoDeserializer<'de> for Loose {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Loose {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Nothing => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Number(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter())),
            Self::Object(fields) => visitor.visit_map(MapDeserializer::new(fields.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Nothing => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

const NAMES: &[&str] = &[
    "serverUrl",
    "transport",
    "environment",
    "timeout",
    "auth",
    "apiKey",
    "token",
    "reconnect",
    "enabled",
    "maxAttempts",
    "backoff",
    "initial",
    "max",
    "multiplier",
    "visibility",
    "pauseOnHidden",
    "reconnectOnVisible",
    "logger",
    "onError",
    "__proto__",
    "",
];

const TEXTS: &[&str] = &[
    "",
    "memory",
    "connectrpc",
    "websocket",
    "http://localhost:9123",
    "http://localhost:9123/",
    "https://example.com/base//",
    "HTTP://EXAMPLE.com",
    "http://",
    "http://user:password@host",
    "http://host?query",
    "http://host#part",
    "http://ho st",
    "ws://host",
    "//host",
    "javascript:alert(1)",
    "staging",
    "two words",
    "line\nbreak",
    "é",
    "\0",
];

const NUMBERS: &[f64] = &[
    0.0,
    -0.0,
    -1.0,
    -2.0,
    1.0,
    0.5,
    1.5,
    2_147_483_647.0,
    2_147_483_648.0,
    1e300,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MIN_POSITIVE,
];

/// An object of options: known and unknown ones, with every kind of value.
pub fn loose() -> impl Strategy<Value = Loose> {
    let text = prop_oneof![4 => select(TEXTS).prop_map(str::to_owned), 1 => any::<String>()];
    let number = prop_oneof![3 => select(NUMBERS), 1 => any::<f64>()];
    let leaf = prop_oneof![
        1 => Just(Loose::Nothing),
        2 => any::<bool>().prop_map(Loose::Bool),
        4 => number.prop_map(Loose::Number),
        4 => text.prop_map(Loose::Text),
    ];
    leaf.prop_recursive(4, 24, 4, |value| {
        let name = prop_oneof![9 => select(NAMES).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            6 => vec((name, value.clone()), 0..4).prop_map(Loose::Object),
            1 => vec(value, 0..3).prop_map(Loose::List),
        ]
    })
}
