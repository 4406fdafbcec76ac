//! A proxy that does what networks, browsers and other proxies do to requests: it sends some of them
//! twice, and loses some answers.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

/// How much later than the first time a request arrives the second time, at most, in microseconds.
const LATEST_US: u64 = 10_000;

/// The answer was lost, or there was none.
#[derive(Debug)]
struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is lost")
    }
}

impl std::error::Error for Lost {}

/// A proxy before a server, as long as this value lives.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens: host and port.
    pub address: String,
    shared: Arc<Shared>,
    listening: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    http: Client<HttpConnector, Full<Bytes>>,
    /// The server's address.
    target: Mutex<String>,
    /// How many of a hundred requests are sent twice, and how many answers are lost.
    percent: u64,
    random: AtomicU64,
    /// How many requests are under way to the server.
    under_way: watch::Sender<usize>,
    resent: AtomicU64,
    lost: AtomicU64,
}

impl Proxy {
    /// Starts a proxy before the server at this address, which resends so many of a hundred requests, and
    /// loses so many of a hundred answers.
    ///
    /// # Panics
    /// Where there is no free port.
    pub async fn start(target: &str, percent: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            http: Client::builder(TokioExecutor::new()).build(HttpConnector::new()),
            target: Mutex::new(target.to_owned()),
            percent,
            random: AtomicU64::new(RandomState::new().build_hasher().finish()),
            under_way: watch::Sender::new(0),
            resent: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        });
        let serving = Arc::clone(&shared);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self {
            address,
            shared,
            listening: listening.abort_handle(),
        }
    }

    /// From now on it stands before another server.
    ///
    /// # Panics
    /// Where another thread has panicked while it did this.
    pub fn redirect(&self, target: &str) {
        target.clone_into(&mut self.shared.target.lock().unwrap());
    }

    /// Waits until no request is under way, the second times included.
    ///
    /// # Panics
    /// Never: it keeps what it waits for alive.
    pub async fn settled(&self) {
        let mut under_way = self.shared.under_way.subscribe();
        under_way.wait_for(|count| *count == 0).await.unwrap();
    }

    /// How many requests have been sent twice, and how many answers have been lost.
    pub fn counts(&self) -> (u64, u64) {
        let Shared { resent, lost, .. } = &*self.shared;
        (resent.load(Ordering::Relaxed), lost.load(Ordering::Relaxed))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // What the proxy sends at once is to arrive at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| Shared::pass_on(Arc::clone(&shared), request));
    // An answer that is lost is an error of the connection, which ends it.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Shared {
    /// Sends a request to the server, perhaps twice; gives its answer, or loses it.
    async fn pass_on(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Lost> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
        let request = Request::from_parts(head, Full::new(body));
        if self.happens() {
            self.resent.fetch_add(1, Ordering::Relaxed);
            let delay = Duration::from_micros(self.random() % LATEST_US);
            self.spawn(Some(delay), request.clone());
        }
        // A task of its own: it goes on where the client is gone.
        let answer = self.spawn(None, request).await.map_err(|_| Lost)?;
        if self.happens() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return Err(Lost);
        }
        answer
    }

    fn spawn(
        self: &Arc<Self>,
        delay: Option<Duration>,
        request: Request<Full<Bytes>>,
    ) -> tokio::task::JoinHandle<Result<Response<Full<Bytes>>, Lost>> {
        self.under_way.send_modify(|count| *count += 1);
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            if let Some(delay) = delay {
                sleep(delay).await;
            }
            let answer = shared.forward(request).await;
            shared.under_way.send_modify(|count| *count -= 1);
            answer
        })
    }

    async fn forward(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, Lost> {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let server = self.target.lock().unwrap().clone();
        *request.uri_mut() = format!("http://{server}{path}").parse().map_err(|_| Lost)?;
        let answer = self.http.request(request).await.map_err(|_| Lost)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Lost)?.to_bytes();
        Ok(Response::from_parts(head, Full::new(body)))
    }

    /// Whether something happens to this request.
    fn happens(&self) -> bool {
        self.random() % 100 < self.percent
    }

    /// The next number of Vigna's SplitMix64.
    fn random(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self
            .random
            .fetch_add(STEP, Ordering::Relaxed)
            .wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
