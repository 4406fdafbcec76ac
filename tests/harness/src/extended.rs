//! The extensions of the protocol, for the clients of a server and of the store.

use std::time::Duration;

use hyper::{Method, StatusCode};
use ironflow_browser::kv::{
    self, BucketName, Key, KvError, Pattern, Precondition, Reason, Removal, Ttl,
};
use ironflow_conformance::{
    Change, Entry, Expiring, Extended, Failure, PutResult, Repeating, Write,
};
use serde::Deserialize;
use serde_json::json;

use tokio::time::sleep;

use crate::bodies::{EntryBody, InfoBody, RevisionBody};
use crate::client::{HttpClient, bucket_path, encode, key_path};
use crate::store::{StoreClient, entry, rfc3339};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryBody {
    history: Vec<EntryBody>,
    count: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntriesBody {
    entries: Vec<EntryBody>,
    revision: u64,
    count: usize,
}

impl From<EntryBody> for Change {
    fn from(body: EntryBody) -> Self {
        Self {
            value: body.bytes(),
            key: body.key,
            revision: body.revision,
            operation: body.operation,
            reason: body.reason,
            created_at: body.created_at,
            expires_at: body.expires_at,
        }
    }
}

impl HttpClient {
    /// The extensions that a bucket has, if it lacks some of the server's.
    ///
    /// # Panics
    /// If the bucket does not exist.
    pub async fn features_of(&self, bucket: &str) -> Option<Vec<String>> {
        let request = self.request(Method::GET, &bucket_path(bucket));
        let info: InfoBody = self.read(request).await.unwrap();
        info.features
    }
}

impl Extended for HttpClient {
    async fn remove(
        &self,
        bucket: &str,
        key: &str,
        revision: u64,
        purge: bool,
    ) -> Result<u64, Failure> {
        let body = json!({ "key": key, "revision": revision, "purge": purge });
        let path = format!("{}/remove", bucket_path(bucket));
        let request = self.request(Method::POST, &path);
        let request = request.header("Content-Type", "application/json");
        let (status, body) = self.exchange(request, body.to_string().as_bytes()).await?;
        assert_eq!(status, StatusCode::OK);
        let body: RevisionBody = serde_json::from_slice(&body).unwrap();
        Ok(body.revision)
    }

    async fn history(&self, bucket: &str, key: &str) -> Result<Vec<Change>, Failure> {
        let path = format!("{}?history=true", key_path(bucket, key));
        let body: HistoryBody = self.read(self.request(Method::GET, &path)).await?;
        assert_eq!(body.count, body.history.len());
        Ok(body.history.into_iter().map(Change::from).collect())
    }

    async fn entries(
        &self,
        bucket: &str,
        filters: &[&str],
    ) -> Result<(Vec<Change>, Option<u64>), Failure> {
        let mut path = format!("{}/entries", bucket_path(bucket));
        for (number, filter) in filters.iter().enumerate() {
            let mark = if number == 0 { '?' } else { '&' };
            path += &format!("{mark}filter={}", encode(filter));
        }
        let body: EntriesBody = loop {
            match self.read(self.request(Method::GET, &path)).await {
                // Tests share a server, and all of them are one reader to it.
                Err(refusal) if refusal.status == 429 => sleep(Duration::from_millis(50)).await,
                read => break read?,
            }
        };
        assert_eq!(body.count, body.entries.len());
        let changes = body.entries.into_iter().map(Change::from).collect();
        Ok((changes, Some(body.revision)))
    }

    async fn get_revision(&self, bucket: &str, key: &str, revision: u64) -> Result<Entry, Failure> {
        let path = format!("{}?revision={revision}", key_path(bucket, key));
        let request = self.request(Method::GET, &path);
        self.read::<EntryBody>(request).await.map(Entry::from)
    }
}

/// A retained revision as the suite compares it.
fn change(change: &kv::Change) -> Change {
    Change {
        key: change.key.to_string(),
        value: change.value.as_deref().map(<[u8]>::to_vec),
        revision: change.revision,
        operation: change.operation().as_str().to_owned(),
        reason: change
            .reason
            .map(|reason| Reason::as_str(reason).to_owned()),
        created_at: rfc3339(change.created),
        expires_at: change.expires.map(rfc3339),
    }
}

impl Extended for StoreClient {
    async fn remove(
        &self,
        bucket: &str,
        key: &str,
        revision: u64,
        purge: bool,
    ) -> Result<u64, Failure> {
        self.carry_out(|store| {
            let (bucket, key) = (BucketName::parse(bucket)?, Key::parse(key)?);
            let removal = if purge {
                Removal::Purge
            } else {
                Removal::Delete
            };
            store.remove_if(&bucket, &key, removal, Some(revision))
        })
        .await
    }

    async fn history(&self, bucket: &str, key: &str) -> Result<Vec<Change>, Failure> {
        let changes = self
            .carry_out(|store| store.history(&BucketName::parse(bucket)?, &Key::parse(key)?))
            .await?;
        Ok(changes.iter().map(change).collect())
    }

    async fn entries(
        &self,
        bucket: &str,
        filters: &[&str],
    ) -> Result<(Vec<Change>, Option<u64>), Failure> {
        let (bucket, mut cursor) = self
            .carry_out(|store| {
                let patterns = match filters {
                    [] => vec![Pattern::all()],
                    some => some
                        .iter()
                        .map(|text| Pattern::parse(text))
                        .collect::<Result<_, _>>()?,
                };
                let bucket = BucketName::parse(bucket)?;
                let cursor = store.entries(&bucket, patterns)?;
                Ok((bucket, cursor))
            })
            .await?;
        let mut changes = Vec::new();
        loop {
            let page = self
                .carry_out(|store| store.next_page(&bucket, &mut cursor))
                .await?;
            let page = page.expect("the last page has a revision");
            changes.extend(page.changes.iter().map(change));
            if page.revision.is_some() {
                return Ok((changes, page.revision));
            }
        }
    }

    async fn get_revision(&self, bucket: &str, key: &str, revision: u64) -> Result<Entry, Failure> {
        let found = self
            .carry_out(|store| {
                store.get_revision(&BucketName::parse(bucket)?, &Key::parse(key)?, revision)
            })
            .await?;
        Ok(entry(&found))
    }
}

impl Repeating for HttpClient {
    async fn write(
        &self,
        bucket: &str,
        key: &str,
        write: Write<'_>,
        id: &str,
    ) -> Result<Option<u64>, Failure> {
        let written = self.write_with(bucket, key, write, Some(id), None).await?;
        Ok(written.map(|put| put.revision))
    }
}

impl Expiring for HttpClient {
    async fn write_for(
        &self,
        bucket: &str,
        key: &str,
        write: Write<'_>,
        ttl_seconds: u64,
    ) -> Result<PutResult, Failure> {
        let ttl = Some(ttl_seconds);
        let written = self.write_with(bucket, key, write, None, ttl).await?;
        Ok(written.expect("what has a time to live has a revision"))
    }
}

impl HttpClient {
    /// A write, with an id or without one, and with a time to live or without one; gives the revision, where the
    /// answer has one.
    pub async fn write_with(
        &self,
        bucket: &str,
        key: &str,
        write: Write<'_>,
        id: Option<&str>,
        ttl_seconds: Option<u64>,
    ) -> Result<Option<PutResult>, Failure> {
        let (path, request) = (key_path(bucket, key), |method, path: &str| {
            let mut request = self.request(method, path);
            if let Some(id) = id {
                request = request.header("Ironflow-Write-Id", id);
            }
            if let Some(seconds) = ttl_seconds {
                request = request.header("Ironflow-TTL", seconds);
            }
            request
        });
        let body = |revision: u64, purge: bool| {
            json!({ "key": key, "revision": revision, "purge": purge }).to_string()
        };
        let remove = format!("{}/remove", bucket_path(bucket));
        let (request, body) = match write {
            Write::Put(value) => (request(Method::PUT, &path), value.to_vec()),
            Write::Create(value) => {
                let request = request(Method::PUT, &path).header("If-None-Match", "*");
                (request, value.to_vec())
            }
            Write::Update(value, revision) => {
                let request = request(Method::PUT, &path).header("If-Match", revision);
                (request, value.to_vec())
            }
            Write::Delete => (request(Method::DELETE, &path), Vec::new()),
            Write::Purge => {
                let path = format!("{path}?purge=true");
                (request(Method::DELETE, &path), Vec::new())
            }
            Write::DeleteIf(revision) => {
                (request(Method::POST, &remove), body(revision, false).into())
            }
            Write::PurgeIf(revision) => {
                (request(Method::POST, &remove), body(revision, true).into())
            }
        };
        let (status, body) = self.exchange(request, &body).await?;
        if status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let body: RevisionBody = serde_json::from_slice(&body).unwrap();
        Ok(Some(PutResult {
            revision: body.revision,
            expires_at: body.expires_at,
        }))
    }
}

impl Expiring for StoreClient {
    async fn write_for(
        &self,
        bucket: &str,
        key: &str,
        write: Write<'_>,
        ttl_seconds: u64,
    ) -> Result<PutResult, Failure> {
        let (value, precondition) = match write {
            Write::Put(value) => (value, Precondition::None),
            Write::Create(value) => (value, Precondition::Absent),
            Write::Update(value, revision) => (value, Precondition::Revision(revision)),
            removal => panic!("{removal:?} has no time to live"),
        };
        let written = self
            .carry_out(|store| {
                let (bucket, key) = (BucketName::parse(bucket)?, Key::parse(key)?);
                // What parses the header refuses it in these words.
                let ttl = u32::try_from(ttl_seconds).ok().and_then(Ttl::from_seconds);
                let ttl = ttl.ok_or(KvError::Invalid(
                    "invalid Ironflow-TTL: it is not a whole number of seconds from 1 to 31536000",
                ))?;
                store.put(&bucket, &key, value.into(), precondition, Some(ttl))
            })
            .await?;
        Ok(PutResult {
            revision: written.revision,
            expires_at: written.expires.map(rfc3339),
        })
    }
}
