//! Whether the process takes requests, and the work that must end before it exits.

use std::future::Future;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// The stages of a process that serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not ready to take requests yet.
    Starting,
    /// Taking requests.
    Ready,
    /// Finishing what it has.
    Stopping,
}

/// The stage, shared; and the tasks that outlive their client.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    stage: watch::Sender<Stage>,
    tasks: TaskTracker,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            stage: watch::Sender::new(Stage::Starting),
            tasks: TaskTracker::new(),
        }
    }
}

impl Lifecycle {
    /// The present stage.
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Opens the doors, unless the process is already stopping.
    pub fn ready(&self) {
        self.stage.send_if_modified(|stage| {
            let opens = *stage == Stage::Starting;
            if opens {
                *stage = Stage::Ready;
            }
            opens
        });
    }

    /// Begins to stop; there is no way back.
    pub fn stop(&self) {
        self.stage.send_replace(Stage::Stopping);
        self.tasks.close();
    }

    /// Waits until the process begins to stop: an open stream ends then.
    pub async fn stopping(&self) {
        let mut stage = self.stage.subscribe();
        // The sender lives in `self`, so the wait cannot fail.
        let _ = stage.wait_for(|&stage| stage == Stage::Stopping).await;
    }

    /// Starts work that the stop waits for.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn(work)
    }

    /// Waits for all such work, once the stop has begun.
    pub async fn drained(&self) {
        self.tasks.wait().await;
    }
}
