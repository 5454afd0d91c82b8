use super::*;
use leadmill_core::{BatchId, JobId};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const END: &str = r#"{"event":"finder.completed","timestamp":"2026-01-01T00:00:09.000Z","data":{"job_id":"j1","status":"completed"}}"#;
const ITEM: &str =
    r#"{"event":"webhook:finder_lookup.completed","data":{"job_id":"j1"}}"#;

async fn start() -> (SocketAddr, Tags, mpsc::Receiver<Hint>) {
    let tags = Tags::new(b"secret");
    let (receiver, heard) = Receiver::new(tags.clone());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(receiver.serve(listener));
    (address, tags, heard)
}

/// The status of one request on a connection of its own.
async fn send(address: SocketAddr, verb: &str, path: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{verb} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    // It may have answered before it has read all.
    _ = stream.write_all(head.as_bytes()).await;
    _ = stream.write_all(body.as_bytes()).await;
    let mut reply = Vec::new();
    _ = stream.read_to_end(&mut reply).await;
    let reply = String::from_utf8(reply).unwrap();
    reply.split(' ').nth(1).unwrap_or_else(|| panic!("{reply}")).parse().unwrap()
}

#[tokio::test]
async fn callbacks_to_our_addresses_are_heard_once_and_no_others() {
    let (address, tags, mut heard) = start().await;
    let path = format!("/hooks/{}", tags.tag(BatchId(7)));
    for body in [ITEM, ITEM, END, ITEM, END, "no JSON", "{}", ""] {
        assert_eq!(send(address, "POST", &path, body).await, 204, "{body}");
    }
    let hint = |kind| Hint { batch: BatchId(7), job: JobId("j1".into()), kind };
    assert_eq!(heard.try_recv().unwrap(), hint(HintKind::Item));
    assert_eq!(heard.try_recv().unwrap(), hint(HintKind::End));
    assert!(heard.try_recv().is_err());
    let forged = Tags::new(b"guess").tag(BatchId(7));
    for path in [&format!("/hooks/{forged}"), "/", "/hooks", "/health"] {
        assert_eq!(send(address, "POST", path, END).await, 404, "{path}");
    }
    assert_eq!(send(address, "GET", &path, "").await, 404);
    assert_eq!(send(address, "GET", "/health", "").await, 204);
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn what_is_too_large_or_too_much_is_turned_away() {
    let (address, tags, mut heard) = start().await;
    let path = format!("/{}", tags.tag(BatchId(7)));
    let large = format!(r#"{{"pad":"{}"}}"#, "x".repeat(LARGEST));
    assert_eq!(send(address, "POST", &path, &large).await, 400);
    let body = |job: usize| {
        format!(r#"{{"event":"finder.completed","data":{{"job_id":"j{job}"}}}}"#)
    };
    for job in 0..QUEUE {
        assert_eq!(send(address, "POST", &path, &body(job)).await, 204);
    }
    assert_eq!(send(address, "POST", &path, &body(QUEUE)).await, 503);
    heard.try_recv().unwrap();
    assert_eq!(
        send(address, "POST", &path, &body(QUEUE)).await,
        204,
        "there is room again"
    );
}
