//! A connection of version 2: one socket for all buckets and patterns of a client.
//!
//! Each subscription is replayed, one after the other, and is live from then on. While a replay reads
//! from the store, live events wait: what it has read is at least as new as everything that was sent
//! before, so that the two meet without a gap. A client that takes its events too slowly goes back to
//! a replay: the store is the buffer.

mod frames;
mod job;
mod replaying;
mod subscribing;
mod subscriptions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, close_code};
use axum::http::StatusCode;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::answer::Refusal;
use crate::app::App;
use crate::auth::CredentialHash;
use crate::backend::{Arrival, Inbox, LaneId};
use crate::environment::Environment;
use crate::socket::{End, PING_INTERVAL, close, send};
use frames::{ClientFrame, Misunderstood, ServerFrame, refused};
pub(crate) use job::Turns;
use job::{Job, Step};
use replaying::next_step;
use subscriptions::Subscriptions;

/// The most bytes of a client's frame.
pub(crate) const MAX_FRAME_BYTES: usize = 256 << 10;

/// After this long without a frame the client gets a sign of life.
const MAX_SILENCE: Duration = Duration::from_secs(15);

/// A client that takes longer for what is sent to it lets the replays of others go first.
const SLOW: Duration = Duration::from_secs(1);

/// How many batches of live events are sent before a tick at most.
const BATCHES_BEFORE_TICK: usize = 16;

const UNAUTHORIZED: u16 = 4401;

/// Serves a connection until it ends.
pub(crate) async fn serve(
    socket: WebSocket,
    app: Arc<App>,
    environment: Environment,
    credential: CredentialHash,
    stopping: CancellationToken,
) {
    let mut session = Session {
        socket,
        app,
        environment,
        credential,
        inbox: Arc::default(),
        subscriptions: Subscriptions::default(),
        job: None,
        last_sent: Instant::now(),
    };
    let end = tokio::select! {
        end = session.run() => end,
        () = stopping.cancelled() => End::Close(close_code::AWAY, "the server is shutting down"),
    };
    if let End::Close(code, reason) = end {
        close(&mut session.socket, code, reason).await;
    }
}

struct Session {
    socket: WebSocket,
    app: Arc<App>,
    environment: Environment,
    credential: CredentialHash,
    inbox: Arc<Inbox>,
    subscriptions: Subscriptions,
    /// The replay under way.
    job: Option<Job>,
    last_sent: Instant,
}

/// What a session waits for.
enum Event {
    Received(Option<Result<Message, axum::Error>>),
    Arrived(Vec<(LaneId, Arrival)>),
    Replayed(Step),
    Silence,
    Ping,
    Recheck,
}

type Outcome = Result<(), End>;

impl Session {
    /// It may be dropped at any point, and the socket then be closed.
    async fn run(&mut self) -> End {
        let mut pings = interval(PING_INTERVAL);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut keys = self.app.keys.changes();
        // They may have changed since the handshake.
        keys.mark_changed();
        let mut is_alive = true;
        loop {
            if self.job.is_none() {
                self.job = self.next_job();
            }
            let is_reading = self.job.as_ref().is_some_and(Job::is_reading);
            let event = tokio::select! {
                biased;
                received = self.socket.recv() => Event::Received(received),
                Ok(()) = keys.changed() => Event::Recheck,
                _ = pings.tick() => Event::Ping,
                step = next_step(&mut self.job) => Event::Replayed(step),
                arrivals = self.inbox.take(), if !is_reading => Event::Arrived(arrivals),
                () = sleep_until(self.last_sent + MAX_SILENCE) => Event::Silence,
            };
            let outcome = match event {
                Event::Received(None | Some(Err(_) | Ok(Message::Close(_)))) => return End::Gone,
                Event::Received(Some(Ok(message))) => {
                    is_alive = true;
                    self.receive(message).await
                }
                Event::Arrived(arrivals) => self.deliver(arrivals).await,
                Event::Replayed(step) => self.advance(step).await,
                Event::Silence => self.tick().await,
                Event::Ping if !is_alive => return End::Gone,
                Event::Ping => {
                    is_alive = false;
                    let ping = vec![Message::Ping(Default::default())];
                    send(&mut self.socket, ping).await.map_err(|_| End::Gone)
                }
                Event::Recheck => self.recheck().await,
            };
            if let Err(end) = outcome {
                return end;
            }
        }
    }

    async fn receive(&mut self, message: Message) -> Outcome {
        let frame = match &message {
            Message::Text(text) => ClientFrame::parse(text),
            Message::Binary(_) => Err(Misunderstood::Frame("a frame is binary, not text")),
            _ => return Ok(()),
        };
        match frame {
            Ok(ClientFrame::Subscribe(id, wanted)) => {
                let frames = self.subscribe(id, *wanted).await;
                self.send(frames).await
            }
            Ok(ClientFrame::Unsubscribe(id)) => {
                self.unsubscribe(id);
                Ok(())
            }
            Ok(ClientFrame::Ping) => self.tick().await,
            Ok(ClientFrame::Unknown) => Ok(()),
            Err(Misunderstood::Frame(message)) => {
                self.send(vec![ServerFrame::Error { message }.message()])
                    .await
            }
            Err(Misunderstood::Subscription(id, refusal)) => {
                self.send(vec![refused(id, &refusal)]).await
            }
        }
    }

    /// Sends what arrived, once however many subscriptions match.
    async fn deliver(&mut self, arrivals: Vec<(LaneId, Arrival)>) -> Outcome {
        let mut frames = Vec::new();
        for (lane, arrival) in arrivals {
            match arrival {
                Arrival::Event(event) => {
                    if self.subscriptions.takes(lane, &event) {
                        frames.push(frames::update(&event));
                    }
                }
                Arrival::Missed(count) => {
                    let total = count as u64;
                    let missed = self.subscriptions.replay_missed(lane).into_iter();
                    let again = |id| ServerFrame::Replay {
                        id,
                        total,
                        epoch: None,
                        reset: false,
                        pruned: false,
                    };
                    frames.extend(missed.map(|id| again(id).message()));
                }
                Arrival::Deleted => frames.extend(self.end_lane(lane)),
            }
        }
        self.send(frames).await
    }

    /// Shows a sign of life, and how far everything has been sent.
    async fn tick(&mut self) -> Outcome {
        let progress = self.subscriptions.progress();
        let is_reading = self.job.as_ref().is_some_and(Job::is_reading);
        let mut batches = 0;
        while !is_reading && batches < BATCHES_BEFORE_TICK && !self.inbox.is_empty() {
            let arrivals = self.inbox.try_take();
            self.deliver(arrivals).await?;
            batches += 1;
        }
        // What had been delivered to the inbox by then is on the socket now, or else nothing is known.
        let mut revisions = BTreeMap::new();
        if self.inbox.is_empty() {
            let still_live = self.subscriptions.progress();
            for (id, revision) in progress {
                if let Some(lane) = self.subscriptions.lane(id)
                    && still_live.contains_key(&id)
                {
                    revisions.insert(&*lane.at.bucket, revision.max(lane.last));
                }
            }
        }
        let tick = ServerFrame::Tick { revisions }.message();
        self.send(vec![tick]).await
    }

    /// Ends everything where the credential counts no longer.
    async fn recheck(&mut self) -> Outcome {
        if self.app.keys.knows(&self.credential) {
            return Ok(());
        }
        let refusal = Refusal::new(StatusCode::UNAUTHORIZED, "invalid credentials");
        let ids = self.subscriptions.ids().into_iter();
        let frames = ids.map(|id| refused(id, &refusal)).collect();
        self.send(frames).await?;
        Err(End::Close(UNAUTHORIZED, "invalid credentials"))
    }

    async fn send(&mut self, frames: Vec<Message>) -> Outcome {
        if frames.is_empty() {
            return Ok(());
        }
        let sent = {
            let mut sending = std::pin::pin!(send(&mut self.socket, frames));
            match timeout(SLOW, sending.as_mut()).await {
                Ok(sent) => sent,
                Err(_) => {
                    if let Some(job) = &mut self.job {
                        job.give_way();
                    }
                    sending.await
                }
            }
        };
        self.last_sent = Instant::now();
        sent.map_err(|_| End::Gone)
    }
}
