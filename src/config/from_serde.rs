//! Options from any serde format.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::options::{OptionSpec, Options, Setting};
use crate::error::Error;
use crate::text::concat;

/// What was given, by paths; options that are null are left out.
type Given = Vec<(String, Setting)>;

/// Checks options from a serde format, where null is the empty object.
///
/// # Errors
/// As [`Options::read`].
pub fn from_serde<'de>(
    from: impl Deserializer<'de>,
    known: &'static [OptionSpec],
) -> Result<Options, Error> {
    let given = deserialize(from);
    let given = given.as_ref().map(|given| {
        let given = given.iter();
        given.map(|(path, setting)| (&**path, setting.clone()))
    });
    Options::read("", given, known)
}

/// Options from a serde format. None: it is not an object.
fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Option<Given> {
    let mut given = Given::new();
    let whole = Flat {
        path: String::new(),
        given: &mut given,
    };
    match whole.deserialize(from) {
        Ok(None | Some(Setting::Object)) => Some(given),
        _ => None,
    }
}

/// Adds what lies below a path to the list, and gives what the path itself is.
struct Flat<'a> {
    path: String,
    given: &'a mut Given,
}

impl<'de> DeserializeSeed<'de> for Flat<'_> {
    type Value = Option<Setting>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Setting>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Flat<'_> {
    type Value = Option<Setting>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an option")
    }

    fn visit_unit<E>(self) -> Result<Option<Setting>, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<Setting>, E> {
        Ok(Some(Setting::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<Setting>, E> {
        Ok(Some(Setting::Number(value as f64)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<Setting>, E> {
        Ok(Some(Setting::Number(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Option<Setting>, E> {
        Ok(Some(Setting::Number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Option<Setting>, E> {
        Ok(Some(Setting::Text(value.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<Setting>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(Setting::Other))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Setting>, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let path = match self.path.is_empty() {
                true => name,
                false => concat(&[&*self.path, ".", &*name]),
            };
            let at = self.given.len();
            let below = Flat {
                path: path.clone(),
                given: &mut *self.given,
            };
            if let Some(setting) = map.next_value_seed(below)? {
                self.given.insert(at, (path, setting));
            }
        }
        Ok(Some(Setting::Object))
    }
}
