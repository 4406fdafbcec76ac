//! A watch over WebSocket.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper::{Response, http::request};
use hyper_util::rt::TokioIo;
use ironflow_conformance::{Detail, DetailedWatch, Event, Watch};
use serde::Deserialize;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{Error, Message};

/// How long an event may take, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(30);

const PROTOCOL: &str = "ironflow.v1";

const BUCKET_DELETED: CloseCode = CloseCode::Library(4404);

/// A socket that events arrive on.
#[derive(Debug)]
pub struct HttpWatch {
    socket: WebSocketStream<TokioIo<Upgraded>>,
    ended: bool,
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
    pub(crate) fn handshake(request: request::Builder) -> request::Builder {
        request
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Protocol", PROTOCOL)
    }

    /// The socket, once the server has agreed.
    pub(crate) async fn open(answer: Response<Incoming>) -> Self {
        assert_eq!(answer.headers()["Sec-WebSocket-Protocol"], PROTOCOL);
        let connection = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
        Self {
            socket: WebSocketStream::from_raw_socket(connection, Role::Client, None).await,
            ended: false,
        }
    }

    async fn receive(&mut self) -> Option<Result<Message, Error>> {
        timeout(PATIENCE, self.socket.next())
            .await
            .unwrap_or_else(|_| panic!("the watch emitted nothing for {PATIENCE:?}"))
    }
}

impl DetailedWatch for HttpWatch {
    async fn next_detailed(&mut self) -> Option<(Event, Detail)> {
        while !self.ended {
            match self.receive().await {
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
                Some(Ok(Message::Close(Some(frame)))) if frame.code == BUCKET_DELETED => {
                    self.ended = true;
                }
                end => panic!("the watch ended with {end:?}"),
            }
        }
        None
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
        self.socket.close(Some(goodbye)).await.unwrap();
        // What was under way may still arrive; the end does in any case.
        while let Some(Ok(_)) = self.receive().await {}
        self.ended = true;
    }
}
