//! The client under test as a backend of the conformance suite, every call through the JavaScript
//! face.

use std::cell::RefCell;
use std::rc::Rc;

use ironflow_browser::{BrowserKVBucketHandle, BrowserKVClient, create_client};
use ironflow_conformance::{
    Backend, BucketInfo, BucketSettings, Detail, Entry, Event, Failure, Watch,
};
use js_sys::{Array, Date, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::extended::detail;
use crate::servers::{self, OpenClient};

pub const NONE: JsValue = JsValue::UNDEFINED;

/// One client. Those of a store in the tab share it: it has no other way in.
#[derive(Clone)]
pub struct BrowserBackend {
    client: Rc<OpenClient>,
    config: JsValue,
    run: Rc<str>,
}

impl BrowserBackend {
    pub async fn memory() -> Self {
        Self::new(servers::memory().await)
    }

    pub async fn server_memory() -> Self {
        Self::new(servers::server_memory().await)
    }

    pub async fn server_nats() -> Self {
        Self::new(servers::server_nats().await)
    }

    fn new(config: JsValue) -> Self {
        let random = js_sys::Math::random().to_bits();
        let run = format!("browser{:x}{random:x}", Date::now() as u64);
        Self::of(config, run.into())
    }

    fn of(config: JsValue, run: Rc<str>) -> Self {
        let client = create_client(&config).map_err(failure).unwrap();
        Self {
            client: Rc::new(OpenClient(client)),
            config,
            run,
        }
    }

    fn is_memory(&self) -> bool {
        Reflect::has(&self.config, &"transport".into()).unwrap()
    }

    fn kv(&self) -> BrowserKVClient {
        self.client.0.new_kv().unwrap()
    }

    pub fn bucket(&self, name: &str) -> Result<BrowserKVBucketHandle, Failure> {
        self.kv()
            .new_bucket(&name.into(), &JsValue::UNDEFINED)
            .map_err(failure)
    }
}

/// Waits for an operation.
pub async fn done(promise: Promise) -> Result<JsValue, Failure> {
    JsFuture::from(promise).await.map_err(failure)
}

/// An error as the suite compares it.
fn failure(error: JsValue) -> Failure {
    let status = get(&error, "status").as_f64().unwrap_or(0.0) as u16;
    let message = text(&error, "message");
    let message = without_subject(&message, &error).to_owned();
    if text(&error, "code") == "VALIDATION_ERROR" {
        return Failure {
            status: 400,
            message,
        };
    }
    let suffix = format!(" (HTTP {status})");
    // After the status is advice.
    let (words, _) = message
        .split_once(&suffix)
        .unwrap_or_else(|| panic!("an error without its status: {message}"));
    Failure {
        status,
        message: words.into(),
    }
}

/// The message without what comes first: the operation, the bucket and the key, which may be shortened.
fn without_subject<'a>(message: &'a str, error: &JsValue) -> &'a str {
    if let Some((_, words)) = message.split_once("…: ") {
        return words;
    }
    let defined = |name| get(error, name).as_string();
    let object: Vec<_> = ["bucket", "key"].into_iter().filter_map(defined).collect();
    let subject: Vec<_> = [text(error, "operation"), object.join("/")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let prefix = format!("{}: ", subject.join(" "));
    message.strip_prefix(&prefix).unwrap_or(message)
}

pub fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

pub fn text(object: &JsValue, name: &str) -> String {
    get(object, name).as_string().unwrap_or_default()
}

pub fn number(object: &JsValue, name: &str) -> u64 {
    get(object, name).as_f64().unwrap_or(0.0) as u64
}

/// What `bytes()` of an entry or event gives.
pub fn bytes(object: &JsValue) -> Vec<u8> {
    let method: Function = get(object, "bytes").unchecked_into();
    let bytes: Uint8Array = method.call0(object).unwrap().unchecked_into();
    bytes.to_vec()
}

pub fn entry(object: &JsValue) -> Entry {
    Entry {
        key: text(object, "key"),
        value: bytes(object),
        revision: number(object, "revision"),
        operation: text(object, "operation"),
        created_at: text(object, "created_at"),
        expires_at: get(object, "expires_at").as_string(),
    }
}

fn info(object: &JsValue) -> BucketInfo {
    BucketInfo {
        name: text(object, "name"),
        description: text(object, "description"),
        ttl_seconds: number(object, "ttl_seconds"),
        values: number(object, "values"),
        bytes: number(object, "bytes"),
        history: number(object, "history"),
        created_at: text(object, "created_at"),
    }
}

fn written(result: JsValue) -> u64 {
    number(&result, "revision")
}

fn filter(pattern: Option<&str>) -> JsValue {
    pattern.map_or(NONE, JsValue::from)
}

impl Backend for BrowserBackend {
    type Watch = BrowserWatch;

    async fn create_bucket(&self, settings: &BucketSettings) -> Result<BucketInfo, Failure> {
        let config = Object::new();
        let set = |name: &str, value: JsValue| Reflect::set(&config, &name.into(), &value).unwrap();
        set("name", settings.name.as_str().into());
        set("description", settings.description.as_str().into());
        set("ttlSeconds", (settings.ttl_seconds as f64).into());
        set("maxValueSize", (settings.max_value_size as f64).into());
        set("maxBytes", (settings.max_bytes as f64).into());
        set("history", (settings.history as f64).into());
        let created = done(self.kv().create_bucket(&config, &NONE)).await?;
        Ok(info(&created))
    }

    async fn delete_bucket(&self, bucket: &str) -> Result<(), Failure> {
        done(self.kv().delete_bucket(&bucket.into(), &NONE)).await?;
        Ok(())
    }

    async fn list_buckets(&self) -> Result<Vec<BucketInfo>, Failure> {
        let buckets: Array = done(self.kv().list_buckets(&NONE)).await?.unchecked_into();
        Ok(buckets.iter().map(|bucket| info(&bucket)).collect())
    }

    async fn bucket_info(&self, bucket: &str) -> Result<BucketInfo, Failure> {
        let found = done(self.kv().get_bucket_info(&bucket.into(), &NONE)).await?;
        Ok(info(&found))
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Entry, Failure> {
        let found = done(self.bucket(bucket)?.get(&key.into(), &NONE)).await?;
        Ok(entry(&found))
    }

    async fn put(&self, bucket: &str, key: &str, value: &[u8]) -> Result<u64, Failure> {
        let value = Uint8Array::from(value);
        let promise = self.bucket(bucket)?.put(&key.into(), &value, &NONE);
        done(promise).await.map(written)
    }

    async fn create(&self, bucket: &str, key: &str, value: &[u8]) -> Result<u64, Failure> {
        let value = Uint8Array::from(value);
        let promise = self.bucket(bucket)?.create(&key.into(), &value, &NONE);
        done(promise).await.map(written)
    }

    async fn update(
        &self,
        bucket: &str,
        key: &str,
        value: &[u8],
        revision: u64,
    ) -> Result<u64, Failure> {
        let value = Uint8Array::from(value);
        // JavaScript has no larger whole number: it stands for all of them.
        let revision = JsValue::from((revision as f64).min(9_007_199_254_740_991.0));
        let bucket = self.bucket(bucket)?;
        let promise = bucket.update(&key.into(), &value, &revision, &NONE);
        done(promise).await.map(written)
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), Failure> {
        done(self.bucket(bucket)?.delete(&key.into(), &NONE)).await?;
        Ok(())
    }

    async fn purge(&self, bucket: &str, key: &str) -> Result<(), Failure> {
        done(self.bucket(bucket)?.purge(&key.into(), &NONE)).await?;
        Ok(())
    }

    async fn list_keys(&self, bucket: &str, pattern: Option<&str>) -> Result<Vec<String>, Failure> {
        let promise = self.bucket(bucket)?.list_keys(&filter(pattern), &NONE);
        let keys: Array = done(promise).await?.unchecked_into();
        Ok(keys.iter().filter_map(|key| key.as_string()).collect())
    }

    async fn watch(&self, bucket: &str, pattern: Option<&str>) -> Result<BrowserWatch, Failure> {
        BrowserWatch::start(&self.bucket(bucket)?, pattern).await
    }

    async fn client(&self) -> Self {
        if self.is_memory() {
            return self.clone();
        }
        Self::of(self.config.clone(), Rc::clone(&self.run))
    }

    async fn in_environment(&self, name: &str) -> Option<Self> {
        let config = Object::assign(&Object::new(), self.config.unchecked_ref());
        Reflect::set(&config, &"environment".into(), &name.into()).unwrap();
        Some(Self::of(config.into(), Rc::clone(&self.run)))
    }

    async fn pass_time(&self, milliseconds: u64) {
        after(milliseconds as u32).await;
    }

    fn run(&self) -> &str {
        &self.run
    }

    fn increments(&self) -> u64 {
        if self.is_memory() { 200 } else { 25 }
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: u32) -> JsValue;

    type KVWatcher;
    #[wasm_bindgen(method)]
    fn stop(this: &KVWatcher);
}

async fn after(milliseconds: u32) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, milliseconds);
    });
    JsFuture::from(promise).await.unwrap();
}

/// What a watch's callbacks were called with, in order.
enum Call {
    Ready,
    Update(Event, Detail),
    Error(Failure),
    Close,
}

/// A running watch: its callbacks put what they get into a list, and wake who waits for it.
pub struct BrowserWatch {
    watcher: KVWatcher,
    calls: Rc<RefCell<std::collections::VecDeque<Call>>>,
    wake: Rc<RefCell<Option<Function>>>,
}

impl BrowserWatch {
    async fn start(bucket: &BrowserKVBucketHandle, pattern: Option<&str>) -> Result<Self, Failure> {
        let calls = Rc::new(RefCell::new(std::collections::VecDeque::new()));
        let wake = Rc::new(RefCell::new(None::<Function>));
        let callbacks = Object::new();
        let on = |name: &str, read: fn(JsValue) -> Call| {
            let (calls, wake) = (Rc::clone(&calls), Rc::clone(&wake));
            let callback = Closure::<dyn Fn(JsValue)>::new(move |value| {
                calls.borrow_mut().push_back(read(value));
                if let Some(wake) = wake.take() {
                    wake.call0(&NONE).unwrap();
                }
            });
            Reflect::set(&callbacks, &name.into(), &callback.into_js_value()).unwrap();
        };
        on("onReady", |_| Call::Ready);
        on("onUpdate", |event| {
            Call::Update(event_of(&event), detail(&event))
        });
        on("onError", |error| Call::Error(failure(error)));
        on("onClose", |_| Call::Close);
        let options = Object::new();
        Reflect::set(&options, &"key".into(), &filter(pattern)).unwrap();
        let mut watch = Self {
            watcher: bucket
                .watch(&callbacks, &options)
                .map_err(failure)?
                .unchecked_into(),
            calls,
            wake,
        };
        match watch.call().await {
            Call::Ready => Ok(watch),
            Call::Error(failure) => Err(failure),
            Call::Update(..) | Call::Close => panic!("a watch begins with onReady or onError"),
        }
    }

    /// The next call of a callback.
    async fn call(&mut self) -> Call {
        loop {
            if let Some(call) = self.calls.borrow_mut().pop_front() {
                return call;
            }
            let wake = Rc::clone(&self.wake);
            let promise = Promise::new(&mut |resolve, reject| {
                wake.replace(Some(resolve));
                set_timeout(&reject, 60_000);
            });
            JsFuture::from(promise)
                .await
                .expect("no callback of the watch was called within 60 s");
        }
    }
}

fn event_of(event: &JsValue) -> Event {
    assert_eq!(text(event, "type"), "kv_update");
    Event {
        key: text(event, "key"),
        value: bytes(event),
        revision: number(event, "revision"),
        operation: text(event, "operation"),
        bucket: text(event, "bucket"),
    }
}

impl BrowserWatch {
    pub async fn next_with_detail(&mut self) -> Option<(Event, Detail)> {
        loop {
            match self.call().await {
                Call::Update(event, detail) => return Some((event, detail)),
                Call::Close => {
                    self.calls.borrow_mut().push_back(Call::Close);
                    return None;
                }
                Call::Ready | Call::Error(_) => {}
            }
        }
    }
}

impl Watch for BrowserWatch {
    async fn next(&mut self) -> Option<Event> {
        Some(self.next_with_detail().await?.0)
    }

    async fn stop(&mut self) {
        self.watcher.stop();
    }
}
