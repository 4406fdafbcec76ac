//! What is remembered of the streams, to decide whether JetStream knows the id of a write.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ironflow_browser::kv::Revision;

use super::Nats;
use super::names::Names;
use crate::backend::Result;
use crate::write_id::LIFETIME;

/// How many are remembered.
const CAPACITY: usize = 10_000;

/// A stream as it was when this connection to NATS first wrote to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream {
    /// Which connection that was.
    connection: u64,
    /// Its last message then. What was written later, was so while NATS ran.
    last: Revision,
    pub(super) is_replicated: bool,
}

impl Stream {
    /// Whether every write that expects this revision is one of the time since. One that expects 0
    /// is so only where nothing had been written.
    const fn is_new(&self, expected: Revision) -> bool {
        self.last == 0 || expected > self.last
    }
}

#[derive(Debug, Default)]
pub(super) struct Streams(Mutex<HashMap<String, Stream>>);

impl Streams {
    pub(super) fn forget(&self, stream: &str) {
        self.lock().remove(stream);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Stream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Nats {
    /// Remembers a stream, unless this connection does already.
    pub(super) fn remember(&self, name: &str, last: Revision, is_replicated: bool) -> Stream {
        let connection = *self.connections.borrow();
        let mut streams = self.streams.lock();
        if let Some(known) = streams.get(name).filter(|s| s.connection == connection) {
            return *known;
        }
        if streams.len() >= CAPACITY {
            streams.retain(|_, stream| stream.connection == connection);
        }
        if streams.len() >= CAPACITY {
            streams.clear();
        }
        let stream = Stream {
            connection,
            last,
            is_replicated,
        };
        streams.insert(name.to_owned(), stream);
        stream
    }

    /// Whether this connection remembers a stream.
    pub(super) fn is_known(&self, name: &str) -> bool {
        let connection = *self.connections.borrow();
        let streams = self.streams.lock();
        streams
            .get(name)
            .is_some_and(|s| s.connection == connection)
    }

    pub(super) async fn stream(&self, names: &Names) -> Result<Stream> {
        let connection = *self.connections.borrow();
        let known = self.streams.lock().get(&names.stream).copied();
        match known.filter(|stream| stream.connection == connection) {
            Some(stream) => Ok(stream),
            None => {
                let info = self.api.stream_info(&names.stream).await?;
                Ok(self.remember(&names.stream, info.state.last_seq, info.is_replicated()))
            }
        }
    }

    /// Whether JetStream knows the id of every write that expects this revision and was carried out
    /// within the time that an id counts.
    pub(super) fn remembers(&self, stream: &Stream, expected: Revision) -> bool {
        stream.is_new(expected) || self.connected_at().elapsed() >= LIFETIME
    }

    fn connected_at(&self) -> Instant {
        *self
            .connected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_new_where_it_expects_what_was_written_since() {
        let stream = |last| Stream {
            connection: 1,
            last,
            is_replicated: false,
        };
        assert!(stream(5).is_new(6));
        for old in [0, 1, 5] {
            assert!(!stream(5).is_new(old));
        }
        assert!(stream(0).is_new(0));
    }
}
