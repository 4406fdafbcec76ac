//! The WebSocket under a feed.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::queries::keys;
use crate::enums::{ReplayKind, SocketKind};
use crate::error::Error;
use crate::feed::{KeySlot, Synced, WireId};
use crate::ffi::{Channel, KeySlots, Listener, Refusal, Session};
use crate::kv::Revision;

/// What happens to a socket.
pub(super) enum SocketEvent {
    /// It is open; whether the server speaks version 2.
    Opened(bool),
    /// It is closed, with this code.
    Closed(u16),
    /// A frame arrived that is none, or in which the server reports a problem.
    BadFrame(String),
    /// A frame arrived: the event, its revision, and the slot of its key where it has one.
    Frame {
        event: JsValue,
        revision: Revision,
        slot: Option<KeySlot>,
        deleted: bool,
        /// Whether it is of the replay whose changes come.
        is_replayed: bool,
    },
    /// The replay of a subscription begins, of about so many changes: of the bucket with this epoch, where that
    /// is news.
    Replay(WireId, Option<Rc<str>>, ReplayKind, u32),
    /// Changes of this subscription's replay follow.
    Changes(WireId),
    Synced(Synced),
    Refused(WireId, Error),
    Tick(Revision),
}

impl SocketEvent {
    /// What `session.js` calls with.
    fn new(kind: u32, number: f64, value: JsValue, slot: i32) -> Self {
        match SocketKind::from_number(kind) {
            SocketKind::Opened => Self::Opened(number > 1.0),
            SocketKind::Closed => Self::Closed(number as u16),
            SocketKind::BadFrame => Self::BadFrame(value.as_string().unwrap_or_default()),
            SocketKind::Replay => {
                let kind = ReplayKind::from_number(number as u32);
                let [epoch, total] = [0, 1].map(|at| value.unchecked_ref::<Array>().get(at));
                let total = total.as_f64().unwrap_or(0.0) as u32;
                Self::Replay(wire_id(slot), epoch.as_string().map(Rc::from), kind, total)
            }
            SocketKind::Changes => Self::Changes(wire_id(slot)),
            SocketKind::Synced => Self::Synced(synced(wire_id(slot), number, &value)),
            SocketKind::Refused => {
                let refusal: &Refusal = value.unchecked_ref();
                let error = Error::Http {
                    status: number as u16,
                    message: refusal.message(),
                    retry_after: refusal.retry_after(),
                    retryable: refusal.retryable(),
                };
                Self::Refused(wire_id(slot), error)
            }
            SocketKind::Tick => Self::Tick(number as Revision),
            kind => Self::Frame {
                event: value,
                revision: number as Revision,
                slot: usize::try_from(slot).ok().map(KeySlot::of),
                deleted: matches!(kind, SocketKind::Deleted | SocketKind::ReplayedDeleted),
                is_replayed: matches!(kind, SocketKind::ReplayedPut | SocketKind::ReplayedDeleted),
            },
        }
    }
}

fn wire_id(number: i32) -> WireId {
    WireId(number.unsigned_abs())
}

/// What `session.js` says of the end of a replay.
fn synced(wire: WireId, revision: f64, value: &JsValue) -> Synced {
    let [epoch, is_reset, live] = [0, 1, 2].map(|at| value.unchecked_ref::<Array>().get(at));
    Synced {
        wire,
        revision: revision as Revision,
        epoch: epoch.as_string().unwrap_or_default().into(),
        is_reset: is_reset.is_truthy(),
        live: (!live.is_undefined()).then(|| keys(live)),
    }
}

/// A feed's channel to the server and its listener. Dropping it closes it; nothing happens to it afterwards.
pub(super) struct Socket {
    channel: Channel,
    close_at_once: bool,
    _listener: Listener,
}

impl Socket {
    /// Opens a channel for a bucket. A handshake offers these subprotocols; a credential is one of them, never
    /// part of the address.
    ///
    /// # Errors
    /// A message: why it cannot be opened, for example because there is no WebSocket.
    pub(super) fn open(
        session: &Session,
        url: &str,
        offered: &Array,
        bucket: &str,
        slots: &KeySlots,
        update: impl Fn(SocketEvent) + 'static,
    ) -> Result<Self, String> {
        let listener = Listener::with_slot(move |kind, number, value, slot| {
            update(SocketEvent::new(kind, number, value, slot));
        });
        let channel = session
            .open(url, offered, bucket, slots, listener.number())
            .map_err(|words| words.as_string().unwrap_or_default())?;
        Ok(Self {
            channel,
            close_at_once: true,
            _listener: listener,
        })
    }

    /// Drops a socket that another one replaces. One that is still connecting is closed once it is open.
    pub(super) fn retire(mut self) {
        self.close_at_once = false;
    }

    /// The channel, for subscriptions.
    pub(super) const fn channel(&self) -> &Channel {
        &self.channel
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.channel.leave(self.close_at_once);
    }
}
