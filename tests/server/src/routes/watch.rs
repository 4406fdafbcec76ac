//! The handshake of a watch. What follows it is in [`crate::socket`] and [`crate::session`].

use std::sync::Arc;

use axum::extract::State;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::address::{WATCH_1, WATCH_2, WatchAddress};
use crate::answer::Refusal;
use crate::app::App;
use crate::auth::Reader;
use crate::{session, socket};

/// A client has nothing to say on a watch of version 1.
const MAX_FRAME_BYTES: usize = 4 << 10;

pub(super) async fn watch(
    State(app): State<Arc<App>>,
    at: WatchAddress,
    _: Reader,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade =
        upgrade.map_err(|rejection| Refusal::new(rejection.status(), rejection.body_text()))?;
    // 128 KiB each by default, which idle sockets would hold for nothing.
    let upgrade = upgrade.read_buffer_size(MAX_FRAME_BYTES);
    let tracked = app.tasks.token();
    let stopping = app.stopping.clone();
    match at {
        WatchAddress::One { bucket, pattern } => {
            // Watching begins before the answer: once the client's socket is open it misses nothing.
            let watch = app.backend.watch(&bucket, pattern).await?;
            Ok(upgrade
                .protocols([WATCH_1])
                .max_message_size(MAX_FRAME_BYTES)
                .max_frame_size(MAX_FRAME_BYTES)
                .on_upgrade(move |socket| async move {
                    socket::serve(socket, watch, stopping).await;
                    drop(tracked);
                }))
        }
        WatchAddress::Two { environment } => {
            let credential = app.keys.holder(&headers);
            Ok(upgrade
                .protocols([WATCH_2])
                .max_message_size(session::MAX_FRAME_BYTES)
                .max_frame_size(session::MAX_FRAME_BYTES)
                .on_upgrade(move |socket| async move {
                    session::serve(socket, app, environment, credential, stopping).await;
                    drop(tracked);
                }))
        }
    }
}
