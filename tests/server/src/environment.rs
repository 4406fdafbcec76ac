//! Environments: separate worlds of buckets (rule 18).

use std::fmt;
use std::sync::Arc;

use ironflow_browser::kv::KvError;

const MAX_BYTES: usize = 50;

/// A valid environment name: `[A-Za-z0-9_-]`, 1 to 50 bytes. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Environment(Arc<str>);

impl Environment {
    /// The environment of a request that names none.
    pub(crate) const DEFAULT: &str = "default";

    pub(crate) fn parse(text: &str) -> Result<Self, KvError> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if text.is_empty() || text.len() > MAX_BYTES || !text.bytes().all(legal) {
            return Err(KvError::Invalid(
                "invalid environment: 1 to 50 of A-Z, a-z, 0-9, '_' and '-' are allowed",
            ));
        }
        Ok(Self(text.into()))
    }

    pub(crate) fn is_default(&self) -> bool {
        &*self.0 == Self::DEFAULT
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_digits_hyphens_and_underscores() {
        for good in ["default", "prod-eu_1", &"e".repeat(50)] {
            assert!(Environment::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a.b", "a=b", "a b", "é", &"e".repeat(51)] {
            assert!(Environment::parse(bad).is_err(), "{bad}");
        }
    }
}
