//! The JavaScript suite, run on the client under test.

use ironflow_browser::{BrowserKVBucketHandle, BrowserKVClient, IronflowClient, create_client};
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Runs one suite of `tests/suite`, which the test page's server hands out.
pub async fn run(suite: &str, config: &JsValue) {
    let code = "const { run } = await import('/tests/suite/index.js'); await run(name, t);";
    let body = format!("return (async () => {{ {code} }})()");
    let function = Function::new_with_args("name, t", &body);
    let t = context(config);
    let promise: Promise = function
        .call2(&JsValue::NULL, &suite.into(), &t)
        .unwrap()
        .unchecked_into();
    if let Err(error) = JsFuture::from(promise).await {
        let report = Reflect::get(&error, &"message".into()).unwrap_or_default();
        panic!("{}", report.as_string().unwrap_or_default());
    }
}

/// What the suite is given: the exports of the crate, as the package's entry gives them.
fn context(config: &JsValue) -> JsValue {
    let create = Closure::<dyn Fn(JsValue) -> Result<JsValue, JsValue>>::new(|options: JsValue| {
        create_client(&options).map(JsValue::from)
    })
    .into_js_value();
    let t = Object::new();
    let client = IronflowClient::new();
    // Exactly one class extends Error itself: the base of the one thrown here.
    let thrown = client.kv().expect_err("a client that is not configured");
    let base = Object::get_prototype_of(&Object::get_prototype_of(&thrown)).constructor();
    let memory = Object::new();
    Reflect::set(&memory, &"transport".into(), &"memory".into()).unwrap();
    let kv = BrowserKVClient::new(&memory).unwrap();
    let bucket = BrowserKVBucketHandle::new(&"b".into(), &memory).unwrap();
    for (name, value) in [
        ("config", config.clone()),
        ("createClient", create),
        ("IronflowError", base.into()),
        ("IronflowClient", class_of(client.into())),
        ("BrowserKVClient", class_of(kv.into())),
        ("BrowserKVBucketHandle", class_of(bucket.into())),
    ] {
        Reflect::set(&t, &name.into(), &value).unwrap();
    }
    t.into()
}

fn class_of(instance: JsValue) -> JsValue {
    Reflect::get(&instance, &"constructor".into()).unwrap()
}
