//! The sandbox and its callbacks over real sockets.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::client::{crowd, post, tomba};
use crate::tomba::bulk::webhooks::signature;
use crate::tomba::{BulkOptions, Options};

#[tokio::test]
async fn it_is_served_on_a_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(tomba(Options::default()).serve(listener));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "GET /v1/domain-status?domain=gmail.com HTTP/1.1\r\nhost: x\r\n\
                   connection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK"), "{reply}");
    assert!(reply.contains("x-ratelimit-limit: 5") && reply.contains("\"webmail\":true"));
    server.abort();
}

#[tokio::test]
async fn a_callback_carries_its_signature_over_a_socket() {
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = receiver.local_addr().unwrap();
    let bulk = BulkOptions {
        queued: Duration::ZERO,
        fixed: Duration::ZERO,
        per_row: Duration::ZERO,
        ..BulkOptions::default()
    };
    let tomba = tomba(Options { bulk, ..Options::default() });
    let mut body = crowd(1);
    body["launch"] = json!(true);
    body["webhook_url"] = json!(format!("http://{address}/told"));
    assert_eq!(post(&tomba, "/bulk/finder", body).await.status, 201);
    let (mut stream, _) = receiver.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
    let request = String::from_utf8(request).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /told HTTP/1.1\r\n"), "{head}");
    let key = tomba.book().bulks.secret.value.clone();
    let signed = format!("X-Tomba-Signature: {}", signature(&key, body.as_bytes()));
    assert!(head.lines().any(|line| line == signed), "{head}");
    let acknowledged = async {
        while tomba.audit().callbacks.acknowledged == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), acknowledged).await.unwrap();
}
