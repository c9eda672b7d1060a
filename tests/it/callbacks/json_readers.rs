//! Where readers of JSON in Rust, Python and JavaScript disagree on what a signed body says, it
//! is no money here; and what is money here says the same to all of them.

use std::io::Write;
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use phocho::banks::Reading;
use phocho::entropy::Entropy;
use serde_json::Value;

use super::signing::*;
use crate::bank_page::is_here;
use crate::operation::count;

/// The fields of a bank's event that make money of it.
const FIELDS: [&str; 6] = [
    "transaction_id",
    "account_number",
    "amount",
    "currency",
    "content",
    "booked_at",
];

/// Reads bodies as hexadecimal lines; prints what each says as a line: its fields, each a kind
/// and a text in hexadecimal, or `error`.
const PYTHON: &str = r#"
import json, sys
def told(value):
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return "other"
    if isinstance(value, str):
        return "text " + value.encode("utf-8", "surrogatepass").hex()
    try:
        return "number " + str(int(value) if value == int(value) else value)
    except (OverflowError, ValueError):
        return "other"
for line in sys.stdin:
    try:
        data = json.loads(bytes.fromhex(line.strip()))["data"]
        print("|".join(told(data.get(name)) for name in sys.argv[1:]))
    except Exception:
        print("error")
"#;

const JAVASCRIPT: &str = r#"
const lines = require("fs").readFileSync(0, "latin1").split("\n").slice(0, -1);
const hex = (text) => {
  let out = "";
  for (const letter of text) {
    const point = letter.codePointAt(0);
    const bytes = point >= 0xd800 && point <= 0xdfff
      ? Buffer.from([0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)])
      : Buffer.from(letter);
    out += bytes.toString("hex");
  }
  return out;
};
const told = (value) =>
  typeof value === "string" ? "text " + hex(value)
  : typeof value === "number" && Number.isFinite(value)
    ? "number " + (Number.isInteger(value) ? BigInt(value) : value)
  : "other";
for (const line of lines) {
  try {
    const data = JSON.parse(Buffer.from(line, "hex").toString()).data;
    console.log(process.argv.slice(1).map((name) => told(data[name])).join("|"));
  } catch {
    console.log("error");
  }
}
"#;

/// What another language's reader makes of bodies.
fn read_in(runtime: &str, arguments: &[&str], bodies: &[Vec<u8>]) -> Vec<String> {
    let mut child = Command::new(runtime)
        .args(arguments)
        .args(FIELDS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|_| panic!("{runtime} is not on this machine"));
    let mut input = child.stdin.take().unwrap();
    let lines: String = (bodies.iter())
        .flat_map(|body| [hex::encode(body), "\n".to_owned()])
        .collect();
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<_> = said.lines().map(str::to_owned).collect();
    assert_eq!(said.len(), bodies.len(), "{runtime}");
    said
}

/// The same by the reader that most Rust programs use.
fn read_in_rust(body: &[u8]) -> String {
    let Ok(read) = serde_json::from_slice::<Value>(body) else {
        return "error".to_owned();
    };
    let told = FIELDS.map(|name| match &read["data"][name] {
        Value::String(text) => format!("text {}", hex::encode(text)),
        Value::Number(number) => {
            let whole = number.as_i64().map(|whole| whole.to_string());
            let whole = whole.or_else(|| number.as_u64().map(|whole| whole.to_string()));
            format!("number {}", whole.unwrap_or_else(|| number.to_string()))
        }
        _ => "other".to_owned(),
    });
    told.join("|")
}

/// What is money here, in the same words, and its time; `None` for everything else.
fn money(body: &[u8]) -> Option<(String, DateTime<Utc>)> {
    let delivery = standard_now(body);
    let verified = judge("standard_webhooks", &standard_credentials(), &delivery).ok()?;
    let Reading::Transactions(facts) = verified.into_reading() else {
        return None;
    };
    let fact = facts.first()?;
    let text = |text: &str| format!("text {}", hex::encode(text));
    let told = format!(
        "{}|{}|number {}|{}|{}",
        text(&fact.provider_txn_id),
        text(fact.account_number.as_deref()?),
        fact.amount.get(),
        text("VND"),
        text(fact.content.as_deref()?),
    );
    Some((told, fact.occurred_at))
}

/// Ways to write one field that readers are known to differ on, or might.
const VALUES: [(&str, &[&str]); 3] = [
    (
        "65000",
        &[
            "1e5",
            "6.5E+4",
            "65000.0",
            "65000.00",
            "-0",
            "+65000",
            "065000",
            "0x10",
            "65_000",
            "65000.",
            ".5",
            "NaN",
            "Infinity",
            "-Infinity",
            "9007199254740993",
            "9223372036854775808",
            "18446744073709551616",
            "1e400",
            "\"65000\"",
            "[65000]",
            "65000,\"amount\":1",
            "1,\"amount\":65000",
            "1,\"Amount\":65000",
            "1,\"\\u0061mount\":65000",
            "65000/*x*/",
            "65000 //x",
            "６５０００",
        ],
    ),
    (
        "\"TH7K2M9XQ4\"",
        &[
            "\"\\ud83d\"",
            "\"\\ude00\\ud83d\"",
            "\"\\ud83d\\ude00\"",
            "\"\\u0000\"",
            "\"\u{0}\"",
            "\"a\tb\"",
            "\"a\nb\"",
            "\"\\x41\"",
            "\"\\'\"",
            "'TH7K2M9XQ4'",
            "\"\\v\"",
            "\"\u{2028}\"",
            "\"\\/\"",
            "\"\u{feff}\"",
            "\"\\u00e9\"",
            "\"e\\u0301\"",
            "\"\\uD83D\\uDE0\"",
            "\"\\U0001F600\"",
            "\"\u{fffd}\"",
            "\"\\\n\"",
            "\"\"",
        ],
    ),
    (
        "\"data\":{",
        &[
            "\"data\":{\"__proto__\":{\"amount\":1},",
            "\"data\":{\"constructor\":1,",
            "\"data\":[],\"data\":{",
            "\"data\":null,\"\\u0064ata\":{",
            "\"data\":{,",
            "\"data\" \u{a0}:{",
            "\"data\"\u{b}:{",
            "\"data\":\u{c}{",
            "data:{",
            "\"data\":{\"a\":1,,",
        ],
    ),
];

/// Whole bodies that readers are known to differ on.
fn framed(body: &str) -> Vec<Vec<u8>> {
    let utf16: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf32: Vec<u8> = body
        .chars()
        .flat_map(|it| u32::from(it).to_be_bytes())
        .collect();
    let with = |before: &[u8], after: &[u8]| [before, body.as_bytes(), after].concat();
    vec![
        body.as_bytes().to_vec(),
        with(b"\xef\xbb\xbf", b""),
        with(b"\xff\xfe", b""),
        with(b"", b"\0"),
        with(b" \r\n\t", b"\n"),
        with(b"", b","),
        with(b"", b"{}"),
        with(b")]}',\n", b""),
        with(b"\x0c", b""),
        utf16,
        utf32,
        body.replace("TH7K", "TH\\ud800").into_bytes(),
        [b"{\"x\":\"\xff\xfe\",", &body.as_bytes()[1..]].concat(),
        [b"{\"x\":\"\xed\xa0\x80\",", &body.as_bytes()[1..]].concat(),
        [b"{\"x\":\"\xc0\xaf\",", &body.as_bytes()[1..]].concat(),
        format!(
            "{{\"x\":{}{},{}",
            "[".repeat(70),
            "]".repeat(70),
            &body[1..]
        )
        .into_bytes(),
        format!(
            "{{\"x\":{}{},{}",
            "[".repeat(20_000),
            "]".repeat(20_000),
            &body[1..]
        )
        .into_bytes(),
    ]
}

/// Bodies with a letter or two changed, from a seed: what nobody thought of.
fn mutated(body: &str, how_many: u32) -> Vec<Vec<u8>> {
    const LETTERS: &[u8] = b"{}[]\",:\\/u0189eE.+-tfn \t\n\x00\x0b\x7f\xc3\xa9\xff'";
    let entropy = Entropy::seeded(20_260_316);
    let draw = |limit: usize| {
        let drawn = u64::from_le_bytes(entropy.bytes());
        usize::try_from(drawn % u64::try_from(limit).unwrap()).unwrap()
    };
    (0..how_many)
        .map(|_| {
            let mut bytes = body.as_bytes().to_vec();
            for _ in 0..=draw(2) {
                let (place, letter) = (draw(bytes.len()), LETTERS[draw(LETTERS.len())]);
                match draw(4) {
                    0 => bytes[place] = letter,
                    1 => bytes.insert(place, letter),
                    2 => drop(bytes.remove(place)),
                    // A stretch twice: keys, commas, quotes.
                    _ => {
                        let end = bytes.len().min(place + 1 + draw(24));
                        let stretch = bytes[place..end].to_vec();
                        bytes.splice(end..end, stretch);
                    }
                }
            }
            bytes
        })
        .collect()
}

#[test]
fn what_three_readers_disagree_on_is_no_money() {
    if !["python3", "node"].into_iter().all(is_here) {
        return;
    }
    let body = STANDARD_BODY;
    let mut bodies = framed(body);
    for (was, values) in VALUES {
        assert!(body.contains(was), "{was}");
        bodies.extend(
            values
                .iter()
                .map(|it| body.replacen(was, it, 1).into_bytes()),
        );
    }
    bodies.extend(mutated(body, count("PHOCHO_TEST_BODIES", 4_000)));
    let python = read_in("python3", &["-c", PYTHON], &bodies);
    let node = read_in("node", &["-e", JAVASCRIPT], &bodies);
    let (mut disputed, mut taken) = (0, 0);
    for ((body, python), node) in bodies.iter().zip(&python).zip(&node) {
        let rust = read_in_rust(body);
        let shown = String::from_utf8_lossy(body);
        let agree = *python == rust && *node == rust;
        disputed += u32::from(!agree);
        if let Some(money) = money(body) {
            taken += 1;
            assert!(
                agree,
                "{shown}\n rust {rust}\n python {python}\n node {node}"
            );
            let (told, booked_at) = rust.rsplit_once("|text ").unwrap();
            let booked_at = String::from_utf8(hex::decode(booked_at).unwrap()).unwrap();
            let booked_at = DateTime::parse_from_rfc3339(&booked_at).unwrap();
            assert_eq!(money, (told.to_owned(), booked_at.to_utc()), "{shown}");
        }
    }
    // Otherwise there was nothing to be careful about.
    assert!(disputed >= 20 && taken >= 20, "{disputed} {taken}");
    println!(
        "{} bodies, {disputed} disputed, {taken} taken",
        bodies.len()
    );
}
