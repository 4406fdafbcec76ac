//! What a world does with the actions of its feed.

use std::collections::VecDeque;

use super::super::{Action, Event, SubscriberId, Timer};
use super::recorder::Delivery;
use super::world::{Asked, Payload, Query, Wire, World};

impl World {
    pub(super) fn carry_out(&mut self, action: Action<Payload>) {
        let mut send = |request, asked| {
            self.queries.push(Query {
                request,
                asked,
                answer: None,
                answered_at: 0,
            });
        };
        match action {
            Action::ResyncListing(_, request, filter) => {
                send(request, Asked::ResyncListing(filter))
            }
            Action::List(request, filter) => send(request, Asked::List(filter)),
            Action::Read(request, key) => {
                self.reads += 1;
                send(request, Asked::Read(key));
            }
            Action::Connect(connection_id, filter) => {
                self.connects += 1;
                self.wires.push(Wire {
                    connection_id,
                    filter,
                    open: false,
                    silent: false,
                    frames: VecDeque::new(),
                    session: None,
                });
            }
            Action::Subscribe(connection_id, wanted) => self.subscribe(connection_id, &wanted),
            Action::Unsubscribe(connection_id, wire) => self.end_subscription(connection_id, wire),
            Action::Disconnect(connection_id) => self
                .wires
                .retain(|wire| wire.connection_id != connection_id),
            Action::Probe(connection_id) => self.probe = Some(connection_id),
            Action::Ping => self.pings += 1,
            Action::Reconnect(delay, ..) => self.backoff = Some(delay.jitter),
            Action::SetTimer(Timer::Grace, _) => self.grace = true,
            Action::SetTimer(Timer::Stable, _) => self.stable = true,
            Action::SetTimer(timer, delay) => {
                if timer == Timer::Fetch {
                    self.pause = Some(delay);
                }
                self.timers.retain(|other| *other != timer);
                self.timers.push(timer);
            }
            Action::Resynced(cost) => self.costs.push(cost),
            Action::Resume(id, is_stored) => {
                if let Some(recorder) = self.recorders.get_mut(&id) {
                    recorder.resume(is_stored);
                }
            }
            Action::Synced(id, epoch, revision) => {
                if let Some(recorder) = self.recorders.get_mut(&id) {
                    recorder.position = Some((epoch.parse().unwrap(), revision));
                    recorder.is_synced = true;
                }
            }
            Action::NotifyState(id, state) => {
                if let Some(recorder) = self.recorders.get_mut(&id) {
                    recorder.is_synced = false;
                    assert_ne!(recorder.states.last(), Some(&state));
                    recorder.states.push(state);
                }
            }
            Action::SetFresh(id, by) => {
                if let Some(recorder) = self.recorders.get_mut(&id) {
                    assert_ne!(recorder.fresh_by, by);
                    recorder.fresh_by = by;
                }
            }
            Action::Expect(id, _) => {
                let recorder = self.recorders.get(&id);
                assert!(recorder.is_none_or(|recorder| recorder.at_ready.is_none()));
            }
            Action::Ready(id) => {
                let live = self.live();
                // Version 2 lists nothing: who is ready there knows of the keys that it was given.
                let is_listed = self.wires.iter().all(|wire| wire.session.is_none());
                if let Some(recorder) = self.recorders.get_mut(&id) {
                    assert!(recorder.at_ready.is_none(), "ready twice");
                    recorder.ready_after = recorder.delivered.len();
                    recorder.at_ready = Some(live);
                    recorder.listed_at = if is_listed { self.listed_at } else { 0 };
                }
            }
            Action::Report(error) => {
                for recorder in self.recorders.values_mut() {
                    recorder.errors.push(error.clone());
                }
            }
            Action::ReportTo(ids, error) => {
                self.reports += 1;
                for id in ids {
                    if let Some(recorder) = self.recorders.get_mut(&id) {
                        recorder.errors.push(error.clone());
                    }
                }
            }
            Action::Refuse(id, error) => {
                if let Some(mut recorder) = self.recorders.remove(&id) {
                    recorder.ended = Some(Some(error));
                    self.gone.insert(id, recorder);
                }
            }
            Action::Move => {
                let moved = self.feed.take_moved().expect("a feed to run");
                for id in moved.subscriber_ids() {
                    if let Some(recorder) = self.recorders.remove(&id) {
                        self.gone.insert(id, recorder);
                    }
                }
                self.moved.push(moved);
            }
            Action::Deliver(to, event, resynced) => self.record(to.ids(), &event, resynced),
            Action::End(error) => {
                self.ended = true;
                self.wires.clear();
                self.probe = None;
                self.backoff = None;
                for recorder in self.recorders.values_mut() {
                    recorder.ended = Some(error.clone());
                }
            }
        }
    }

    fn record(&mut self, to: &[SubscriberId], event: &Event<Payload>, resynced: bool) {
        let delivered = match event {
            Event::Change(payload) | Event::Entry(payload) => payload.clone(),
            Event::Gone(key, revision) => Payload {
                key: key.to_string(),
                revision: *revision,
                live: false,
                // It was known of the bucket there is, or of the one before.
                bucket: self.bucket - 1,
                replayed: false,
            },
        };
        for id in to {
            if let Some(recorder) = self.recorders.get_mut(id) {
                // A replay comes, whose end sets the position.
                recorder.is_synced &= !resynced;
                if let Some((_, revision)) = &mut recorder.position
                    && recorder.is_synced
                    && recorder.at_ready.is_some()
                {
                    *revision = delivered.revision.max(*revision);
                }
                recorder.delivered.push(Delivery {
                    key: delivered.key.clone(),
                    revision: delivered.revision,
                    live: delivered.live,
                    resynced,
                    read: delivered.replayed || matches!(event, Event::Entry(_)),
                    bucket: delivered.bucket,
                });
            }
        }
    }
}
