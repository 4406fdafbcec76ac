//! A connection's share in the live events of one bucket.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ironflow_browser::kv::{Pattern, Revision};

use super::mailbox::Recipient;
use super::{Epoch, Result, memory, nats};

/// How old the storage's word for how far a feed has come may be.
const MAX_AGE: Duration = Duration::from_secs(15);

/// Where the events come from.
#[derive(Debug)]
pub(super) enum Source {
    Memory(memory::Attached),
    Nats(nats::Attached),
}

/// Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Attachment {
    source: Source,
    epoch: Epoch,
    recipient: Arc<dyn Recipient>,
    /// What keeps the events of each pattern coming, and how many wish for them.
    patterns: HashMap<Pattern, (usize, Box<dyn Any + Send + Sync>)>,
}

impl Attachment {
    pub(super) fn new(source: Source, epoch: Epoch, recipient: Arc<dyn Recipient>) -> Self {
        Self {
            source,
            epoch,
            recipient,
            patterns: HashMap::new(),
        }
    }

    /// Which life of the bucket this is of.
    pub(crate) const fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// Delivers the changes of matching keys, from now on.
    pub(crate) fn add(&mut self, pattern: &Pattern) -> Result<()> {
        if let Some((count, _)) = self.patterns.get_mut(pattern) {
            *count += 1;
            return Ok(());
        }
        let recipient = Arc::clone(&self.recipient);
        let kept: Box<dyn Any + Send + Sync> = match &self.source {
            Source::Memory(attached) => Box::new(attached.follow(pattern.clone(), recipient)?),
            Source::Nats(attached) => Box::new(attached.follow(pattern.clone(), recipient)),
        };
        self.patterns.insert(pattern.clone(), (1, kept));
        Ok(())
    }

    /// Takes back one [`Attachment::add`].
    pub(crate) fn remove(&mut self, pattern: &Pattern) {
        if let Some((count, _)) = self.patterns.get_mut(pattern) {
            *count -= 1;
            if *count == 0 {
                self.patterns.remove(pattern);
            }
        }
    }

    /// The revision up to which everything has been delivered to the recipient. `None` where the
    /// storage has not confirmed that of late.
    pub(crate) fn progress(&self) -> Option<Revision> {
        match &self.source {
            Source::Memory(attached) => attached.progress(),
            Source::Nats(attached) => attached.progress(MAX_AGE),
        }
    }
}
