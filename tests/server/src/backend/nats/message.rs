//! What a stored message says about its key.

use async_nats::HeaderMap;
use ironflow_browser::kv::{Reason, Timestamp};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Says what a marker does. A message without it is a value.
pub(super) const OPERATION: &str = "KV-Operation";

/// The server's own marker: a message it put there, when another expired or was purged.
const MARKER_REASON: &str = "Nats-Marker-Reason";

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Value,
    /// The marker of a delete.
    Delete,
    /// The marker of a purge.
    Purge,
    /// The marker that the NATS server leaves of a key that expired.
    Expiry,
}

impl Kind {
    fn new<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Self {
        match (header(OPERATION), header(MARKER_REASON)) {
            (Some("DEL"), _) => Self::Delete,
            (Some("PURGE"), _) => Self::Purge,
            (_, Some("MaxAge")) => Self::Expiry,
            (_, Some("Remove")) => Self::Delete,
            (_, Some("Purge")) => Self::Purge,
            _ => Self::Value,
        }
    }

    /// Why the key has no value, where it was not simply deleted.
    pub(super) const fn reason(self) -> Option<Reason> {
        match self {
            Self::Value | Self::Delete => None,
            Self::Purge => Some(Reason::Purged),
            Self::Expiry => Some(Reason::Expired),
        }
    }

    /// Reads the headers of a delivered message.
    pub(super) fn of(headers: Option<&HeaderMap>) -> Self {
        Self::new(|name| Some(headers?.get(name)?.as_str()))
    }

    /// Reads headers as they are stored.
    pub(super) fn of_raw(headers: &[u8]) -> Self {
        let text = String::from_utf8_lossy(headers);
        Self::new(|name| find(&text, name))
    }
}

/// One of the headers of a message as they are stored.
pub(super) fn raw_header(headers: &[u8], name: &str) -> Option<String> {
    find(&String::from_utf8_lossy(headers), name).map(str::to_owned)
}

fn find<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    headers.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(':')?;
        Some(value.trim())
    })
}

/// Where a message stands in its stream and in its consumer's delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) stream: u64,
    pub(super) consumer: u64,
    /// When the message was stored.
    pub(super) time: Timestamp,
    /// How many more messages there are.
    pub(super) pending: u64,
}

impl Position {
    /// Reads the reply subject of a delivered message,
    /// `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer
    /// sequence>.<time>.<pending>[.<random>]`.
    pub(super) fn parse(reply: &str) -> Option<Self> {
        let tokens: Vec<&str> = reply.strip_prefix("$JS.ACK.")?.split('.').collect();
        let tokens = match tokens.len() {
            7 => &tokens[..],
            9.. => tokens.get(2..9)?,
            _ => return None,
        };
        let number = |at: usize| tokens.get(at)?.parse().ok();
        Some(Self {
            stream: number(3)?,
            consumer: number(4)?,
            time: Timestamp(number(5)? / 1_000_000),
            pending: number(6)?,
        })
    }
}

/// Reads a time as JetStream writes it.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let milliseconds = time.unix_timestamp_nanos() / 1_000_000;
    Some(Timestamp(u64::try_from(milliseconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_distinguished_from_values() {
        let kind = |line: &str| Kind::of_raw(format!("NATS/1.0\r\n{line}\r\n\r\n").as_bytes());
        assert_eq!(kind("KV-Operation: DEL"), Kind::Delete);
        assert_eq!(kind("KV-Operation: PURGE\r\nNats-Rollup: sub"), Kind::Purge);
        assert_eq!(kind("Nats-Marker-Reason: Purge"), Kind::Purge);
        assert_eq!(kind("Nats-Marker-Reason: Remove"), Kind::Delete);
        assert_eq!(kind("Nats-Marker-Reason: MaxAge"), Kind::Expiry);
        assert_eq!(kind("KV-Operation: PUT"), Kind::Value);
        assert_eq!(kind("kv-operation: DEL"), Kind::Value);
        assert_eq!(Kind::of_raw(b""), Kind::Value);
    }

    #[test]
    fn positions_are_read_from_both_forms_of_reply() {
        let position = Position {
            stream: 5,
            consumer: 2,
            time: Timestamp(1_700_000_000_000),
            pending: 7,
        };
        for reply in [
            "$JS.ACK.KV_b.c1.1.5.2.1700000000000000000.7",
            "$JS.ACK._.hash.KV_b.c1.1.5.2.1700000000000000000.7.random",
        ] {
            assert_eq!(Position::parse(reply), Some(position), "{reply}");
        }
        for reply in ["", "_INBOX.x", "$JS.ACK.KV_b", "$JS.ACK.a.b.c.d.e.f.g"] {
            assert_eq!(Position::parse(reply), None, "{reply}");
        }
    }

    #[test]
    fn times_have_any_number_of_fraction_digits() {
        let wanted = Some(Timestamp(1_771_754_400_120));
        assert_eq!(timestamp("2026-02-22T10:00:00.12Z"), wanted);
        assert_eq!(timestamp("2026-02-22T10:00:00.120000999Z"), wanted);
        assert_eq!(timestamp("0001-01-01T00:00:00Z"), Some(Timestamp(0)));
        assert_eq!(timestamp("yesterday"), None);
    }
}
