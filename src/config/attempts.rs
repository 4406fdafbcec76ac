//! How something that failed is tried again: a lost watch, a failed reading.

use crate::options::Options;
use crate::text::concat;

/// How often, and after which waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempts {
    /// Whether at all.
    pub enabled: bool,
    /// How many; -1: without end. Of a watch those in a row to reconnect, of a reading all, the
    /// first among them.
    pub max_attempts: f64,
    /// The first wait, in milliseconds.
    pub initial: f64,
    /// The longest wait, in milliseconds.
    pub max: f64,
    /// What each wait is multiplied by to get the next.
    pub multiplier: f64,
}

impl Attempts {
    /// The defaults of `reconnect`.
    pub(super) const RECONNECT: Self = Self {
        enabled: true,
        max_attempts: 10.0,
        initial: 1000.0,
        max: 30_000.0,
        multiplier: 2.0,
    };

    /// The defaults of `retry`.
    pub(super) const RETRY: Self = Self {
        enabled: true,
        max_attempts: 3.0,
        initial: 100.0,
        max: 10_000.0,
        multiplier: 2.0,
    };

    /// The option of this name: true, false, or an object; what is left out is as in `self`.
    pub(super) fn or_as_given(self, options: &Options, name: &str) -> Self {
        let number = |member, default| {
            let given = options.number(&concat(&[name, member]));
            given.unwrap_or(default)
        };
        let enabled = options.bool(&concat(&[name, ".enabled"]));
        Self {
            enabled: enabled.or(options.bool(name)).unwrap_or(self.enabled),
            max_attempts: number(".maxAttempts", self.max_attempts),
            initial: number(".backoff.initial", self.initial),
            max: number(".backoff.max", self.max),
            multiplier: number(".backoff.multiplier", self.multiplier),
        }
    }

    /// Whether another attempt may follow the one of this number.
    pub fn allow_another(&self, number: f64) -> bool {
        self.enabled && (self.max_attempts < 0.0 || number < self.max_attempts)
    }

    /// The wait before the attempt that follows the one of this number, in milliseconds: a backoff
    /// of which `random`, from 0 to 1, decides the upper half, on top of what the server asks for, in
    /// seconds. None where the server asks for more than the longest wait.
    pub fn wait(&self, number: f64, retry_after: Option<f64>, random: f64) -> Option<f64> {
        let asked = retry_after.unwrap_or(0.0) * 1000.0;
        let wait = asked + self.backoff(number) * (0.5 + random / 2.0);
        (asked <= self.max).then_some(wait)
    }

    /// The longest that is waited between the attempt of this number and the next, in milliseconds.
    pub fn backoff(&self, number: f64) -> f64 {
        let mut backoff = self.initial;
        for _ in 1..number as u32 {
            if backoff >= self.max {
                break;
            }
            backoff *= self.multiplier;
        }
        backoff.min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_longest() {
        let attempts = Attempts {
            max: 350.0,
            ..Attempts::RETRY
        };
        let waits = [1.0, 2.0, 3.0, 4.0].map(|n| attempts.wait(n, None, 1.0));
        assert_eq!(waits, [100.0, 200.0, 350.0, 350.0].map(Some));
    }

    #[test]
    fn chance_decides_the_upper_half_of_a_wait() {
        let waits = [0.0, 0.5, 1.0].map(|random| Attempts::RETRY.wait(1.0, None, random));
        assert_eq!(waits, [50.0, 75.0, 100.0].map(Some));
    }

    #[test]
    fn a_server_is_given_the_time_it_asks_for_up_to_the_longest_wait() {
        let wait = |seconds| Attempts::RETRY.wait(1.0, Some(seconds), 0.0);
        assert_eq!(wait(0.0), Some(50.0));
        assert_eq!(wait(2.0), Some(2050.0));
        assert_eq!(wait(10.0), Some(10_050.0));
        assert_eq!(wait(10.1), None);
    }

    #[test]
    fn attempts_come_to_an_end_unless_they_are_endless() {
        let allowed = |attempts: &Attempts| [1.0, 2.0, 3.0].map(|n| attempts.allow_another(n));
        assert_eq!(allowed(&Attempts::RETRY), [true, true, false]);
        let endless = Attempts {
            max_attempts: -1.0,
            ..Attempts::RETRY
        };
        assert_eq!(allowed(&endless), [true; 3]);
        let off = Attempts {
            enabled: false,
            ..endless
        };
        assert_eq!(allowed(&off), [false; 3]);
    }
}
