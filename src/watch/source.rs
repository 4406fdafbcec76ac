//! Where the changes of a feed come from: a socket, or a store in memory.

use std::rc::{Rc, Weak};

use wasm_bindgen::prelude::*;

use super::driver::Driver;
use super::socket::{Happening, Socket};
use crate::error::Error;
use crate::feed::{Change, Feed, Link, Name};
use crate::ffi::{Failure, Read};
use crate::kv::{Operation, Pattern};
use crate::store::WatcherId;
use crate::transport::{EventQueue, Memory, Transport};

/// Where changes come from. Letting go of it ends them.
pub(super) enum Source {
    Socket(Socket),
    Store(Rc<Memory>, WatcherId, Rc<EventQueue>),
}

impl Driver {
    pub(super) fn connect(self: &Rc<Self>, link: Link, filter: &Pattern) {
        // The filter that lets everything through is left out, as where nobody filters.
        let filter = Some(filter).filter(|filter| **filter != Pattern::all());
        match &*self.transport.in_force() {
            Transport::Http(http) => {
                let (driver, filter) = (Rc::clone(self), filter.cloned());
                let then = move |credential| match credential {
                    Ok(credential) => driver.open_socket(link, filter.as_ref(), credential),
                    Err(Failure::Error(problem)) => {
                        driver.tell(|feed| feed.failed(link, problem.error));
                    }
                    Err(_) => {}
                };
                http.credential(&self.limits(), self.timeout_ms, Box::new(then));
            }
            Transport::Memory(memory) => self.watch_store(memory, link, filter),
        }
    }

    fn open_socket(
        self: &Rc<Self>,
        link: Link,
        filter: Option<&Pattern>,
        credential: Option<String>,
    ) {
        let Transport::Http(http) = &*self.transport else {
            return;
        };
        // While the application was asked for a token, everybody may have left.
        if self.audience.size() == 0 {
            self.tell(Feed::stop);
        }
        if !self.feed.borrow().wants(link) {
            return;
        }
        let url = http.watch_url(&self.bucket, filter);
        let driver = Rc::downgrade(self);
        let tell = move |happening| {
            if let Some(driver) = Weak::upgrade(&driver) {
                driver.happened(link, happening);
            }
        };
        let selects = http.selects_subprotocol.get();
        let offered = self.handshake.protocols(selects, credential.as_deref());
        match Socket::open(&url, &offered, &self.places, tell) {
            Ok(socket) => self
                .sources
                .borrow_mut()
                .push((link, Source::Socket(socket))),
            Err(message) => self.later(move |driver| {
                let error = Error::ConnectionLost {
                    message,
                    retryable: false,
                };
                driver.tell(|feed| feed.failed(link, error));
            }),
        }
    }

    fn watch_store(self: &Rc<Self>, memory: &Rc<Memory>, link: Link, filter: Option<&Pattern>) {
        let driver = Rc::downgrade(self);
        let queue = Rc::new(EventQueue::new(Box::new(move || {
            if let Some(driver) = Weak::upgrade(&driver) {
                driver.later(move |driver| driver.drain(link));
            }
        })));
        let watched = memory.watch(&self.bucket, filter, Rc::clone(&queue));
        let result = watched.map(|id| {
            let source = Source::Store(Rc::clone(memory), id, queue);
            self.sources.borrow_mut().push((link, source));
        });
        self.later(move |driver| {
            driver.tell(|feed| match result {
                Ok(()) => feed.opened(link),
                Err(error) => feed.failed(link, error.into()),
            });
        });
    }

    /// Takes in what a store has queued.
    fn drain(self: &Rc<Self>, link: Link) {
        let queue = match self
            .sources
            .borrow()
            .iter()
            .find(|(other, _)| *other == link)
        {
            Some((_, Source::Store(_, _, queue))) => Rc::clone(queue),
            _ => return,
        };
        while let Some((event, payload)) = queue.next(&self.bucket_name) {
            // A callback may have begun a watch, and then written.
            self.greet();
            let change = Change {
                key: Name::Text(&event.key),
                revision: event.revision,
                deleted: event.operation == Operation::Delete,
                payload,
            };
            self.tell(|feed| {
                feed.changed(link, change);
            });
        }
        if queue.bucket_deleted() {
            self.tell(|feed| feed.closed(link, 4404));
        }
    }

    fn happened(self: &Rc<Self>, link: Link, happening: Happening) {
        self.greet();
        if let (Happening::Opened, Transport::Http(http)) = (&happening, &*self.transport) {
            http.selects_subprotocol.set(Some(self.handshake.selects()));
        }
        self.tell(|feed| match happening {
            Happening::Opened => feed.opened(link),
            Happening::Closed(code) => feed.closed(link, code),
            Happening::BadFrame(words) => feed.bad_frame(link, words),
            Happening::Frame {
                event,
                revision,
                place: Some(place),
                deleted,
            } => {
                let change = Change {
                    key: Name::Place(place),
                    revision,
                    deleted,
                    payload: event,
                };
                feed.changed(link, change);
            }
            Happening::Frame {
                event,
                revision,
                place: None,
                deleted,
            } => {
                let change = Change {
                    key: Name::Text(&event.unchecked_ref::<Read>().key()),
                    revision,
                    deleted,
                    payload: event.clone(),
                };
                // From now on the key is known by its place.
                if let Some(place) = feed.changed(link, change) {
                    self.places.add(&event, place.number());
                }
            }
        });
    }

    pub(super) fn disconnect(&self, link: Link) {
        let mut sources = self.sources.borrow_mut();
        let Some(at) = sources.iter().position(|(other, _)| *other == link) else {
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
