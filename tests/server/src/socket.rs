//! An open watch of version 1: events go out as frames until one side ends it.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::SinkExt as _;
use ironflow_browser::kv::wire::{Frame, encode};
use ironflow_browser::kv::{Reason, WatchEvent};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::answer::rfc3339;
use crate::backend::{Watch, WatchEnd};

/// How often the client must show that it is there.
pub(crate) const PING_INTERVAL: Duration = Duration::from_secs(20);

/// How long a client may take to make room for what is sent to it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the client is given to answer a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

const BUCKET_DELETED: u16 = 4404;
const TRY_AGAIN_LATER: u16 = 1013;

/// Serves a watch until it ends.
pub(crate) async fn serve(mut socket: WebSocket, watch: Watch, stopping: CancellationToken) {
    let end = tokio::select! {
        end = exchange(&mut socket, &watch) => end,
        () = stopping.cancelled() => End::Close(close_code::AWAY, "the server is shutting down"),
    };
    if let End::Close(code, reason) = end {
        close(&mut socket, code, reason).await;
    }
}

/// How a watch ends.
pub(crate) enum End {
    /// The client is gone, or said goodbye.
    Gone,
    /// The server says goodbye.
    Close(u16, &'static str),
}

/// Sends events and pings. It may be dropped at any point, and the socket then be closed.
async fn exchange(socket: &mut WebSocket, watch: &Watch) -> End {
    let mut pings = interval(PING_INTERVAL);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut responded = true;
    loop {
        let sent = tokio::select! {
            events = watch.next() => match events {
                Ok(events) => {
                    let frames = events.iter().map(|event| frame(event)).collect();
                    send(socket, frames).await
                },
                Err(WatchEnd::BucketDeleted) => {
                    return End::Close(BUCKET_DELETED, "the bucket was deleted");
                }
                Err(WatchEnd::Interrupted) => {
                    return End::Close(TRY_AGAIN_LATER, "the storage was interrupted");
                }
                Err(WatchEnd::TooSlow) => {
                    return End::Close(TRY_AGAIN_LATER, "the watcher is too slow");
                }
            },
            received = socket.recv() => match received {
                None | Some(Err(_) | Ok(Message::Close(_))) => return End::Gone,
                Some(Ok(_)) => {
                    responded = true;
                    continue;
                }
            },
            _ = pings.tick() => {
                if !responded {
                    return End::Gone;
                }
                responded = false;
                send(socket, vec![Message::Ping(Default::default())]).await
            }
        };
        if sent.is_err() {
            return End::Gone;
        }
    }
}

/// The client does not take what is sent to it.
pub(crate) struct Unsent;

pub(crate) async fn send(socket: &mut WebSocket, messages: Vec<Message>) -> Result<(), Unsent> {
    let sending = async {
        for message in messages {
            socket.feed(message).await?;
        }
        socket.flush().await
    };
    match timeout(WRITE_TIMEOUT, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Unsent),
    }
}

fn frame(event: &WatchEvent) -> Message {
    let frame = Frame::KvUpdate {
        key: &event.key,
        value: encode(&event.value),
        revision: event.revision,
        operation: event.operation.as_str(),
        bucket: &event.bucket,
        reason: event.reason.map(Reason::as_str),
        expires_at: event.expires.map(rfc3339),
    };
    // Strings and numbers only: there is nothing in a frame that JSON cannot say.
    Message::text(serde_json::to_string(&frame).unwrap_or_default())
}

pub(crate) async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let goodbye = async {
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        if socket.send(Message::Close(Some(frame))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // A client that does not answer in time is left without.
    let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
}
