//! What every request handler shares.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::Keys;
use crate::backend::Backend;
use crate::origin::Origins;
use crate::readings::Readings;
use crate::session::Turns;
use crate::write_id::Writes;

/// The server's state.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) backend: Backend,
    pub(crate) keys: Keys,
    pub(crate) origins: Origins,
    /// Who reads many keys right now.
    pub(crate) readings: Readings,
    /// The answers to the latest writes.
    pub(crate) writes: Writes,
    /// The replays of watches.
    pub(crate) turns: Turns,
    /// Whether version 2 of the watch is spoken.
    pub(crate) has_watch_2: bool,
    /// Cancelled when the server begins to end.
    pub(crate) stopping: CancellationToken,
    /// Every open connection and watch.
    pub(crate) tasks: TaskTracker,
}
