//! A client of the in-memory store, under a clock that tests move.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use ironflow_browser::kv::{
    self, BucketConfig, BucketName, Key, KvError, Pattern, Precondition, Removal, Timestamp,
};
use ironflow_browser::store::{Clock, Sink, Store, WatcherId};
use ironflow_conformance::{
    Backend, BucketInfo, BucketSettings, Detail, DetailedWatch, Entry, Event, Failure, Watch,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// 2026-02-22T10:00:00Z, when every test starts.
pub const START: Timestamp = Timestamp(1_771_754_400_000);

/// A clock that tests move. Every clone is the same clock.
#[derive(Debug, Clone)]
pub struct ManualClock(Rc<Cell<Timestamp>>);

impl ManualClock {
    /// A clock that stands at this time.
    pub fn new(time: Timestamp) -> Self {
        Self(Rc::new(Cell::new(time)))
    }

    /// Moves the clock.
    pub fn set(&self, time: Timestamp) {
        self.0.set(time);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.0.get()
    }
}

/// An event and its details; `None` is the end of the watch.
type Report = Option<(Event, Detail)>;

/// What a watch has yet to report.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue(Rc<RefCell<VecDeque<Report>>>);

impl Sink for Queue {
    type Value = ironflow_browser::kv::Value;

    fn event(&self, event: &Arc<kv::WatchEvent>) {
        let detail = Detail {
            reason: event.reason.map(|reason| reason.as_str().to_owned()),
            expires_at: event.expires.map(rfc3339),
        };
        let event = Event {
            key: event.key.to_string(),
            value: event.value.to_vec(),
            revision: event.revision,
            operation: event.operation.as_str().to_owned(),
            bucket: event.bucket.to_string(),
        };
        self.0.borrow_mut().push_back(Some((event, detail)));
    }

    fn bucket_deleted(&self) {
        self.0.borrow_mut().push_back(None);
    }
}

/// A client of a store, which is one environment.
#[derive(Debug, Clone)]
pub struct StoreClient {
    store: Rc<RefCell<Store<ManualClock, Queue>>>,
    clock: ManualClock,
}

impl StoreClient {
    /// A client of a new store.
    pub fn new(clock: ManualClock) -> Self {
        Self {
            store: Rc::new(RefCell::new(Store::new(clock.clone()))),
            clock,
        }
    }

    /// Carries an operation out, after every other client has had its turn.
    pub(crate) async fn carry_out<T>(
        &self,
        operation: impl FnOnce(&mut Store<ManualClock, Queue>) -> Result<T, KvError>,
    ) -> Result<T, Failure> {
        let mut waited = false;
        poll_fn(|context| {
            if std::mem::replace(&mut waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        operation(&mut self.store.borrow_mut()).map_err(|refusal| Failure {
            status: refusal.status(),
            message: refusal.to_string(),
        })
    }

    async fn write(
        &self,
        bucket: &str,
        key: &str,
        value: &[u8],
        precondition: Precondition,
    ) -> Result<u64, Failure> {
        self.carry_out(|store| {
            let (bucket, key) = (BucketName::parse(bucket)?, Key::parse(key)?);
            let written = store.put(&bucket, &key, value.into(), precondition, None)?;
            Ok(written.revision)
        })
        .await
    }

    async fn remove(&self, bucket: &str, key: &str, removal: Removal) -> Result<(), Failure> {
        self.carry_out(|store| {
            store.remove(&BucketName::parse(bucket)?, &Key::parse(key)?, removal)
        })
        .await
    }
}

fn pattern(text: Option<&str>) -> Result<Pattern, KvError> {
    text.map_or_else(|| Ok(Pattern::all()), Pattern::parse)
}

pub(crate) fn rfc3339(time: Timestamp) -> String {
    let nanoseconds = i128::from(time.0) * 1_000_000;
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap();
    time.format(&Rfc3339).unwrap()
}

/// An entry as the suite compares it.
pub(crate) fn entry(entry: &kv::Entry) -> Entry {
    Entry {
        key: entry.key.to_string(),
        value: entry.value.to_vec(),
        revision: entry.revision,
        operation: kv::Operation::Put.as_str().to_owned(),
        created_at: rfc3339(entry.created),
        expires_at: entry.expires.map(rfc3339),
    }
}

fn info(info: kv::BucketInfo) -> BucketInfo {
    BucketInfo {
        name: info.config.name,
        description: info.config.description,
        ttl_seconds: info.config.ttl_seconds,
        values: info.values,
        bytes: info.bytes,
        history: info.config.history,
        created_at: rfc3339(info.created),
    }
}

impl Backend for StoreClient {
    type Watch = StoreWatch;

    async fn create_bucket(&self, settings: &BucketSettings) -> Result<BucketInfo, Failure> {
        let settings = settings.clone();
        let config = BucketConfig {
            name: settings.name,
            description: settings.description,
            ttl_seconds: settings.ttl_seconds,
            max_value_size: settings.max_value_size,
            max_bytes: settings.max_bytes,
            history: settings.history,
        };
        self.carry_out(|store| store.create_bucket(config).map(info))
            .await
    }

    async fn delete_bucket(&self, bucket: &str) -> Result<(), Failure> {
        self.carry_out(|store| store.delete_bucket(&BucketName::parse(bucket)?))
            .await
    }

    async fn list_buckets(&self) -> Result<Vec<BucketInfo>, Failure> {
        self.carry_out(|store| Ok(store.buckets().into_iter().map(info).collect()))
            .await
    }

    async fn bucket_info(&self, bucket: &str) -> Result<BucketInfo, Failure> {
        self.carry_out(|store| store.bucket_info(&BucketName::parse(bucket)?).map(info))
            .await
    }

    async fn get(&self, bucket: &str, key: &str) -> Result<Entry, Failure> {
        let entry = self
            .carry_out(|store| store.get(&BucketName::parse(bucket)?, &Key::parse(key)?))
            .await?;
        Ok(self::entry(&entry))
    }

    async fn put(&self, bucket: &str, key: &str, value: &[u8]) -> Result<u64, Failure> {
        self.write(bucket, key, value, Precondition::None).await
    }

    async fn create(&self, bucket: &str, key: &str, value: &[u8]) -> Result<u64, Failure> {
        self.write(bucket, key, value, Precondition::Absent).await
    }

    async fn update(
        &self,
        bucket: &str,
        key: &str,
        value: &[u8],
        revision: u64,
    ) -> Result<u64, Failure> {
        self.write(bucket, key, value, Precondition::Revision(revision))
            .await
    }

    async fn delete(&self, bucket: &str, key: &str) -> Result<(), Failure> {
        self.remove(bucket, key, Removal::Delete).await
    }

    async fn purge(&self, bucket: &str, key: &str) -> Result<(), Failure> {
        self.remove(bucket, key, Removal::Purge).await
    }

    async fn list_keys(&self, bucket: &str, filter: Option<&str>) -> Result<Vec<String>, Failure> {
        let keys = self
            .carry_out(|store| store.list_keys(&BucketName::parse(bucket)?, &pattern(filter)?))
            .await?;
        Ok(keys.iter().map(|key| (**key).to_owned()).collect())
    }

    async fn watch(&self, bucket: &str, filter: Option<&str>) -> Result<StoreWatch, Failure> {
        let queue = Queue::default();
        let (bucket, id) = self
            .carry_out(|store| {
                let bucket = BucketName::parse(bucket)?;
                let id = store.watch(&bucket, pattern(filter)?, queue.clone())?;
                Ok((bucket, id))
            })
            .await?;
        Ok(StoreWatch {
            client: self.clone(),
            bucket,
            id,
            queue,
            stopped: false,
        })
    }

    async fn client(&self) -> Self {
        self.clone()
    }

    async fn in_environment(&self, _: &str) -> Option<Self> {
        Some(Self::new(self.clock.clone()))
    }

    async fn pass_time(&self, milliseconds: u64) {
        let Timestamp(now) = self.clock.now();
        self.clock.set(Timestamp(now + milliseconds));
        self.store.borrow_mut().expire();
    }

    fn run(&self) -> &str {
        "store"
    }
}

/// A watch of the store. Its events are available as soon as the write has returned.
#[derive(Debug)]
pub struct StoreWatch {
    client: StoreClient,
    bucket: BucketName,
    id: WatcherId,
    queue: Queue,
    stopped: bool,
}

impl StoreWatch {
    /// Every event that has not been taken yet.
    pub fn pending(&mut self) -> Vec<(Event, Detail)> {
        let mut queue = self.queue.0.borrow_mut();
        let ended = queue.back().is_some_and(Option::is_none);
        let events = queue.drain(..).flatten().collect();
        if ended {
            queue.push_back(None);
        }
        events
    }
}

impl DetailedWatch for StoreWatch {
    async fn next_detailed(&mut self) -> Option<(Event, Detail)> {
        let mut queue = self.queue.0.borrow_mut();
        match queue.pop_front() {
            Some(Some(event)) => Some(event),
            Some(None) => {
                queue.push_front(None);
                None
            }
            None if self.stopped => None,
            None => panic!("the watch has no event"),
        }
    }
}

impl Watch for StoreWatch {
    async fn next(&mut self) -> Option<Event> {
        self.next_detailed().await.map(|(event, _)| event)
    }

    async fn stop(&mut self) {
        let mut store = self.client.store.borrow_mut();
        store.unwatch(&self.bucket, self.id);
        self.queue.0.borrow_mut().clear();
        self.stopped = true;
    }
}
