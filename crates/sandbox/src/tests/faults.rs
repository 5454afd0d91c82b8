//! Replies that do not tell what happened.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::to_bytes;
use http::header::CONTENT_LENGTH;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::client::{get, leads, post, sandbox, send};
use crate::{Fault, Options};

#[tokio::test(start_paused = true)]
async fn faults_strike_paid_posts_in_order() {
    let faults = vec![Fault::RefusedBefore, Fault::ErrorAfter, Fault::None];
    let sandbox = sandbox(Options { faults, ..Options::default() });
    let mut seen = Vec::new();
    for _ in 0..4 {
        assert_eq!(get(&sandbox, "/wallets/balance").await.status, 200);
        let reply = post(&sandbox, "/email-finder/batch", leads(1)).await;
        seen.push((reply.status.as_u16(), sandbox.audit().jobs));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(seen, [(503, 0), (500, 1), (200, 2), (200, 3)]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_was_processed_and_breaks_in_the_middle() {
    let faults = vec![Fault::LostReply];
    let sandbox = sandbox(Options { faults, ..Options::default() });
    let body = leads(1).to_string();
    let response = send(&sandbox, "POST", "/api/v3/email-finder/batch", &body).await;
    let promised = response.headers().get(CONTENT_LENGTH).cloned();
    assert!(promised.is_some_and(|length| length.to_str().unwrap() != "0"));
    assert!(to_bytes(response.into_body(), usize::MAX).await.is_err());
    assert_eq!(sandbox.audit().reserved, 10);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_reply_was_processed_before_it_hung() {
    let wait = Duration::from_secs(90);
    let sandbox =
        sandbox(Options { faults: vec![Fault::Hang(wait)], ..Options::default() });
    let start = Instant::now();
    let submit = post(&sandbox, "/email-finder/batch", leads(1));
    let given_up = tokio::time::timeout(Duration::from_secs(60), submit).await;
    assert!(given_up.is_err());
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    assert_eq!(sandbox.audit().reserved, 10);
}

/// Sends one request over a socket and reads until the end of the connection, if it has one.
async fn exchange(address: SocketAddr, key: &str, body: &str) -> io::Result<String> {
    let head = format!(
        "POST /api/v3/email-finder/batch HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    Ok(reply)
}

#[tokio::test]
async fn over_a_socket_a_lost_reply_ends_short_of_its_promised_length() {
    let faults = vec![Fault::LostReply];
    let sandbox = sandbox(Options { faults, ..Options::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(sandbox.serve(listener));
    for lost in [true, false] {
        let reply = exchange(address, "sk_sandbox", &leads(1).to_string()).await;
        let whole = reply.is_ok_and(|reply| reply.ends_with("}}"));
        assert_eq!(whole, !lost);
    }
    assert_eq!(sandbox.audit().jobs, 2);
    server.abort();
}

#[tokio::test]
async fn over_a_socket_a_refusal_reaches_a_client_that_is_still_sending() {
    let faults = vec![Fault::RefusedBefore];
    let sandbox = sandbox(Options { faults, ..Options::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(sandbox.serve(listener));
    let body = " ".repeat(20_000_000);
    for (key, status) in [("sk_sandbox", "503"), ("sk_unknown", "401")] {
        let reply = exchange(address, key, &body).await.unwrap();
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{reply}");
    }
    server.abort();
}
