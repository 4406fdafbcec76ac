//! The clients of each backend: where it is, and with which options they are made.

use ironflow_browser::IronflowClient;
use js_sys::{JSON, JsString, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    fn fetch(url: &str) -> js_sys::Promise;
}

pub async fn memory() -> JsValue {
    option("transport", &"memory".into())
}

pub async fn server_memory() -> JsValue {
    option("serverUrl", &address("memory").await)
}

pub async fn server_nats() -> JsValue {
    option("serverUrl", &address("nats").await)
}

fn option(name: &str, value: &JsValue) -> JsValue {
    let options = Object::new();
    Reflect::set(&options, &name.into(), value).unwrap();
    options.into()
}

/// The address of a server, as the suite's starter left it.
async fn address(server: &str) -> JsValue {
    let response = JsFuture::from(fetch("/target/browser-suite.json"))
        .await
        .unwrap();
    let text = Reflect::get(&response, &"text".into()).unwrap();
    let text: js_sys::Function = text.unchecked_into();
    let text: js_sys::Promise = text.call0(&response).unwrap().unchecked_into();
    let text: JsString = JsFuture::from(text).await.unwrap().unchecked_into();
    let addresses =
        JSON::parse(&String::from(text)).expect("the servers' addresses: run make test");
    Reflect::get(&addresses, &server.into()).unwrap()
}

/// A client that ends its watches with the test: the page is that of all tests.
pub struct OpenClient(pub IronflowClient);

impl Drop for OpenClient {
    fn drop(&mut self) {
        self.0.disconnect();
    }
}
