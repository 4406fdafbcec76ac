//! JetStream by async-nats, with nothing in between.

use async_nats::Subscriber;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::contender::VALUE;

/// A client of one bucket.
#[derive(Clone)]
pub(crate) struct JetStream {
    client: async_nats::Client,
    bucket: &'static str,
}

impl JetStream {
    pub(crate) async fn connect(address: &str, bucket: &'static str) -> Self {
        let client = async_nats::connect(address).await;
        Self {
            client: client.expect("a connection"),
            bucket,
        }
    }

    fn stream(&self) -> String {
        format!("KV_{}", self.bucket)
    }

    fn subject(&self, key: &str) -> String {
        format!("$KV.{}.{key}", self.bucket)
    }

    async fn ask(&self, subject: String, payload: impl AsRef<[u8]>) -> Value {
        let payload = payload.as_ref().to_vec().into();
        let answer = self
            .client
            .request(subject, payload)
            .await
            .expect("an answer");
        serde_json::from_slice(&answer.payload).expect("JSON")
    }

    pub(crate) async fn put(&self, key: &str) -> u64 {
        let acknowledged = self.ask(self.subject(key), VALUE).await;
        acknowledged["seq"].as_u64().expect("a revision")
    }

    /// By a direct get, as the server reads a stream with one replica.
    pub(crate) async fn get(&self, key: &str) -> u64 {
        let (stream, subject) = (self.stream(), self.subject(key));
        let get = format!("$JS.API.DIRECT.GET.{stream}.{subject}");
        let found = self
            .client
            .request(get, "".into())
            .await
            .expect("an answer");
        let headers = found.headers.expect("a message");
        let sequence = headers
            .get_last("Nats-Sequence")
            .expect("a sequence number");
        sequence.as_str().parse().expect("a revision")
    }

    /// Has every change delivered to it from now on.
    pub(crate) async fn consume(&self) -> Consumer {
        let inbox = self.client.new_inbox();
        let messages = self
            .client
            .subscribe(inbox.clone())
            .await
            .expect("messages");
        let create = json!({
            "stream_name": self.stream(),
            "config": {
                "deliver_subject": inbox,
                "deliver_policy": "new",
                "ack_policy": "none",
                "replay_policy": "instant",
                "mem_storage": true,
                "num_replicas": 1,
            },
        });
        let subject = format!("$JS.API.CONSUMER.CREATE.{}", self.stream());
        let created = self.ask(subject, create.to_string()).await;
        assert!(created["error"].is_null(), "{created}");
        Consumer {
            messages,
            name: created["name"].as_str().expect("a name").to_owned(),
            client: self.clone(),
        }
    }
}

/// A push consumer, and the connection its messages come in on.
pub(crate) struct Consumer {
    messages: Subscriber,
    name: String,
    client: JetStream,
}

impl Consumer {
    /// The revision of the next message, which its reply subject says.
    pub(crate) async fn next(&mut self) -> u64 {
        let message = self.messages.next().await.expect("a message");
        let reply = message.reply.expect("a position");
        let mut fields = reply.split('.');
        let revision = fields.nth(5).and_then(|field| field.parse().ok());
        revision.expect("a revision")
    }

    /// Has it deleted: a stream takes no more than a thousand.
    pub(crate) async fn end(self) {
        let stream = self.client.stream();
        let subject = format!("$JS.API.CONSUMER.DELETE.{stream}.{}", self.name);
        let deleted = self.client.ask(subject, "").await;
        assert!(deleted["error"].is_null(), "{deleted}");
    }
}
