//! `phocho demo` as a process, and the README's lines against it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The names that the demo prints for a shell.
const NAMES: [&str; 8] = [
    "BASE", "DATABASE", "ADMIN", "ADMIN2", "STAFF", "STAFF2", "MERCHANT", "TILL",
];
/// What a line that starts the program from its source means here.
const CARGO: &str = "cargo() { shift 3; \"$PHOCHO\" \"$@\"; }\n";
/// How long a thing may take that comes about by itself.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running demo; it ends with the test.
struct Demo {
    child: Child,
    values: BTreeMap<String, String>,
    folder: TempDir,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_phocho"))
            .args(["demo", "--bind", "127.0.0.1:0", "--pace-ms", "150"])
            .arg("--data-dir")
            .arg(folder.path())
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let values: BTreeMap<_, _> = lines
            .take(NAMES.len())
            .map(|line| {
                let line = line.unwrap();
                let (name, value) = line.split_once('=').unwrap();
                (name.to_owned(), value.to_owned())
            })
            .collect();
        assert!(NAMES.iter().all(|name| values.contains_key(*name)));
        Self {
            child,
            values,
            folder,
        }
    }

    fn value(&self, name: &str) -> &str {
        &self.values[name]
    }

    /// Runs lines of shell with the printed names set and gives what they print.
    fn shell(&self, script: &str) -> String {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &format!("{CARGO}{script}")])
            .env("PHOCHO", env!("CARGO_BIN_EXE_phocho"))
            .envs(&self.values)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\n{talk}");
        said
    }

    fn get(&self, token: &str, path: &str) -> Value {
        let (token, base) = (self.value(token), self.value("BASE"));
        let line = format!("curl -fsS -H 'Authorization: Bearer {token}' '{base}{path}'");
        serde_json::from_str(&self.shell(&line)).unwrap()
    }

    fn page(&self) -> String {
        self.shell("curl -fsS \"$BASE/live\"")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds.
fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn count(demo: &Demo, figure: &str) -> i64 {
    let answer = demo.get("STAFF", &format!("/v1/adoption/indicators/{figure}"));
    answer["indicator"]["figures"][0]["numerator"]
        .as_i64()
        .unwrap_or(0)
}

#[test]
fn the_demo_fills_its_page_and_its_bank_pays_over_http() {
    let demo = Demo::start();
    until("a signed payment on the page", || {
        demo.page().contains("<tr class=")
    });
    let today = demo.shell("TZ=Asia/Ho_Chi_Minh date +%F");
    let today = today.trim();
    let month = &today[..7];
    assert_eq!(count(&demo, &format!("A1?month={month}")) / 10, 29);
    assert_eq!(count(&demo, &format!("A2?month={month}")), 175);
    let zones = demo.get("STAFF", "/v1/zones");
    assert_eq!(zones["data"].as_array().unwrap().len(), 5);
    // Past days appear, the newest first, and what was forged never becomes money.
    let yesterday = demo.shell("TZ=Asia/Ho_Chi_Minh date -d yesterday +%F");
    let yesterday = format!("C1?day={}", yesterday.trim());
    until("yesterday's payments", || count(&demo, &yesterday) > 50);
    until("a forged notice refused", || {
        let audit = demo.page();
        !audit.contains("; 0 giả mạo") && !audit.contains("; 0 forged")
    });
    let stopped = Command::new("kill")
        .args(["-TERM", &demo.child.id().to_string()])
        .status();
    assert!(stopped.unwrap().success());
    let mut demo = demo;
    assert_eq!(demo.child.wait().unwrap().code(), Some(0));
    let database = demo.folder.path().join("demo").join("demo.db");
    let url = format!("sqlite:{}", database.display());
    let check = Command::new(env!("CARGO_BIN_EXE_phocho"))
        .args(["check", "--database-url", &url])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&check.stdout);
    assert!(check.status.success(), "{said}");
}

/// The fenced `sh` blocks of a text that speak to a running demo.
fn blocks(text: &str) -> Vec<String> {
    let parts = text.split("```sh\n").skip(1);
    let blocks = parts.filter_map(|part| part.split("```").next());
    let to_demo = blocks.filter(|block| block.contains("$BASE"));
    to_demo.map(str::to_owned).collect()
}

fn readme(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_demo_holds_statements_against_its_books() {
    let demo = Demo::start();
    until(
        "days that a statement closed, and the rest of the books",
        || {
            let proposals = demo.get("ADMIN", "/v1/statement-proposals?state=proposed");
            proposals["data"].as_array().is_some_and(|it| it.len() == 1)
        },
    );
    let closed = demo
        .page()
        .matches("<td class=\"number\">1 / 180</td>")
        .count();
    assert_eq!(closed, 2, "the day before yesterday and the one before");
    let mine = |path: &str| demo.get("MERCHANT", path)["data"].clone();
    let statements = mine("/v1/statements");
    let statements = statements.as_array().unwrap();
    let counts = |verdict: &str| -> Vec<i64> {
        let counts = statements.iter().map(|it| it[verdict].as_i64().unwrap());
        counts.collect()
    };
    // The newest first: yesterday's differs in every way, the one before agrees.
    assert_eq!(counts("missing_here"), [1, 0]);
    assert_eq!(counts("amount_differs"), [1, 0]);
    assert_eq!(counts("missing_at_bank"), [1, 0]);
    assert_eq!(counts("closed_days"), [0, 2]);
    let reversals = mine("/v1/reversals");
    assert_eq!(reversals.as_array().unwrap().len(), 1, "{reversals}");
    let moves = demo.get("STAFF", "/v1/payment-moves?state=approved");
    assert_eq!(moves["data"].as_array().unwrap().len(), 1, "{moves}");
}

#[test]
fn a_second_demo_in_the_same_folder_leaves_the_first_one_alone() {
    let demo = Demo::start();
    let second = Command::new(env!("CARGO_BIN_EXE_phocho"))
        .args(["demo", "--bind", "127.0.0.1:0", "--data-dir"])
        .arg(demo.folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success(), "{said}");
    assert!(said.contains("another phocho demo runs on"), "{said}");
    assert!(demo.folder.path().join("demo/demo.db").exists());
    assert!(demo.get("MERCHANT", "/v1/payments")["data"].is_array());
}

#[test]
fn the_lines_of_the_readme_work_against_the_demo() {
    let blocks = blocks(&readme("README.md"));
    assert_eq!(
        blocks.len(),
        4,
        "a seller, a bank's engineer, a member of the staff, a statement"
    );
    let demo = Demo::start();
    let said = demo.shell(&blocks.concat());
    for wanted in [
        r#""amount_vnd":50000"#,
        r#""state":"active""#,
        "{\"success\":true}{\"success\":true}",
        r#""code":"reference_in_text""#,
        r#""code":"A2""#,
        r#""measure":"active_rate""#,
        r#""added":1"#,
        r#""committed":false"#,
        r#""older_than_7_days":"#,
        "Đối soát thử, chưa ghi: 2 dòng: khớp 1, thiếu bên ta 1, lệch tiền 0",
    ] {
        assert!(said.contains(wanted), "{wanted}\n{said}");
    }
    assert!(demo.folder.path().join("code.svg").exists());
    let page = demo.page();
    assert!(page.contains("50.000 ₫"), "the payment is on the page");
}

#[test]
fn both_readmes_show_the_same_lines() {
    assert_eq!(
        blocks(&readme("README.md")),
        blocks(&readme("README.vi.md"))
    );
}
