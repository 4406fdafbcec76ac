//! A watch over WebSocket.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper::{Response, http::request};
use hyper_util::rt::TokioIo;
use ironflow_conformance::{Detail, DetailedWatch, Event, Failure, Watch};
use serde::Deserialize;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::subscribed::SubscribedWatch;

/// How long an event may take, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(30);

const PROTOCOL: &str = "ironflow.v1";
const PROTOCOLS: &str = "ironflow.v1, ironflow.v2";

const BUCKET_DELETED: CloseCode = CloseCode::Library(4404);

/// A socket that events arrive on.
#[derive(Debug)]
pub struct HttpWatch {
    source: Source,
    ended: bool,
}

/// The connection, by its version.
#[derive(Debug)]
enum Source {
    One(WebSocketStream<TokioIo<Upgraded>>),
    Two(SubscribedWatch),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Frame {
    KvUpdate {
        key: String,
        value: String,
        revision: u64,
        operation: String,
        bucket: String,
        reason: Option<String>,
        expires_at: Option<String>,
    },
}

impl HttpWatch {
    /// The request for a socket.
    pub(crate) fn handshake(request: request::Builder, is_version_2: bool) -> request::Builder {
        let offers = if is_version_2 { PROTOCOLS } else { PROTOCOL };
        request
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Protocol", offers)
    }

    /// The socket, once the server has agreed.
    pub(crate) async fn open(answer: Response<Incoming>) -> Self {
        assert_eq!(answer.headers()["Sec-WebSocket-Protocol"], PROTOCOL);
        let connection = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
        let socket = WebSocketStream::from_raw_socket(connection, Role::Client, None).await;
        Self {
            source: Source::One(socket),
            ended: false,
        }
    }

    /// The same of version 2, with a subscription of changes from now on.
    pub(crate) async fn subscribe(
        answer: Response<Incoming>,
        bucket: &str,
        pattern: Option<&str>,
    ) -> Result<Self, Failure> {
        let watch = SubscribedWatch::open(answer, bucket, pattern).await?;
        Ok(Self {
            source: Source::Two(watch),
            ended: false,
        })
    }
}

async fn receive(
    socket: &mut WebSocketStream<TokioIo<Upgraded>>,
) -> Option<Result<Message, Error>> {
    timeout(PATIENCE, socket.next())
        .await
        .unwrap_or_else(|_| panic!("no event for {PATIENCE:?}"))
}

/// The next event of a connection of version 1; `None` once its bucket is deleted.
async fn next_of(socket: &mut WebSocketStream<TokioIo<Upgraded>>) -> Option<(Event, Detail)> {
    loop {
        match receive(socket).await {
            Some(Ok(Message::Text(text))) => {
                let Frame::KvUpdate {
                    key,
                    value,
                    revision,
                    operation,
                    bucket,
                    reason,
                    expires_at,
                } = serde_json::from_str(&text).unwrap();
                let event = Event {
                    key,
                    value: STANDARD.decode(value).unwrap(),
                    revision,
                    operation,
                    bucket,
                };
                return Some((event, Detail { reason, expires_at }));
            }
            Some(Ok(Message::Ping(_))) => {}
            Some(Ok(Message::Close(Some(frame)))) if frame.code == BUCKET_DELETED => return None,
            end => panic!("the watch ended with {end:?}"),
        }
    }
}

impl DetailedWatch for HttpWatch {
    async fn next_detailed(&mut self) -> Option<(Event, Detail)> {
        if self.ended {
            return None;
        }
        let next = match &mut self.source {
            Source::One(socket) => next_of(socket).await,
            Source::Two(watch) => watch.next().await,
        };
        self.ended = next.is_none();
        next
    }
}

impl Watch for HttpWatch {
    async fn next(&mut self) -> Option<Event> {
        self.next_detailed().await.map(|(event, _)| event)
    }

    async fn stop(&mut self) {
        let goodbye = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        match &mut self.source {
            Source::One(socket) => {
                socket.close(Some(goodbye)).await.unwrap();
                // What was under way may still arrive; the end does in any case.
                while let Some(Ok(_)) = receive(socket).await {}
            }
            Source::Two(watch) => watch.close().await,
        }
        self.ended = true;
    }
}
