//! The real program, run by a test as an operator runs it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::Database;
use crate::street::Street;

/// How long a process may take to say where it serves.
const START_MAX: Duration = Duration::from_secs(20);

/// The place of one installation: its settings, its key, its working folder.
pub struct Site {
    pub folder: TempDir,
    pub url: String,
}

impl Site {
    /// An installation over a database in which a street is laid out, with one open code and
    /// one source.
    pub async fn found(database: &Database) -> (Self, Street) {
        let street = Street::lay_out(database.store().await).await;
        street.code(super::bank::REFERENCE, None).await;
        let secret = super::bank::SECRET;
        street.source("sepay", "sepay_hmac", secret, None).await;
        (Self::over(database.url()), street)
    }

    /// An installation over a database at an address.
    pub fn over(url: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("phocho.key"), "07".repeat(32)).unwrap();
        let url = url.to_owned();
        Self { folder, url }
    }

    /// The program, told of this installation.
    pub fn phocho(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phocho"));
        self.tell(&mut command);
        command
    }

    /// Tells any command of this installation.
    pub fn tell(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env("PHOCHO_DATABASE_URL", &self.url)
            .env("PHOCHO_KEY_FILE", self.folder.path().join("phocho.key"))
            .env("PHOCHO_BIND", "127.0.0.1:0")
            .env("PHOCHO_METRICS_BIND", "")
            .env("PHOCHO_CONNECTIONS_PER_PEER", "1000");
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.phocho().args(arguments).output().unwrap()
    }

    /// Starts to serve.
    pub fn serve(&self) -> Served {
        let mut command = self.phocho();
        command.arg("serve");
        Served::start(command)
    }
}

/// What a command said, for a failure's text.
pub fn said(output: &Output) -> String {
    format!(
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A process that serves; it is killed when it is dropped.
pub struct Served {
    pub child: Child,
    pub address: String,
    /// From its start until it answered that it is ready.
    pub ready_after: Duration,
    talk: Arc<Mutex<String>>,
}

impl Served {
    /// Starts a process and waits until it is ready.
    pub fn start(mut command: Command) -> Self {
        let begun = Instant::now();
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        let talk = Arc::new(Mutex::new(String::new()));
        let (tell, told) = mpsc::channel();
        let heard = Arc::clone(&talk);
        // Reads for as long as the process lives: a full pipe would hold it up.
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if let Some(rest) = line.strip_prefix("phocho: serving http://") {
                    let address = rest.split_whitespace().next().unwrap();
                    let _ = tell.send(address.to_owned());
                }
                let mut heard = heard.lock().unwrap();
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        let Ok(address) = told.recv_timeout(START_MAX) else {
            let _ = child.kill();
            panic!("it did not serve:\n{}", talk.lock().unwrap());
        };
        let answer = ask(&address, "GET /readyz HTTP/1.1\r\nhost: t\r\n");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        Self {
            child,
            address,
            ready_after: begun.elapsed(),
            talk,
        }
    }

    /// The secret of the first administrator's token.
    pub fn admin(&self) -> String {
        let talk = self.talk.lock().unwrap().clone();
        let link = talk.split_once(r#"{"link":""#).unwrap().1;
        let link = link.split_once('"').unwrap().0;
        let answer = post(
            &self.address,
            "/v1/first-token",
            None,
            &json!({"link": link}),
        );
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let token: Value = serde_json::from_str(body).unwrap();
        token["secret"].as_str().unwrap().to_owned()
    }

    /// Ends it as a power switch does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// A number of kibibytes from the process's own account, such as `VmRSS`.
    pub fn memory_kib(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("it said:\n{}", self.talk.lock().unwrap());
        }
    }
}

/// Sends a request's head on a fresh connection and reads the answer to its end.
pub fn ask(address: &str, head: &str) -> String {
    ask_with(address, head, "")
}

/// Asks to add a member of the staff: a write.
pub fn add_user(address: &str, admin: &str) -> String {
    let user = json!({"name": "Nguyễn Thị Đào", "role": "staff"});
    post(address, "/v1/users", Some(admin), &user)
}

/// A JSON request by whoever holds a token, if one is given.
fn post(address: &str, target: &str, token: Option<&str>, body: &Value) -> String {
    let body = body.to_string();
    let token = token.map_or_else(String::new, |token| {
        format!("authorization: Bearer {token}\r\n")
    });
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: t\r\naccept-language: en\r\n{token}\
         content-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    ask_with(address, &head, &body)
}

fn ask_with(address: &str, head: &str, body: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "{head}connection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
