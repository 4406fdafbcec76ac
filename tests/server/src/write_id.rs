//! Writes that are carried out once, however often their request arrives (rule 20).
//!
//! A client names each write with an id. Its first answer is kept for a while, and given again to
//! repetitions, which wait for it where it is still under way. On JetStream the id is stored with
//! the message too: that is how a server knows a write that it has no record of.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ironflow_browser::kv::{Key, KvError, Precondition, Removal, Revision, Ttl};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

use crate::address::BucketAddress;
use crate::answer::Refusal;
use crate::backend::{BackendError, Written};

/// The header that carries a write's id.
pub(crate) const WRITE_ID: HeaderName = HeaderName::from_static("ironflow-write-id");

/// How many characters of base64url an id has: 128 bits.
const LENGTH: usize = 22;

/// How long an answer is kept.
pub(crate) const LIFETIME: Duration = Duration::from_secs(120);

/// How many answers are kept. Beyond, the oldest are forgotten.
const CAPACITY: usize = 500_000;

/// The parts of a write that distinguish it from others.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Write {
    Put(Precondition, Option<Ttl>),
    Remove(Removal, Option<Revision>),
}

impl Write {
    fn message(self) -> String {
        match self {
            Self::Put(precondition, Some(ttl)) => {
                let plain = Self::Put(precondition, None).message();
                format!("{plain} for {}", ttl.seconds())
            }
            Self::Put(Precondition::None, None) => "put".to_owned(),
            Self::Put(Precondition::Absent, None) => "create".to_owned(),
            Self::Put(Precondition::Revision(revision), None) => format!("update {revision}"),
            Self::Remove(Removal::Delete, None) => "delete".to_owned(),
            Self::Remove(Removal::Purge, None) => "purge".to_owned(),
            Self::Remove(Removal::Delete, Some(revision)) => format!("delete {revision}"),
            Self::Remove(Removal::Purge, Some(revision)) => format!("purge {revision}"),
        }
    }
}

/// The id that a client gave a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WriteId(String);

impl WriteId {
    /// Reads the header, where there is one.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let mut values = headers.get_all(WRITE_ID).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let text = value.to_str().unwrap_or_default();
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if values.next().is_some() || text.len() != LENGTH || !text.bytes().all(legal) {
            return Err(Refusal::bad_request(
                "invalid Ironflow-Write-Id: it is not 22 characters of base64url",
            ));
        }
        Ok(Some(Self(text.to_owned())))
    }

    /// The id that is stored with the write's message: no other write of its bucket has it, whatever
    /// ids clients choose.
    pub(crate) fn stored(&self, key: &Key, write: Write) -> StoredId {
        let hash = Sha256::digest(format!("{}\n{}\n{}", self.0, &**key, write.message()));
        StoredId(URL_SAFE_NO_PAD.encode(&hash[..16]))
    }
}

/// The id of a write as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StoredId(String);

impl StoredId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of a write.
pub(crate) type Answer = Result<Written, BackendError>;

/// An answer, once there is one.
type Record = Arc<OnceCell<Answer>>;

/// Names a write among all writes.
type Name = (BucketAddress, StoredId);

/// The answers to the latest writes.
#[derive(Debug, Default)]
pub(crate) struct Writes(Mutex<Records>);

#[derive(Debug, Default)]
struct Records {
    records: HashMap<Name, Record>,
    ages: VecDeque<(Instant, Name)>,
}

impl Writes {
    /// Carries a write out, unless that has been done: then gives the first answer. A repetition
    /// waits for a first one that is under way, and takes its place where that ends early.
    pub(crate) async fn once(
        &self,
        at: &BucketAddress,
        id: Option<&StoredId>,
        write: impl AsyncFnOnce() -> Answer,
    ) -> Answer {
        let Some(id) = id else {
            return write().await;
        };
        let record = self.record((at.clone(), id.clone()));
        let first = record.get_or_try_init(|| async {
            match write().await {
                answer if is_final(&answer) => Ok(answer),
                answer => Err(answer),
            }
        });
        match first.await {
            Ok(answer) => *answer,
            Err(answer) => answer,
        }
    }

    fn record(&self, name: Name) -> Record {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while let Some((since, _)) = records.ages.front() {
            if records.ages.len() < CAPACITY && now.duration_since(*since) < LIFETIME {
                break;
            }
            if let Some((_, name)) = records.ages.pop_front() {
                records.records.remove(&name);
            }
        }
        if let Some(record) = records.records.get(&name) {
            return Arc::clone(record);
        }
        let record = Record::default();
        records.ages.push_back((now, name.clone()));
        records.records.insert(name, Arc::clone(&record));
        record
    }
}

/// Whether a repetition may be given the answer: the write was carried out, or its condition failed.
/// What was refused for other reasons may succeed the next time.
const fn is_final(answer: &Answer) -> bool {
    match answer {
        Ok(_) => true,
        Err(BackendError::Refused(refusal) | BackendError::Uncertain(refusal)) => matches!(
            refusal,
            KvError::KeyNotFound | KvError::KeyExists | KvError::RevisionMismatch
        ),
        Err(BackendError::Unsupported | BackendError::Unavailable | BackendError::Unexpected) => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use ironflow_browser::kv::BucketName;
    use std::cell::Cell;

    fn read(values: &[&str]) -> Result<Option<WriteId>, Refusal> {
        let pairs = values.iter().map(|v| (WRITE_ID, v.parse().unwrap()));
        WriteId::of(&pairs.collect())
    }

    #[test]
    fn an_id_is_22_characters_of_base64url() {
        let good = "abcdefghijKLMNOPQR-_09";
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[good]).unwrap(), Some(WriteId(good.to_owned())));
        for bad in [
            "",
            "abc",
            &good[1..],
            &format!("{good}a"),
            "abcdefghijKLMNOPQR+/09",
        ] {
            assert!(read(&[bad]).is_err(), "{bad}");
        }
        assert!(read(&[good, good]).is_err());
    }

    #[test]
    fn ids_are_stored_by_key_and_operation() {
        let id = read(&["abcdefghijKLMNOPQR-_09"]).unwrap().unwrap();
        let (a, b) = (Key::parse("a").unwrap(), Key::parse("b").unwrap());
        let put = Write::Put(Precondition::None, None);
        let stored = id.stored(&a, put);
        assert_eq!(stored.as_str().len(), LENGTH);
        assert_eq!(id.stored(&a, put), stored);
        assert_ne!(id.stored(&b, put), stored);
        for other in [
            Write::Put(Precondition::Absent, None),
            Write::Put(Precondition::None, Ttl::from_seconds(1)),
            Write::Remove(Removal::Delete, None),
        ] {
            assert_ne!(id.stored(&a, other), stored);
        }
    }

    #[tokio::test]
    async fn a_write_that_may_have_failed_is_tried_again_and_a_final_answer_is_kept() {
        let writes = Writes::default();
        let at = BucketAddress {
            environment: Environment::default(),
            bucket: BucketName::parse("b").unwrap(),
        };
        let id = StoredId("id".to_owned());
        let tries = Cell::new(0);
        let attempt = async |answer: Answer| {
            let write = async || {
                tries.set(tries.get() + 1);
                answer
            };
            writes.once(&at, Some(&id), write).await
        };
        let unavailable = Err(BackendError::Unavailable);
        assert_eq!(attempt(unavailable).await, unavailable);
        let mismatch = Err(BackendError::Refused(KvError::RevisionMismatch));
        assert_eq!(attempt(mismatch).await, mismatch);
        assert_eq!(attempt(unavailable).await, mismatch);
        assert_eq!(tries.get(), 2);
    }
}
