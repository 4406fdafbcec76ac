//! `IronflowClient`: a client of a server, or of a store in memory.

use std::rc::Rc;

use js_sys::{Promise, Set};
use wasm_bindgen::prelude::*;

use super::kv::BrowserKVClient;
use super::state::ClientState;
use crate::config::OPTIONS;
use crate::error::Error;
use crate::ffi::{self, Failure};
use crate::transport::Transport;

/// A client. `ironflow` is the one most applications need.
#[wasm_bindgen]
pub struct IronflowClient {
    state: Rc<ClientState>,
}

/// Creates an independent, configured client.
///
/// # Errors
/// A `ValidationError` that names an unknown or invalid option.
#[wasm_bindgen(js_name = createClient)]
pub fn create_client(options: &JsValue) -> Result<IronflowClient, JsValue> {
    let client = IronflowClient::new();
    let configured = client.state.configure_with(options, OPTIONS);
    configured.map_err(to_js_error)?;
    Ok(client)
}

impl IronflowClient {
    /// The key-value API, as Rust has it.
    ///
    /// # Errors
    /// A `NotConfiguredError` before `configure()`.
    pub fn new_kv(&self) -> Result<BrowserKVClient, JsValue> {
        self.state.configured().map_err(to_js_error)?;
        Ok(BrowserKVClient::from_state(&self.state))
    }
}

#[wasm_bindgen]
impl IronflowClient {
    /// A client that is not configured yet.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::new_without_default, reason = "made from JavaScript")]
    pub fn new() -> Self {
        Self {
            state: ClientState::new(),
        }
    }

    /// Sets, or replaces, the configuration; ends running watches, and moves views to the new configuration.
    ///
    /// # Errors
    /// A `ValidationError` that names an unknown or invalid option. The
    /// configuration stays as it was then.
    pub fn configure(&self, options: &JsValue) -> Result<(), JsValue> {
        self.state.configure(options).map_err(to_js_error)
    }

    /// Whether `configure()` has succeeded.
    #[wasm_bindgen(getter, js_name = isConfigured)]
    pub fn is_configured(&self) -> bool {
        self.state.is_configured()
    }

    /// The current configuration, with its defaults.
    ///
    /// # Errors
    /// A `NotConfiguredError` before `configure()`.
    #[wasm_bindgen(js_name = getConfig)]
    pub fn get_config(&self) -> Result<JsValue, JsValue> {
        let configured = self.state.configured().map_err(to_js_error)?;
        let resolved = serde_wasm_bindgen::to_value(&configured.config)?;
        Ok(ffi::resolve_config(&configured.given, &resolved))
    }

    /// What currently executes operations: `"server"` or `"memory"`.
    ///
    /// # Errors
    /// A `NotConfiguredError` before `configure()`.
    #[wasm_bindgen(getter)]
    pub fn mode(&self) -> Result<JsValue, JsValue> {
        let configured = self.state.configured().map_err(to_js_error)?;
        Ok(match *configured.transport.active() {
            Transport::Http(_) => "server".into(),
            Transport::Memory(_) => "memory".into(),
        })
    }

    /// Checks that the server responds, and learns its features: see [`Self::features`].
    pub fn connect(&self, options: &JsValue) -> Promise {
        self.state.connect(options)
    }

    /// The names of the features that the server announces, learned from its responses, a `Set`.
    #[wasm_bindgen(getter)]
    pub fn features(&self) -> JsValue {
        match self.state.configured() {
            Ok(configured) => match &*configured.transport.active() {
                Transport::Http(http) => http.features.names(),
                Transport::Memory(memory) => memory.features.names(),
            },
            Err(_) => Set::new(&JsValue::UNDEFINED).into(),
        }
    }

    /// Changes the credentials of later requests and connections.
    ///
    /// # Errors
    /// A `ValidationError` for bad credentials, a `NotConfiguredError` before `configure()`.
    #[wasm_bindgen(js_name = setAuth)]
    pub fn set_auth(&self, auth: &JsValue) -> Result<(), JsValue> {
        self.state.set_auth(auth).map_err(to_js_error)
    }

    /// The key-value API: the same object each time.
    ///
    /// # Errors
    /// A `NotConfiguredError` before `configure()`.
    pub fn kv(&self) -> Result<JsValue, JsValue> {
        let kv = self.new_kv()?;
        let handles = self.state.handles();
        let found = handles.find("");
        Ok(match found.is_undefined() {
            true => handles.add("", &kv.into()),
            false => found,
        })
    }

    /// Adds a handler for rejected operations and errors of watches. Returns the function that removes
    /// it.
    ///
    /// # Errors
    /// A `ValidationError` if it is not a function.
    #[wasm_bindgen(js_name = onError)]
    pub fn on_error(&self, handler: &JsValue) -> Result<JsValue, JsValue> {
        self.state.add_handler(handler).map_err(to_js_error)
    }

    /// The connection state over all watches: `"connected"` if any is, else `"reconnecting"`, else
    /// `"connecting"`. Without watches `"connected"` after a successful `connect()`, else
    /// `"disconnected"`.
    #[wasm_bindgen(getter, js_name = connectionState)]
    pub fn connection_state(&self) -> JsValue {
        self.state.connection.state()
    }

    /// Subscribes a callback to changes of `connectionState`. Returns the function that unsubscribes it.
    ///
    /// # Errors
    /// A `ValidationError` if it is not a function.
    #[wasm_bindgen(js_name = onConnectionChange)]
    pub fn on_connection_change(&self, callback: &JsValue) -> Result<JsValue, JsValue> {
        self.state
            .on_connection_change(callback)
            .map_err(to_js_error)
    }

    /// Ends every watch, and closes every view.
    pub fn disconnect(&self) {
        self.state.disconnect();
    }
}

/// The error as JavaScript throws it.
pub(super) fn to_js_error(error: Error) -> JsValue {
    Failure::from(error).into()
}
