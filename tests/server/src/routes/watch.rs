//! The handshake of a watch. What follows it is in [`crate::socket`].

use std::sync::Arc;

use axum::extract::State;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;

use crate::address::WatchAddress;
use crate::answer::Refusal;
use crate::app::App;
use crate::auth::Reader;
use crate::socket;

/// The one subprotocol the server speaks, and so the only one it ever selects.
const SUBPROTOCOL: &str = "ironflow.v1";

/// A client has nothing to say on a watch.
const MAX_FRAME_BYTES: usize = 4 << 10;

pub(super) async fn watch(
    State(app): State<Arc<App>>,
    at: WatchAddress,
    _: Reader,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade =
        upgrade.map_err(|rejection| Refusal::new(rejection.status(), rejection.body_text()))?;
    // Watching begins before the answer: once the client's socket is open it misses nothing.
    let watch = app.backend.watch(&at.bucket, at.pattern).await?;
    let tracked = app.tasks.token();
    let stopping = app.stopping.clone();
    Ok(upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        // 128 KiB each by default, which idle sockets would hold for nothing.
        .read_buffer_size(MAX_FRAME_BYTES)
        .on_upgrade(move |socket| async move {
            socket::serve(socket, watch, stopping).await;
            drop(tracked);
        }))
}
