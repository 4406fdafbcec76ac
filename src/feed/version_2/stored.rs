//! Subscribers that begin with entries which an earlier session has stored. Version 2 of the wire resumes
//! from their revision, as if the replay of their entries had been cut there. Until the subscription is
//! synced, each connection begins with the stored entries again. On version 1 all entries are read.

use super::position::{Point, Position};
use crate::feed::{Action, Event, Feed, SubscriberId, WireId};
use crate::kv::{Key, Revision};

/// Reads what a subscriber has from an earlier session: lines of the epoch of the bucket and the revision up to which
/// nothing is missing, then of each live key and its revision. None: it is something else.
fn read(text: &str, visit: &mut dyn FnMut(&Key, Revision)) -> Option<Point> {
    let mut lines = text.split('\n');
    let point = (lines.next()?.into(), number(lines.next()?)?);
    while let Some(key) = lines.next() {
        visit(&Key::parse(key).ok()?, number(lines.next()?)?);
    }
    Some(point)
}

/// A number of decimal digits that a `Number` of JavaScript can hold.
fn number(digits: &str) -> Option<Revision> {
    let mut number: Revision = 0;
    for byte in digits.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.wrapping_mul(10).wrapping_add(digit.into());
    }
    Some(number)
}

impl<E: Clone> Feed<E> {
    /// A subscriber stores what it gets: it is notified of its position, and begins with these entries.
    pub fn store(&mut self, id: SubscriberId, text: &str) {
        if let Some(subscriber) = self.subscribers.get_mut(id) {
            subscriber.is_stored = true;
            subscriber.stored = read(text, &mut |_, _| ()).map(|_| text.into());
        }
    }

    /// A subscription is about to be asked for: the subscriber has its stored entries.
    pub(in crate::feed) fn begin_with_stored(&mut self, id: SubscriberId) {
        if let Some(subscriber) = self.subscribers.get_mut(id)
            && let Some(stored) = subscriber.stored.clone()
        {
            subscriber.forget_read();
            subscriber.position = Position {
                complete: read(&stored, &mut |key, revision| {
                    subscriber.note_read(key, revision);
                }),
                ..Position::default()
            };
            self.actions.push(Action::Resume(id, true));
        }
    }

    /// The stored entries are of no use on this connection: all entries come.
    pub(in crate::feed) fn begin_without_stored(&mut self, id: SubscriberId) {
        if let Some(subscriber) = self.subscribers.get_mut(id)
            && subscriber.stored.is_some()
            && subscriber.position.complete.take().is_some()
        {
            subscriber.forget_read();
            self.actions.push(Action::Resume(id, false));
        }
    }

    /// The bucket is not the one of the stored entries. Whether all these subscribers began with such.
    pub(in crate::feed) fn forget_stored(&mut self, members: &[SubscriberId]) -> bool {
        let mut all = true;
        for id in members {
            self.begin_without_stored(*id);
            if let Some(subscriber) = self.subscribers.get_mut(*id) {
                all &= subscriber.stored.take().is_some();
            }
        }
        all
    }

    /// A subscription is synced. What the replay did not change is still there, unless the server has listed the
    /// live keys without it.
    pub(in crate::feed) fn confirm_stored(
        &mut self,
        id: SubscriberId,
        wire: WireId,
        is_listed: bool,
    ) {
        let stored = self.subscribers.get_mut(id);
        let Some(stored) = stored.and_then(|subscriber| subscriber.stored.take()) else {
            return;
        };
        read(&stored, &mut |key, revision| {
            let subscriber = self.subscribers.get(id);
            if subscriber.is_none_or(|subscriber| subscriber.has_read(key) != revision) {
                return;
            }
            if !is_listed || self.index.is_confirmed(key, wire.0) {
                self.index.saw(key, revision);
            } else if let Some(seen) = self.index.lose(key) {
                self.lost_key(key, seen, None);
            } else {
                self.send_to(&[id], Event::Gone(key.clone(), revision), true);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn stored_lines_are_read() {
        let count = |text: &str| {
            let mut entries = Vec::new();
            read(text, &mut |key, revision| {
                entries.push((key.to_string(), revision))
            })
            .map(|(epoch, revision)| (epoch.to_string(), revision, entries))
        };
        assert_eq!(count("e\n17"), Some(("e".into(), 17, vec![])));
        let entries = vec![("a".into(), 3), ("b".into(), 17)];
        assert_eq!(count("e\n17\na\n3\nb\n17"), Some(("e".into(), 17, entries)));
        for text in ["", "e", "e\nx", "e\n7\na", "e\n7\na\nx", "e\n7\na b\n1"] {
            assert_eq!(count(text), None, "{text:?}");
        }
    }
}
