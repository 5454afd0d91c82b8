//! What became of a request is told rightly, and no request is sent twice.

use super::*;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};

const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

/// What a server does with the requests of one connection, one after the other; then it closes it.
type Script = &'static [&'static str];

/// A server on this machine, and what it has seen.
#[derive(Clone, Default)]
struct Server {
    address: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// Each connection gets the next script, and the last one again and again.
    async fn start(scripts: &'static [Script]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/ask", listener.local_addr().unwrap());
        let server = Self { address, ..Self::default() };
        let seen = server.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let count = seen.connections.fetch_add(1, SeqCst);
                let script = scripts[count.min(scripts.len() - 1)];
                tokio::spawn(seen.clone().serve(stream, script));
            }
        });
        server
    }

    async fn serve(self, mut stream: TcpStream, script: Script) {
        for reply in script {
            let mut bytes = Vec::new();
            while !bytes.ends_with(b"paid") {
                if stream.read_buf(&mut bytes).await.unwrap() == 0 {
                    return;
                }
            }
            self.requests.fetch_add(1, SeqCst);
            stream.write_all(reply.as_bytes()).await.unwrap();
            if reply.is_empty() {
                return;
            }
        }
        sleep(Duration::from_millis(20)).await;
    }

    fn seen(&self) -> (usize, usize) {
        (self.connections.load(SeqCst), self.requests.load(SeqCst))
    }
}

fn network() -> Network {
    Network::through(Matcher::builder().build(), Duration::from_millis(500)).unwrap()
}

async fn ask(
    network: &Network,
    address: &str,
    connection: Connection,
) -> Result<Response<Bytes>, TransportError> {
    let request =
        Request::post(address).body(Bytes::from_static(b"this is paid")).unwrap();
    network.send(request, connection).await
}

const BOTH: [Connection; 2] = [Connection::Pooled, Connection::Fresh];

#[tokio::test]
async fn where_no_connection_can_be_made_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/ask", listener.local_addr().unwrap());
    drop(listener);
    for connection in BOTH {
        for address in [&address, "https://no.such.host.invalid/ask", "/ask"] {
            let error = ask(&network(), address, connection).await.unwrap_err();
            assert!(matches!(error, TransportError::Unsent(_)), "{address}: {error:?}");
        }
    }
}

#[tokio::test]
async fn connections_are_used_again_within_a_second_unless_they_must_be_fresh() {
    let server = Server::start(&[&[WHOLE; 9]]).await;
    let network = network();
    for (connection, wait, connections) in [
        (Connection::Pooled, 0, 1),
        (Connection::Pooled, 300, 1),
        (Connection::Fresh, 0, 2),
        (Connection::Fresh, 0, 3),
        (Connection::Pooled, 1_100, 4),
    ] {
        sleep(Duration::from_millis(wait)).await;
        let reply = ask(&network, &server.address, connection).await.unwrap();
        assert_eq!(reply.into_body(), "hi");
        assert_eq!(server.seen().0, connections);
    }
}

#[tokio::test]
async fn a_reply_that_never_comes_is_lost_and_the_request_is_not_sent_again() {
    for connection in BOTH {
        let server = Server::start(&[&[""]]).await;
        let error = ask(&network(), &server.address, connection).await.unwrap_err();
        assert!(matches!(error, TransportError::Lost(_)), "{error:?}");
        assert_eq!(server.seen(), (1, 1));
    }
}

#[tokio::test]
async fn a_server_that_goes_away_over_a_second_request_loses_its_reply_only_once() {
    let server = Server::start(&[&[WHOLE, ""], &[WHOLE]]).await;
    let network = network();
    ask(&network, &server.address, Connection::Pooled).await.unwrap();
    let second = ask(&network, &server.address, Connection::Pooled).await;
    assert!(matches!(second, Err(TransportError::Lost(_))), "{second:?}");
    assert_eq!(server.seen(), (1, 2));
}

#[tokio::test]
async fn a_farewell_that_has_arrived_loses_nothing() {
    let server = Server::start(&[&[WHOLE]]).await;
    let network = network();
    for calls in 1..=20 {
        ask(&network, &server.address, Connection::Pooled).await.unwrap();
        assert_eq!(server.seen(), (calls, calls));
        // Turns of the event loop: however slow the machine is, the farewell is read in one of them.
        for _ in 0..10 {
            sleep(Duration::from_millis(3)).await;
        }
    }
}

#[tokio::test]
async fn a_reply_that_is_late_or_cut_short_is_lost() {
    const LATE: &str = "HTTP/1.1 200 OK\r\n";
    const CUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi";
    for (script, told) in [
        (&[&[LATE, LATE] as Script] as &[Script], "timed out"),
        (&[&[CUT]], "HTTP 200 OK, then"),
    ] {
        let server = Server::start(script).await;
        let error =
            ask(&network(), &server.address, Connection::Pooled).await.unwrap_err();
        let TransportError::Lost(detail) = error else { panic!("{error:?}") };
        assert!(detail.starts_with(told), "{detail}");
        assert_eq!(server.seen(), (1, 1));
    }
}

#[tokio::test]
async fn a_redirect_is_a_reply() {
    let server = Server::start(&[&[
        "HTTP/1.1 307 Go\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n",
    ]])
    .await;
    let reply = ask(&network(), &server.address, Connection::Pooled).await.unwrap();
    assert_eq!((reply.status().as_u16(), server.seen()), (307, (1, 1)));
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_and_its_refusal_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://user:word@{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut bytes).await.unwrap();
        }
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
        String::from_utf8(bytes).unwrap()
    });
    let matcher = Matcher::builder().https(proxy).build();
    let network = Network::through(matcher, Duration::from_millis(500)).unwrap();
    let error = ask(&network, "https://api.example/ask", Connection::Fresh).await;
    assert!(matches!(error, Err(TransportError::Unsent(_))), "{error:?}");
    let heard = heard.await.unwrap();
    assert!(heard.starts_with("CONNECT api.example:443 HTTP/1.1\r\n"), "{heard}");
    assert!(heard.to_lowercase().contains("proxy-authorization: basic "), "{heard}");
}
