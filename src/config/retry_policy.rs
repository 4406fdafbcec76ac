//! When to retry a request, a lost connection or a conflicting write. All backoff, jitter and `Retry-After` of the
//! client are here.

use crate::config::options::Options;
use crate::text::concat;

/// The longest delay, in milliseconds: the limit of a browser's timers.
const MAX_DELAY_MS: f64 = i32::MAX as f64;

/// Exponential backoff with full jitter: the delay before attempt n + 1 is random, between 0 and
/// `initial * multiplier^(n - 1)`, at most `max`. The server's `Retry-After` is added to it.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// Whether to retry.
    pub enabled: bool,
    /// The number of attempts, the first included; -1: no limit. For `reconnect`: the number of
    /// connections in a row that fail.
    pub max_attempts: f64,
    /// The upper bound of the first delay, in milliseconds.
    pub initial: f64,
    /// The upper bound of every delay, in milliseconds.
    pub max: f64,
    /// The factor by which the bound grows with each attempt, 1 or more.
    pub multiplier: f64,
}

impl RetryPolicy {
    /// The default of `reconnect`: 10 attempts, 1 s to 30 s.
    pub(super) const RECONNECT: Self = Self {
        enabled: true,
        max_attempts: 10.0,
        initial: 1000.0,
        max: 30_000.0,
        multiplier: 2.0,
    };

    /// The default of `retry`: 3 attempts, 100 ms to 10 s.
    pub(super) const RETRY: Self = Self {
        enabled: true,
        max_attempts: 3.0,
        initial: 100.0,
        max: 10_000.0,
        multiplier: 2.0,
    };

    /// The policy of a view's listings while it waits for a revision: 100 ms to 2 s.
    pub const POLL: Self = Self {
        enabled: true,
        max_attempts: -1.0,
        initial: 100.0,
        max: 2000.0,
        multiplier: 2.0,
    };

    /// The policy of `modify` after a conflict. `attempt_ms` is how long the attempt took, from its read
    /// to the answer to its write: another client's write in that time is a conflict. The bound grows
    /// with the conflicts in a row (4, 16, 64, then 128 attempts long, at most 5 s): with a mean delay of
    /// 64 attempts, 64 contending clients make about one attempt at a time.
    pub const fn conflicts(attempt_ms: f64) -> Self {
        // A coarse clock may measure 0 ms.
        let attempt_ms = attempt_ms.max(1.0);
        Self {
            enabled: true,
            max_attempts: -1.0,
            initial: 4.0 * attempt_ms,
            max: (128.0 * attempt_ms).min(5000.0),
            multiplier: 4.0,
        }
    }

    /// Reads the option of this name: true, false, or an object; `self` has the defaults.
    pub(super) fn with_options(self, options: &Options, name: &str) -> Self {
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

    /// Whether another attempt may follow attempt number `attempt` (from 1).
    pub fn allows_another(&self, attempt: f64) -> bool {
        self.enabled && (self.max_attempts < 0.0 || attempt < self.max_attempts)
    }

    /// The delay after attempt number `attempt` (from 1), in milliseconds. `retry_after`: the seconds
    /// that the server asks for. `random`: from 0 to 1, the jitter. None if the server asks for more
    /// than `max`: then the error is reported instead.
    pub fn delay(&self, attempt: f64, retry_after: Option<f64>, random: f64) -> Option<f64> {
        let requested = retry_after.unwrap_or(0.0) * 1000.0;
        let delay = requested + self.backoff(attempt) * random;
        (requested <= self.max).then_some(delay.min(MAX_DELAY_MS))
    }

    /// The upper bound of the delay after attempt number `attempt` (from 1), in milliseconds.
    pub fn backoff(&self, attempt: f64) -> f64 {
        let mut backoff = self.initial;
        for _ in 1..attempt as u32 {
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
    fn backoff_grows_by_the_multiplier_up_to_the_maximum() {
        let policy = RetryPolicy {
            max: 350.0,
            ..RetryPolicy::RETRY
        };
        let delays = [1.0, 2.0, 3.0, 4.0].map(|n| policy.delay(n, None, 1.0));
        assert_eq!(delays, [100.0, 200.0, 350.0, 350.0].map(Some));
    }

    #[test]
    fn full_jitter_spreads_a_delay_from_zero_to_the_backoff() {
        let delays = [0.0, 0.5, 1.0].map(|random| RetryPolicy::RETRY.delay(1.0, None, random));
        assert_eq!(delays, [0.0, 50.0, 100.0].map(Some));
    }

    #[test]
    fn retry_after_is_added_to_the_delay_up_to_the_maximum() {
        let delay = |seconds| RetryPolicy::RETRY.delay(1.0, Some(seconds), 0.5);
        assert_eq!(delay(0.0), Some(50.0));
        assert_eq!(delay(2.0), Some(2050.0));
        assert_eq!(delay(10.0), Some(10_050.0));
        assert_eq!(delay(10.1), None);
    }

    #[test]
    fn conflicts_back_off_by_how_long_the_attempt_took_and_how_many_were_in_vain() {
        let bounds = |attempt_ms| {
            [1.0, 2.0, 3.0, 4.0, 50.0].map(|n| RetryPolicy::conflicts(attempt_ms).backoff(n))
        };
        assert_eq!(bounds(2.0), [8.0, 32.0, 128.0, 256.0, 256.0]);
        assert_eq!(bounds(0.0), [4.0, 16.0, 64.0, 128.0, 128.0]);
        assert_eq!(bounds(1000.0), [4000.0, 5000.0, 5000.0, 5000.0, 5000.0]);
        assert_eq!(bounds(10_000.0), [5000.0; 5]);
    }

    #[test]
    fn a_delay_is_never_more_than_a_timer_can_count() {
        let longest = RetryPolicy {
            initial: MAX_DELAY_MS,
            max: MAX_DELAY_MS,
            ..RetryPolicy::RETRY
        };
        assert_eq!(
            longest.delay(1.0, Some(2_000_000.0), 1.0),
            Some(MAX_DELAY_MS)
        );
    }

    #[test]
    fn attempts_are_limited_unless_the_limit_is_minus_one() {
        let allowed = |policy: &RetryPolicy| [1.0, 2.0, 3.0].map(|n| policy.allows_another(n));
        assert_eq!(allowed(&RetryPolicy::RETRY), [true, true, false]);
        let unlimited = RetryPolicy {
            max_attempts: -1.0,
            ..RetryPolicy::RETRY
        };
        assert_eq!(allowed(&unlimited), [true; 3]);
        let disabled = RetryPolicy {
            enabled: false,
            ..unlimited
        };
        assert_eq!(allowed(&disabled), [false; 3]);
    }
}
