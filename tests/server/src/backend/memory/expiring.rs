//! Keys of the stores in memory expire in time, whether their buckets are used or not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use ironflow_browser::kv::Timestamp;
use ironflow_browser::store::{Clock as _, Store};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::{EnvironmentStore, Memory, SystemClock};
use crate::environment::Environment;

#[derive(Default)]
pub(super) struct Stores {
    pub(super) of_environments: HashMap<Environment, EnvironmentStore>,
    /// When the expiry task runs next; `None` without a task.
    next_expiry: Option<Timestamp>,
    /// Notified when a message expires before that.
    expires_earlier: Arc<Notify>,
}

impl Memory {
    /// Makes a message expire in time, for the watchers of a bucket without operations.
    pub(super) fn expire_at(&self, time: Timestamp) {
        let mut stores = self.lock();
        match stores.next_expiry {
            Some(next) if next <= time => return,
            Some(_) => stores.expires_earlier.notify_one(),
            None => {
                let earlier = Arc::clone(&stores.expires_earlier);
                tokio::spawn(let_expire(Arc::downgrade(&self.stores), earlier));
            }
        }
        stores.next_expiry = Some(time);
    }
}

/// Drops expired messages as they expire, until no message is left that does.
async fn let_expire(stores: Weak<Mutex<Stores>>, earlier: Arc<Notify>) {
    while let Some(next) = stores.upgrade().and_then(|stores| expire(&stores)) {
        let delay = next.0.saturating_sub(SystemClock.now().0);
        tokio::select! {
            () = sleep(Duration::from_millis(delay)) => {}
            () = earlier.notified() => {}
        }
    }
}

/// Drops expired messages. Returns the time when a message expires next.
fn expire(stores: &Mutex<Stores>) -> Option<Timestamp> {
    let mut stores = stores.lock().unwrap_or_else(PoisonError::into_inner);
    let of_environments = stores.of_environments.values_mut();
    let next = of_environments.filter_map(Store::expire).min();
    stores.next_expiry = next;
    next
}
