//! A running watch: the feed, what drives it, and the callbacks it ends in.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::feed::{Feed, Input, Output};
use super::socket::{Happening, Socket};
use crate::error::Error;
use crate::js::{self, Failure};
use crate::kv::{BucketName, Pattern};
use crate::store::WatcherId;
use crate::transport::{EventQueue, Limits, Operation, Transport};

/// Whoever started the watch and answers for it.
pub(crate) trait Owner {
    /// Calls one of the watch's callbacks, where there is one.
    fn call_back(&self, callbacks: &JsValue, name: &str, value: &JsValue);
    /// Hears of a problem of the watch of this bucket.
    fn report(&self, bucket: &BucketName, filter: Option<&Pattern>, error: &JsValue);
    /// Lets go of a watch that has ended.
    fn ended(&self, watch: &Rc<Watch>);
}

/// A watch that was started: it runs until it is stopped or ends by itself.
pub(crate) struct Watch {
    owner: Rc<dyn Owner>,
    transport: Rc<Transport>,
    bucket: BucketName,
    filter: Option<Pattern>,
    timeout_ms: u32,
    callbacks: JsValue,
    feed: RefCell<Feed>,
    source: RefCell<Source>,
}

/// Where the events come from. Letting go of it ends them.
enum Source {
    None,
    Socket(#[expect(dead_code, reason = "held to be dropped")] Socket),
    Store(WatcherId, Rc<EventQueue>),
}

impl Watch {
    /// Starts a watch. It is being connected when this returns; callbacks come later.
    pub(crate) fn start(
        owner: Rc<dyn Owner>,
        transport: Rc<Transport>,
        bucket: BucketName,
        filter: Option<Pattern>,
        timeout_ms: u32,
        callbacks: JsValue,
    ) -> Rc<Self> {
        let watch = Rc::new(Self {
            owner,
            transport,
            bucket,
            filter,
            timeout_ms,
            callbacks,
            feed: RefCell::default(),
            source: RefCell::new(Source::None),
        });
        watch.connect();
        watch
    }

    /// Ends the watch. One that has ended already is left alone.
    pub(crate) fn stop(self: &Rc<Self>) {
        self.take_in(Input::Stopped);
    }

    fn connect(self: &Rc<Self>) {
        match &*self.transport {
            Transport::Http(http) => match http.credential_at_hand() {
                Some(credential) => self.open_socket(credential.as_deref()),
                None => self.later(async |watch| {
                    let Transport::Http(http) = &*watch.transport else {
                        return;
                    };
                    match http.credential(&watch.limits()).await {
                        Ok(credential) => watch.open_socket(credential.as_deref()),
                        Err(Failure::Error { error, .. }) => watch.take_in(Input::Failed(error)),
                        Err(_) => {}
                    }
                }),
            },
            Transport::Memory(_) => self.subscribe(),
        }
    }

    fn open_socket(self: &Rc<Self>, credential: Option<&str>) {
        let Transport::Http(http) = &*self.transport else {
            return;
        };
        if self.feed.borrow().has_ended() {
            return;
        }
        let url = http.watch_url(&self.bucket, self.filter.as_ref());
        let watch = Rc::downgrade(self);
        let tell = move |happening| {
            if let Some(watch) = Weak::upgrade(&watch) {
                watch.happened(happening);
            }
        };
        match Socket::open(&url, credential, Rc::new(tell)) {
            Ok(socket) => drop(self.source.replace(Source::Socket(socket))),
            Err(_) => self.later(async |watch| {
                watch.take_in(Input::Failed(Error::ConnectionLost {
                    message: "a WebSocket cannot be opened here".into(),
                    retryable: false,
                }));
            }),
        }
    }

    fn subscribe(self: &Rc<Self>) {
        let Transport::Memory(memory) = &*self.transport else {
            return;
        };
        let watch = Rc::downgrade(self);
        let queue = Rc::new(EventQueue::new(Box::new(move || {
            if let Some(watch) = Weak::upgrade(&watch) {
                watch.later(async |watch| watch.drain());
            }
        })));
        let input = match memory.watch(&self.bucket, self.filter.as_ref(), Rc::clone(&queue)) {
            Ok(id) => {
                self.source.replace(Source::Store(id, queue));
                Input::Opened
            }
            Err(error) => Input::Failed(error.into()),
        };
        self.later(async |watch| watch.take_in(input));
    }

    /// Takes in what a store has queued.
    fn drain(self: &Rc<Self>) {
        let queue = match &*self.source.borrow() {
            Source::Store(_, queue) => Rc::clone(queue),
            _ => return,
        };
        while let Some(event) = queue.next() {
            self.take_in(Input::Event(event));
        }
        if queue.bucket_deleted() {
            self.take_in(Input::Closed(4404));
        }
    }

    fn happened(self: &Rc<Self>, happening: Happening) {
        self.take_in(match happening {
            Happening::Opened => Input::Opened,
            Happening::Closed(code) => Input::Closed(code),
            Happening::Frame(data) => {
                let frame = js::read_frame(&data);
                if frame.is_undefined() {
                    return;
                }
                match frame.as_string() {
                    Some(words) => Input::BadFrame(words),
                    None => Input::Event(frame),
                }
            }
        });
    }

    fn take_in(self: &Rc<Self>, input: Input<JsValue>) {
        // Apart from the loop: callbacks may come back here.
        let outputs = self.feed.borrow_mut().handle(input);
        for output in outputs {
            match output {
                Output::Ready => self.call_back("onReady", &JsValue::UNDEFINED),
                Output::Deliver(event) => self.call_back("onUpdate", &event),
                Output::Report(error) => {
                    let error = JsValue::from(Failure::from(error));
                    self.call_back("onError", &error);
                    self.owner
                        .report(&self.bucket, self.filter.as_ref(), &error);
                }
                Output::Probe => self.later(async |watch| {
                    let operation = Operation::BucketInfo(watch.bucket.clone());
                    let result = watch.transport.carry_out(&operation, &watch.limits()).await;
                    watch.take_in(Input::Probed(match result {
                        Err(Failure::Error { error, .. }) => Err(error),
                        _ => Ok(()),
                    }));
                }),
                Output::End => {
                    let source = self.source.replace(Source::None);
                    if let (Transport::Memory(memory), Source::Store(id, _)) =
                        (&*self.transport, &source)
                    {
                        memory.unwatch(&self.bucket, *id);
                    }
                    drop(source);
                    self.owner.ended(self);
                    self.call_back("onClose", &JsValue::UNDEFINED);
                }
            }
        }
    }

    fn call_back(&self, name: &str, value: &JsValue) {
        self.owner.call_back(&self.callbacks, name, value);
    }

    /// Does something in a later microtask.
    fn later(self: &Rc<Self>, task: impl AsyncFnOnce(Rc<Self>) + 'static) {
        let watch = Rc::clone(self);
        spawn_local(async move { task(watch).await });
    }

    fn limits(&self) -> Limits {
        Limits {
            timeout_ms: self.timeout_ms,
            signal: JsValue::UNDEFINED,
        }
    }
}
