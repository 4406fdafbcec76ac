//! How many readings of many keys are under way, of each credential.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::auth::CredentialHash;

/// How many of one credential may be under way at a time.
const MAX_READINGS: usize = 4;

/// Counts readings. Cheap to clone: all clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readings(Arc<Mutex<HashMap<CredentialHash, usize>>>);

/// A reading that is under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct Reading {
    readings: Readings,
    holder: CredentialHash,
}

impl Readings {
    /// Begins a reading. `None` where the credential has as many as it may.
    pub(crate) fn begin(&self, holder: CredentialHash) -> Option<Reading> {
        let mut counts = self.lock();
        let count = counts.entry(holder).or_default();
        if *count >= MAX_READINGS {
            return None;
        }
        *count += 1;
        Some(Reading {
            readings: self.clone(),
            holder,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CredentialHash, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut counts = self.readings.lock();
        if let Some(count) = counts.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_credential_has_four_readings_at_a_time() {
        let readings = Readings::default();
        let (one, other) = ([1; 32], [2; 32]);
        let mut begun: Vec<_> = (0..4).map(|_| readings.begin(one).unwrap()).collect();
        assert!(readings.begin(one).is_none());
        let theirs = readings.begin(other).unwrap();
        begun.pop();
        begun.push(readings.begin(one).unwrap());
        assert!(readings.begin(one).is_none());
        drop((begun, theirs));
        assert!(readings.lock().is_empty());
    }
}
