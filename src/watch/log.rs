//! What a feed logs.

use super::runner::FeedRunner;
use crate::feed::ResyncCost;
use crate::text::{concat, decimal};

impl FeedRunner {
    pub(super) fn log_reconnect(&self, ms: f64, attempt: f64, cause: &str) {
        let (ms, attempt) = (decimal(ms as u64), decimal(attempt as u64));
        self.log(
            "info",
            &[
                "reconnecting in ",
                &ms,
                " ms (attempt ",
                &attempt,
                "): ",
                cause,
            ],
        );
    }

    pub(super) fn log_resync(&self, cost: ResyncCost) {
        let [listed, read, delivered] =
            [cost.listed, cost.read, cost.delivered].map(|number| decimal(number as u64));
        self.log(
            "info",
            &[
                "resynced: ",
                &listed,
                " keys listed, ",
                &read,
                " read, ",
                &delivered,
                " events",
            ],
        );
    }

    /// Logs a message about the watch of the bucket.
    pub(super) fn log(&self, level: &str, message: &[&str]) {
        let message = concat(message);
        self.host
            .log(level, &concat(&["watch of ", &self.bucket, ": ", &message]));
    }
}
