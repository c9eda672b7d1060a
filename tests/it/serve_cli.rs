//! `phocho serve` as a process: it says where it serves, and stops in order when asked.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// Starts the process on free ports with its data in `folder`.
fn start(folder: &std::path::Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_phocho"))
        .args([
            "serve",
            "--bind",
            "127.0.0.1:0",
            "--metrics-bind",
            "127.0.0.1:0",
        ])
        .arg("--data-dir")
        .arg(folder)
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the process starts")
}

#[test]
fn the_process_serves_and_ends_well_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(folder.path());
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("serving http://") {
        said.clear();
        assert!(talk.read_line(&mut said).unwrap() > 0, "it ended early");
    }
    let address = said
        .split("http://")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(
        &mut stream,
        b"GET /readyz HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n",
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let stopped = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(stopped.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    talk.read_to_string(&mut rest).unwrap();
    assert!(
        rest.contains("everything that had begun was finished"),
        "{rest}"
    );
}

#[test]
fn a_setting_that_cannot_be_used_ends_the_process_with_its_name() {
    let output = Command::new(env!("CARGO_BIN_EXE_phocho"))
        .args(["serve", "--bind", "nowhere"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("bind (flag)"), "{said}");
}
