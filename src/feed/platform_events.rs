//! Events of the network and the page: when an open connection is not trusted, and when to connect at once.

use super::Feed;
use super::connection::Phase;

/// An open connection is not trusted after the page was hidden for longer than this, in milliseconds:
/// phones close the sockets of hidden pages silently.
const LONG_HIDDEN_MS: f64 = 30_000.0;

impl<E: Clone> Feed<E> {
    /// The network is back, or is another one. An open connection is not trusted.
    pub fn online(&mut self) {
        self.attempts.offline = false;
        // On version 2 of the wire the server is asked for a sign of life instead.
        let is_trusted = self.settings.lossless || self.wires.is_on;
        let can_go_on = is_trusted || !self.settings.reconnect.enabled;
        match self.phase {
            Phase::Waiting | Phase::Connecting => self.connect_freely(),
            Phase::Open if !can_go_on => self.connect_freely(),
            _ => {}
        }
    }

    /// The network is gone. Attempts do not count until it is back.
    pub fn offline(&mut self) {
        self.attempts.offline = true;
    }

    /// The page is hidden.
    pub fn hidden(&mut self) {
        self.hidden = true;
        let running = !matches!(self.phase, Phase::Idle | Phase::Paused | Phase::Ended);
        if self.settings.visibility.pause_on_hidden && running {
            self.part();
            self.phase = Phase::Paused;
            self.notify_states();
        }
    }

    /// The page is shown again, after it was hidden for this many milliseconds.
    pub fn visible(&mut self, hidden_ms: f64) {
        self.hidden = false;
        let reconnects = self.settings.visibility.reconnect_on_visible;
        let is_trusted = self.settings.lossless || self.wires.is_on;
        let is_doubtful = hidden_ms > LONG_HIDDEN_MS && self.settings.reconnect.enabled;
        match self.phase {
            Phase::Paused => self.connect_freely(),
            Phase::Waiting if reconnects => self.connect_freely(),
            Phase::Connecting if reconnects && self.attempts.slow => self.connect_freely(),
            Phase::Open if is_doubtful && !is_trusted => self.connect_freely(),
            _ => {}
        }
    }
}
