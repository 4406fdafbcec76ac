//! Callbacks from JavaScript, by the number of a listener. One exported function dispatches all of them, so that
//! JavaScript need not create and release a closure for each.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::open_listeners;
use super::slots::Slots;

/// A listener that is called once, with the kind of an event, a number and a value.
type Once = Box<dyn FnOnce(u32, f64, JsValue)>;

/// A listener that is called until it is dropped.
type Always = Rc<dyn Fn(u32, f64, JsValue)>;

/// The same, with the slot of a key, -1 for none: for the frames of a socket.
type WithSlot = Rc<dyn Fn(u32, f64, JsValue, i32)>;

enum Call {
    Once(Once),
    Always(Always),
    WithSlot(WithSlot),
}

thread_local! {
    // Lives as long as the page, so it has no destructor.
    static WAITING: ManuallyDrop<RefCell<Slots<Call>>> =
        const { ManuallyDrop::new(RefCell::new(Slots::new())) };
}

fn add(call: Call) -> f64 {
    WAITING.with(|waiting| {
        if waiting.borrow().is_new() {
            open_listeners(&wasm_bindgen::exports());
        }
        waiting.borrow_mut().add(call)
    })
}

fn take(number: f64) -> Option<Call> {
    WAITING.with(|waiting| waiting.borrow_mut().take(number))
}

/// Registers a listener that JavaScript must call exactly once, and returns its number.
pub(crate) fn once(call: Once) -> f64 {
    add(Call::Once(call))
}

/// Drops the callback of [`once`].
pub(crate) fn forget(number: f64) {
    // Drop it outside the borrow: it may own other listeners.
    let gone = take(number);
    drop(gone);
}

/// A registered listener; removed when this is dropped.
pub(crate) struct Listener(f64);

impl Listener {
    pub(crate) fn new(dispatch: impl Fn(u32, f64, JsValue) + 'static) -> Self {
        Self(add(Call::Always(Rc::new(dispatch))))
    }

    /// One for what comes with the slot of a key, -1 for none.
    pub(crate) fn with_slot(dispatch: impl Fn(u32, f64, JsValue, i32) + 'static) -> Self {
        Self(add(Call::WithSlot(Rc::new(dispatch))))
    }

    /// Its number.
    pub(crate) const fn number(&self) -> f64 {
        self.0
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        forget(self.0);
    }
}

/// Calls a listener, if it is still registered. `listeners.js` calls this export by its name.
#[wasm_bindgen]
pub fn dispatch(listener: f64, kind: u32, number: f64, value: JsValue, slot: i32) {
    let call = WAITING.with(|waiting| {
        let mut calls = waiting.borrow_mut();
        match calls.get(listener)? {
            Call::Always(call) => Some(Call::Always(Rc::clone(call))),
            Call::WithSlot(call) => Some(Call::WithSlot(Rc::clone(call))),
            Call::Once(_) => calls.take(listener),
        }
    });
    match call {
        Some(Call::Always(call)) => call(kind, number, value),
        Some(Call::WithSlot(call)) => call(kind, number, value, slot),
        Some(Call::Once(call)) => call(kind, number, value),
        None => {}
    }
}
