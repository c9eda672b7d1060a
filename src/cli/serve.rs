//! `phocho serve`: the process that takes requests.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::open::open_ledger;
use super::upkeep::{keep_house, pull_sources};
use crate::clock::Clock;
use crate::config::{HeaderName, Loaded, Overrides, Settings};
use crate::entropy::Entropy;
use crate::flows::access::first_start;
use crate::flows::intake::{Intake, Ledger};
use crate::flows::pull::{Pace, Puller};
use crate::http::certificate::CertificateHeader;
use crate::http::layers::RequestDeadlines;
use crate::http::peer::TrustedProxies;
use crate::http::rate::{Rate, RateLimits};
use crate::http::server::{Drain, Server, ServerLimits, Termination};
use crate::http::{self, AppState};
use crate::outbound::Outbound;
use crate::store::Store;
use crate::telemetry::{Metrics, start_log};

/// How long a vendor may take to answer with a page of history.
const PULL_TIME_LIMIT: Duration = Duration::from_secs(20);

/// Settings that the command line may name; each beats the environment and the file.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeOptions {
    /// The settings file (default: phocho.toml, if it is there).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where pages and the API are served, such as 0.0.0.0:8080.
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
    /// Where /metrics is served; empty for nowhere.
    #[arg(long, value_name = "ADDRESS")]
    metrics_bind: Option<String>,
    /// The folder of the data.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// sqlite:PATH or postgres://…; a password is safer in a file (PHOCHO_DATABASE_URL_FILE).
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// How the log is written: auto, pretty or json.
    #[arg(long, value_name = "FORMAT")]
    log: Option<String>,
}

impl ServeOptions {
    fn overrides(&self) -> Overrides {
        [
            ("bind", &self.bind),
            ("metrics_bind", &self.metrics_bind),
            ("data_dir", &self.data_dir),
            ("database_url", &self.database_url),
            ("log_format", &self.log),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .collect()
    }
}

/// Serves until the machine asks to stop.
pub fn run(options: &ServeOptions) -> anyhow::Result<ExitCode> {
    let settings = Loaded::from_process(&options.overrides(), options.config.as_deref())?.settings;
    start_log(settings.log_format, &settings.log_filter)?;
    let metrics = Metrics::start()?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    runtime.block_on(serve(&settings, metrics))
}

async fn serve(settings: &Settings, metrics: Metrics) -> anyhow::Result<ExitCode> {
    let termination = Termination::listen().context("signals cannot be awaited")?;
    let ledger = open_ledger(settings).await?;
    let service = Service::prepare(settings, ledger, Clock::System).await?;
    show_first_link(&service.state.ledger.store, service.address).await?;
    if let Some(bind) = settings.metrics_bind {
        let numbers = http::numbers::router(service.state.clone(), metrics);
        let metrics_server = Server::of(&service.state, numbers, ServerLimits::default());
        tokio::spawn(metrics_server.run(listen(bind).await?));
    }
    let service = service.open(settings);
    let address = service.address;
    eprintln!("phocho: serving http://{address}  API: http://{address}/docs/");
    termination.wait().await;
    service.stop(settings).await?;
    Ok(ExitCode::SUCCESS)
}

/// A service that listens, and takes requests once it is open.
pub(super) struct Service {
    /// What its handlers work with.
    pub(super) state: AppState,
    /// Where it listens.
    pub(super) address: SocketAddr,
    writer: JoinHandle<()>,
    listener: Option<TcpListener>,
    running: Option<JoinHandle<Drain>>,
}

impl Service {
    /// Starts the writer and takes the address.
    pub(super) async fn prepare(
        settings: &Settings,
        ledger: Ledger,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let (intake, writer) = Intake::start(ledger.clone());
        let listener = listen(settings.bind).await?;
        Ok(Self {
            state: state_of(settings, ledger, intake, clock),
            address: listener.local_addr()?,
            writer,
            listener: Some(listener),
            running: None,
        })
    }

    /// Takes requests and does the periodic work from now on.
    pub(super) fn open(mut self, settings: &Settings) -> Self {
        let router = http::router(self.state.clone());
        let server = Server::of(&self.state, router, limits_of(settings));
        let listener = self.listener.take();
        self.running = listener.map(|listener| tokio::spawn(server.run(listener)));
        let (store, clock) = (self.state.ledger.store.clone(), self.state.clock.clone());
        let (kept_days, lifecycle) = (settings.raw_retention_days.get(), &self.state.lifecycle);
        lifecycle.spawn(keep_house(store, clock, kept_days, lifecycle.clone()));
        lifecycle.spawn(pull_sources(
            puller(settings, &self.state),
            lifecycle.clone(),
        ));
        lifecycle.ready();
        self
    }

    /// Finishes what has begun, for a limited time.
    pub(super) async fn stop(self, settings: &Settings) -> anyhow::Result<()> {
        tracing::info!("stopping");
        self.state.lifecycle.stop();
        if let Some(running) = self.running {
            match running.await? {
                Drain::Complete => {
                    tracing::info!("stopped; everything that had begun was finished");
                }
                Drain::Cut { connections } => {
                    tracing::warn!(connections, "stopped with connections still open");
                }
            }
        }
        let store = self.state.ledger.store.clone();
        // The last clone of the entrance goes with the state; the writer ends after its commit.
        drop(self.state);
        let drain = seconds(settings.drain_s.get());
        if tokio::time::timeout(drain, self.writer).await.is_err() {
            tracing::warn!(
                "stopped while notices were being written; their senders will repeat them"
            );
        }
        store.close().await;
        Ok(())
    }
}

/// Until someone has used a token, every start prints a new way in.
async fn show_first_link(store: &Store, address: SocketAddr) -> anyhow::Result<()> {
    let link = first_start(store, &Entropy::System, Clock::System.now()).await?;
    if let Some(link) = link {
        eprintln!(
            "phocho: nobody has access yet. Within 24 hours, exchange this link for the first \
             administrator's token:\n  curl -X POST http://{address}/v1/first-token \
             -H 'content-type: application/json' -d '{{\"link\":\"{}\"}}'",
            *link.reveal()
        );
    }
    Ok(())
}

async fn listen(bind: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(bind).await.with_context(|| match bind {
        _ if bind.port() == 0 => format!("cannot listen on {bind}"),
        _ => format!("cannot listen on {bind}: is another process there?"),
    })
}

fn state_of(settings: &Settings, ledger: Ledger, intake: Intake, clock: Clock) -> AppState {
    let mut state = AppState::new(clock, ledger, intake);
    state.trusted = TrustedProxies::new(settings.trusted_proxies.0.clone());
    let header = settings.client_certificate_header.as_ref();
    state.certificates = CertificateHeader::new(header.map(|HeaderName(name)| name.clone()));
    state.personal_accounts = settings.personal_accounts;
    state.private_addresses = settings.pull_private_addresses;
    state.contact.clone_from(&settings.contact);
    state.deadlines = RequestDeadlines {
        answer: seconds(settings.answer_deadline_s.get()),
        ..RequestDeadlines::default()
    };
    state.rates = RateLimits::new(
        Rate {
            per_second: settings.requests_per_second,
            burst: settings.requests_burst,
        },
        Rate {
            per_second: settings.failed_verifications_per_second,
            burst: settings.failed_verifications_burst,
        },
    );
    state
}

fn puller(settings: &Settings, state: &AppState) -> Puller {
    let outbound = Outbound::new(settings.pull_private_addresses, PULL_TIME_LIMIT);
    let (ledger, intake) = (state.ledger.clone(), state.intake.clone());
    Puller::new(
        ledger,
        intake,
        outbound,
        state.clock.clone(),
        Pace::default(),
    )
}

fn limits_of(settings: &Settings) -> ServerLimits {
    let count = |number: u32| usize::try_from(number).expect("a count fits in memory");
    ServerLimits {
        connections: count(settings.connections.get()),
        connections_per_peer: count(settings.connections_per_peer.get()),
        drain: seconds(settings.drain_s.get()),
        ..ServerLimits::default()
    }
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(number.into())
}
