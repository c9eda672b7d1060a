//! The accept loop: HTTP/1.1 over TCP with every wait bounded, and an orderly stop.
//!
//! HTTP/2 stays at the proxy. `axum::serve` sets no timer, so hyper's header limit would not
//! act there.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::AppState;
use super::deadlines::{Deadlined, Limits, Phase};
use super::lifecycle::Lifecycle;
use super::peer::{Peer, PeerCounts, PeerPlace, TrustedProxies};

/// The pause after a failed accept, such as when no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// A request's line and headers together, in bytes; hyper answers 431 above it. Every
/// connection may hold so much, so it bounds the memory of a crowd that sends slowly.
pub const HEAD_MAX_BYTES: usize = 16 * 1024;
/// How many headers a request has at most; hyper answers 431 above it.
const HEADERS_MAX: usize = 100;

/// What a listener grants its clients.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// From the first byte of a request's head to its end.
    pub head: Duration,
    /// Between two requests on a connection.
    pub idle: Duration,
    /// How long a client may take no byte of its answer.
    pub write_stall: Duration,
    /// Open connections in all; more wait to be accepted.
    pub connections: usize,
    /// Open connections of one peer that is no trusted proxy; more are closed at once.
    pub connections_per_peer: usize,
    /// How long a stop waits for what has begun.
    pub drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            write_stall: Duration::from_secs(30),
            connections: 4096,
            connections_per_peer: 256,
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves `router` on `listener`.
#[derive(Clone, Debug)]
pub struct Server {
    /// What is served.
    pub router: Router,
    /// Tells when to stop.
    pub lifecycle: Lifecycle,
    /// What clients are granted.
    pub limits: ServerLimits,
    /// These may open connections without limit.
    pub trusted: TrustedProxies,
}

/// How a stop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drain {
    /// Everything that had begun was finished.
    Complete,
    /// The time ran out with this many connections open.
    Cut {
        /// Connections that were still open.
        connections: usize,
    },
}

impl Server {
    /// Serves `router` for a service in this state.
    pub fn of(state: &AppState, router: Router, limits: ServerLimits) -> Self {
        Self {
            router,
            lifecycle: state.lifecycle.clone(),
            limits,
            trusted: state.trusted.clone(),
        }
    }

    /// Accepts until the lifecycle stops, then finishes what has begun.
    pub async fn run(self, listener: TcpListener) -> Drain {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let counts = PeerCounts::default();
        let connections = TaskTracker::new();
        let server = Arc::new(self);
        while let Some((stream, permit)) = server.next_connection(&listener, &places).await {
            let Some(peer) = peer_of(&stream) else {
                continue;
            };
            let most = if server.trusted.contains(peer) {
                usize::MAX
            } else {
                server.limits.connections_per_peer
            };
            let Some(place) = counts.take(peer, most) else {
                metrics::counter!("http_connections_refused_total").increment(1);
                continue;
            };
            let connection = Connection {
                stream,
                peer,
                _held: (permit, place),
            };
            connections.spawn(Arc::clone(&server).converse(connection));
        }
        drop(listener);
        connections.close();
        let drained = async {
            connections.wait().await;
            server.lifecycle.drained().await;
        };
        match tokio::time::timeout(server.limits.drain, drained).await {
            Ok(()) => Drain::Complete,
            Err(_) => Drain::Cut {
                connections: connections.len(),
            },
        }
    }

    /// The next connection and its place among all, or nothing when it is time to stop.
    async fn next_connection(
        &self,
        listener: &TcpListener,
        places: &Arc<Semaphore>,
    ) -> Option<(TcpStream, OwnedSemaphorePermit)> {
        let accept = async {
            let permit = Arc::clone(places)
                .acquire_owned()
                .await
                .expect("the places are never closed");
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => return (stream, permit),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            biased;
            () = self.lifecycle.stopping() => None,
            accepted = accept => Some(accepted),
        }
    }

    /// Answers the requests of one connection, one after another.
    async fn converse(self: Arc<Self>, connection: Connection) {
        let Connection {
            stream,
            peer,
            _held,
        } = connection;
        // Answers are small and written at once: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let phase = Phase::default();
        let limits = Limits {
            head: self.limits.head,
            write_stall: self.limits.write_stall,
        };
        let io = TokioIo::new(Deadlined::new(stream, phase.clone(), limits));
        let service = service_fn(|request: hyper::Request<Incoming>| {
            phase.busy();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            let answer = self.router.clone().oneshot(request);
            let phase = phase.clone();
            async move {
                let answer = answer.await;
                phase.idle();
                answer
            }
        });
        let conversation = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.idle)
            .max_buf_size(HEAD_MAX_BYTES)
            .max_headers(HEADERS_MAX)
            .serve_connection(io, service);
        tokio::pin!(conversation);
        let outcome = tokio::select! {
            outcome = conversation.as_mut() => outcome,
            () = self.lifecycle.stopping() => {
                conversation.as_mut().graceful_shutdown();
                conversation.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

struct Connection {
    stream: TcpStream,
    peer: IpAddr,
    _held: (OwnedSemaphorePermit, PeerPlace),
}

fn peer_of(stream: &TcpStream) -> Option<IpAddr> {
    stream.peer_addr().ok().map(|peer| peer.ip().to_canonical())
}

/// The machine's wish that the process end. Listened for from its making on, so that a wish
/// which comes while the process starts is not lost.
#[derive(Debug)]
pub struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl Termination {
    /// Begins to listen.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the wish.
    pub async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
