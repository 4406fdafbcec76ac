//! `connect()`: checks that the server responds, and learns its features.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::arguments;
use super::request::Request;
use super::state::ClientState;
use crate::config::from_js::Arguments;
use crate::ffi::OperationResult;
use crate::transport::Operation;

impl ClientState {
    /// Checks that the server responds, and learns the features it announces.
    pub(super) fn connect(self: &Rc<Self>, options: &JsValue) -> Promise {
        let (promise, done) = Request::new(self, "connect").pending();
        let prepared = self.configured().and_then(|configured| {
            let given = Arguments::read(&JsValue::UNDEFINED, options);
            let (limits, _) =
                arguments::request_options(&given, "connect", configured.config.timeout_ms)?;
            Ok((configured, limits))
        });
        match prepared {
            Err(error) => done(Err(error.into())),
            Ok((configured, limits)) => {
                let transport = Rc::clone(&configured.transport);
                let state = Rc::clone(self);
                let connected = Box::new(move |outcome: OperationResult| {
                    done(outcome.map(|_| {
                        // The configuration may have changed meanwhile.
                        if state
                            .configured()
                            .is_ok_and(|now| Rc::ptr_eq(&now, &configured))
                        {
                            state.connection.set_reached(true);
                        }
                        JsValue::UNDEFINED
                    }));
                });
                transport.carry_out(Operation::Connect, limits, connected);
            }
        }
        promise
    }
}
