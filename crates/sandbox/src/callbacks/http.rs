//! As much of an HTTP/1.1 client as callbacks need: POSTs of JSON to one address over kept connections.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::Uri;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The most bytes of a reply's head, and of a body that is read so that its connection can be kept.
const MOST: usize = 64 << 10;

/// How long the body of a reply may take after its head.
const BODY_PATIENCE: Duration = Duration::from_secs(1);

/// The way to one address. It keeps as many connections as were ever needed at once.
#[derive(Debug)]
pub(crate) struct Line {
    host: String,
    port: u16,
    /// The head of every request, without its length.
    head: String,
    idle: Mutex<Vec<TcpStream>>,
}

impl Line {
    /// The line to an `http://` address; there is none to others.
    pub(crate) fn to(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let (scheme, host) = (uri.scheme_str()?, uri.host()?);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let port = uri.port().map_or_else(String::new, |port| format!(":{port}"));
        (scheme == "http").then(|| Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(80),
            head: format!(
                "POST {path} HTTP/1.1\r\nhost: {host}{port}\r\ncontent-type: application/json\r\n\
                 user-agent: leadmill-sandbox\r\nx-leadmill-sandbox: synthetic\r\ncontent-length: "
            ),
            idle: Mutex::default(),
        })
    }

    /// Sends one POST once, and gives the status of its answer.
    ///
    /// # Errors
    /// The receiver cannot be reached, or does not speak HTTP/1.
    pub(crate) async fn post(
        &self,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> io::Result<u16> {
        let mut stream = match self.idle() {
            Some(stream) => stream,
            None => TcpStream::connect((self.host.as_str(), self.port)).await?,
        };
        stream.set_nodelay(true)?;
        let mut request = format!("{}{}\r\n", self.head, body.len());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut request = (request + "\r\n").into_bytes();
        request.extend_from_slice(body);
        stream.write_all(&request).await?;
        let (status, keep) = read_reply(&mut stream).await?;
        if keep {
            self.connections(|idle| idle.push(stream));
        }
        Ok(status)
    }

    /// A connection that the receiver has not closed.
    fn idle(&self) -> Option<TcpStream> {
        self.connections(|idle| {
            while let Some(stream) = idle.pop() {
                let read = stream.try_read(&mut [0]);
                if read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                    return Some(stream);
                }
            }
            None
        })
    }

    fn connections<T>(&self, act: impl FnOnce(&mut Vec<TcpStream>) -> T) -> T {
        act(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The status of a reply, and whether another can follow it on the same connection.
async fn read_reply(stream: &mut TcpStream) -> io::Result<(u16, bool)> {
    let mut reply = Vec::new();
    let end = loop {
        if let Some(end) = reply.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end;
        }
        if reply.len() > MOST || stream.read_buf(&mut reply).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    };
    let rest = reply.len() - end - 4;
    reply.truncate(end);
    let head = Head::read(&reply).ok_or(io::ErrorKind::InvalidData)?;
    let Some(missing) = head.body.and_then(|body| body.checked_sub(rest)) else {
        return Ok((head.status, false));
    };
    // The status is known: a body that does not come costs the connection and nothing else.
    let mut body = vec![0; missing];
    let read = timeout(BODY_PATIENCE, stream.read_exact(&mut body)).await;
    Ok((head.status, read.is_ok_and(|read| read.is_ok())))
}

/// What matters of a reply's head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// The length of the body, if it is told and short and the connection is kept after it.
    body: Option<usize>,
}

impl Head {
    fn read(head: &[u8]) -> Option<Self> {
        let mut lines = str::from_utf8(head).ok()?.split("\r\n");
        let mut first = lines.next()?.splitn(3, ' ');
        let version = first.next().filter(|version| version.starts_with("HTTP/1."))?;
        let status = first.next().filter(|status| status.len() == 3)?.parse().ok()?;
        let mut body = (status == 204).then_some(0);
        let mut keep = version != "HTTP/1.0";
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                body = value.parse().ok().filter(|length| *length <= MOST);
            }
            keep &= !name.eq_ignore_ascii_case("transfer-encoding");
            let closes = value.to_ascii_lowercase().contains("close");
            keep &= !(name.eq_ignore_ascii_case("connection") && closes);
        }
        Some(Self { status, body: body.filter(|_| keep) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_has_a_line() {
        let line = Line::to("http://ada:pw@hooks.example:81/e/1?x=2#z").unwrap();
        assert_eq!((line.host.as_str(), line.port), ("hooks.example", 81));
        assert!(line.head.starts_with(
            "POST /e/1?x=2 HTTP/1.1\r\nhost: hooks.example:81\r\ncontent-type"
        ));
        let line = Line::to("http://[::1]").unwrap();
        assert_eq!((line.host.as_str(), line.port), ("::1", 80));
        assert!(line.head.starts_with("POST / HTTP/1.1\r\nhost: [::1]\r\n"));
        assert!(Line::to("https://hooks.example/e/1").is_none());
    }

    #[test]
    fn a_connection_is_kept_only_if_the_end_of_the_reply_is_known() {
        for (head, status, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2", 200, Some(2)),
            ("HTTP/1.1 204 No Content\r\ndate: x", 204, Some(0)),
            ("HTTP/1.1 500 Oh\r\ncontent-length: 2\r\nConnection: Close", 500, None),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", 200, None),
            ("HTTP/1.1 200 OK\r\ncontent-length: 99999999", 200, None),
            ("HTTP/1.0 200 OK\r\ncontent-length: 2", 200, None),
            ("HTTP/1.1 404", 404, None),
        ] {
            assert_eq!(
                Head::read(head.as_bytes()),
                Some(Head { status, body }),
                "{head}"
            );
        }
        for nonsense in ["", "SMTP 200", "HTTP/1.1 OK", "HTTP/1.1"] {
            assert_eq!(Head::read(nonsense.as_bytes()), None, "{nonsense}");
        }
    }
}
