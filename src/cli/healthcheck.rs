//! `phocho healthcheck`: whether the process beside it takes requests, for containers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::config::{Loaded, Overrides};

/// Where to ask.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: phocho healthcheck && echo it takes requests")]
pub struct HealthcheckOptions {
    /// The settings file (default: phocho.toml, if it is there).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the process serves, such as 127.0.0.1:8080.
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,
    /// How long to wait, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 4)]
    timeout: u64,
}

/// Asks `/readyz`; exit status 1 when the process does not take requests.
pub fn run(options: &HealthcheckOptions) -> anyhow::Result<ExitCode> {
    let bind = options.bind.iter().map(|bind| ("bind", bind.clone()));
    let overrides: Overrides = bind.collect();
    let settings = Loaded::from_process(&overrides, options.config.as_deref())?.settings;
    let url = format!("http://{}/readyz", reachable(settings.bind));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let asked = runtime.block_on(async {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(options.timeout))
            // The process is on this machine, whatever proxy the environment names.
            .no_proxy()
            .build()?;
        client.get(&url).send().await?.error_for_status()
    });
    match asked {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(fault) => {
            let why = std::error::Error::source(&fault)
                .map_or_else(String::new, |cause| format!(": {cause}"));
            eprintln!("phocho: {url} does not answer that it is ready: {fault}{why}");
            Ok(ExitCode::from(1))
        }
    }
}

/// An address of this machine in place of "all addresses".
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_asked_at_the_loopback_one() {
        for (bind, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("192.168.1.5:80", "192.168.1.5:80"),
        ] {
            assert_eq!(reachable(bind.parse().unwrap()).to_string(), asked);
        }
    }
}
