//! A client's connection that cannot be held open by doing nothing.
//!
//! hyper's own timer starts again with each wait for a request, so it serves as the idle
//! limit; the limit for a head once begun, and for a peer that stops reading, are kept here.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// What the connection is doing, shared between its bytes and its requests.
#[derive(Clone, Debug, Default)]
pub struct Phase(Arc<AtomicU8>);

/// Reading a request's head, also before the first byte of the first one.
const HEAD: u8 = 0;
/// A handler works on a request.
const BUSY: u8 = 1;
/// The answer is made; the next head has not begun.
const IDLE: u8 = 2;

impl Phase {
    /// A head is complete.
    pub fn busy(&self) {
        self.0.store(BUSY, Ordering::Relaxed);
    }

    /// The answer is made.
    pub fn idle(&self) {
        self.0.store(IDLE, Ordering::Relaxed);
    }

    fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    fn bytes_came(&self) {
        // Only the move from idle begins a head; a busy connection may receive its body.
        let _ = self
            .0
            .compare_exchange(IDLE, HEAD, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// A timer that runs from when it is first asked until it is cleared.
#[derive(Debug)]
struct Patience {
    limit: Duration,
    running: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    const fn new(limit: Duration) -> Self {
        Self {
            limit,
            running: None,
        }
    }

    fn clear(&mut self) {
        self.running = None;
    }

    fn ran_out(&mut self, context: &mut Context<'_>) -> bool {
        let limit = self.limit;
        self.running
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + limit)))
            .as_mut()
            .poll(context)
            .is_ready()
    }
}

/// The stream with its limits.
#[derive(Debug)]
pub struct Deadlined {
    stream: TcpStream,
    phase: Phase,
    head: Patience,
    write: Patience,
}

impl Deadlined {
    /// Limits how long a head may take and how long the peer may refuse to read.
    pub const fn new(
        stream: TcpStream,
        phase: Phase,
        Limits {
            head,
            write_stall: write,
        }: Limits,
    ) -> Self {
        Self {
            stream,
            phase,
            head: Patience::new(head),
            write: Patience::new(write),
        }
    }

    fn judge_write<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.write.clear();
            outcome
        } else if self.write.ran_out(context) {
            Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
        } else {
            Poll::Pending
        }
    }
}

/// The limits of one connection's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte of a head, or from the start, to its end.
    pub head: Duration,
    /// How long a peer may not take a single byte of the answer.
    pub write_stall: Duration,
}

impl AsyncRead for Deadlined {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if outcome.is_ready() {
            self.phase.bytes_came();
        }
        if self.phase.get() != HEAD {
            self.head.clear();
        } else if self.head.ran_out(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        ready!(outcome)?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Deadlined {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge_write(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.judge_write(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
