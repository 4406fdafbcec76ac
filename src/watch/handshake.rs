//! How a watch's handshake asks for the protocol. It offers the subprotocol `ironflow.v1`; a server that
//! is older selects none, and then every browser fails the handshake, so it is tried once without.

use std::cell::Cell;

use js_sys::Array;

use crate::ffi;

/// The handshakes of one feed.
#[derive(Default)]
pub(super) struct Handshake {
    /// Whether the last one offered the subprotocol.
    offered: Cell<bool>,
    has_credential: Cell<bool>,
    /// Whether it was tried without the subprotocol: not more than once.
    tried_without: Cell<bool>,
    /// Whether the next one is the try without it.
    try_without: Cell<bool>,
}

impl Handshake {
    /// The subprotocols to offer. `selects`: whether the server selects one, where that is known. A
    /// credential travels as a subprotocol, so it is always offered.
    pub(super) fn protocols(&self, selects: Option<bool>, credential: Option<&str>) -> Array {
        let without = self.try_without.take() || selects == Some(false);
        let offered = credential.is_some() || !without;
        self.offered.set(offered);
        self.has_credential.set(credential.is_some());
        match offered {
            true => ffi::protocols(credential),
            false => Array::new(),
        }
    }

    /// Whether the server selects a subprotocol, as a handshake that succeeded has shown.
    pub(super) const fn selects(&self) -> bool {
        self.offered.get()
    }

    /// A handshake failed, though the server answers for the bucket: whether to try one without the
    /// subprotocol at once.
    pub(super) fn try_without(&self, selects: Option<bool>) -> bool {
        let try_without = selects.is_none()
            && self.offered.get()
            && !self.has_credential.get()
            && !self.tried_without.replace(true);
        self.try_without.set(try_without);
        try_without
    }
}
