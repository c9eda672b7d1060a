//! What the process tells about itself: its log and its numbers.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// The edges of the duration histograms, in seconds: from a read in memory to a deadline.
const DURATION_BUCKETS_S: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0,
];

/// Why the process cannot tell.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter of the log cannot be read.
    #[error("log_filter cannot be read")]
    Filter(#[from] ParseError),
    /// A log was started before.
    #[error("the log is already being written")]
    LogStarted,
    /// Numbers were collected before.
    #[error("the numbers cannot be collected")]
    Metrics(#[from] BuildError),
}

/// Starts the log on standard error.
pub fn start_log(format: LogFormat, filter: &str) -> Result<(), TelemetryError> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter)?)
        .with_writer(std::io::stderr);
    let terminal = std::io::stderr().is_terminal();
    let pretty = match format {
        LogFormat::Auto => terminal,
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let started = if pretty {
        builder.with_ansi(terminal).finish().try_init()
    } else {
        builder
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .finish()
            .try_init()
    };
    started.map_err(|_| TelemetryError::LogStarted)
}

/// The numbers collected so far.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl std::fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Metrics")
    }
}

impl Metrics {
    /// Starts to collect every number that the process counts.
    pub fn start() -> Result<Self, TelemetryError> {
        let handle = PrometheusBuilder::new()
            .set_buckets(DURATION_BUCKETS_S)?
            .install_recorder()?;
        Ok(Self(handle))
    }

    /// The numbers in Prometheus' text form. Also folds what was recorded since the last
    /// time, so a process that nobody asks calls it now and then.
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}
