//! Real time on the server's side, the same on the store's clock.
//!
//! JetStream lets a message go somewhat later than its time (rule 14), so there is a while in which
//! it may or may not exist. Operations are not begun in it, and one that runs into it
//! makes its sequence inconclusive.

use std::time::{Duration, Instant};

use ironflow_browser::kv::Timestamp;
use ironflow_harness::{ManualClock, START};
use proptest::test_runner::TestCaseError;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::{sleep, sleep_until};

use crate::run::Outcome;

/// How long after its time a message may still be there: 0.4 s. On a busy machine more: see `wait_until_certain`
/// in `run.rs`.
const LATENESS: Duration = Duration::from_millis(700);

/// How long the marker of an expired key stands.
const MARKER: Duration = Duration::from_secs(1);

/// How long an operation is expected to take at most.
const MARGIN: Duration = Duration::from_millis(100);

pub struct Times {
    clock: ManualClock,
    start: Instant,
    /// When the operation under way began.
    began: Instant,
    /// The bucket's.
    ttl_seconds: Option<u64>,
    /// Between which times each message that expires does so.
    expiries: Vec<(Instant, Instant)>,
}

impl Times {
    pub fn new(clock: ManualClock, ttl_seconds: u64) -> Self {
        let start = Instant::now();
        Self {
            clock,
            start,
            began: start,
            ttl_seconds: Some(ttl_seconds).filter(|seconds| *seconds > 0),
            expiries: Vec::new(),
        }
    }

    /// Waits until every message is certain to be there, or certain to be gone, where messages are to
    /// be counted its marker too, and sets the clock.
    pub async fn wait_until_certain(&mut self, are_counted: bool) {
        let lateness = match are_counted {
            true => LATENESS + MARKER + LATENESS,
            false => LATENESS,
        };
        while let Some(end) = self.doubt(lateness) {
            sleep_until(end.into()).await;
        }
        self.began = Instant::now();
        let elapsed = u64::try_from((self.began - self.start).as_millis()).unwrap_or(u64::MAX);
        self.clock.set(Timestamp(START.0 + elapsed));
    }

    /// Until when there is doubt about some message.
    fn doubt(&self, lateness: Duration) -> Option<Instant> {
        let now = Instant::now();
        self.expiries
            .iter()
            .map(|(first, last)| (*first - MARGIN, *last + lateness))
            .filter(|(from, until)| (*from..*until).contains(&now))
            .map(|(_, until)| until)
            .max()
    }

    /// Whether the operation was over before there was doubt about any message.
    pub fn check(&self) -> Outcome<()> {
        let (began, ended) = (self.began, Instant::now());
        let doubtful = |(first, _): &(Instant, Instant)| (began..ended).contains(first);
        if self.expiries.iter().any(doubtful) {
            return Err(TestCaseError::reject("an operation took too long"));
        }
        Ok(())
    }

    /// Notes that the operation under way has written a message, with this time to live of its own.
    pub fn note(&mut self, ttl_seconds: Option<u64>) {
        if let Some(seconds) = ttl_seconds.into_iter().chain(self.ttl_seconds).min() {
            let lifetime = Duration::from_secs(seconds);
            self.expiries
                .push((self.began + lifetime, Instant::now() + lifetime));
        }
    }

    /// Whether the time of a message was over when the operation under way began.
    pub fn have_expired(&self) -> bool {
        self.expiries.iter().any(|(first, _)| *first < self.began)
    }

    /// Notes that no message is left.
    pub fn forget(&mut self) {
        self.expiries.clear();
    }

    /// Lets time pass.
    pub async fn wait(&mut self, milliseconds: u64) {
        sleep(Duration::from_millis(milliseconds)).await;
        // No operation has been under way, so none has taken too long.
        self.began = Instant::now();
    }
}

/// The time from one RFC 3339 time to another, in words: both sides must give the same.
pub fn lifetime(created_at: &str, expires_at: Option<&str>) -> Option<String> {
    let parse = |text| OffsetDateTime::parse(text, &Rfc3339).unwrap();
    let lifetime = parse(expires_at?) - parse(created_at);
    Some(lifetime.to_string())
}
