//! The Rust side of a watcher: how it leaves its feed.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::watch::{Driver, feed::SubscriberId};

/// A place among the subscribers of a feed. `KVWatcher`, in JavaScript, holds it.
#[wasm_bindgen]
pub struct Subscription {
    driver: Rc<Driver>,
    id: SubscriberId,
}

impl Subscription {
    pub(super) const fn new(driver: Rc<Driver>, id: SubscriberId) -> Self {
        Self { driver, id }
    }
}

#[wasm_bindgen]
impl Subscription {
    /// Leaves the feed. Nothing is delivered afterwards.
    pub fn stop(&self) {
        self.driver.unsubscribe(self.id);
    }
}
