//! One call over HTTP/1.1, read well, slowly or not at all.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use reqwest::Url;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::cli::bank::Signed;

/// How long a bank waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer that is read.
const ANSWER_MAX_BYTES: usize = 64 * 1024;
/// How much a slow reader takes at a time, and how long it then rests.
const SIP_BYTES: usize = 64;
const REST: Duration = Duration::from_millis(20);
/// Where a simulated bank may send to.
const HERE: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// How the answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// At once.
    Plain,
    /// A little at a time.
    SlowRead,
    /// Not at all: the connection is closed behind the request.
    HangUp,
}

/// Where the service is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    host: String,
    path: String,
}

impl Place {
    /// Reads `--base`.
    pub(super) fn parse(base: &str, anywhere: bool) -> anyhow::Result<Self> {
        let url = Url::parse(base).with_context(|| format!("--base {base} is no address"))?;
        let host = url.host_str().unwrap_or_default();
        if url.scheme() != "http" || url.query().is_some() || !url.username().is_empty() {
            bail!("--base is http:// and a host, perhaps with a port and a path");
        }
        if !anywhere && !HERE.contains(&host) {
            bail!(
                "--base names {host}: sample money is sent to {} only, unless --anywhere is given",
                HERE.join(", ")
            );
        }
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Self {
            host: format!("{host}:{port}"),
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// The HTTP status.
    pub(super) status: u16,
    /// The body, if it is JSON.
    pub(super) body: Value,
    /// After how many seconds to try again.
    pub(super) retry_after_s: Option<u64>,
    /// From the connection to the end of the answer.
    pub(super) took: Duration,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Silence {
    /// No connection: nothing was sent.
    NotSent(String),
    /// It may or may not have arrived.
    Unknown(String),
}

/// Sends a notice and reads the answer.
pub(super) async fn exchange(
    place: &Place,
    target: &str,
    signed: &Signed,
    manner: Manner,
) -> Result<Heard, Silence> {
    let begun = Instant::now();
    let connected = timeout(PATIENCE, TcpStream::connect(&place.host)).await;
    let mut stream = match connected {
        Ok(Ok(stream)) => stream,
        Ok(Err(fault)) => return Err(Silence::NotSent(fault.to_string())),
        Err(_) => return Err(Silence::NotSent("no connection in time".to_owned())),
    };
    let rest = async {
        stream.write_all(&request(place, target, signed)).await?;
        if manner == Manner::HangUp {
            return Ok(None);
        }
        read(&mut stream, manner).await.map(Some)
    };
    match timeout(PATIENCE, rest).await {
        Ok(Ok(Some(answer))) => understood(&answer, begun.elapsed()),
        Ok(Ok(None)) => Err(Silence::Unknown("hung up".to_owned())),
        Ok(Err(fault)) => Err(Silence::Unknown(fault.to_string())),
        Err(_) => Err(Silence::Unknown("no answer in time".to_owned())),
    }
}

fn request(place: &Place, target: &str, signed: &Signed) -> Vec<u8> {
    let mut head = format!(
        "{} {}{target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
        signed.method, place.path, place.host
    );
    for (name, value) in &signed.headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    if signed.method == "POST" {
        head.push_str("content-length: ");
        head.push_str(&signed.body.len().to_string());
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.push_str(&signed.body);
    head.into_bytes()
}

async fn read(stream: &mut TcpStream, manner: Manner) -> std::io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    let mut room = [0; 4096];
    loop {
        let sip = match manner {
            Manner::SlowRead => {
                sleep(REST).await;
                SIP_BYTES
            }
            Manner::Plain | Manner::HangUp => room.len(),
        };
        let taken = stream.read(&mut room[..sip]).await?;
        answer.extend_from_slice(&room[..taken]);
        if taken == 0 || answer.len() > ANSWER_MAX_BYTES {
            return Ok(answer);
        }
    }
}

fn understood(answer: &[u8], took: Duration) -> Result<Heard, Silence> {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_whitespace().nth(1);
    let status = status.and_then(|status| status.parse().ok());
    let retry_after = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let named = name.eq_ignore_ascii_case("retry-after");
        named.then(|| value.trim().parse().ok()).flatten()
    });
    Ok(Heard {
        status: status.ok_or_else(|| Silence::Unknown("no answer in HTTP".to_owned()))?,
        body: serde_json::from_str(body).unwrap_or(Value::Null),
        retry_after_s: retry_after,
        took,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_simulated_here_alone_unless_anywhere_is_asked_for() {
        for (base, here, anywhere) in [
            ("http://127.0.0.1:8080", true, true),
            ("http://localhost", true, true),
            ("http://[::1]:8080/behind/", true, true),
            ("http://127.0.0.2:8080", false, true),
            ("http://127.0.0.1.example", false, true),
            ("http://localhost@bank.example", false, false),
            ("http://bank.example", false, true),
            ("https://localhost", false, false),
            ("localhost:8080", false, false),
            ("http://localhost/?a=1", false, false),
            ("", false, false),
        ] {
            assert_eq!(Place::parse(base, false).is_ok(), here, "{base}");
            assert_eq!(Place::parse(base, true).is_ok(), anywhere, "{base}");
        }
        let place = Place::parse("http://[::1]/behind/", false).unwrap();
        assert_eq!(
            (place.host, place.path),
            ("[::1]:80".into(), "/behind".into())
        );
    }

    #[test]
    fn an_answer_is_read_for_its_status_its_json_and_when_to_come_again() {
        let answer = b"HTTP/1.1 503 Busy\r\nRetry-After: 5\r\n\r\n{\"success\":false}";
        let heard = understood(answer, Duration::ZERO).unwrap();
        assert_eq!((heard.status, heard.retry_after_s), (503, Some(5)));
        assert_eq!(heard.body["success"], false);
        assert!(understood(b"", Duration::ZERO).is_err());
        assert!(understood(b"hello there", Duration::ZERO).is_err());
    }
}
