//! Clients that append unique values to one list, which shows afterwards which of their writes took
//! effect, and put each value under a key of its own. Each write has an id, and is sent until it is carried
//! out or refused.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ironflow_conformance::{Backend as _, Failure, Repeating as _, Watch as _, Write};
use ironflow_harness::{HttpClient, HttpWatch, UNKNOWN};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

const CLIENTS: usize = 8;
const LIST: &str = "list";

/// How long the watch may take to emit the last write.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many frames a connection receives before the next one resumes.
const FRAMES: usize = 20;

/// After a failure.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    /// Names what is appended.
    so_far: AtomicU32,
    acknowledged: AtomicU64,
    /// The newest revision that each watcher has.
    watched: [AtomicU64; 3],
}

pub struct Load {
    shared: Arc<Shared>,
    clients: JoinSet<Acknowledgements>,
    bucket: String,
    /// None where the server itself crashes.
    watchers: Vec<JoinHandle<()>>,
}

/// The bucket of the values' own keys.
fn own(bucket: &str) -> String {
    format!("{bucket}-own")
}

/// The results of a client's writes.
#[derive(Default)]
struct Acknowledgements {
    acknowledged: Vec<(u32, u64)>,
    /// Those whose refusal says that they may have taken effect before.
    ambiguous: Vec<u32>,
    puts: u64,
    conflicts: u64,
    failures: u64,
}

/// What came of it all.
pub struct Report {
    acknowledged: usize,
    ambiguous: usize,
    carried_out: usize,
    puts: u64,
    conflicts: u64,
    failures: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} updates acknowledged, {} ambiguous of which {} carried out, {} puts, {} conflicts, {} failures reported",
            self.acknowledged,
            self.ambiguous,
            self.carried_out,
            self.puts,
            self.conflicts,
            self.failures
        )
    }
}

impl Load {
    /// Starts the work on two new buckets, with watches.
    pub async fn start(server: &str, bucket: &str) -> Self {
        let mut load = Self::start_unwatched(server, bucket).await;
        let (client, shared) = (HttpClient::new(server), &load.shared);
        let watch = client.watch(bucket, Some(LIST)).await.unwrap();
        let watch_2 = HttpClient::with_watch_2(server);
        let watch_2 = watch_2.watch(bucket, Some(LIST)).await.unwrap();
        let resuming = HttpClient::new(server);
        load.watchers = vec![
            tokio::spawn(follow(watch, 0, Arc::clone(shared))),
            tokio::spawn(follow(watch_2, 1, Arc::clone(shared))),
            tokio::spawn(resume(resuming, bucket.to_owned(), Arc::clone(shared))),
        ];
        load
    }

    /// The same without watches: through a proxy the clients survive a crash of the server.
    pub async fn start_unwatched(server: &str, bucket: &str) -> Self {
        let client = HttpClient::resending(server);
        assert_eq!(client.put(bucket, LIST, b"").await, Ok(1));
        let shared = Arc::new(Shared::default());
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let client = HttpClient::resending(server);
            clients.spawn(work(client, bucket.to_owned(), Arc::clone(&shared)));
        }
        Self {
            shared,
            clients,
            bucket: bucket.to_owned(),
            watchers: Vec::new(),
        }
    }

    /// Waits until more writes are acknowledged.
    pub async fn wait_for_progress(&self, patience: Duration) {
        let wanted = self.shared.acknowledged.load(Ordering::Relaxed) + 50;
        let progress = async {
            while self.shared.acknowledged.load(Ordering::Relaxed) < wanted {
                sleep(PAUSE).await;
            }
        };
        let recovered = timeout(patience, progress).await;
        assert!(recovered.is_ok(), "no progress within {patience:?}");
    }

    /// Ends the work and looks at what is there.
    pub async fn finish(mut self, client: &HttpClient) -> Report {
        self.shared.stop.store(true, Ordering::Relaxed);
        let (mut results, mut revisions) = (Acknowledgements::default(), HashSet::new());
        while let Some(one) = self.clients.join_next().await {
            let one = one.expect("a client that got valid results");
            results.acknowledged.extend(one.acknowledged);
            results.ambiguous.extend(one.ambiguous);
            results.puts += one.puts;
            results.conflicts += one.conflicts;
            results.failures += one.failures;
        }
        let entry = client.get(&self.bucket, LIST).await.unwrap();
        let list = numbers(&entry.value);
        let present: HashSet<u32> = list.iter().copied().collect();
        assert_eq!(present.len(), list.len(), "nothing is appended twice");
        assert_eq!(
            entry.revision,
            1 + list.len() as u64,
            "every write is in the list"
        );
        for (number, revision) in &results.acknowledged {
            assert!(
                revisions.insert(*revision),
                "revision {revision} was given twice"
            );
            // The list grows by one with every revision, so each has its place.
            let place = usize::try_from(revision - 2).unwrap();
            assert_eq!(
                list.get(place),
                Some(number),
                "an acknowledged write is where it was put"
            );
        }
        let ambiguous: HashSet<u32> = results.ambiguous.iter().copied().collect();
        let carried_out = ambiguous.intersection(&present).count();
        let accounted = results.acknowledged.len() + carried_out;
        assert_eq!(
            accounted,
            list.len(),
            "the list contains only values that were written"
        );

        let next = client.put(&own(&self.bucket), "last", b"").await;
        assert_eq!(next, Ok(results.puts + 1), "one revision for each put");

        let newest = async {
            for (watched, _) in self.shared.watched.iter().zip(&self.watchers) {
                while watched.load(Ordering::Relaxed) < entry.revision {
                    sleep(PAUSE).await;
                }
            }
        };
        let emitted = timeout(PATIENCE, newest).await;
        assert!(emitted.is_ok(), "the watch emits the newest revision");
        for watcher in self.watchers {
            assert!(!watcher.is_finished(), "the watch goes on");
            watcher.abort();
        }
        Report {
            acknowledged: results.acknowledged.len(),
            ambiguous: ambiguous.len(),
            carried_out,
            puts: results.puts,
            conflicts: results.conflicts,
            failures: results.failures,
        }
    }
}

/// Records the revisions that a watch emits, which must increase.
async fn follow(mut watch: HttpWatch, watcher: usize, shared: Arc<Shared>) {
    while let Some(event) = watch.next().await {
        let last = shared.watched[watcher].swap(event.revision, Ordering::Relaxed);
        assert!(event.revision > last, "{last}, then {}", event.revision);
    }
}

/// Resumes from the last revision on one connection after the other, without an end.
async fn resume(client: HttpClient, bucket: String, shared: Arc<Shared>) {
    let mut epoch = Value::Null;
    loop {
        let last = shared.watched[2].load(Ordering::Relaxed);
        let mut session = client.session().await;
        let more = json!({ "after": last, "epoch": epoch });
        session.subscribe(1, &bucket, &[LIST], more).await;
        for _ in 0..FRAMES {
            let frame = session.next().await;
            match frame["type"].as_str() {
                Some("changes") => {
                    let events = frame["events"].as_array().unwrap();
                    events.iter().for_each(|event| note(event, &shared));
                }
                Some("kv_update") => note(&frame, &shared),
                Some("synced") => {
                    assert_eq!(frame["reset"], false, "{frame}");
                    epoch = frame["epoch"].clone();
                }
                Some("refused") => {
                    assert_eq!(frame["status"], 503, "{frame}");
                    break;
                }
                Some("tick" | "replay") => {}
                _ => panic!("{frame}"),
            }
        }
        sleep(PAUSE).await;
    }
}

/// Records a revision, which must be newer, and looks at its value.
fn note(event: &Value, shared: &Shared) {
    let revision = event["revision"].as_u64().unwrap();
    let last = shared.watched[2].swap(revision, Ordering::Relaxed);
    assert!(revision > last, "{last}, then {event}");
    let value = STANDARD.decode(event["value"].as_str().unwrap()).unwrap();
    assert_eq!(numbers(&value).len() as u64, revision - 1);
}

async fn work(client: HttpClient, bucket: String, shared: Arc<Shared>) -> Acknowledgements {
    let mut results = Acknowledgements::default();
    while !shared.stop.load(Ordering::Relaxed) {
        let entry = match client.get(&bucket, LIST).await {
            Ok(entry) => entry,
            Err(failure) => {
                results.failed(&failure).await;
                continue;
            }
        };
        let number = shared.so_far.fetch_add(1, Ordering::Relaxed);
        let list = [&entry.value[..], &number.to_be_bytes()].concat();
        let id = format!("{number:022}");
        let update = Write::Update(&list, entry.revision);
        match results.write(&client, &bucket, LIST, update, &id).await {
            Ok(revision) => {
                results.acknowledged.push((number, revision.unwrap()));
                shared.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            // It has not taken effect, or has: `finish` counts what is in the list.
            Err(failure) if failure.message.ends_with(UNKNOWN) => results.ambiguous.push(number),
            Err(_) => results.conflicts += 1,
        }
        let (own, key, put) = (own(&bucket), number.to_string(), Write::Put(b"v"));
        let put = results.write(&client, &own, &key, put, &id).await;
        put.expect("a put that has no condition");
        results.puts += 1;
        // Bounds how long the list gets.
        sleep(Duration::from_millis(10)).await;
    }
    results
}

impl Acknowledgements {
    /// Sends a write until it is carried out, or refused with a 412.
    async fn write(
        &mut self,
        client: &HttpClient,
        bucket: &str,
        key: &str,
        write: Write<'_>,
        id: &str,
    ) -> Result<Option<u64>, Failure> {
        loop {
            match client.write(bucket, key, write, id).await {
                Err(failure) if failure.status != 412 => self.failed(&failure).await,
                result => return result,
            }
        }
    }

    /// Counts a failure, which must be a 503.
    async fn failed(&mut self, failure: &Failure) {
        assert_eq!(failure.status, 503, "{failure:?}");
        self.failures += 1;
        sleep(PAUSE).await;
    }
}

fn numbers(list: &[u8]) -> Vec<u32> {
    let numbers = list.chunks_exact(4);
    assert!(numbers.remainder().is_empty());
    numbers
        .map(|four| u32::from_be_bytes(four.try_into().unwrap()))
        .collect()
}
