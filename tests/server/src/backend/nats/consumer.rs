//! Ephemeral consumers: how JetStream hands out the messages of a stream.

use async_nats::{Client, Subscriber};
use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::api::{Api, Result};

/// JetStream removes a consumer that is not used for this long, should this
/// process have had no chance to.
const INACTIVE_THRESHOLD: u64 = 30_000_000_000;

/// How a consumer is to deliver.
#[derive(Serialize)]
pub(super) struct Settings {
    pub(super) deliver_policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) opt_start_seq: Option<u64>,
    #[serde(flatten)]
    pub(super) filter: Filter,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deliver_subject: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) flow_control: bool,
    /// In nanoseconds; 0: none.
    pub(super) idle_heartbeat: u64,
    pub(super) headers_only: bool,
}

/// Which subjects to deliver.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Filter {
    /// Those of one subject, wildcards included.
    FilterSubject(String),
    /// Those of several, of which no two may have a subject in common.
    FilterSubjects(Vec<String>),
}

#[derive(Serialize)]
struct Create<'a> {
    stream_name: &'a str,
    config: Config,
}

#[derive(Serialize)]
struct Config {
    #[serde(flatten)]
    settings: Settings,
    ack_policy: &'static str,
    replay_policy: &'static str,
    inactive_threshold: u64,
    mem_storage: bool,
    num_replicas: u32,
}

#[derive(Deserialize)]
struct Created {
    name: String,
    delivered: Delivered,
    num_pending: u64,
}

#[derive(Deserialize)]
struct Delivered {
    stream_seq: u64,
}

/// A consumer, and the subscription its messages come in on. Dropping it ends both.
pub(super) struct Consumer {
    pub(super) messages: Subscriber,
    /// Where [`Consumer::messages`] comes from.
    pub(super) inbox: String,
    pub(super) name: String,
    /// The last message of the stream that it will not deliver.
    pub(super) after: u64,
    /// How many messages there were to deliver when it was created.
    pub(super) pending: u64,
    _deletion: Deletion,
}

impl Consumer {
    pub(super) async fn create(
        api: &Api,
        stream: &str,
        settings: impl FnOnce(String) -> Settings,
    ) -> Result<Self> {
        let inbox = api.client.new_inbox();
        let messages = api
            .client
            .subscribe(inbox.clone())
            .await
            .map_err(|_| super::api::ApiError::Unreachable)?;
        let request = Create {
            stream_name: stream,
            config: Config {
                settings: settings(inbox.clone()),
                ack_policy: "none",
                replay_policy: "instant",
                inactive_threshold: INACTIVE_THRESHOLD,
                mem_storage: true,
                num_replicas: 1,
            },
        };
        let create = format!("CONSUMER.CREATE.{stream}");
        let created: Created = api.request(&create, &request).await?;
        let deletion = Deletion {
            client: api.client.clone(),
            runtime: Handle::current(),
            subject: format!("$JS.API.CONSUMER.DELETE.{stream}.{}", created.name),
        };
        Ok(Self {
            messages,
            inbox,
            name: created.name,
            after: created.delivered.stream_seq,
            pending: created.num_pending,
            _deletion: deletion,
        })
    }
}

/// Deletes a consumer when dropped, without waiting for the response.
struct Deletion {
    client: Client,
    runtime: Handle,
    subject: String,
}

impl Drop for Deletion {
    fn drop(&mut self) {
        let client = self.client.clone();
        let subject = std::mem::take(&mut self.subject);
        self.runtime.spawn(async move {
            // A consumer that cannot be deleted now goes when it has been idle for long enough.
            let _ = client.publish(subject, Bytes::new()).await;
        });
    }
}
