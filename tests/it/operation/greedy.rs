//! Clients that send too much, too deep or too slowly, against the real program: it refuses
//! them in bounded memory and goes on serving others.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::bank::{Bank, Told, signed};
use super::process::{Served, Site};
use crate::database::run_on_sqlite;

/// How much the process may grow, in KiB.
const GROWTH_MAX_KIB: u64 = 16 * 1024;
/// Longer than the limits for a head and for a body, ten seconds each.
const CUT_OFF: Duration = Duration::from_secs(20);
/// Where a bank posts, and where a client without a credential does.
const PLACES: [&str; 2] = ["/v1/callbacks/sepay", "/v1/first-token"];

fn head(place: &str, more: &str) -> String {
    format!(
        "POST {place} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\
         content-type: application/json\r\n{more}\r\n"
    )
}

/// Sends a head and then the piece for as long as it is taken, up to `most` bytes; the
/// answer's status, 0 when there is none.
async fn pour(address: &str, head: &str, piece: &[u8], most: usize) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut sent = 0;
    if stream.write_all(head.as_bytes()).await.is_ok() {
        while sent < most && stream.write_all(piece).await.is_ok() {
            sent += piece.len();
        }
    }
    let mut answer = [0; 12];
    match stream.read_exact(&mut answer).await {
        Ok(_) => String::from_utf8_lossy(&answer[9..]).parse().unwrap(),
        Err(_) => 0,
    }
}

/// The status of a request with a body that is sent whole.
async fn post(address: &str, head: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A refusal may come before all of it was read.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[9..]).parse().unwrap()
}

/// Runs `work` and says by how much the process's peak of memory rose.
async fn growth(served: &Served, bank: &Bank, work: impl Future<Output = ()>) -> u64 {
    // What every process needs once it works is not what a greedy client makes it take.
    for number in 1..50 {
        bank.deliver(number).await;
    }
    let before = served.memory_kib("VmHWM");
    work.await;
    served.memory_kib("VmHWM") - before
}

#[test]
fn a_hundred_megabytes_are_refused_in_bounded_memory() {
    run_on_sqlite(async |database| {
        let (site, street) = Site::found(&database).await;
        street.store.close().await;
        let served = site.serve();
        let bank = Bank::at(&served.address);
        let flood = async {
            let mut pourings = Vec::new();
            for place in PLACES {
                for announced in [true, false] {
                    let (more, piece) = if announced {
                        ("content-length: 100000000\r\n", vec![b' '; 65_536])
                    } else {
                        let piece = format!("{:x}\r\n{}\r\n", 65_536, " ".repeat(65_536));
                        ("transfer-encoding: chunked\r\n", piece.into_bytes())
                    };
                    for _ in 0..4 {
                        let (head, piece) = (head(place, more), piece.clone());
                        let address = served.address.clone();
                        pourings.push(tokio::spawn(async move {
                            pour(&address, &head, &piece, 100_000_000).await
                        }));
                    }
                }
            }
            let mut answered = 0;
            for pouring in pourings {
                let status = pouring.await.unwrap();
                // Whoever goes on sending may see the line reset before the answer.
                assert!(matches!(status, 413 | 0), "{status}");
                answered += usize::from(status == 413);
            }
            assert!(answered > 0, "someone read the refusal");
            for place in PLACES {
                let head = head(place, "content-length: 100000000\r\n");
                assert_eq!(pour(&served.address, &head, b"", 0).await, 413);
            }
        };
        let growth = growth(&served, &bank, flood).await;
        assert!(growth < GROWTH_MAX_KIB, "it grew by {growth} KiB");
        assert_eq!(bank.attempt(100).await.0, Told::Ok);
        println!("16 times 100 MB: the peak of memory rose by {growth} KiB");
    });
}

#[test]
fn endless_nesting_is_refused_in_bounded_memory() {
    run_on_sqlite(async |database| {
        let (site, street) = Site::found(&database).await;
        street.store.close().await;
        let served = site.serve();
        let bank = Bank::at(&served.address);
        let nesting = async {
            for (depth, refused) in [(1_000_000, 413), (60_000, 400)] {
                for open in ["[", "{\"a\":"] {
                    let mut body = open.repeat(depth / open.len());
                    body.truncate(depth);
                    let length = format!("content-length: {}\r\n", body.len());
                    let status = post(&served.address, &head(PLACES[1], &length), &body).await;
                    assert_eq!(status, refused, "{depth} of {open}");
                    // Signed by the bank itself: authentic, and still not to be read.
                    let mut more = length;
                    for (name, value) in &signed(&body)[1..] {
                        write!(more, "{name}: {value}\r\n").unwrap();
                    }
                    let status = post(&served.address, &head(PLACES[0], &more), &body).await;
                    let wanted: &[u16] = if refused == 413 {
                        &[413]
                    } else {
                        &[200, 400, 401]
                    };
                    assert!(wanted.contains(&status), "{depth} of {open}: {status}");
                }
            }
        };
        let growth = growth(&served, &bank, nesting).await;
        assert!(growth < GROWTH_MAX_KIB, "it grew by {growth} KiB");
        assert_eq!(bank.attempt(100).await.0, Told::Ok);
    });
}

#[test]
fn a_crowd_that_stalls_is_cut_off_and_holds_up_nobody() {
    run_on_sqlite(async |database| {
        let (site, street) = Site::found(&database).await;
        street.store.close().await;
        let served = site.serve();
        let bank = Bank::at(&served.address);
        let stalling = async {
            let mut stalls = Vec::new();
            for number in 0..200 {
                let address = served.address.clone();
                let begin = if number % 2 == 0 {
                    "POST /v1/callbacks/sepay HTTP/1.1\r\nhost: t\r\nx-slow: ".to_owned()
                } else {
                    head(PLACES[number / 2 % 2], "content-length: 60000\r\n") + "{\"id\":"
                };
                stalls.push(tokio::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    stream.write_all(begin.as_bytes()).await.unwrap();
                    let mut rest = Vec::new();
                    let ended = tokio::time::timeout(CUT_OFF, stream.read_to_end(&mut rest));
                    ended.await.is_ok()
                }));
            }
            // Meanwhile a real bank is served at once.
            let begun = Instant::now();
            for number in 100..150 {
                assert_eq!(bank.attempt(number).await.0, Told::Ok);
            }
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(5), "50 notices took {took:?}");
            for stall in stalls {
                assert!(stall.await.unwrap(), "a stalled client was not cut off");
            }
        };
        let growth = growth(&served, &bank, stalling).await;
        assert!(growth < GROWTH_MAX_KIB, "it grew by {growth} KiB");
    });
}
