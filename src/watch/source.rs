//! The sources of a feed's changes: a socket, or the store in memory.

use std::rc::{Rc, Weak};

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::runner::FeedRunner;
use super::socket::{Socket, SocketEvent};
use crate::error::Error;
use crate::feed::{Change, ConnectionId, Feed, Name, Subscription};
use crate::ffi::{Channel, Failure, Read};
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
        match &*self.transport.active() {
            Transport::Http(http) => {
                let is_renewable = http.has_renewable_credential();
                self.feed.borrow_mut().set_renewable(is_renewable);
                // The filter that matches every key is left out.
                let filter = Some(filter).filter(|filter| **filter != Pattern::all());
                if self.session.is_open() {
                    return self.open_socket(connection_id, filter, None);
                }
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
            Transport::Memory(memory) => {
                let filter = Some(filter).filter(|filter| **filter != Pattern::all());
                self.watch_store(memory, connection_id, filter);
            }
        }
    }

    /// Asks for a subscription, on version 2 of the wire.
    pub(super) fn subscribe_on_wire(&self, connection_id: ConnectionId, wanted: &Subscription) {
        let Some(channel) = self.channel(connection_id) else {
            return;
        };
        let keys = Array::new();
        for pattern in &wanted.patterns {
            keys.push(&pattern.as_str().into());
        }
        let after = wanted.after.map_or(-1.0, |after| after as f64);
        channel.subscribe(wanted.wire.0, &keys, after, wanted.epoch.as_deref());
    }

    pub(super) fn channel(&self, connection_id: ConnectionId) -> Option<Channel> {
        let sources = self.sources.borrow();
        match sources.iter().find(|(other, _)| *other == connection_id) {
            Some((_, Source::Socket(socket))) => Some(socket.channel().clone()),
            _ => None,
        }
    }

    /// What shows when a connection was fresh: its channel; `true` for a store, which is always; undefined if it is over.
    pub(super) fn freshness_of(&self, connection_id: ConnectionId) -> JsValue {
        let sources = self.sources.borrow();
        match sources.iter().find(|(other, _)| *other == connection_id) {
            Some((_, Source::Socket(socket))) => socket.channel().into(),
            Some((_, Source::Store(..))) => JsValue::TRUE,
            None => JsValue::UNDEFINED,
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
        let (session, bucket) = (&self.session, &self.bucket);
        match Socket::open(session, &url, &offered, bucket, &self.slots, update) {
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

    pub(super) fn on_socket_event(
        self: &Rc<Self>,
        connection_id: ConnectionId,
        socket_event: SocketEvent,
    ) {
        self.activate_new();
        match socket_event {
            SocketEvent::Opened(is_version_2) => self.on_open(connection_id, is_version_2),
            SocketEvent::Changes(wire) => self.replaying.set(wire),
            SocketEvent::Frame {
                event,
                revision,
                slot,
                deleted,
                is_replayed,
            } => {
                let text;
                let key = match slot {
                    Some(slot) => Name::KeySlot(slot),
                    None => {
                        text = event.unchecked_ref::<Read>().key();
                        Name::Text(&text)
                    }
                };
                let change = Change {
                    key,
                    revision,
                    deleted,
                    payload: event.clone(),
                };
                let wire = self.replaying.get();
                self.update(|feed| {
                    let known = match is_replayed {
                        true => feed.replayed(connection_id, wire, change),
                        false => feed.changed(connection_id, change),
                    };
                    // From now on the key is known by its slot.
                    if let (Some(known), None) = (known, slot) {
                        self.slots.add(&event, known.number());
                    }
                });
            }
            socket_event => self.update(|feed| match socket_event {
                SocketEvent::Closed(code) => feed.closed(connection_id, code),
                SocketEvent::BadFrame(words) => feed.bad_frame(connection_id, words),
                SocketEvent::Replay(wire, epoch, kind, total) => {
                    feed.replay_begins(connection_id, wire, epoch, kind, total);
                }
                SocketEvent::Synced(synced) => feed.synced(connection_id, synced),
                SocketEvent::Refused(wire, error) => feed.refused(connection_id, wire, error),
                SocketEvent::Tick(revision) => feed.ticked(connection_id, revision),
                _ => {}
            }),
        }
    }

    /// A handshake has succeeded.
    fn on_open(self: &Rc<Self>, connection_id: ConnectionId, is_version_2: bool) {
        if let Transport::Http(http) = &*self.transport {
            http.selects_subprotocol.set(Some(self.handshake.selects()));
        }
        self.update(|feed| match is_version_2 {
            true => feed.opened_resumable(connection_id),
            false => feed.opened(connection_id),
        });
        self.host.reached();
    }

    fn take_source(&self, connection_id: ConnectionId) -> Option<Source> {
        let mut sources = self.sources.borrow_mut();
        let at = sources
            .iter()
            .position(|(other, _)| *other == connection_id)?;
        Some(sources.swap_remove(at).1)
    }

    pub(super) fn disconnect(self: &Rc<Self>, connection_id: ConnectionId) {
        match self.take_source(connection_id) {
            Some(Source::Socket(socket)) => socket.retire(),
            Some(source) => self.let_go(source),
            None => {}
        }
    }

    pub(super) fn let_go(&self, source: Source) {
        if let Source::Store(memory, id, _) = &source {
            memory.unwatch(&self.bucket, *id);
        }
    }
}
