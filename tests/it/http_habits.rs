//! How the server behaves towards clients that are slow, greedy, broken or gone: over a real
//! TCP port.

use std::num::NonZeroU32;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use phocho::http::rate::{Rate, RateLimits};
use phocho::http::server::{Drain, ServerLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wire::{Answer, TestServer, Wishes, until};

#[tokio::test]
async fn every_refusal_is_a_problem_document_with_its_code() {
    let server = TestServer::start(Wishes::default()).await;
    for (answer, status, code, pointer) in [
        (server.get("/nowhere").await, 404, "not_found", None),
        (server.get("/thing/x").await, 404, "not_found", None),
        (server.get("/order").await, 405, "method_not_allowed", None),
        (server.get("/panic").await, 500, "internal", None),
        (
            server.get("/list?limit=1&limit=2").await,
            400,
            "invalid_query",
            Some("?limit"),
        ),
        (
            server.get("/list?size=1").await,
            400,
            "invalid_query",
            Some("?size"),
        ),
        (
            server.post_json("/order", "{").await,
            400,
            "malformed_json",
            Some(""),
        ),
        (
            server
                .post_json("/order", r#"{"amount_vnd":1,"amount_vnd":2}"#)
                .await,
            400,
            "malformed_json",
            Some("/amount_vnd"),
        ),
        (
            server
                .post_json("/order", r#"{"amount_vnd":1,"tip":2}"#)
                .await,
            422,
            "invalid_fields",
            Some("/tip"),
        ),
        (
            server.post_json("/order", &"[".repeat(60_000)).await,
            400,
            "malformed_json",
            None,
        ),
    ] {
        let problem = answer.problem();
        assert_eq!(
            (answer.status, problem["code"].as_str()),
            (status, Some(code)),
            "{answer:?}"
        );
        assert_eq!(problem["type"], format!("/docs/errors/{code}"));
        if let Some(pointer) = pointer {
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{answer:?}");
        }
        assert!(answer.head.contains("x-content-type-options: nosniff"));
        assert!(answer.head.contains("default-src 'none'"));
    }
    let wrong_method = server.get("/order").await;
    assert!(
        wrong_method.head.contains("allow: post"),
        "{wrong_method:?}"
    );
    let good = server.post_json("/order", r#"{"amount_vnd":50000}"#).await;
    assert_eq!(
        (good.status, good.body.as_str()),
        (200, r#"{"amount_vnd":50000}"#)
    );
}

#[tokio::test]
async fn a_refusal_speaks_the_readers_language_and_keeps_the_callers_request_id() {
    let server = TestServer::start(Wishes::default()).await;
    for (language, title) in [
        ("en", "Not found"),
        ("vi", "Không tìm thấy"),
        ("fr", "Không tìm thấy"),
    ] {
        let answer = server
            .send(format!(
                "GET /nowhere HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\
                 accept-language: {language}\r\nx-request-id: caller-7\r\n\r\n"
            ))
            .await;
        let problem = answer.problem();
        assert_eq!(
            (problem["title"].as_str(), problem["request_id"].as_str()),
            (Some(title), Some("caller-7"))
        );
    }
}

#[tokio::test]
async fn an_endless_body_is_refused_after_a_bounded_reading() {
    let server = TestServer::start(Wishes::default()).await;
    let announced = server
        .send(
            "POST /order HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: 100000000\r\n\r\n",
        )
        .await;
    assert_eq!(
        (announced.status, announced.problem()["code"].as_str()),
        (413, Some("body_too_large"))
    );

    let stream = server.connect().await;
    let (mut reading, mut writing) = stream.into_split();
    let head = "POST /order HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    writing.write_all(head.as_bytes()).await.unwrap();
    let sender = tokio::spawn(async move {
        let chunk = format!("{:x}\r\n{}\r\n", 16_384, " ".repeat(16_384));
        let mut sent = 0;
        while sent < 100_000_000 && writing.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 16_384;
        }
        sent
    });
    let mut answer = [0; 12];
    reading.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    drop(reading);
    let sent = sender.await.unwrap();
    assert!(sent < 32_000_000, "the server took {sent} bytes");
}

#[tokio::test]
async fn an_endless_head_is_refused() {
    let server = TestServer::start(Wishes::default()).await;
    let long_address = server.get(&format!("/{}", "a".repeat(9_000))).await;
    assert_eq!(long_address.status, 414);
    assert_eq!(long_address.problem()["code"], "address_too_long");
    let many = "x: y\r\n".repeat(1_000);
    let large = format!("x: {}\r\n", "y".repeat(20_000));
    for headers in [many, large] {
        let answer = server
            .send(format!("GET /list HTTP/1.1\r\nhost: t\r\n{headers}\r\n"))
            .await;
        assert_eq!(answer.status, 431, "{} bytes of headers", headers.len());
    }
}

#[tokio::test]
async fn a_compressed_body_or_a_foreign_kind_is_not_read() {
    let server = TestServer::start(Wishes::default()).await;
    for header in [
        "content-type: application/json\r\ncontent-encoding: gzip",
        "content-type: text/plain",
        "accept: */*",
    ] {
        let answer = server
            .send(format!(
                "POST /order HTTP/1.1\r\nhost: t\r\nconnection: close\r\n{header}\r\n\
                 content-length: 2\r\n\r\n{{}}"
            ))
            .await;
        assert_eq!(answer.status, 415, "{header}");
        assert_eq!(answer.problem()["code"], "unsupported_media_type");
    }
}

#[tokio::test]
async fn a_head_that_stalls_or_drips_is_cut_off() {
    let limits = ServerLimits {
        head: Duration::from_millis(200),
        ..ServerLimits::default()
    };
    let server = TestServer::start(Wishes {
        limits,
        ..Wishes::default()
    })
    .await;
    for first in ["", "GET /list HTTP/1.1\r\nx: "] {
        let mut stream = server.connect().await;
        let started = Instant::now();
        stream.write_all(first.as_bytes()).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        let drip = tokio::spawn(async move {
            while !first.is_empty() && writing.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            // Held open: the server is to close it.
            tokio::time::sleep(Duration::from_secs(5)).await;
        });
        let mut rest = Vec::new();
        let _ = reading.read_to_end(&mut rest).await;
        let lasted = started.elapsed();
        drip.abort();
        assert!(
            lasted >= Duration::from_millis(150),
            "{first:?}: too early, {lasted:?}"
        );
        assert!(
            lasted < Duration::from_secs(3),
            "{first:?}: held for {lasted:?}"
        );
    }
}

#[tokio::test]
async fn a_quiet_connection_outlives_the_head_limit_and_serves_again() {
    let limits = ServerLimits {
        head: Duration::from_millis(100),
        idle: Duration::from_millis(1500),
        ..ServerLimits::default()
    };
    let server = TestServer::start(Wishes {
        limits,
        ..Wishes::default()
    })
    .await;
    let mut stream = server.connect().await;
    for _ in 0..2 {
        stream
            .write_all(b"GET /list HTTP/1.1\r\nhost: t\r\n\r\n")
            .await
            .unwrap();
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    let started = Instant::now();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "an idle connection is closed"
    );
}

#[tokio::test]
async fn a_body_that_stalls_is_answered_408() {
    let body_deadline = Some(Duration::from_millis(150));
    let server = TestServer::start(Wishes {
        body_deadline,
        ..Wishes::default()
    })
    .await;
    let answer = server
        .send(
            "POST /order HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: 20\r\n\r\n{\"am",
        )
        .await;
    assert_eq!(
        (answer.status, answer.problem()["code"].as_str()),
        (408, Some("request_timeout"))
    );
}

#[tokio::test]
async fn work_that_has_begun_completes_though_the_client_hangs_up() {
    let server = TestServer::start(Wishes::default()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /work HTTP/1.1\r\nhost: t\r\n\r\n")
        .await
        .unwrap();
    let work = &server.work;
    until("the work begins", || work.begun.load(Ordering::SeqCst) == 1).await;
    drop(stream);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(work.done.load(Ordering::SeqCst), 0);
    work.gate.add_permits(1);
    until("the work is done", || work.done.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn work_past_its_deadline_is_answered_504_and_runs_on() {
    let answer_deadline = Some(Duration::from_millis(100));
    let server = TestServer::start(Wishes {
        answer_deadline,
        ..Wishes::default()
    })
    .await;
    let answer = server.get("/work").await;
    assert_eq!(
        (answer.status, answer.problem()["code"].as_str()),
        (504, Some("deadline_exceeded"))
    );
    server.work.gate.add_permits(1);
    let done = &server.work.done;
    until("the work is done", || done.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn a_peer_over_its_connections_is_closed_and_a_free_place_is_given_again() {
    let limits = ServerLimits {
        connections_per_peer: 2,
        ..ServerLimits::default()
    };
    let server = TestServer::start(Wishes {
        limits,
        ..Wishes::default()
    })
    .await;
    let (first, second) = (server.connect().await, server.connect().await);
    // The two are counted once they are accepted; the third comes after them.
    assert_eq!(server.get("/list").await.status, 0);
    drop((first, second));
    let started = Instant::now();
    while server.get("/list").await.status != 200 {
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "no place came free"
        );
    }
}

#[tokio::test]
async fn connections_over_the_total_wait_their_turn() {
    let limits = ServerLimits {
        connections: 1,
        ..ServerLimits::default()
    };
    let server = TestServer::start(Wishes {
        limits,
        ..Wishes::default()
    })
    .await;
    let holder = server.connect().await;
    let waiting = server.get("/list");
    tokio::pin!(waiting);
    let early = tokio::time::timeout(Duration::from_millis(150), waiting.as_mut()).await;
    assert!(early.is_err(), "served beyond the total");
    drop(holder);
    assert_eq!(waiting.await.status, 200);
}

#[tokio::test]
async fn a_noisy_address_is_refused_with_a_time_to_return_but_never_on_callbacks() {
    let once = Rate {
        per_second: NonZeroU32::MIN,
        burst: NonZeroU32::MIN,
    };
    let rates = Some(RateLimits::new(once, once));
    let server = TestServer::start(Wishes {
        rates,
        ..Wishes::default()
    })
    .await;
    assert_eq!(server.get("/list").await.status, 200);
    let refused = server.get("/list").await;
    assert_eq!(
        (refused.status, refused.problem()["code"].as_str()),
        (429, Some("rate_limited"))
    );
    assert!(refused.head.contains("retry-after: 1"), "{refused:?}");
    for _ in 0..5 {
        assert_eq!(
            server.post_json("/v1/callbacks/sepay", "{}").await.status,
            200
        );
    }
}

#[tokio::test]
async fn a_stop_finishes_what_has_begun_and_takes_nothing_new() {
    let server = TestServer::start(Wishes::default()).await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /work HTTP/1.1\r\nhost: t\r\n\r\n")
        .await
        .unwrap();
    let work = server.work.clone();
    until("the work begins", || work.begun.load(Ordering::SeqCst) == 1).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /list HTTP/1.1\r\nhost: t\r\n\r\n")
        .await
        .unwrap();
    let mut some = [0; 12];
    idle.read_exact(&mut some).await.unwrap();

    server.lifecycle.stop();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    let refused = async || TcpStream::connect(server.address).await.is_err();
    let started = Instant::now();
    while !refused().await {
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "still accepting"
        );
    }
    work.gate.add_permits(1);
    let answer = Answer::read(&mut stream).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "worked"));
    assert_eq!(server.running.await.unwrap(), Drain::Complete);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let limits = ServerLimits {
        drain: Duration::from_millis(100),
        ..ServerLimits::default()
    };
    let server = TestServer::start(Wishes {
        limits,
        ..Wishes::default()
    })
    .await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /work HTTP/1.1\r\nhost: t\r\n\r\n")
        .await
        .unwrap();
    let begun = &server.work.begun;
    until("the work begins", || begun.load(Ordering::SeqCst) == 1).await;
    server.lifecycle.stop();
    assert_eq!(server.running.await.unwrap(), Drain::Cut { connections: 1 });
}
