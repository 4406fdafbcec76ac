//! The sources of a feed's changes: a socket, or the store in memory.

use std::rc::{Rc, Weak};

use wasm_bindgen::prelude::*;

use super::runner::FeedRunner;
use super::socket::{Socket, SocketEvent};
use crate::error::Error;
use crate::feed::{Change, ConnectionId, Feed, Name};
use crate::ffi::{Failure, Read};
use crate::kv::{Operation, Pattern};
use crate::store::WatcherId;
use crate::transport::{EventQueue, Memory, Transport};

/// A source of changes. Dropping it ends them.
pub(super) enum Source {
    Socket(Socket),
    Store(Rc<Memory>, WatcherId, Rc<EventQueue>),
}

impl FeedRunner {
    pub(super) fn connect(self: &Rc<Self>, connection_id: ConnectionId, filter: &Pattern) {
        // The filter that matches every key is left out.
        let filter = Some(filter).filter(|filter| **filter != Pattern::all());
        match &*self.transport.active() {
            Transport::Http(http) => {
                let is_renewable = http.has_renewable_credential();
                self.feed.borrow_mut().set_renewable(is_renewable);
                let (runner, filter) = (Rc::clone(self), filter.cloned());
                let then = move |credential, _| match credential {
                    Ok(credential) => {
                        runner.open_socket(connection_id, filter.as_ref(), credential)
                    }
                    Err(Failure::Error(problem)) => {
                        runner.update(|feed| feed.failed(connection_id, problem.error));
                    }
                    Err(_) => {}
                };
                http.credential(&self.limits(), self.timeout_ms, Box::new(then));
            }
            Transport::Memory(memory) => self.watch_store(memory, connection_id, filter),
        }
    }

    fn open_socket(
        self: &Rc<Self>,
        connection_id: ConnectionId,
        filter: Option<&Pattern>,
        credential: Option<String>,
    ) {
        let Transport::Http(http) = &*self.transport else {
            return;
        };
        // While the application was asked for a token, the last subscriber may have left.
        if self.subscribers.size() == 0 {
            self.update(Feed::stop);
        }
        if !self.feed.borrow().wants(connection_id) {
            return;
        }
        let url = http.watch_url(&self.bucket, filter);
        let runner = Rc::downgrade(self);
        let update = move |socket_event| {
            if let Some(runner) = Weak::upgrade(&runner) {
                runner.on_socket_event(connection_id, socket_event);
            }
        };
        let selects = http.selects_subprotocol.get();
        let offered = self.handshake.protocols(selects, credential.as_deref());
        match Socket::open(&url, &offered, &self.slots, update) {
            Ok(socket) => self
                .sources
                .borrow_mut()
                .push((connection_id, Source::Socket(socket))),
            Err(message) => self.later(move |runner| {
                let error = Error::ConnectionLost {
                    message,
                    retryable: false,
                };
                runner.update(|feed| feed.failed(connection_id, error));
            }),
        }
    }

    fn watch_store(
        self: &Rc<Self>,
        memory: &Rc<Memory>,
        connection_id: ConnectionId,
        filter: Option<&Pattern>,
    ) {
        let runner = Rc::downgrade(self);
        let queue = Rc::new(EventQueue::new(Box::new(move || {
            if let Some(runner) = Weak::upgrade(&runner) {
                runner.later(move |runner| runner.drain(connection_id));
            }
        })));
        let watched = memory.watch(&self.bucket, filter, Rc::clone(&queue));
        let result = watched.map(|id| {
            let source = Source::Store(Rc::clone(memory), id, queue);
            self.sources.borrow_mut().push((connection_id, source));
        });
        self.later(move |runner| {
            runner.update(|feed| match result {
                Ok(()) => feed.opened(connection_id),
                Err(error) => feed.failed(connection_id, error.into()),
            });
        });
    }

    /// Updates the feed with the events that a store has queued.
    fn drain(self: &Rc<Self>, connection_id: ConnectionId) {
        let queue = match self
            .sources
            .borrow()
            .iter()
            .find(|(other, _)| *other == connection_id)
        {
            Some((_, Source::Store(_, _, queue))) => Rc::clone(queue),
            _ => return,
        };
        while let Some((event, payload)) = queue.next(&self.bucket_name) {
            // A callback may have begun a watch, and then written.
            self.activate_new();
            let change = Change {
                key: Name::Text(&event.key),
                revision: event.revision,
                deleted: event.operation == Operation::Delete,
                payload,
            };
            self.update(|feed| {
                feed.changed(connection_id, change);
            });
        }
        if queue.bucket_deleted() {
            self.update(|feed| feed.closed(connection_id, 4404));
        }
    }

    fn on_socket_event(self: &Rc<Self>, connection_id: ConnectionId, socket_event: SocketEvent) {
        self.activate_new();
        if let (SocketEvent::Opened, Transport::Http(http)) = (&socket_event, &*self.transport) {
            http.selects_subprotocol.set(Some(self.handshake.selects()));
        }
        self.update(|feed| match socket_event {
            SocketEvent::Opened => feed.opened(connection_id),
            SocketEvent::Closed(code) => feed.closed(connection_id, code),
            SocketEvent::BadFrame(words) => feed.bad_frame(connection_id, words),
            SocketEvent::Frame {
                event,
                revision,
                slot: Some(slot),
                deleted,
            } => {
                let change = Change {
                    key: Name::KeySlot(slot),
                    revision,
                    deleted,
                    payload: event,
                };
                feed.changed(connection_id, change);
            }
            SocketEvent::Frame {
                event,
                revision,
                slot: None,
                deleted,
            } => {
                let change = Change {
                    key: Name::Text(&event.unchecked_ref::<Read>().key()),
                    revision,
                    deleted,
                    payload: event.clone(),
                };
                // From now on the key is known by its slot.
                if let Some(slot) = feed.changed(connection_id, change) {
                    self.slots.add(&event, slot.number());
                }
            }
        });
    }

    pub(super) fn disconnect(&self, connection_id: ConnectionId) {
        let mut sources = self.sources.borrow_mut();
        let Some(at) = sources
            .iter()
            .position(|(other, _)| *other == connection_id)
        else {
            return;
        };
        let (_, source) = sources.swap_remove(at);
        drop(sources);
        match source {
            Source::Socket(socket) => socket.retire(),
            source => self.let_go(source),
        }
    }

    pub(super) fn let_go(&self, source: Source) {
        if let Source::Store(memory, id, _) = &source {
            memory.unwatch(&self.bucket, *id);
        }
    }
}
