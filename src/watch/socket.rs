//! The WebSocket under a feed.

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, WebSocket};

use crate::js;

/// What happens to a socket.
pub(super) enum Happening {
    Opened,
    /// A frame arrived: the event, and what a feed decides on.
    Frame {
        event: JsValue,
        key: String,
        revision: f64,
        deleted: bool,
    },
    /// A frame arrived that is none, or in which the server reports a problem.
    BadFrame(String),
    /// It is closed, with this code.
    Closed(u16),
}

/// A socket and its listeners. Dropping it closes it; nothing happens to it afterwards.
pub(super) struct Socket {
    socket: WebSocket,
    close_at_once: bool,
    _listeners: [Closure<dyn Fn(JsValue)>; 3],
    _frames: Closure<dyn Fn(JsValue, String, f64, bool)>,
}

impl Socket {
    /// Opens a socket. The credential travels in the list of subprotocols, never in the address.
    ///
    /// # Errors
    /// What the platform throws, as where there is no WebSocket at all.
    pub(super) fn open(
        url: &str,
        credential: Option<&str>,
        tell: Rc<dyn Fn(Happening)>,
    ) -> Result<Self, JsValue> {
        let protocols = Array::of1(&"ironflow.v1".into());
        if let Some(credential) = credential {
            let encoded = URL_SAFE_NO_PAD.encode(credential);
            protocols.push(&["ironflow.auth.bearer.", &encoded].concat().into());
        }
        let socket = WebSocket::new_with_str_sequence(url, &protocols)?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let (opened, frame, failed, closed) =
            (Rc::clone(&tell), Rc::clone(&tell), Rc::clone(&tell), tell);
        let failing = socket.clone();
        let listeners = [
            listener(move |_| opened(Happening::Opened)),
            // Node 20 tells of a failed handshake so, and of nothing after it; where a close follows, the
            // socket is no longer connecting.
            listener(move |_| {
                if failing.ready_state() == WebSocket::CONNECTING {
                    failed(Happening::Closed(1006));
                }
            }),
            listener(move |event| {
                closed(Happening::Closed(
                    event.unchecked_ref::<CloseEvent>().code(),
                ));
            }),
        ];
        let frames: Closure<dyn Fn(JsValue, String, f64, bool)> =
            Closure::wrap(Box::new(move |event: JsValue, key, revision, deleted| {
                frame(match event.as_string() {
                    Some(words) => Happening::BadFrame(words),
                    None => Happening::Frame {
                        event,
                        key,
                        revision,
                        deleted,
                    },
                });
            }));
        let [opened, failed, closed] = &listeners;
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(&js::frame_listener(frames.as_ref().unchecked_ref())));
        socket.set_onerror(Some(failed.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Ok(Self {
            socket,
            close_at_once: true,
            _listeners: listeners,
            _frames: frames,
        })
    }
}

fn listener(f: impl Fn(JsValue) + 'static) -> Closure<dyn Fn(JsValue)> {
    Closure::wrap(Box::new(f))
}

impl Socket {
    /// Lets go of a socket that another takes the place of. One that is still being connected is closed
    /// when it is: before, a browser would complain in the console of what is nobody's fault.
    pub(super) fn retire(mut self) {
        self.close_at_once = self.socket.ready_state() != WebSocket::CONNECTING;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onerror(None);
        self.socket.set_onclose(None);
        if self.close_at_once {
            // It can only refuse a code or reason, and there is none here.
            let _ = self.socket.close();
        } else {
            js::close_when_open(&self.socket);
        }
    }
}
