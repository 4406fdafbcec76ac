//! Writes that reach the server more than once (rule 20): they are carried out once.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join;
use ironflow_conformance::{Expiring, Failure, PutResult, Write};
use ironflow_harness::HttpClient;

use crate::run::{Outcome, agree};

/// What a write is answered with: its revision and expiry, where the answer has them.
pub type Answer = Result<Option<PutResult>, Failure>;

/// How the server is sent a write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sending {
    #[default]
    WithoutId,
    WithId,
    /// With an id, two requests at the same time.
    TwiceAtOnce,
    /// With an id, the second time after the first answer.
    TwiceInTurn,
}

/// A write that was sent with an id.
struct Sent<'a> {
    key: &'a str,
    write: Write<'a>,
    ttl: Option<u64>,
    id: String,
    answer: Answer,
}

/// The writes to the server that had ids.
#[derive(Default)]
pub struct Writes<'a> {
    pub sending: Sending,
    sent: Vec<Sent<'a>>,
    /// Whether the bucket has messages whose ids take room.
    pub have_ids: bool,
}

static IDS_SO_FAR: AtomicU64 = AtomicU64::new(0);

impl<'a> Writes<'a> {
    /// Sends a write to the server. All of its answers must be the same.
    pub async fn send(
        &mut self,
        server: &HttpClient,
        bucket: &str,
        key: &'a str,
        write: Write<'a>,
        ttl: Option<u64>,
    ) -> Outcome<Answer> {
        if self.sending == Sending::WithoutId {
            return Ok(server.write_with(bucket, key, write, None, ttl).await);
        }
        self.have_ids = true;
        let number = IDS_SO_FAR.fetch_add(1, Ordering::Relaxed);
        let id = format!("{number:022}");
        let send = async || {
            let answer = server.write_with(bucket, key, write, Some(&id), ttl);
            answer.await
        };
        let answer = match self.sending {
            Sending::WithoutId | Sending::WithId => send().await,
            Sending::TwiceAtOnce => {
                let (first, second) = join(send(), send()).await;
                agree(first.clone(), second)?;
                first
            }
            Sending::TwiceInTurn => {
                let first = send().await;
                agree(first.clone(), send().await)?;
                first
            }
        };
        // What was refused for other reasons may succeed the next time.
        let is_final = match &answer {
            Ok(_) => true,
            Err(refusal) => refusal.status == 412 || refusal.message == "key not found",
        };
        if is_final {
            self.sent.push(Sent {
                key,
                write,
                ttl,
                id,
                answer: answer.clone(),
            });
        }
        Ok(answer)
    }

    /// Sends a write of the past again: it gets the answer of then, and changes nothing.
    pub async fn repeat(&self, server: &HttpClient, bucket: &str, at: usize) -> Outcome<()> {
        let Some(last) = self.sent.len().checked_sub(1) else {
            return Ok(());
        };
        let sent = &self.sent[last - at.min(last)];
        let (write, id, ttl) = (sent.write, Some(&*sent.id), sent.ttl);
        let answer = server.write_with(bucket, sent.key, write, id, ttl).await;
        agree(sent.answer.clone(), answer)
    }

    /// The bucket is deleted.
    pub fn forget(&mut self) {
        self.sent.clear();
        self.have_ids = false;
    }
}

/// Carries a write without an id out.
pub async fn carry_out<B: Expiring>(
    backend: &B,
    bucket: &str,
    key: &str,
    write: Write<'_>,
    ttl: Option<u64>,
) -> Answer {
    if let Some(seconds) = ttl {
        let written = backend.write_for(bucket, key, write, seconds).await;
        return written.map(Some);
    }
    let revision = match write {
        Write::Put(value) => backend.put(bucket, key, value).await.map(Some),
        Write::Create(value) => backend.create(bucket, key, value).await.map(Some),
        Write::Update(value, revision) => {
            let updated = backend.update(bucket, key, value, revision).await;
            updated.map(Some)
        }
        Write::Delete => backend.delete(bucket, key).await.map(|()| None),
        Write::Purge => backend.purge(bucket, key).await.map(|()| None),
        Write::DeleteIf(revision) => {
            let removed = backend.remove(bucket, key, revision, false).await;
            removed.map(Some)
        }
        Write::PurgeIf(revision) => {
            let removed = backend.remove(bucket, key, revision, true).await;
            removed.map(Some)
        }
    };
    let without_expiry = |revision| PutResult {
        revision,
        expires_at: None,
    };
    revision.map(|revision| revision.map(without_expiry))
}
