//! A bucket's feed: JetStream pushes what is written to its subjects.
//!
//! A push consumer lives in the NATS server's memory, and nothing says when it is gone or a message
//! is lost on the way. So the feed counts what it gets, listens for heartbeats, and where either
//! leaves a doubt, goes on with a new consumer from the message after the last it has seen.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Message, StatusCode};
use axum::body::Bytes;
use futures_util::StreamExt as _;
use ironflow_browser::kv::{Operation, Pattern, Revision, WatchEvent};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::Nats;
use super::api::{Api, ApiError, code};
use super::consumer::{Consumer, Filter, Settings};
use super::expiry::message_expiry;
use super::following::{Audience, Following, Progress};
use super::message::{Kind, Position};
use super::names::Names;
use super::registry::Registration;
use super::stream_info::StreamInfo;
use crate::address::BucketAddress;
use crate::backend::mailbox::{Mailbox, Recipient};
use crate::backend::{Result, Watch};

const HEARTBEAT: Duration = Duration::from_secs(3);

/// After this long without so much as a heartbeat something is wrong.
const SILENCE: Duration = Duration::from_secs(8);

/// The pause before another attempt to go on.
const RETRY_DELAY: Duration = Duration::from_millis(500);

const LAST_CONSUMER_SEQUENCE: &str = "Nats-Last-Consumer";
const CONSUMER_STALLED: &str = "Nats-Consumer-Stalled";

impl Nats {
    pub(crate) async fn watch(&self, at: &BucketAddress, pattern: Pattern) -> Result<Watch> {
        let mailbox = Arc::new(Mailbox::new());
        let recipient: Arc<dyn Recipient> = Arc::clone(&mailbox) as _;
        let joined = self.attach(at, Arc::clone(&recipient)).await?;
        let follower = Arc::clone(&joined.following).join(pattern, recipient, joined.last_revision);
        Ok(Watch::new(mailbox, (joined, follower)))
    }

    /// Joins the feed of a bucket, and starts it where nothing follows the bucket yet.
    pub(crate) async fn attach(
        &self,
        at: &BucketAddress,
        recipient: Arc<dyn Recipient>,
    ) -> Result<Attached> {
        let names = Names::new(at);
        // First of all: a bucket that is deleted from here on ends the watch.
        let registration = self.registry.add(&names.stream, recipient);
        let stream = self.api.stream_info(&names.stream).await?;
        let start = async || self.follow(at, names.clone(), &stream).await;
        let following = self.followings.of(&names.stream, &stream.created, start);
        Ok(Attached {
            following: following.await?,
            last_revision: stream.state.last_seq,
            _registration: registration,
        })
    }

    /// Begins to follow a bucket.
    async fn follow(
        &self,
        at: &BucketAddress,
        names: Names,
        stream: &StreamInfo,
    ) -> std::result::Result<Following, ApiError> {
        let audience = Audience::default();
        let mut feed = Feed {
            api: self.api.clone(),
            connections: self.connections.clone(),
            names,
            bucket: at.bucket.shared(),
            audience: audience.clone(),
            progress: Progress::new(0),
            created: stream.created.clone(),
            expires: stream.expires(),
            max_age: stream.settings().max_age,
            last: None,
            expected: 1,
        };
        feed.connections.mark_unchanged();
        let consumer = feed.consume().await?;
        feed.last = Some(consumer.after);
        feed.progress.confirm(consumer.after);
        Ok(Following {
            audience,
            progress: feed.progress.clone(),
            created: stream.created.clone(),
            _task: AbortOnDropHandle::new(tokio::spawn(feed.run(consumer))),
        })
    }
}

/// A share in the feed of a bucket.
#[derive(Debug)]
pub(crate) struct Attached {
    following: Arc<Following>,
    /// The bucket's last revision before the feed was joined.
    last_revision: Revision,
    _registration: Registration,
}

impl Attached {
    /// Names this life of the bucket.
    pub(crate) fn epoch(&self) -> &str {
        &self.following.created
    }

    /// Delivers the changes of matching keys too.
    pub(crate) fn follow(
        &self,
        pattern: Pattern,
        recipient: Arc<dyn Recipient>,
    ) -> impl Send + Sync + use<> {
        Arc::clone(&self.following).join(pattern, recipient, 0)
    }

    /// The revision up to which everything has been delivered, as JetStream confirmed no longer ago
    /// than this.
    pub(crate) fn progress(&self, age: Duration) -> Option<Revision> {
        self.following.progress.confirmed_within(age)
    }
}

/// The bucket that was watched is no more.
struct Gone;

/// What a message from the consumer leads to.
enum Next {
    Continue,
    /// Something is missing before it.
    StartOver,
}

struct Feed {
    api: Api,
    connections: watch::Receiver<u64>,
    names: Names,
    bucket: Arc<str>,
    audience: Audience,
    progress: Progress,
    /// When the stream was created: another of the same name is another bucket.
    created: String,
    /// Whether messages of the stream expire.
    expires: bool,
    /// How long a message is retained.
    max_age: Option<Duration>,
    /// The last message of the stream that need not come again.
    last: Option<Revision>,
    /// The number in the consumer's delivery that comes next.
    expected: u64,
}

impl Feed {
    async fn run(mut self, mut consumer: Consumer) {
        loop {
            let next = tokio::select! {
                message = timeout(SILENCE, consumer.messages.next()) => match message {
                    Ok(Some(message)) => self.take(&message).await,
                    Ok(None) | Err(_) => Next::StartOver,
                },
                // It is unknown which messages arrived over the lost connection.
                _ = self.connections.changed() => Next::StartOver,
            };
            if let Next::StartOver = next {
                match self.start_over().await {
                    Ok(new) => {
                        consumer = new;
                        if self.expires {
                            self.audience.interrupt();
                        }
                    }
                    Err(Gone) => return self.audience.end(),
                }
            }
        }
    }

    async fn take(&mut self, message: &Message) -> Next {
        if message.status == Some(StatusCode::IDLE_HEARTBEAT) {
            return self.take_control(message).await;
        }
        let reply = message.reply.as_deref().unwrap_or_default();
        let Some(position) = Position::parse(reply) else {
            return Next::Continue;
        };
        if position.consumer != self.expected {
            return Next::StartOver;
        }
        self.expected += 1;
        self.last = Some(position.stream);
        if let Some(event) = self.event(message, position) {
            self.audience.deliver(&Arc::new(event));
        }
        self.progress.confirm(position.stream);
        Next::Continue
    }

    /// The event of a message. `None` where its subject stands for no key.
    fn event(&self, message: &Message, position: Position) -> Option<WatchEvent> {
        let key = self.names.key(&message.subject)?;
        let kind = Kind::of(message.headers.as_ref());
        let (operation, value, expires) = match kind {
            Kind::Value => {
                let expires = message_expiry(message, position.time, self.max_age);
                (Operation::Put, message.payload.as_ref(), expires)
            }
            Kind::Delete | Kind::Purge | Kind::Expiry => (Operation::Delete, &[][..], None),
        };
        Some(WatchEvent {
            bucket: Arc::clone(&self.bucket),
            key,
            value: value.into(),
            revision: position.stream,
            operation,
            created: position.time,
            reason: kind.reason(),
            expires,
        })
    }

    /// A heartbeat, or a request to say that messages are being taken.
    async fn take_control(&self, message: &Message) -> Next {
        let header = |name| Some(message.headers.as_ref()?.get(name)?.as_str());
        let stalled = header(CONSUMER_STALLED).map(str::to_owned);
        let answer_to = message.reply.as_ref().map(ToString::to_string).or(stalled);
        if let Some(answer_to) = answer_to {
            // Should it not arrive, the consumer stalls, which its heartbeats then say.
            let _ = self.api.client.publish(answer_to, Bytes::new()).await;
        }
        let sent: Option<u64> = header(LAST_CONSUMER_SEQUENCE).and_then(|n| n.parse().ok());
        match sent {
            Some(sent) if sent >= self.expected => Next::StartOver,
            Some(_) => {
                self.last
                    .into_iter()
                    .for_each(|last| self.progress.confirm(last));
                Next::Continue
            }
            None => Next::Continue,
        }
    }

    /// Goes on with a new consumer, as soon as there is one to be had.
    async fn start_over(&mut self) -> std::result::Result<Consumer, Gone> {
        loop {
            self.connections.mark_unchanged();
            match self.resume().await {
                Ok(Some(consumer)) => return Ok(consumer),
                Ok(None) => return Err(Gone),
                Err(error) if error.is(code::STREAM_NOT_FOUND) => return Err(Gone),
                Err(error) => {
                    tracing::debug!(?error, "a watch cannot go on yet");
                    sleep(RETRY_DELAY).await;
                }
            }
        }
    }

    /// `None`: the bucket is another by now.
    async fn resume(&mut self) -> std::result::Result<Option<Consumer>, ApiError> {
        let consumer = self.consume().await?;
        let stream = self.api.stream_info(&self.names.stream).await?;
        self.expires = stream.expires();
        Ok((stream.created == self.created).then_some(consumer))
    }

    async fn consume(&mut self) -> std::result::Result<Consumer, ApiError> {
        let settings = |inbox| Settings {
            deliver_policy: match self.last {
                Some(_) => "by_start_sequence",
                None => "new",
            },
            opt_start_seq: self.last.map(|last| last + 1),
            filter: Filter::FilterSubject(self.names.all()),
            deliver_subject: Some(inbox),
            flow_control: true,
            idle_heartbeat: HEARTBEAT.as_nanos() as u64,
            headers_only: false,
        };
        let consumer = Consumer::create(&self.api, &self.names.stream, settings).await?;
        self.expected = 1;
        Ok(consumer)
    }
}
