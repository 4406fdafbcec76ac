//! Real time on the server's side, the same on the store's clock.
//!
//! JetStream lets a message go somewhat later than its time (rule 14), so there is a while in which
//! it may or may not exist. Operations are not begun in it, and one that runs into it
//! makes its sequence inconclusive.

use std::time::{Duration, Instant};

use ironflow_browser::kv::Timestamp;
use ironflow_harness::{ManualClock, START};
use proptest::test_runner::TestCaseError;
use tokio::time::{sleep, sleep_until};

use crate::run::Outcome;

/// How long after its time a message may still be there: 0.4 s, and more on a busy machine.
const LATENESS: Duration = Duration::from_millis(700);

/// How long an operation is expected to take at most.
const MARGIN: Duration = Duration::from_millis(100);

pub struct Times {
    clock: ManualClock,
    start: Instant,
    /// When the operation under way began.
    began: Instant,
    time_to_live: Option<Duration>,
    /// Between which times each message was written.
    written: Vec<(Instant, Instant)>,
}

impl Times {
    pub fn new(clock: ManualClock, ttl_seconds: u64) -> Self {
        let start = Instant::now();
        Self {
            clock,
            start,
            began: start,
            time_to_live: (ttl_seconds > 0).then(|| Duration::from_secs(ttl_seconds)),
            written: Vec::new(),
        }
    }

    /// Waits until every message is certain to be there, or certain to be gone, and sets the clock.
    pub async fn wait_until_certain(&mut self) {
        if let Some(time_to_live) = self.time_to_live {
            while let Some(end) = self.doubt(time_to_live) {
                sleep_until(end.into()).await;
            }
        }
        self.began = Instant::now();
        let elapsed = u64::try_from((self.began - self.start).as_millis()).unwrap_or(u64::MAX);
        self.clock.set(Timestamp(START.0 + elapsed));
    }

    /// Until when there is doubt about some message.
    fn doubt(&self, time_to_live: Duration) -> Option<Instant> {
        let now = Instant::now();
        self.written
            .iter()
            .map(|(first, last)| {
                (
                    *first + time_to_live - MARGIN,
                    *last + time_to_live + LATENESS,
                )
            })
            .filter(|(from, until)| (*from..*until).contains(&now))
            .map(|(_, until)| until)
            .max()
    }

    /// Whether the operation was over before there was doubt about any message.
    pub fn check(&self) -> Outcome<()> {
        let Some(time_to_live) = self.time_to_live else {
            return Ok(());
        };
        let (began, ended) = (self.began, Instant::now());
        let doubtful =
            |(first, _): &(Instant, Instant)| (began..ended).contains(&(*first + time_to_live));
        if self.written.iter().any(doubtful) {
            return Err(TestCaseError::reject("an operation took too long"));
        }
        Ok(())
    }

    /// Notes that the operation under way has written a message.
    pub fn note(&mut self) {
        if self.time_to_live.is_some() {
            self.written.push((self.began, Instant::now()));
        }
    }

    /// Notes that no message is left.
    pub fn forget(&mut self) {
        self.written.clear();
    }

    /// Lets time pass, where there is a time to live.
    pub async fn wait(&mut self, milliseconds: u64) {
        if self.time_to_live.is_some() {
            sleep(Duration::from_millis(milliseconds)).await;
            // No operation has been under way, so none has taken too long.
            self.began = Instant::now();
        }
    }
}
