//! The WebSocket under a feed.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use crate::enums::SocketKind;
use crate::feed::KeySlot;
use crate::ffi::{self, KeySlots, Listener};
use crate::kv::Revision;

/// What happens to a socket.
pub(super) enum SocketEvent {
    Opened,
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
    },
}

impl SocketEvent {
    /// What `socket.js` calls with.
    fn new(kind: u32, number: f64, value: JsValue, slot: i32) -> Self {
        match SocketKind::from_number(kind) {
            SocketKind::Opened => Self::Opened,
            SocketKind::Closed => Self::Closed(number as u16),
            SocketKind::BadFrame => Self::BadFrame(value.as_string().unwrap_or_default()),
            kind => Self::Frame {
                event: value,
                revision: number as Revision,
                slot: usize::try_from(slot).ok().map(KeySlot::of),
                deleted: kind == SocketKind::Deleted,
            },
        }
    }
}

/// A socket and its listener. Dropping it closes it; nothing happens to it afterwards.
pub(super) struct Socket {
    socket: WebSocket,
    close_at_once: bool,
    _listener: Listener,
}

impl Socket {
    /// Opens a socket that offers these subprotocols; a credential is one of them, never part of the address.
    ///
    /// # Errors
    /// A message: why it cannot be opened, for example because there is no WebSocket.
    pub(super) fn open(
        url: &str,
        offered: &Array,
        slots: &KeySlots,
        update: impl Fn(SocketEvent) + 'static,
    ) -> Result<Self, String> {
        let listener = Listener::with_slot(move |kind, number, value, slot| {
            update(SocketEvent::new(kind, number, value, slot));
        });
        let socket = ffi::open_socket(url, offered, slots, listener.number())
            .map_err(|words| words.as_string().unwrap_or_default())?;
        Ok(Self {
            socket,
            close_at_once: true,
            _listener: listener,
        })
    }

    /// Drops a socket that another one replaces. One that is still connecting is closed once it is open.
    pub(super) fn retire(mut self) {
        self.close_at_once = false;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        ffi::leave_socket(&self.socket, self.close_at_once);
    }
}
