//! What goes into a feed and what comes out of it.

pub use crate::enums::WatchState;
use std::rc::Rc;

use crate::error::Error;
use crate::kv::{Key, Pattern, Revision};

use super::SubscriberId;

/// Identifies a connection. Events of one that was closed are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionId(pub(super) u32);

/// Identifies a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub(super) u32);

/// An event of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<E> {
    /// A change, as it arrived.
    Change(E),
    /// An entry, as it was read.
    Entry(E),
    /// The key is gone, and its tombstone was missed. The revision is the last one seen of the key, or 0.
    Gone(Key, Revision),
}

/// The slot of a key in the key index.
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

/// The key of a change.
#[derive(Debug, Clone, Copy)]
pub enum Name<'a> {
    /// Its text, unchecked.
    Text(&'a str),
    /// The slot that the feed returned for an earlier change.
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
    /// What subscribers get.
    pub payload: E,
}

/// A resync listing: the bucket and its keys.
#[derive(Debug, Clone, Default)]
pub struct ResyncListing {
    /// When the bucket was created, as the server writes it. A bucket that was deleted and created again
    /// has another time.
    pub created: String,
    /// The live keys that match, in ascending order of their last revision.
    pub keys: Vec<Key>,
}

/// The result of [`Action::Read`]: the revision and what subscribers get, or none for a missing key.
pub type ReadResult<E> = Result<Option<(Revision, E)>, Error>;

/// The recipients of an event. Mostly one, which needs no allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients {
    /// One subscriber.
    One(SubscriberId),
    /// Several, in the order they came.
    Several(Vec<SubscriberId>),
}

impl Recipients {
    /// The recipients with these ids. None: no id.
    pub(super) fn of(ids: &[SubscriberId]) -> Option<Self> {
        match ids {
            [] => None,
            [id] => Some(Self::One(*id)),
            _ => Some(Self::Several(ids.to_vec())),
        }
    }

    /// Their ids.
    pub fn ids(&self) -> &[SubscriberId] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Several(ids) => ids,
        }
    }
}

/// What a timer is for. One timer of a kind runs at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// Reconnect.
    Backoff,
    /// Close a connection that no subscriber needs.
    Grace,
    /// The connection has been open for long enough to reset the attempts.
    Stable,
    /// The handshake is slow, or has timed out.
    Handshake,
    /// Try a wider connection again.
    Widen,
    /// Read on after the server refused a request for the moment.
    Fetch,
    /// Look whether the open connection is alive, where a subscriber limits how old its freshness may be.
    Freshness,
}

/// How long a timer runs, in milliseconds: `least` and a random part of `jitter`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delay {
    /// The shortest delay.
    pub least: f64,
    /// What is added at most.
    pub jitter: f64,
}

/// Identifies a subscription of a feed on version 2 of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireId(pub u32);

/// A subscription that the server is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// Its id.
    pub wire: WireId,
    /// The keys.
    pub patterns: Vec<Pattern>,
    /// The revision after which changes are wanted; 0: the current entries first; none: from now on.
    pub after: Option<Revision>,
    /// The bucket that the revision is of.
    pub epoch: Option<Rc<str>>,
}

/// The end of a replay: a subscription has everything up to a revision.
#[derive(Debug, Clone)]
pub struct Synced {
    /// The subscription.
    pub wire: WireId,
    /// The revision.
    pub revision: Revision,
    /// Which bucket of the name it is.
    pub epoch: Rc<str>,
    /// Whether it is another bucket than the one that was asked for: the replay began with its entries.
    pub is_reset: bool,
    /// The live keys, where deletes may be missing in the replay.
    pub live: Option<Vec<Key>>,
}

/// What the feed's runner is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action<E> {
    /// Open a connection for these keys.
    Connect(ConnectionId, Pattern),
    /// Close a connection.
    Disconnect(ConnectionId),
    /// Request the bucket's info: a browser does not show why a handshake was refused.
    Probe(ConnectionId),
    /// Request when the bucket was created and which keys it has, for a connection.
    ResyncListing(ConnectionId, RequestId, Pattern),
    /// List the live keys that match.
    List(RequestId, Pattern),
    /// Read a key.
    Read(RequestId, Key),
    /// Ask the server for a subscription.
    Subscribe(ConnectionId, Box<Subscription>),
    /// Request a sign of life, on version 2 of the wire.
    Ping,
    /// End a subscription.
    Unsubscribe(ConnectionId, WireId),
    /// Start a timer. It replaces an earlier one of its kind.
    SetTimer(Timer, Delay),
    /// Start [`Timer::Backoff`] and log the attempt (from 1) and why the connection was lost.
    Reconnect(Delay, f64, String),
    /// Log what a resync took: keys listed, keys read, events delivered.
    Resynced(ResyncCost),
    /// Set a subscriber's connection state.
    NotifyState(SubscriberId, WatchState),
    /// A subscriber has everything that this connection brought; none: changes may be missing.
    SetFresh(SubscriberId, Option<ConnectionId>),
    /// Deliver an event to subscribers; `true`: a resync found it.
    Deliver(Recipients, Event<E>, bool),
    /// A subscriber gets about so many initial entries.
    Expect(SubscriberId, u32),
    /// A subscriber begins with the entries that it has stored, or, `false`, without them. It discards what it
    /// got before.
    Resume(SubscriberId, bool),
    /// A subscriber that stores what it gets has everything of the bucket with this epoch up to a revision.
    Synced(SubscriberId, Rc<str>, Revision),
    /// A subscriber has the entries it begins with; changes follow.
    Ready(SubscriberId),
    /// Report a problem to every subscriber.
    Report(Error),
    /// Report a problem to these subscribers.
    ReportTo(Vec<SubscriberId>, Error),
    /// End one subscriber with an error. The others go on.
    Refuse(SubscriberId, Error),
    /// Run a feed beside this one, with some of its subscribers: [`super::Feed::take_moved`]. The server refuses what
    /// they watch together with the others.
    Move,
    /// Close everything and end every subscriber, with an error if there is one. The last action.
    End(Option<Error>),
}

/// What a resync took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResyncCost {
    /// The keys that were listed.
    pub listed: usize,
    /// The requests for a key's entry.
    pub read: usize,
    /// The events that were delivered.
    pub delivered: usize,
}
