//! The words in which a feed and what drives it speak.

pub use crate::enums::WatchState;
use crate::error::Error;
use crate::kv::{Key, Pattern, Revision};

use super::SubscriberId;

/// Names a connection. What happens to one that was given up is of no interest any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionId(pub(super) u32);

/// Names a query to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub(super) u32);

/// What a subscriber is delivered of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<E> {
    /// A change, as it arrived.
    Change(E),
    /// An entry, as it was read.
    Entry(E),
    /// The key is gone; nobody saw its tombstone. The revision is the last that was seen of it, 0 where
    /// none was.
    Gone(Key, Revision),
}

/// Where a feed keeps what it knows of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySlot(pub(super) usize);

impl KeySlot {
    /// The slot of a number.
    pub const fn of(number: usize) -> Self {
        Self(number)
    }

    /// The slot as a number.
    pub const fn number(self) -> usize {
        self.0
    }
}

/// How a change names its key.
#[derive(Debug, Clone, Copy)]
pub enum Name<'a> {
    /// By its text, unchecked.
    Text(&'a str),
    /// By the slot that the feed gave when it changed before.
    KeySlot(KeySlot),
}

/// A change of one key, as it arrived.
#[derive(Debug, Clone)]
pub struct Change<'a, E> {
    /// The key.
    pub key: Name<'a>,
    /// The revision of the change.
    pub revision: Revision,
    /// Whether the key was deleted or purged.
    pub deleted: bool,
    /// All that subscribers are to get.
    pub payload: E,
}

/// The state of a bucket, as far as a feed wants to know.
#[derive(Debug, Clone, Default)]
pub struct ResyncListing {
    /// When the bucket was created, as the server says it: tells a bucket from its successor.
    pub created: String,
    /// The live keys that match, in ascending order of their last revision.
    pub keys: Vec<Key>,
}

/// What the server answers to [`Action::Read`]: the entry's revision and all that subscribers are to
/// get, or none where there is no such key.
pub type ReadResult<E> = Result<Option<(Revision, E)>, Error>;

/// Who is to get an event. Most often it is one, for whom no list need be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients {
    /// One subscriber.
    One(SubscriberId),
    /// Several, in the order they came.
    Several(Vec<SubscriberId>),
}

impl Recipients {
    /// Their ids.
    pub fn ids(&self) -> &[SubscriberId] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Several(ids) => ids,
        }
    }
}

/// What wakes a feed up later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// Time to try again.
    Backoff,
    /// Time to let go of a connection that nobody needs.
    Grace,
    /// The connection has stayed up for long enough to be taken for a good one.
    Stable,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action<E> {
    /// Open a connection for these keys.
    Connect(ConnectionId, Pattern),
    /// Let go of a connection.
    Disconnect(ConnectionId),
    /// Ask the server about the bucket: a browser does not show why a handshake was refused.
    Probe(ConnectionId),
    /// Find out when the bucket was created and which keys it has.
    ResyncListing(RequestId, Pattern),
    /// List the live keys that match.
    List(RequestId, Pattern),
    /// Read a key.
    Read(RequestId, Key),
    /// Wake the feed after so many milliseconds; of a [`Timer::Backoff`], after a random part of them.
    /// Replaces an earlier timer of its kind.
    SetTimer(Timer, f64),
    /// NotifyState a subscriber of the connection's state.
    NotifyState(SubscriberId, WatchState),
    /// Give subscribers an event; `true`: it is a result of catching up.
    Deliver(Recipients, Event<E>, bool),
    /// NotifyState a subscriber that it has what there was, and will get what comes.
    Ready(SubscriberId),
    /// NotifyState every subscriber of a problem.
    Report(Error),
    /// Let go of everything, and tell every subscriber that it is over, and because of what. Comes
    /// last, and once.
    End(Option<Error>),
}
