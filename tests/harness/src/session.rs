//! A connection of version 2 of the watch, frame by frame.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::body::Incoming;
use hyper::header::SEC_WEBSOCKET_PROTOCOL;
use hyper::upgrade::Upgraded;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::client::{HttpClient, encode};

/// How long a frame may take, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open connection.
#[derive(Debug)]
pub struct Session {
    socket: WebSocketStream<TokioIo<Upgraded>>,
}

/// What a replay gave.
#[derive(Debug, Default)]
pub struct Replayed {
    /// The `replay` frame, where one came.
    pub announced: Option<Value>,
    /// The events of each frame.
    pub frames: Vec<Vec<Value>>,
    /// The live keys, where frames of them came.
    pub live: Option<Vec<String>>,
    /// The `synced` frame.
    pub synced: Value,
}

impl Replayed {
    /// Every event, in the order in which they came.
    pub fn events(&self) -> Vec<Value> {
        self.frames.concat()
    }

    /// The key, operation and revision of every event.
    pub fn outline(&self) -> Vec<(String, String, u64)> {
        self.frames.iter().flatten().map(outline).collect()
    }
}

/// The key, operation and revision of an event.
pub fn outline(event: &Value) -> (String, String, u64) {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let revision = event["revision"].as_u64().unwrap_or_default();
    (text("key"), text("operation"), revision)
}

impl HttpClient {
    /// A handshake that offers these subprotocols, separated by commas; gives the one that the server
    /// selects, and the connection.
    ///
    /// # Errors
    /// The status, where the server refuses.
    pub async fn handshake(
        &self,
        bucket: &str,
        offers: &str,
    ) -> Result<(Option<String>, Session), StatusCode> {
        let environment = encode(self.environment());
        let path = format!("/{bucket}/watch?env={environment}");
        let mut request = self
            .request(Method::GET, &path)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        if !offers.is_empty() {
            request = request.header(SEC_WEBSOCKET_PROTOCOL, offers);
        }
        let answer = self.send(request, b"").await;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(answer.status());
        }
        let selected = answer.headers().get(SEC_WEBSOCKET_PROTOCOL);
        let selected = selected.and_then(|value| value.to_str().ok());
        let selected = selected.map(str::to_owned);
        Ok((selected, Session::open(answer).await))
    }

    /// A connection of version 2.
    pub async fn session(&self) -> Session {
        let opened = self.handshake("any", "ironflow.v1, ironflow.v2").await;
        let (selected, session) = opened.expect("a connection");
        assert_eq!(selected.as_deref(), Some("ironflow.v2"));
        session
    }
}

impl Session {
    pub(crate) async fn open(answer: Response<Incoming>) -> Self {
        let connection = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
        Self {
            socket: WebSocketStream::from_raw_socket(connection, Role::Client, None).await,
        }
    }

    /// Closes the connection.
    pub async fn close(&mut self) {
        self.socket.close(None).await.unwrap();
        // What was under way may still arrive; the end does in any case.
        while self.receive().await.is_ok() {}
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends a frame of any text.
    pub async fn send_text(&mut self, text: &str) {
        let message = Message::text(text.to_owned());
        self.socket.send(message).await.unwrap();
    }

    /// Sends a frame of any bytes.
    pub async fn send_binary(&mut self, bytes: &'static [u8]) {
        let message = Message::binary(bytes);
        self.socket.send(message).await.unwrap();
    }

    /// Subscribes, with what the frame has beside its type, id, bucket and patterns.
    pub async fn subscribe(&mut self, id: u64, bucket: &str, keys: &[&str], more: Value) {
        let mut frame = json!({ "type": "subscribe", "id": id, "name": bucket, "keys": keys });
        for (name, value) in more.as_object().into_iter().flatten() {
            frame[name] = value.clone();
        }
        self.send(frame).await;
    }

    /// The next frame, or the code that the server closes the connection with.
    ///
    /// # Errors
    /// The close code; `None` where there is none.
    pub async fn receive(&mut self) -> Result<Value, Option<u16>> {
        loop {
            let received = timeout(PATIENCE, self.socket.next()).await;
            match received.unwrap_or_else(|_| panic!("no frame for {PATIENCE:?}")) {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map(|frame| frame.code.into()));
                }
                None | Some(Err(_)) => return Err(None),
                Some(Ok(other)) => panic!("{other:?}"),
            }
        }
    }

    /// The next frame.
    pub async fn next(&mut self) -> Value {
        self.receive().await.expect("an open connection")
    }

    /// The next frame, which must have this type.
    pub async fn next_of(&mut self, kind: &str) -> Value {
        let frame = self.next().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame
    }

    /// What the server sends of a subscription until it is synced. Nothing else may come.
    pub async fn replayed(&mut self, id: u64) -> Replayed {
        let mut replayed = Replayed::default();
        loop {
            let frame = self.next().await;
            assert_eq!(frame["id"], id, "{frame}");
            match frame["type"].as_str() {
                Some("replay") => replayed.announced = Some(frame),
                Some("changes") => {
                    let events = frame["events"].as_array().unwrap();
                    replayed.frames.push(events.clone());
                }
                Some("live") => {
                    let keys = frame["keys"].as_array().unwrap().iter();
                    let keys = keys.map(|key| key.as_str().unwrap().to_owned());
                    replayed.live.get_or_insert_default().extend(keys);
                }
                Some("synced") => {
                    replayed.synced = frame;
                    return replayed;
                }
                _ => panic!("{frame}"),
            }
        }
    }

    /// Asks for signs of life until one says that everything up to a revision of a bucket was sent;
    /// gives what came before it.
    pub async fn fence(&mut self, bucket: &str, revision: u64) -> Vec<Value> {
        let mut before = Vec::new();
        loop {
            self.send(json!({ "type": "ping" })).await;
            let tick = loop {
                let frame = self.next().await;
                if frame["type"] == "tick" {
                    break frame;
                }
                before.push(frame);
            };
            let sent = tick["revisions"][bucket].as_u64();
            if sent.is_some_and(|sent| sent >= revision) {
                return before;
            }
        }
    }
}
