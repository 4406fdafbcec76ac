//! A client that behaves, at work all the time.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ironflow_conformance::{Backend as _, BucketSettings, Watch as _};
use ironflow_harness::HttpClient;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How long an operation may take while others do their worst, on a machine that has much to do.
const BOUND: Duration = Duration::from_secs(10);

/// Between operations: it is not to be the one who keeps the server busy.
const PAUSE: Duration = Duration::from_millis(5);

pub struct Bystander {
    stop: oneshot::Sender<()>,
    work: JoinHandle<Report>,
}

/// What it got done.
#[derive(Default)]
pub struct Report {
    rounds: u64,
    slowest: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operations, slowest) = (self.rounds * 4, self.slowest.as_millis());
        write!(
            f,
            "{operations} operations of a bystander, the slowest in {slowest} ms"
        )
    }
}

impl Bystander {
    pub fn start(runtime: &Runtime, server: &str) -> Self {
        let client = HttpClient::new(server);
        let (stop, stopped) = oneshot::channel();
        let work = runtime.spawn(work(client, stopped));
        Self { stop, work }
    }

    /// Lets it finish. Fails where anything went wrong for it.
    pub async fn finish(self) -> Report {
        let _ = self.stop.send(());
        let report = self.work.await.expect("a bystander without trouble");
        assert!(report.rounds > 0, "it got nothing done");
        assert!(report.slowest < BOUND, "{report}");
        report
    }
}

/// Writes, reads, updates and watches its own key until it is stopped.
async fn work(client: HttpClient, mut stopped: oneshot::Receiver<()>) -> Report {
    // Tests that run at the same time share NATS.
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let bucket = format!("bystander-{}-{number}", ironflow_harness::run());
    let settings = BucketSettings {
        name: bucket.clone(),
        ..Default::default()
    };
    client.create_bucket(&settings).await.unwrap();
    let mut watch = client.watch(&bucket, None).await.unwrap();
    let mut report = Report::default();
    while stopped.try_recv().is_err() {
        let value = report.rounds.to_be_bytes();
        let start = Instant::now();
        let revision = client.put(&bucket, "key", &value).await.unwrap();
        let put = Instant::now();
        let entry = client.get(&bucket, "key").await.unwrap();
        let got = Instant::now();
        assert_eq!((&*entry.value, entry.revision), (&value[..], revision));
        let updated = client.update(&bucket, "key", &value, revision).await;
        assert_eq!(updated, Ok(revision + 1));
        let written = Instant::now();
        while watch.next().await.expect("a watch that goes on").revision <= revision {}
        for took in [put - start, got - put, written - got, written.elapsed()] {
            report.slowest = report.slowest.max(took);
        }
        report.rounds += 1;
        sleep(PAUSE).await;
    }
    report
}
