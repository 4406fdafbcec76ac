//! One sequence on both sides, compared step by step.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ironflow_conformance::{
    Backend, BucketInfo, BucketSettings, Change, Entry, Extended, Failure, PutResult, Write,
};
use ironflow_harness::{HttpClient, ManualClock, START, StoreClient};
use proptest::test_runner::TestCaseError;
use tokio::time::sleep;

use crate::repeats::{Answer, Writes, carry_out};
use crate::step::{Guess, Kind, Sequence, Step};
use crate::times::{Times, lifetime};
use crate::watching::{Watched, Watches};

/// What became of a sequence.
pub type Outcome<T> = Result<T, TestCaseError>;

/// How much later than [`Times`] expects a message may go.
const LATEST: Duration = Duration::from_secs(20);

static NAMES_SO_FAR: AtomicU64 = AtomicU64::new(0);

/// Runs a sequence on a store of its own and on the server. An error says where they differ.
pub async fn run(server: &HttpClient, sequence: &Sequence) -> Outcome<()> {
    let clock = ManualClock::new(START);
    let number = NAMES_SO_FAR.fetch_add(1, Ordering::Relaxed);
    let mut pair = Pair {
        store: StoreClient::new(clock.clone()),
        server,
        bucket: format!("{}-{number:08}", ironflow_harness::run()),
        known: Known::default(),
        watches: Watches::default(),
        times: Times::new(clock, sequence.settings.ttl_seconds),
        writes: Writes::default(),
        has_limit: false,
        names_markers: false,
    };
    let compared = pair.all(sequence).await;
    // Also after a difference: the server must not fill up while the sequence is made smaller.
    let _ = server.delete_bucket(&pair.bucket).await;
    compared
}

/// The revisions of the bucket's messages that writes have returned.
#[derive(Default)]
struct Known {
    newest: u64,
    keys: HashMap<String, u64>,
}

impl Known {
    fn note(&mut self, key: &str, newest: u64) {
        self.newest = newest;
        self.keys.insert(key.to_owned(), newest);
    }

    fn guess(&self, key: &str, guess: Guess) -> u64 {
        let current = self.keys.get(key).copied().unwrap_or(0);
        match guess {
            Guess::Current => current,
            Guess::Earlier(by) => current.saturating_sub(by),
            Guess::Later(by) => current + by,
            Guess::Newest => self.newest,
            Guess::Exactly(revision) => revision,
        }
    }
}

/// The same bucket on both sides.
struct Pair<'a> {
    store: StoreClient,
    server: &'a HttpClient,
    bucket: String,
    known: Known,
    watches: Watches,
    times: Times,
    writes: Writes<'a>,
    /// Whether the bucket has a limit of bytes.
    has_limit: bool,
    /// Whether a message of JetStream may name the marker of an expired key, which takes more bytes than the
    /// store's 0.
    names_markers: bool,
}

impl<'a> Pair<'a> {
    async fn all(&mut self, sequence: &'a Sequence) -> Outcome<()> {
        self.create_bucket(&sequence.settings).await?;
        for (number, step) in sequence.steps.iter().enumerate() {
            self.wait_until_certain(step.counts_messages()).await;
            let compared = self.step(step).await;
            self.times.check()?;
            compared.map_err(|error| match error {
                TestCaseError::Fail(reason) => {
                    TestCaseError::fail(format!("step {number}, {step:?}: {reason}"))
                }
                rejected @ TestCaseError::Reject(_) => rejected,
            })?;
        }
        self.wait_until_certain(true).await;
        self.info().await?;
        self.times.check()?;
        let compared = self.delete_bucket().await;
        self.times.check()?;
        compared
    }

    /// Waits until both sides are certain to hold the same messages, and where they are to be counted,
    /// the markers of expired keys have gone too.
    async fn wait_until_certain(&mut self, are_counted: bool) {
        let until = Instant::now() + LATEST;
        loop {
            self.times.wait_until_certain(are_counted).await;
            // What has expired is an event on the store's side too from now on.
            self.store.pass_time(0).await;
            // On a busy machine JetStream takes longer still. What stays different is found by the step.
            let is_late = self.times.have_expired() && self.hold_others(are_counted).await;
            if !is_late || Instant::now() > until {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether the two sides hold other entries, where they are counted other messages.
    async fn hold_others(&self, are_counted: bool) -> bool {
        let bucket = &*self.bucket;
        let ours = self.store.entries(bucket, &[]).await;
        let theirs = self.server.entries(bucket, &[]).await;
        let undated = |(changes, revision)| (undated(changes), revision);
        agree(ours.map(undated), theirs.map(undated)).is_err()
            || (are_counted && self.info().await.is_err())
    }

    /// The revision that an update names. For the moment that the marker of an expired key stands,
    /// JetStream takes its revision: none names it.
    async fn revision(&self, key: &str, guess: Guess) -> u64 {
        let revision = self.known.guess(key, guess);
        match revision > 0 && self.is_empty(key).await {
            true => u64::MAX,
            false => revision,
        }
    }

    async fn is_empty(&self, key: &str) -> bool {
        let history = self.store.history(&self.bucket, key).await;
        history.is_ok_and(|history| history.is_empty())
    }

    /// Whether a key was written and has expired since.
    async fn has_expired(&self, key: &str) -> bool {
        self.known.keys.contains_key(key) && self.is_empty(key).await
    }

    /// Writes on both sides. Says whether it was carried out.
    async fn write(
        &mut self,
        key: &'a str,
        value: &'a [u8],
        kind: Kind,
        ttl: Option<u64>,
    ) -> Outcome<bool> {
        let write = match kind {
            Kind::Put => Write::Put(value),
            Kind::Create => Write::Create(value),
            Kind::Update(guess) => Write::Update(value, self.revision(key, guess).await),
        };
        let names_marker = !matches!(kind, Kind::Put) && self.has_expired(key).await;
        self.names_markers |= names_marker;
        self.both(key, write, ttl.filter(|_| !self.has_limit)).await
    }

    /// Carries a write out on both sides. Says whether it succeeded.
    async fn both(&mut self, key: &'a str, write: Write<'a>, ttl: Option<u64>) -> Outcome<bool> {
        let ours = carry_out(&self.store, &self.bucket, key, write, ttl).await;
        let theirs = match self.has_limit {
            // Ids count towards the limit on JetStream.
            true => carry_out(self.server, &self.bucket, key, write, ttl).await,
            false => {
                let sent = self.writes.send(self.server, &self.bucket, key, write, ttl);
                sent.await?
            }
        };
        // The clocks of the two sides differ.
        let untimed = |put: PutResult| (put.revision, ttl.is_some() && put.expires_at.is_some());
        let untimed = |answer: Answer| answer.map(|put| put.map(untimed));
        Ok(same(untimed(ours), untimed(theirs))?.is_ok())
    }

    async fn step(&mut self, step: &'a Step) -> Outcome<()> {
        let (store, server, bucket) = (&self.store, self.server, &*self.bucket);
        let mut own_ttl = None;
        let written = match step {
            Step::Write {
                key,
                value,
                kind,
                ttl,
            } => {
                own_ttl = ttl.filter(|_| !self.has_limit);
                self.write(key, value, *kind, *ttl).await?.then_some(key)
            }
            Step::Delete(key) => self.both(key, Write::Delete, None).await?.then_some(key),
            Step::Purge(key) => self.both(key, Write::Purge, None).await?.then_some(key),
            Step::Remove {
                key,
                revision,
                purge,
            } => {
                let revision = self.known.guess(key, *revision);
                let remove = match purge {
                    true => Write::PurgeIf(revision),
                    false => Write::DeleteIf(revision),
                };
                self.both(key, remove, None).await?.then_some(key)
            }
            Step::SendWrites(sending) => {
                self.writes.sending = *sending;
                None
            }
            Step::Repeat(at) => {
                self.writes.repeat(self.server, &self.bucket, *at).await?;
                None
            }
            Step::History(key) => {
                let ours = store.history(bucket, key).await.map(undated);
                let theirs = server.history(bucket, key).await.map(undated);
                agree(ours, theirs)?;
                None
            }
            Step::GetRevision { key, revision } => {
                let revision = self.known.guess(key, *revision);
                let ours = store.get_revision(bucket, key, revision).await;
                let theirs = server.get_revision(bucket, key, revision).await;
                agree(ours.map(timeless), theirs.map(timeless))?;
                None
            }
            Step::Get(key) => {
                let ours = store.get(bucket, key).await.map(timeless);
                let theirs = server.get(bucket, key).await.map(timeless);
                agree(ours, theirs)?;
                None
            }
            Step::List(filter) => {
                let ours = store.list_keys(bucket, filter.as_deref()).await;
                let theirs = server.list_keys(bucket, filter.as_deref()).await;
                agree(ours, theirs)?;
                None
            }
            Step::Entries(filters) => {
                let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
                let ours = store.entries(bucket, &filters).await;
                let theirs = server.entries(bucket, &filters).await;
                let undated = |(changes, revision)| (undated(changes), revision);
                agree(ours.map(undated), theirs.map(undated))?;
                None
            }
            Step::Info => return self.info().await,
            Step::Buckets => return self.buckets().await,
            Step::CreateBucket(settings) => return self.create_bucket(settings).await,
            Step::DeleteBucket => return self.delete_bucket().await,
            Step::Watch(pattern) => return self.watch(pattern.as_deref()).await,
            Step::Unwatch(at) => return self.watches.end(*at).await,
            Step::Wait { milliseconds } => {
                self.watches.settle().await?;
                self.times.wait(*milliseconds).await;
                None
            }
        };
        if let Some(key) = written {
            let state = self.store.entries(&self.bucket, &["missing"]).await;
            let (_, newest) = state.unwrap();
            self.known.note(key, newest.unwrap());
            self.times.note(own_ttl);
        }
        Ok(())
    }

    async fn info(&self) -> Outcome<()> {
        let ours = self.store.bucket_info(&self.bucket).await;
        let theirs = self.server.bucket_info(&self.bucket).await;
        let comparable = |info| self.comparable(info);
        agree(ours.map(comparable), theirs.map(comparable))
    }

    /// Compares the listings of buckets. The server's shows those of other sequences too.
    async fn buckets(&self) -> Outcome<()> {
        let ours = self.store.list_buckets().await.map(|all| self.own(all));
        let theirs = self.server.list_buckets().await.map(|all| self.own(all));
        agree(ours, theirs)
    }

    fn own(&self, infos: Vec<BucketInfo>) -> Vec<BucketInfo> {
        let own = infos.into_iter().filter(|info| info.name == self.bucket);
        own.map(|info| self.comparable(info)).collect()
    }

    /// What must be the same on both sides. JetStream stores ids with the messages, and revisions of markers.
    fn comparable(&self, info: BucketInfo) -> BucketInfo {
        BucketInfo {
            created_at: String::new(),
            bytes: match self.writes.have_ids || self.names_markers {
                true => 0,
                false => info.bytes,
            },
            ..info
        }
    }

    async fn create_bucket(&mut self, settings: &BucketSettings) -> Outcome<()> {
        let settings = BucketSettings {
            name: self.bucket.clone(),
            ..settings.clone()
        };
        let ours = self.store.create_bucket(&settings).await;
        let theirs = self.server.create_bucket(&settings).await;
        let comparable = |info| self.comparable(info);
        let created = same(ours.map(comparable), theirs.map(comparable))?;
        // Where the bucket was there already, its settings are these too.
        if created.is_ok() {
            self.has_limit = settings.max_bytes > 0;
        }
        Ok(())
    }

    async fn delete_bucket(&mut self) -> Outcome<()> {
        self.watches.settle().await?;
        let ours = self.store.delete_bucket(&self.bucket).await;
        let theirs = self.server.delete_bucket(&self.bucket).await;
        if same(ours, theirs)?.is_ok() {
            self.known = Known::default();
            self.writes.forget();
            self.times.forget();
            self.names_markers = false;
            self.watches.ended().await?;
        }
        Ok(())
    }

    async fn watch(&mut self, pattern: Option<&str>) -> Outcome<()> {
        let ours = self.store.watch(&self.bucket, pattern).await;
        let theirs = self.server.watch(&self.bucket, pattern).await;
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => self.watches.add(Watched { ours, theirs }),
            (Err(ours), Err(theirs)) => return agree(Err::<(), _>(ours), Err(theirs)),
            (ours, theirs) => {
                let reason = format!("{:?} here, {:?} there", ours.err(), theirs.err());
                return Err(TestCaseError::fail(reason));
            }
        }
        Ok(())
    }
}

/// What both sides say, where it is the same.
fn same<T: Debug + PartialEq>(
    ours: Result<T, Failure>,
    theirs: Result<T, Failure>,
) -> Outcome<Result<T, Failure>> {
    if ours == theirs {
        return Ok(ours);
    }
    let reason = format!("the store says {ours:?}, the server {theirs:?}");
    Err(TestCaseError::fail(reason))
}

pub fn agree<T: Debug + PartialEq>(
    ours: Result<T, Failure>,
    theirs: Result<T, Failure>,
) -> Outcome<()> {
    same(ours, theirs).map(drop)
}

/// An entry without the time of its write, and with its lifetime in the place of its expiry.
fn timeless(entry: Entry) -> Entry {
    Entry {
        expires_at: lifetime(&entry.created_at, entry.expires_at.as_deref()),
        created_at: String::new(),
        ..entry
    }
}

fn undated(history: Vec<Change>) -> Vec<Change> {
    let undated = |change: Change| Change {
        expires_at: lifetime(&change.created_at, change.expires_at.as_deref()),
        created_at: String::new(),
        ..change
    };
    history.into_iter().map(undated).collect()
}
