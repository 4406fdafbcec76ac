//! The state that a client, its handles and its watches share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Set;
use wasm_bindgen::prelude::*;

use super::arguments;
use super::pattern_hint::warn_of_partial_wildcard;
use super::view::View;
use super::watch_arguments::WatchArguments;
use crate::config::from_js::Arguments;
use crate::config::options::{OptionSpec, unreadable};
use crate::config::{AUTH, CONFIGURABLE, Config, OPTIONS, TransportKind};
use crate::error::Error;
use crate::feed::{Feed, Settings};
use crate::ffi::{self, Connection, Given, Handles, Session, Subject};
use crate::kv::{BucketName, Pattern};
use crate::text::concat;
use crate::transport::{Credentials, Fallback, Http, Memory, Transport};
use crate::watch::view_lifecycle::ViewEvent;
use crate::watch::{FeedRunner, Page, PageEvent, WatchHost};

/// The state of one client. Handles that it gave out see every later change of it.
pub(super) struct ClientState {
    configured: RefCell<Option<Rc<Configured>>>,
    /// The handlers added by `onError()`.
    handlers: Set,
    feeds: RefCell<Vec<Rc<FeedRunner>>>,
    /// The views that are not closed.
    views: RefCell<Vec<Rc<View>>>,
    /// Handles by id: `kv()` and `bucket()` return the same one each time.
    handles: Handles,
    /// The connection state, over all watches. `connect()` sets that the server was reached.
    pub(super) connection: Connection,
    /// The page events, listened to while there are feeds or views.
    page: RefCell<Option<Page>>,
}

/// The state that `configure()` creates.
pub(super) struct Configured {
    pub(super) config: Config,
    /// A copy of the given options.
    pub(super) given: Given,
    pub(super) transport: Rc<Transport>,
    /// What watches share on version 2 of the wire.
    session: Session,
}

impl ClientState {
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self {
            configured: RefCell::new(None),
            handlers: Set::new(&JsValue::UNDEFINED),
            feeds: RefCell::default(),
            views: RefCell::default(),
            handles: ffi::new_handles(),
            connection: ffi::new_connection(),
            page: RefCell::default(),
        })
    }

    /// Replaces the configuration and ends every watch; views move to the new configuration.
    pub(super) fn configure(&self, options: &JsValue) -> Result<(), Error> {
        self.configure_with(options, &OPTIONS[..CONFIGURABLE])
    }

    /// As [`Self::configure`], with the options that it may have.
    pub(super) fn configure_with(
        &self,
        options: &JsValue,
        known: &'static [OptionSpec],
    ) -> Result<(), Error> {
        let read = Arguments::read(&JsValue::UNDEFINED, options).options("", known)?;
        let config = Config::from_options(&read);
        let credentials = Credentials::from_options(&read, "auth.apiKey", "auth.token");
        let buckets = arguments::memory_buckets(&read)?;
        let given = ffi::copy_options(options).map_err(|_| unreadable("options"))?;
        let open_memory = || {
            Memory::open(&config, &buckets)
                .map_err(|error| Error::Validation(concat(&["memory.buckets: ", error.message()])))
        };
        let transport = match config.transport {
            TransportKind::Memory => Transport::Memory(Rc::new(open_memory()?)),
            TransportKind::Server(_) => Transport::Http(Rc::new(Http {
                server_url: config.server_url.clone(),
                environment: config.environment.clone(),
                credentials: RefCell::new(credentials),
                retry: config.retry.clone(),
                fallback: match config.fallback {
                    true => Some(Fallback::new(open_memory()?.with_auto_create())),
                    false => None,
                },
                given: given.clone().into(),
                features: ffi::new_features(None),
                takes_write_ids: Cell::default(),
                selects_subprotocol: Cell::default(),
                cached_headers: RefCell::default(),
            })),
        };
        let session = ffi::new_session(config.heartbeat_ms, config.timeout_ms.into());
        self.configured.replace(Some(Rc::new(Configured {
            session,
            config,
            given,
            transport: Rc::new(transport),
        })));
        let views = self.views.borrow().clone();
        views.iter().for_each(|view| view.reset());
        self.end_watches();
        views.iter().for_each(View::open_watch);
        Ok(())
    }

    pub(super) fn configured(&self) -> Result<Rc<Configured>, Error> {
        self.configured.borrow().clone().ok_or(Error::NotConfigured)
    }

    pub(super) fn is_configured(&self) -> bool {
        self.configured.borrow().is_some()
    }

    /// Changes the credentials of later requests and connections.
    pub(super) fn set_auth(&self, auth: &JsValue) -> Result<(), Error> {
        let options = Arguments::read(&JsValue::UNDEFINED, auth).options("auth", AUTH)?;
        let credentials = Credentials::from_options(&options, "apiKey", "token");
        let configured = self.configured()?;
        ffi::set_auth(&configured.given, auth).map_err(|_| unreadable("auth"))?;
        if let Transport::Http(http) = &*configured.transport {
            http.credentials.replace(credentials);
            configured.session.replace();
            let feeds = self.feeds.borrow().clone();
            feeds.iter().for_each(FeedRunner::credential_changed);
        }
        self.notify_views(ViewEvent::AuthChanged, None);
        Ok(())
    }

    /// Adds an error handler and returns the function that removes it.
    pub(super) fn add_handler(&self, handler: &JsValue) -> Result<JsValue, Error> {
        arguments::function(handler, "the handler")?;
        Ok(ffi::subscribe(&self.handlers, handler))
    }

    /// Subscribes a callback to the connection state and returns the function that unsubscribes it.
    pub(super) fn on_connection_change(&self, callback: &JsValue) -> Result<JsValue, Error> {
        arguments::function(callback, "the callback")?;
        let configured = self.configured.borrow().clone();
        let logger = configured.map(|configured| configured.given.logger());
        Ok(self
            .connection
            .subscribe(callback, &logger.unwrap_or_default()))
    }

    /// Starts a watch and returns the `KVWatcher`. `decode`: as [`ffi::decode`] takes it.
    pub(super) fn watch(
        self: &Rc<Self>,
        bucket: BucketName,
        arguments: &WatchArguments,
        decode: Option<&JsValue>,
    ) -> Result<JsValue, Error> {
        let configured = self.configured()?;
        let subscriber = ffi::new_subscriber(
            &bucket,
            &arguments.callbacks,
            &configured.given.logger(),
            &decode.cloned().unwrap_or_default(),
            &arguments.signal.clone().unwrap_or_default(),
            &self.connection,
        );
        if arguments.is_aborted() {
            return Ok(subscriber.attach_aborted());
        }
        for pattern in &arguments.patterns {
            warn_of_partial_wildcard(&configured.given, pattern);
        }
        let runner = self.runner(&configured, bucket);
        let (initial, max_staleness) = (arguments.initial, arguments.max_staleness);
        Ok(runner.subscribe(&arguments.patterns, initial, max_staleness, &subscriber))
    }

    /// The feed of a bucket, created if there is none.
    fn runner(self: &Rc<Self>, configured: &Configured, bucket: BucketName) -> Rc<FeedRunner> {
        let feeds = self.feeds.borrow();
        let found = feeds
            .iter()
            .find(|runner| runner.serves(&configured.transport, &bucket));
        if let Some(runner) = found {
            return Rc::clone(runner);
        }
        drop(feeds);
        let config = &configured.config;
        let settings = match &*configured.transport.active() {
            Transport::Memory(_) => Settings::in_memory(),
            Transport::Http(_) => Settings::for_server(
                config.reconnect.clone(),
                config.visibility.clone(),
                config.timeout_ms,
            ),
        };
        if self.page.borrow().is_none() {
            let page = self.listen_to_page();
            self.page.replace(Some(page));
        }
        let (is_hidden, is_offline) = match &*self.page.borrow() {
            Some(page) => (page.is_hidden.get(), page.is_offline.get()),
            None => (false, false),
        };
        let runner = FeedRunner::new(
            Rc::clone(self) as Rc<dyn WatchHost>,
            configured.transport.active(),
            configured.session.clone(),
            bucket,
            config.timeout_ms,
            Feed::new(settings, is_hidden, is_offline),
        );
        self.feeds.borrow_mut().push(Rc::clone(&runner));
        runner
    }

    fn listen_to_page(self: &Rc<Self>) -> Page {
        let state = Rc::downgrade(self);
        Page::listen(move |event| {
            if let Some(state) = state.upgrade() {
                let feeds = state.feeds.borrow().clone();
                feeds.iter().for_each(|runner| runner.page(&event));
                if matches!(event, PageEvent::Online | PageEvent::Visible(_)) {
                    state.notify_views(ViewEvent::PageEvent, None);
                }
            }
        })
    }

    /// Ends every watch, and closes every view.
    pub(super) fn disconnect(&self) {
        let views = self.views.borrow().clone();
        views
            .iter()
            .for_each(|view| view.close(&JsValue::UNDEFINED));
        self.end_watches();
    }

    fn end_watches(&self) {
        self.connection.set_reached(false);
        let feeds = self.feeds.take();
        self.leave_page();
        feeds.iter().for_each(FeedRunner::stop);
    }

    pub(super) fn add_view(&self, view: &Rc<View>) {
        self.views.borrow_mut().push(Rc::clone(view));
    }

    pub(super) fn remove_view(&self, view: &Rc<View>) {
        self.views
            .borrow_mut()
            .retain(|other| !Rc::ptr_eq(other, view));
        self.leave_page();
    }

    /// Stops listening to the page if there are no feeds or views.
    fn leave_page(&self) {
        if self.feeds.borrow().is_empty() && self.views.borrow().is_empty() {
            self.page.take();
        }
    }

    /// Notifies views, those of one bucket or all.
    fn notify_views(&self, event: ViewEvent, bucket: Option<&BucketName>) {
        let views = self.views.borrow().clone();
        for view in views {
            if bucket.is_none_or(|bucket| view.is_of(bucket)) {
                view.on_event(event);
            }
        }
    }

    /// Reopens the refused views of a bucket after its creation.
    pub(super) fn bucket_created(&self, bucket: &BucketName) {
        self.notify_views(ViewEvent::BucketCreated, Some(bucket));
    }

    /// The client's handles.
    pub(super) fn handles(&self) -> &Handles {
        &self.handles
    }

    /// Reports to the logger and every error handler that the client has fallen back to memory.
    pub(super) fn report_fallback(&self, subject: &Subject<'_>) {
        let configured = self.configured.borrow().clone();
        let news = configured
            .as_ref()
            .and_then(|c| c.transport.take_fallback_error());
        if let (Some(configured), Some(news)) = (configured, news) {
            let error = JsValue::from(news);
            let message = Error::FallbackMemory.message();
            ffi::log(&configured.given.logger(), "warn", &message, &error);
            self.notify_handlers(&error, subject);
        }
    }

    pub(super) fn notify_handlers(&self, error: &JsValue, subject: &Subject<'_>) {
        let configured = self.configured.borrow().clone();
        let given = configured.as_ref().map(|configured| &configured.given);
        ffi::report(
            &given.map(Given::logger).unwrap_or_default(),
            &self.handlers,
            &given.map(Given::on_error).unwrap_or_default(),
            error,
            subject.operation,
            subject.bucket,
            subject.key,
        );
    }
}

impl WatchHost for ClientState {
    fn report(&self, bucket: &BucketName, filter: Option<&Pattern>, error: &JsValue) {
        let subject = Subject {
            operation: "watch",
            bucket: Some(bucket),
            key: &filter.map_or(JsValue::UNDEFINED, |filter| filter.as_str().into()),
        };
        self.report_fallback(&subject);
        self.notify_handlers(error, &subject);
    }

    fn log(&self, level: &str, message: &str) {
        let configured = self.configured.borrow().clone();
        if let Some(configured) = configured {
            let logger = configured.given.logger();
            ffi::log(&logger, level, message, &JsValue::UNDEFINED);
        }
    }

    fn reached(&self) {
        let feeds = self.feeds.borrow().clone();
        for runner in feeds {
            runner.connect_at_once();
        }
    }

    fn added(&self, runner: &Rc<FeedRunner>) {
        self.feeds.borrow_mut().push(Rc::clone(runner));
    }

    fn ended(&self, runner: &Rc<FeedRunner>) {
        let mut feeds = self.feeds.borrow_mut();
        let at = feeds.iter().position(|other| Rc::ptr_eq(other, runner));
        let gone = at.map(|at| feeds.remove(at));
        // Drop it outside the borrow, with its page listeners.
        drop(feeds);
        drop(gone);
        self.leave_page();
    }
}
