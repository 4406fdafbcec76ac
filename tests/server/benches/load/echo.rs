//! The least that a server on the same HTTP stack does: it responds without a store, and sends each
//! write to every socket.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::SinkExt as _;
use ironflow_harness::process::{Started, ironflow_server};
use tokio::net::TcpListener;
use tokio::sync::broadcast::{self, Receiver, Sender};

use crate::contender::VALUE;

/// The argument that makes this program the server.
const ARGUMENT: &str = "--echo";

/// How many frames wait for a socket at most.
const CAPACITY: usize = 1 << 16;

const BUCKET: &str = "/api/v1/kv/buckets/{bucket}";

/// The revision of the last write, and what every socket gets.
struct Echo {
    last: AtomicU64,
    frames: Sender<Utf8Bytes>,
}

/// Starts it as a process of its own: this program.
pub(crate) fn start() -> Started {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    ironflow_server(&program.to_string_lossy(), &[ARGUMENT])
}

/// Whether this process is the server.
pub(crate) fn is_wanted() -> bool {
    env::args().any(|argument| argument == ARGUMENT)
}

pub(crate) async fn serve() {
    let echo = Arc::new(Echo {
        last: AtomicU64::new(0),
        frames: broadcast::channel(CAPACITY).0,
    });
    let router = axum::Router::new()
        .route(&format!("{BUCKET}/keys/{{key}}"), get(entry).put(put))
        .route(&format!("{BUCKET}/watch"), get(watch))
        .with_state(echo);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    println!("listening on http://{address}");
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("no delay"));
    axum::serve(listener, router).await.expect("a server");
}

fn json(body: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], body)
}

async fn put(
    State(echo): State<Arc<Echo>>,
    Path((bucket, key)): Path<(String, String)>,
    value: Bytes,
) -> impl IntoResponse {
    let revision = echo.last.fetch_add(1, Ordering::Relaxed) + 1;
    if echo.frames.receiver_count() > 0 {
        let value = STANDARD.encode(value);
        let frame = format!(
            r#"{{"type":"kv_update","key":"{key}","value":"{value}","revision":{revision},"operation":"put","bucket":"{bucket}"}}"#
        );
        // Without a socket there is nothing to send.
        let _ = echo.frames.send(frame.into());
    }
    json(format!(r#"{{"revision":{revision}}}"#))
}

async fn entry(Path((_, key)): Path<(String, String)>) -> impl IntoResponse {
    let value = STANDARD.encode(VALUE);
    json(format!(
        r#"{{"key":"{key}","value":"{value}","revision":1,"created_at":"2026-01-01T00:00:00.000Z","operation":"put"}}"#
    ))
}

async fn watch(State(echo): State<Arc<Echo>>, upgrade: WebSocketUpgrade) -> Response {
    let frames = echo.frames.subscribe();
    upgrade
        .protocols(["ironflow.v1"])
        .on_upgrade(|socket| send(socket, frames))
}

/// Sends frames until the client closes the socket.
async fn send(mut socket: WebSocket, mut frames: Receiver<Utf8Bytes>) {
    loop {
        tokio::select! {
            received = socket.recv() => match received {
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return,
            },
            Ok(frame) = frames.recv() => {
                let mut sent = socket.feed(Message::Text(frame)).await;
                while let Ok(frame) = frames.try_recv() {
                    sent = sent.and(socket.feed(Message::Text(frame)).await);
                }
                if sent.and(socket.flush().await).is_err() {
                    return;
                }
            }
        }
    }
}
