//! When a message is no longer retained: after the stream's `max_age`, or its own `Nats-TTL`.

use std::time::Duration;

use async_nats::Message;
use ironflow_browser::kv::Timestamp;

/// The header with a message's own time to live.
pub(super) const TTL: &str = "Nats-TTL";

/// When a message that was stored at this time is no longer retained: the earlier time counts
/// (rule 24).
pub(super) fn expiry(
    stored: Timestamp,
    ttl: Option<&str>,
    max_age: Option<Duration>,
) -> Option<Timestamp> {
    if ttl == Some("never") {
        return None;
    }
    let own = ttl.and_then(parse);
    let lifetime = own.into_iter().chain(max_age).min()?;
    let milliseconds = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
    Some(Timestamp(stored.0.saturating_add(milliseconds)))
}

/// The same of a delivered message.
pub(super) fn message_expiry(
    message: &Message,
    stored: Timestamp,
    max_age: Option<Duration>,
) -> Option<Timestamp> {
    let ttl = message
        .headers
        .as_ref()
        .and_then(|headers| headers.get(TTL));
    expiry(stored, ttl.map(|value| value.as_str()), max_age)
}

/// Reads whole seconds, or whole numbers of Go's units such as `1h30m`. `None` where it is neither.
fn parse(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = rest.split_at(digits);
        let number: u64 = number.parse().ok()?;
        let end = unit.find(|c: char| c.is_ascii_digit());
        let (unit, after) = unit.split_at(end.unwrap_or(unit.len()));
        let part = match unit {
            "h" => Duration::from_secs(number.checked_mul(3600)?),
            "m" => Duration::from_secs(number.checked_mul(60)?),
            "s" => Duration::from_secs(number),
            "ms" => Duration::from_millis(number),
            _ => return None,
        };
        total = total.checked_add(part)?;
        rest = after;
    }
    (!total.is_zero()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_of_both_times_counts() {
        let stored = Timestamp(1000);
        let age = |seconds| Some(Duration::from_secs(seconds));
        for (ttl, max_age, wanted) in [
            (None, None, None),
            (Some("5s"), None, Some(6000)),
            (None, age(5), Some(6000)),
            (Some("5s"), age(9), Some(6000)),
            (Some("9s"), age(5), Some(6000)),
            (Some("never"), age(5), None),
            (Some("?"), age(5), Some(6000)),
            (Some("?"), None, None),
        ] {
            let found = expiry(stored, ttl, max_age);
            assert_eq!(found, wanted.map(Timestamp), "{ttl:?} {max_age:?}");
        }
    }

    #[test]
    fn times_to_live_of_other_clients_are_read() {
        let seconds = Duration::from_secs;
        for (text, wanted) in [
            ("1s", Some(seconds(1))),
            ("31536000s", Some(seconds(31_536_000))),
            ("90", Some(seconds(90))),
            ("1h0m5s", Some(seconds(3605))),
            ("2m", Some(seconds(120))),
            ("1500ms", Some(Duration::from_millis(1500))),
            ("", None),
            ("0s", None),
            ("s", None),
            ("1.5s", None),
            ("5d", None),
            ("-1s", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(parse(text), wanted, "{text}");
        }
    }
}
