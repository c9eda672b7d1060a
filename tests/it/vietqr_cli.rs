//! The contract of `phocho vietqr`: one JSON object a line in, one a line out, in order.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::vietqr::vectors;

fn phocho(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phocho"));
    command
        .arg("vietqr")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the filter over raw lines and gives its answers.
fn answers(arguments: &[&str], input: Vec<u8>) -> Vec<Value> {
    let mut child = phocho(arguments).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ask(arguments: &[&str], lines: &[Value]) -> Vec<Value> {
    let texts: Vec<String> = lines.iter().map(Value::to_string).collect();
    let answers = answers(arguments, texts.join("\n").into_bytes());
    assert_eq!(answers.len(), lines.len(), "an answer for every line");
    answers
}

fn of_profile(profile: &str) -> Vec<Value> {
    let all = vectors("valid").into_iter();
    all.filter(|vector| vector["profile"] == profile).collect()
}

fn scans(vectors: &[Value]) -> Vec<Value> {
    vectors
        .iter()
        .map(|vector| json!({"payload": vector["payload"]}))
        .collect()
}

#[test]
fn decode_gives_the_fields_of_every_published_code() {
    let vectors = of_profile("vietqr");
    for arguments in [&["decode"][..], &["decode", "--lenient"]] {
        for (answer, vector) in ask(arguments, &scans(&vectors)).iter().zip(&vectors) {
            assert_eq!(answer["ok"], true, "{vector}");
            assert_eq!(answer["input"], vector["input"], "{vector}");
        }
    }
}

#[test]
fn encode_writes_every_published_code_byte_for_byte() {
    let mut vectors = of_profile("vietqr");
    vectors.retain(|vector| vector["use"] == "roundtrip");
    let inputs: Vec<Value> = vectors
        .iter()
        .map(|vector| vector["input"].clone())
        .collect();
    for (answer, vector) in ask(&["encode"], &inputs).iter().zip(&vectors) {
        assert_eq!(answer, &json!({"payload": vector["payload"]}));
    }
}

#[test]
fn decode_refuses_every_published_broken_code_with_reason_and_group() {
    let vectors = vectors("invalid");
    for (answer, vector) in ask(&["decode"], &scans(&vectors)).iter().zip(&vectors) {
        assert_eq!(answer["ok"], false, "{vector}");
        assert_eq!(answer["reason"], vector["reason"], "{vector}");
        assert_eq!(answer["group"], vector["group"], "{vector}");
        assert!(
            answer["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
    }
}

#[test]
fn lenient_decode_lists_what_it_tolerated() {
    let vectors = vectors("invalid");
    let lenient = ["decode", "--lenient"];
    for (answer, vector) in ask(&lenient, &scans(&vectors)).iter().zip(&vectors) {
        if vector["tolerant"] == true {
            assert_eq!(answer["ok"], true, "{vector}");
            assert_eq!(
                answer["tolerated"][0]["reason"], vector["reason"],
                "{vector}"
            );
        } else {
            assert_eq!(answer["ok"], false, "{vector}");
            assert_eq!(answer["reason"], vector["reason"], "{vector}");
        }
    }
}

#[test]
fn the_generic_profile_shows_other_schemes_object_by_object() {
    let vectors = of_profile("emvco");
    let scans = scans(&vectors);
    for (answer, vector) in ask(&["decode", "--profile", "emvco"], &scans)
        .iter()
        .zip(&vectors)
    {
        assert_eq!(answer, &json!({"ok": true, "tlv": vector["input"]["tlv"]}));
    }
    for answer in ask(&["decode"], &scans) {
        assert_eq!(answer["ok"], false);
    }
}

#[test]
fn a_bad_line_gets_an_error_and_the_next_line_its_answer() {
    let good = vectors("valid").remove(0);
    let mut input = Vec::new();
    for line in [
        &b"not json"[..],
        b"",
        b"[]",
        b"{\"payload\":5}",
        b"{}",
        b"{\"payload\":\"\xff\"}",
        b"{\"payload\":\"\"} x",
    ] {
        input.extend_from_slice(line);
        input.push(b'\n');
    }
    input.extend(vec![b'x'; 2 << 20]);
    // The last line has no end.
    input.extend_from_slice(format!("\n{}", json!({"payload": good["payload"]})).as_bytes());
    let answers = answers(&["decode"], input);
    let reasons: Vec<_> = answers
        .iter()
        .map(|answer| answer["reason"].as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            Some("bad_json"),
            Some("bad_json"),
            Some("bad_input"),
            Some("bad_input"),
            Some("bad_input"),
            Some("bad_json"),
            Some("bad_json"),
            Some("line_too_long"),
            None,
        ]
    );
    assert_eq!(answers[8]["input"], good["input"]);
}

#[test]
fn encode_refuses_unknown_keys_and_wrong_types() {
    let good = vectors("valid").remove(0)["input"].clone();
    let changed = |key: &str, value: Value| {
        let mut input = good.clone();
        input[key] = value;
        input.to_string()
    };
    let lines = [
        changed("colour", json!("red")),
        changed("amount", json!(50000)),
        changed(
            "additional",
            json!(["a", "b", "c", "d", "e", "f", "g", "h", "A", {}]),
        ),
        changed("additional", json!({"note": "x"})),
        changed("other_tags", json!({"80": 1})),
        r#"{"bin":"970436","bin":"970436"}"#.to_owned(),
        r#"{"other_tags":{"80":"a","80":"b"}}"#.to_owned(),
        "{".to_owned(),
        "{}".to_owned(),
        changed("country", json!("US")),
        changed("additional", Value::Null),
    ];
    let answers = answers(&["encode"], lines.join("\n").into_bytes());
    let codes: Vec<_> = answers
        .iter()
        .map(|answer| answer["error"]["code"].as_str())
        .collect();
    assert_eq!(codes[..7], [Some("bad_input"); 7]);
    assert_eq!(
        codes[7..],
        [
            Some("bad_json"),
            Some("required_tag_missing"),
            Some("country"),
            None
        ]
    );
    let message = answers[0]["error"]["message"].as_str().unwrap();
    assert!(message.contains("colour"), "{message}");
    assert!(answers[10]["payload"].is_string());
}

#[test]
fn an_answer_comes_before_the_next_question() {
    let mut child = phocho(&["decode"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for vector in vectors("valid").iter().take(3) {
        writeln!(stdin, "{}", json!({"payload": vector["payload"]})).unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["input"], vector["input"]);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn answers_keep_the_order_of_many_lines() {
    let vectors = of_profile("vietqr");
    let scans: Vec<Value> = scans(&vectors).into_iter().cycle().take(5000).collect();
    for (index, answer) in ask(&["decode"], &scans).iter().enumerate() {
        assert_eq!(
            answer["input"],
            vectors[index % vectors.len()]["input"],
            "line {index}"
        );
    }
}
