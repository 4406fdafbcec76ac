//! Runs a feed: carries out its actions over a server or a store in memory, and updates it with what
//! happens.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Math;
use wasm_bindgen::prelude::*;

use super::handshake::Handshake;
use super::page::PageEvent;
use super::source::Source;
use super::timeout::Timeout;
use crate::error::Error;
use crate::feed::{
    Action, ConnectionId, Delay, Event, Feed, Recipients, SubscriberId, Timer, WireId,
};
use crate::ffi::{self, Failure, KeySlots, Session, Subject, Subscriber, SubscriberSet};
use crate::kv::{BucketName, Pattern};
use crate::transport::Transport;

/// The client, as its feeds see it.
pub(crate) trait WatchHost {
    /// A watch of this bucket has a problem.
    fn report(&self, bucket: &BucketName, filter: Option<&Pattern>, error: &JsValue);
    /// Logs a message at the level of this name.
    fn log(&self, level: &str, message: &str);
    /// A connection of a watch is open.
    fn reached(&self);
    /// A feed has been made beside another one.
    fn added(&self, runner: &Rc<FeedRunner>);
    /// A feed has ended.
    fn ended(&self, runner: &Rc<FeedRunner>);
}

/// A feed and what it runs on.
pub(crate) struct FeedRunner {
    pub(super) host: Rc<dyn WatchHost>,
    pub(super) transport: Rc<Transport>,
    pub(super) bucket: BucketName,
    /// The same, for events.
    pub(super) bucket_name: JsValue,
    pub(super) timeout_ms: u32,
    pub(super) feed: RefCell<Feed<JsValue>>,
    pub(super) subscribers: SubscriberSet,
    pub(super) handshake: Handshake,
    pub(super) session: Session,
    /// The subscription whose replay comes.
    pub(super) replaying: Cell<WireId>,
    /// The slots of keys, for frames to name them by.
    pub(super) slots: KeySlots,
    /// Those whose `watch()` may not have returned yet.
    new: RefCell<Vec<SubscriberId>>,
    pub(super) sources: RefCell<Vec<(ConnectionId, Source)>>,
    timers: RefCell<Vec<(Timer, Timeout)>>,
    /// Whether actions are being carried out: those that come up meanwhile are, in their turn.
    busy: Cell<bool>,
}

impl FeedRunner {
    pub(crate) fn new(
        host: Rc<dyn WatchHost>,
        transport: Rc<Transport>,
        session: Session,
        bucket: BucketName,
        timeout_ms: u32,
        feed: Feed<JsValue>,
    ) -> Rc<Self> {
        Rc::new(Self {
            host,
            transport,
            bucket_name: JsValue::from(&*bucket),
            bucket,
            timeout_ms,
            feed: RefCell::new(feed),
            subscribers: ffi::new_subscriber_set(),
            handshake: Handshake::default(),
            session,
            replaying: Cell::new(WireId(0)),
            slots: ffi::new_key_slots(),
            new: RefCell::default(),
            sources: RefCell::default(),
            timers: RefCell::default(),
            busy: Cell::new(false),
        })
    }

    /// Whether this is the feed of the bucket, over this transport.
    pub(crate) fn serves(&self, transport: &Rc<Transport>, bucket: &BucketName) -> bool {
        Rc::ptr_eq(&self.transport, transport)
            && self.bucket == *bucket
            && !self.feed.borrow().has_ended()
    }

    /// Adds a subscriber and returns its `KVWatcher`. The connection is begun when this returns; callbacks run
    /// later.
    pub(crate) fn subscribe(
        self: &Rc<Self>,
        patterns: &[Pattern],
        initial: bool,
        max_staleness: Option<f64>,
        subscriber: &Subscriber,
    ) -> JsValue {
        let id = self.feed.borrow_mut().subscribe(patterns, initial);
        if let Some(limit) = max_staleness {
            self.feed.borrow_mut().limit_staleness(id, limit);
        }
        if let Some(stored) = self.subscribers.add(id.number(), subscriber) {
            self.feed.borrow_mut().store(id, &stored);
        }
        self.connect_now();
        self.run();
        subscriber.attach(self.leaving(id))
    }

    /// The listener of a subscriber's end. Its events begin in a later microtask, if they have not begun.
    fn leaving(self: &Rc<Self>, id: SubscriberId) -> f64 {
        self.new.borrow_mut().push(id);
        self.later(|runner| runner.activate_new());
        let runner = Rc::clone(self);
        ffi::once(Box::new(move |_, _, _| runner.unsubscribe(id)))
    }

    /// Runs a feed beside this one, with some of its subscribers.
    fn move_out(self: &Rc<Self>, feed: Feed<JsValue>) {
        let ids = feed.subscriber_ids();
        let beside = Self::new(
            Rc::clone(&self.host),
            Rc::clone(&self.transport),
            self.session.clone(),
            self.bucket.clone(),
            self.timeout_ms,
            feed,
        );
        self.host.added(&beside);
        for id in ids {
            if let Some(subscriber) = self.subscribers.take(id.number()) {
                ffi::forget(subscriber.detach());
                beside.subscribers.add(id.number(), &subscriber);
                subscriber.reattach(beside.leaving(id));
            } else {
                // A callback has stopped it meanwhile.
                beside.feed.borrow_mut().unsubscribe(id);
            }
        }
        beside.run();
    }

    /// Opens the connection that a new subscriber needs, also inside a callback, when other actions still
    /// wait for their turn: a store delivers what is written from now on.
    fn connect_now(self: &Rc<Self>) {
        loop {
            let connect = self.feed.borrow_mut().take_connect();
            match connect {
                Some((connection_id, filter)) => self.connect(connection_id, &filter),
                None => return,
            }
        }
    }

    /// Activates new subscribers.
    pub(super) fn activate_new(self: &Rc<Self>) {
        if self.new.borrow().is_empty() {
            return;
        }
        let new = self.new.take();
        self.update(|feed| new.iter().for_each(|id| feed.activated(*id)));
    }

    /// Removes and closes a subscriber.
    fn unsubscribe(self: &Rc<Self>, id: SubscriberId) {
        let Some(subscriber) = self.subscribers.take(id.number()) else {
            return;
        };
        self.update(|feed| feed.unsubscribe(id));
        subscriber.close();
    }

    /// Ends all subscribers.
    pub(crate) fn stop(self: &Rc<Self>) {
        self.update(Feed::stop);
        self.subscribers.end_all(&JsValue::UNDEFINED);
    }

    /// Handles a page event.
    pub(crate) fn page(self: &Rc<Self>, event: &PageEvent) {
        if matches!(event, PageEvent::Online | PageEvent::Visible(_)) {
            self.session.check();
        }
        self.update(|feed| match event {
            PageEvent::Online => feed.online(),
            PageEvent::Offline => feed.offline(),
            PageEvent::Hidden => feed.hidden(),
            PageEvent::Visible(ms) => feed.visible(*ms),
        });
    }

    /// Ends the backoff: the server can be reached.
    pub(crate) fn connect_at_once(self: &Rc<Self>) {
        self.update(Feed::connect_now);
    }

    /// The credential is another one.
    pub(crate) fn credential_changed(self: &Rc<Self>) {
        self.update(Feed::credential_changed);
    }

    /// Updates the feed, and carries out its actions.
    pub(super) fn update(self: &Rc<Self>, what: impl FnOnce(&mut Feed<JsValue>)) {
        what(&mut self.feed.borrow_mut());
        self.run();
    }

    /// Carries out the feed's actions, unless that is under way already.
    fn run(self: &Rc<Self>) {
        if self.feed.borrow_mut().take_forgotten() {
            self.slots.clear();
        }
        if self.busy.replace(true) {
            return;
        }
        loop {
            let mut actions = self.feed.borrow_mut().take_actions();
            if actions.is_empty() {
                break;
            }
            for action in actions.drain(..) {
                self.carry_out(action);
            }
            self.feed.borrow_mut().recycle(actions);
        }
        self.busy.set(false);
    }

    fn carry_out(self: &Rc<Self>, action: Action<JsValue>) {
        match action {
            Action::Connect(connection_id, filter) => self.connect(connection_id, &filter),
            Action::Disconnect(connection_id) => self.disconnect(connection_id),
            Action::Probe(connection_id) => self.probe(connection_id),
            Action::ResyncListing(connection_id, request, filter) => {
                self.listing(connection_id, request, filter);
            }
            Action::List(request, filter) => self.list(request, &filter),
            Action::Read(request, key) => self.read(request, key),
            Action::Subscribe(connection_id, subscription) => {
                self.subscribe_on_wire(connection_id, &subscription);
            }
            Action::Ping => self.session.check(),
            Action::Unsubscribe(connection_id, wire) => {
                if let Some(channel) = self.channel(connection_id) {
                    channel.unsubscribe(wire.0);
                }
            }
            Action::SetTimer(timer, delay) => _ = self.set_timer(timer, delay),
            Action::Reconnect(delay, attempt, cause) => {
                let ms = self.set_timer(Timer::Backoff, delay);
                self.log_reconnect(ms, attempt, &cause);
            }
            Action::Resynced(cost) => self.log_resync(cost),
            Action::NotifyState(id, state) => self.subscribers.set_state(id.number(), state as u8),
            Action::SetFresh(id, by) => {
                let by = by.map(|by| self.freshness_of(by)).unwrap_or_default();
                self.subscribers.set_source(id.number(), &by);
            }
            Action::Expect(id, total) => self.subscribers.expect(id.number(), total),
            Action::Resume(id, is_stored) => self.subscribers.resume(id.number(), is_stored),
            Action::Synced(id, epoch, revision) => {
                self.subscribers
                    .synced(id.number(), &epoch, revision as f64);
            }
            Action::Ready(id) => self.subscribers.ready(id.number()),
            Action::Deliver(to, event, resynced) => self.deliver(to, event, resynced),
            Action::Report(error) => self.report(error),
            Action::ReportTo(ids, error) => {
                let error = self.js_error(error);
                self.report_to_host(&error);
                ids.iter()
                    .for_each(|id| self.subscribers.fail_one(id.number(), &error));
            }
            Action::Refuse(id, error) => {
                if let Some(subscriber) = self.subscribers.take(id.number()) {
                    let error = self.js_error(error);
                    self.report_to_host(&error);
                    subscriber.end(&error);
                }
            }
            Action::Move => {
                let moved = self.feed.borrow_mut().take_moved();
                moved.into_iter().for_each(|feed| self.move_out(feed));
            }
            Action::End(error) => self.end(error),
        }
    }

    fn deliver(&self, to: Recipients, event: Event<JsValue>, resynced: bool) {
        let mut event = match event {
            Event::Change(event) => event,
            Event::Entry(entry) => ffi::entry_event(&entry, &self.bucket_name),
            Event::Gone(key, revision) => {
                ffi::gone_event(&key, revision as f64, &self.bucket_name, 0.0, None)
            }
        };
        if resynced {
            event = ffi::resynced(&event);
        }
        let failed = match to {
            Recipients::One(id) => self.subscribers.deliver(id.number(), &event),
            Recipients::Several(to) => {
                let to: Vec<u32> = to.into_iter().map(SubscriberId::number).collect();
                self.subscribers.deliver_to_all(&to, &event)
            }
        };
        if failed {
            for error in self.subscribers.take_errors().iter() {
                self.report_to_host(&error);
            }
        }
    }

    /// Reports a problem to every subscriber and to the host, if there is a subscriber.
    fn report(&self, error: Error) {
        if self.subscribers.size() > 0 {
            let error = self.js_error(error);
            self.report_to_host(&error);
            self.subscribers.fail(&error);
        }
    }

    fn report_to_host(&self, error: &JsValue) {
        let bucket = &self.bucket;
        self.host
            .report(bucket, self.shown_filter().as_ref(), error);
    }

    /// What all subscribers together watch, if it is not every key.
    fn shown_filter(&self) -> Option<Pattern> {
        let watched = self.feed.borrow().watched();
        watched.filter(|filter| *filter != Pattern::all())
    }

    /// An error of the watch, as JavaScript gets it.
    fn js_error(&self, error: Error) -> JsValue {
        let filter = self.shown_filter();
        let key = filter.map_or(JsValue::UNDEFINED, |filter| filter.as_str().into());
        Failure::from(error).into_js(Subject {
            operation: "watch",
            bucket: Some(&self.bucket),
            key: &key,
        })
    }

    fn end(self: &Rc<Self>, error: Option<Error>) {
        self.timers.take();
        for (_, source) in self.sources.take() {
            self.let_go(source);
        }
        self.host.ended(self);
        let mut given = JsValue::UNDEFINED;
        if let Some(error) = error.filter(|_| self.subscribers.size() > 0) {
            given = self.js_error(error);
            self.report_to_host(&given);
        }
        self.subscribers.end_all(&given);
    }

    /// Gives how long it runs, in milliseconds.
    fn set_timer(self: &Rc<Self>, timer: Timer, delay: Delay) -> f64 {
        let ms = delay.least + delay.jitter * Math::random();
        let runner = Rc::downgrade(self);
        let timeout = Timeout::start(ms, move || {
            if let Some(runner) = Weak::upgrade(&runner) {
                runner.update(|feed| feed.timer(timer));
            }
        });
        let mut timers = self.timers.borrow_mut();
        match timers.iter_mut().find(|(other, _)| *other == timer) {
            Some((_, earlier)) => *earlier = timeout,
            None => timers.push((timer, timeout)),
        }
        ms
    }

    /// Does something in a later microtask.
    pub(super) fn later(self: &Rc<Self>, task: impl FnOnce(&Rc<Self>) + 'static) {
        let runner = Rc::clone(self);
        ffi::later(Box::new(move || task(&runner)));
    }
}
