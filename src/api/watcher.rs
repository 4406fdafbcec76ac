//! `KVWatcher`: a running watch.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use crate::watch::Watch;

/// A running watch. It goes on when nobody holds on to this any more.
#[wasm_bindgen]
pub struct KVWatcher {
    watch: Rc<Watch>,
}

impl KVWatcher {
    pub(super) fn of(watch: Rc<Watch>) -> Self {
        Self { watch }
    }
}

#[wasm_bindgen]
impl KVWatcher {
    /// Ends the watch. Nothing is delivered afterwards; a second call does nothing.
    pub fn stop(&self) {
        self.watch.stop();
    }
}
