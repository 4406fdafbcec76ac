//! The server's life: it binds, serves and ends.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::auth::{ApiKey, Keys};
use crate::backend::{Backend, Memory, Nats, NatsError};
use crate::origin::{Origin, Origins};
use crate::readings::Readings;
use crate::routes;
use crate::session::Turns;
use crate::write_id::Writes;

/// How long a client may take to send the head of a request, and a connection be idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client may take to make room for more of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// The most bytes of a request's head.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// How long requests and watches are given to end when the server does.
const GRACE: Duration = Duration::from_secs(5);

/// How a server is to run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where it keeps the data.
    pub store: StoreConfig,
    /// Who may use it. None, and no file of them: everyone, but only on a loopback address.
    pub api_keys: Vec<ApiKey>,
    /// A file of more keys, one a line.
    pub api_key_file: Option<PathBuf>,
    /// Which pages may call it beside those of loopback origins.
    pub allow_origins: Vec<Origin>,
    /// Whether watches may be of version 2, beside version 1.
    pub has_watch_2: bool,
    /// The directory whose files it serves where the API takes no path.
    pub files: Option<PathBuf>,
}

/// Where a server keeps its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// In its own memory.
    Memory,
    /// In JetStream.
    Nats {
        /// The address of a NATS server, with its credentials where it wants any.
        url: String,
        /// How many servers of its cluster keep each bucket, 1 to 5.
        replicas: u8,
    },
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It would serve a network without credentials.
    #[error("refusing to listen on {0} without an API key: anyone on the network could write")]
    OpenToTheNetwork(SocketAddr),
    /// It cannot have the address.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// It cannot read its keys.
    #[error("cannot read API keys from {}: {error}", file.display())]
    Keys {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It cannot use NATS.
    #[error(transparent)]
    Nats(#[from] NatsError),
    /// There is nothing to serve files from.
    #[error("cannot serve files from {}: it is not a directory", .0.display())]
    NoDirectory(PathBuf),
}

/// A server that is bound to its address.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
    keys: KeyLoader,
    files: Option<PathBuf>,
}

/// Reads the keys that a server accepts again, as its file has them by then.
#[derive(Debug, Clone)]
pub struct KeyLoader {
    app: Weak<App>,
    fixed: Vec<ApiKey>,
    file: Option<PathBuf>,
}

impl KeyLoader {
    /// Accepts what the file holds now, beside the keys that the server was started with. Watches
    /// of version 2 whose key is gone are ended.
    ///
    /// # Errors
    /// Where the file cannot be read. The keys stay as they are then.
    pub fn reload(&self) -> io::Result<()> {
        let keys = self.read()?;
        if let Some(app) = self.app.upgrade() {
            app.keys.replace(keys);
        }
        Ok(())
    }

    fn read(&self) -> io::Result<Vec<ApiKey>> {
        let text = match &self.file {
            Some(file) => std::fs::read_to_string(file)?,
            None => String::new(),
        };
        let lines = text.lines().map(str::trim);
        let read = lines.filter_map(ApiKey::parse);
        Ok(self.fixed.iter().cloned().chain(read).collect())
    }
}

impl Server {
    /// Binds the address and opens the store. From here on connections queue up; [`Server::run`]
    /// serves them.
    ///
    /// # Errors
    /// [`StartError`] says what is missing.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        let mut keys = KeyLoader {
            app: Weak::new(),
            fixed: config.api_keys,
            file: config.api_key_file,
        };
        let unreadable = |error| {
            let file = keys.file.clone().unwrap_or_default();
            StartError::Keys { file, error }
        };
        let api_keys = keys.read().map_err(unreadable)?;
        let open = api_keys.is_empty();
        if open && keys.file.is_some() {
            return Err(unreadable(io::Error::other("there are none")));
        }
        if open && !config.listen.ip().is_loopback() {
            return Err(StartError::OpenToTheNetwork(config.listen));
        }
        if let Some(files) = config.files.as_ref().filter(|files| !files.is_dir()) {
            return Err(StartError::NoDirectory(files.clone()));
        }
        let backend = match &config.store {
            StoreConfig::Memory => Backend::Memory(Memory::default()),
            StoreConfig::Nats { url, replicas } => {
                Backend::Nats(Box::new(Nats::connect(url, *replicas).await?))
            }
        };
        let cannot_listen = |error| StartError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let app = Arc::new(App {
            backend,
            keys: Keys::new(api_keys),
            origins: Origins::new(config.allow_origins, open),
            readings: Readings::default(),
            writes: Writes::default(),
            turns: Turns::default(),
            has_watch_2: config.has_watch_2,
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        keys.app = Arc::downgrade(&app);
        Ok(Self {
            listener,
            address,
            app,
            keys,
            files: config.files,
        })
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What reads the keys again.
    pub fn keys(&self) -> KeyLoader {
        self.keys.clone()
    }

    /// Serves until the future completes, then ends: no more connections, requests under way are
    /// finished, watches closed with 1001.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let router = routes::router(&self.app, self.files.as_deref());
        let abort = CancellationToken::new();
        let accepting = async {
            loop {
                match self.listener.accept().await {
                    Ok((stream, _)) => {
                        let connection = serve(
                            stream,
                            router.clone(),
                            self.app.stopping.clone(),
                            abort.clone(),
                        );
                        self.app.tasks.spawn(connection);
                    }
                    Err(error) => {
                        // Most likely the process has no file descriptors left. Some will come
                        // free.
                        tracing::warn!(%error, "cannot accept a connection");
                        sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        };
        tokio::select! {
            () = accepting => {}
            () = until => {}
        }
        drop(self.listener);
        self.app.stopping.cancel();
        self.app.tasks.close();
        if timeout(GRACE, self.app.tasks.wait()).await.is_err() {
            tracing::warn!("connections are cut that did not end in time");
            abort.cancel();
        }
    }
}

/// Serves one connection until the client leaves, or the server ends.
async fn serve(
    stream: TcpStream,
    router: Router,
    stopping: CancellationToken,
    abort: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn off Nagle's algorithm");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIMEOUT));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // A client that has closed its sending side still expects the response.
        .half_close(true)
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(
            TokioIo::new(Box::pin(stream)),
            TowerToHyperService::new(router),
        )
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                served = connection => served,
                () = abort.cancelled() => Ok(()),
            }
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
