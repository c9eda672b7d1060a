//! A bank that sends each notice until it is acknowledged, and writes down what it was told:
//! the word of someone outside, against which the books are held.

use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use phocho::clock::Clock;
use serde_json::json;
use tokio::sync::watch;

use crate::sepay::{SepayNotice, headers, second};
use crate::street::ACCOUNT;

pub const SECRET: &str = "a-secret-of-this-test-0001";
pub const REFERENCE: &str = "TH7K2M9XQ4";
/// The pause before a notice is sent again.
const PAUSE: Duration = Duration::from_millis(10);

/// What a bank learns from one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is stored.
    Ok,
    /// It is not stored: send it again.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// One bank, sending to wherever the service is just now.
pub struct Bank {
    client: reqwest::Client,
    address: watch::Receiver<String>,
    oracle: Mutex<Vec<String>>,
    next: AtomicU64,
    closing: AtomicBool,
}

impl Bank {
    /// A bank that knows where to send to.
    pub fn new(address: watch::Receiver<String>) -> Self {
        Self {
            client: reqwest::Client::builder()
                .timeout(Duration::from_secs(30))
                .build()
                .unwrap(),
            address,
            oracle: Mutex::default(),
            next: AtomicU64::new(1),
            closing: AtomicBool::new(false),
        }
    }

    /// A bank of a service that stays where it is.
    pub fn at(address: &str) -> Self {
        Self::new(watch::channel(address.to_owned()).1)
    }

    /// Sends new notices, some of them twice, until the bank closes; each one until it is
    /// acknowledged.
    pub async fn work(&self) {
        while !self.closing.load(Ordering::SeqCst) {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            self.deliver(number).await;
            if number.is_multiple_of(10) {
                self.deliver(number).await;
            }
        }
    }

    /// Sends no new notices any more.
    pub fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    /// How many notices it has begun to send.
    pub fn notices(&self) -> usize {
        usize::try_from(self.next.load(Ordering::SeqCst) - 1).unwrap()
    }

    /// How many attempts it has noted.
    pub fn attempts(&self) -> usize {
        self.oracle.lock().unwrap().len()
    }

    /// Sends one notice until it is acknowledged.
    pub async fn deliver(&self, number: u64) {
        while self.attempt(number).await.0 != Told::Ok {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Sends one notice once; what it came to, and the answer.
    pub async fn attempt(&self, number: u64) -> (Told, String) {
        let (headers, body) = notice(number);
        let url = format!("http://{}/v1/callbacks/sepay", *self.address.borrow());
        let mut request = self.client.post(url).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let (told, answer) = match request.send().await {
            Ok(response) => {
                let (status, head) = (response.status().as_u16(), response.headers().clone());
                match (status, response.text().await) {
                    (200, Ok(body)) => (Told::Ok, body),
                    (503, _) => {
                        assert!(head.contains_key("retry-after"), "{head:?}");
                        (Told::Refused, "503".to_owned())
                    }
                    (_, Err(_)) => (Told::Unknown, String::new()),
                    (status, Ok(body)) => panic!("{status} {body}"),
                }
            }
            Err(error) if error.is_connect() => (Told::Refused, error.to_string()),
            Err(error) => (Told::Unknown, error.to_string()),
        };
        self.note(number, told);
        (told, answer)
    }

    fn note(&self, number: u64, told: Told) {
        let outcome = match told {
            Told::Ok => "ok",
            Told::Refused => "refused",
            Told::Unknown => "unknown",
        };
        let line = json!({
            "source": "sepay",
            "dedupe_key": format!("sepay:{number}"),
            "amount_vnd": amount(number),
            "outcome": outcome,
        });
        self.oracle.lock().unwrap().push(line.to_string());
    }

    /// Writes what it was told, one attempt a line.
    pub fn write_oracle(&self, path: &Path) {
        let mut file = std::fs::File::create(path).unwrap();
        for line in self.oracle.lock().unwrap().iter() {
            writeln!(file, "{line}").unwrap();
        }
    }
}

/// The amount of a notice, đồng.
fn amount(number: u64) -> i64 {
    1_000 * (1 + i64::try_from(number % 97).unwrap())
}

/// A notice, signed now.
pub fn notice(number: u64) -> (Vec<(String, String)>, String) {
    let notice = SepayNotice {
        id: number,
        bank_number: number,
        amount: amount(number),
        content: REFERENCE,
        account: ACCOUNT,
        booked_at: second(41),
    };
    notice.signed(SECRET, Clock::System.now())
}

/// The headers that prove a body now.
pub fn signed(body: &str) -> Vec<(String, String)> {
    headers(SECRET, Clock::System.now(), body)
}
