//! Where callbacks leave the sandbox: a socket, or a channel within the process.

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::http::Line;

/// Where callbacks go.
#[derive(Clone, Debug, Default)]
pub enum Outlet {
    /// To the address itself, over `http://`. Callbacks to `https://` are not delivered: the audit counts
    /// them as failed.
    #[default]
    Network,
    /// Into a channel, whatever the address is. No socket is opened, so that paused time is exact.
    Channel(UnboundedSender<Delivery>),
}

/// One POST to a receiver in the same process.
///
/// Kept, it is a receiver that hangs; dropped, one that breaks the connection.
#[derive(Debug)]
pub struct Delivery {
    /// The `webhookUrl` of the batch.
    pub url: String,
    /// The headers that a provider adds, such as a signature.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON.
    pub body: Bytes,
    reply: oneshot::Sender<u16>,
}

impl Delivery {
    /// Answers with a status; any 2xx acknowledges. The sandbox may have stopped waiting.
    pub fn answer(self, status: u16) {
        self.reply.send(status).ok();
    }
}

/// An outlet and the one address to which the callbacks of a job go.
#[derive(Debug)]
pub(crate) enum Post {
    Line(Line),
    Channel(UnboundedSender<Delivery>, String),
    /// The address cannot be reached.
    Nowhere,
}

impl Post {
    /// Opens no connection yet.
    pub(crate) fn new(outlet: &Outlet, url: &str) -> Self {
        match outlet {
            Outlet::Network => Line::to(url).map_or(Self::Nowhere, Self::Line),
            Outlet::Channel(sender) => Self::Channel(sender.clone(), url.to_owned()),
        }
    }

    /// Sends one callback once; whether it was acknowledged. Takes as long as the receiver does.
    pub(crate) async fn send(&self, body: Bytes) -> bool {
        self.send_with(body, &[]).await
    }

    /// The same, with headers of the provider.
    pub(crate) async fn send_with(
        &self,
        body: Bytes,
        headers: &[(&'static str, String)],
    ) -> bool {
        let status = match self {
            Self::Nowhere => None,
            Self::Line(line) => line.post(headers, &body).await.ok(),
            Self::Channel(sender, url) => {
                let (reply, status) = oneshot::channel();
                let headers = headers.to_vec();
                let delivery = Delivery { url: url.clone(), headers, body, reply };
                match sender.send(delivery) {
                    Ok(()) => status.await.ok(),
                    Err(_) => None,
                }
            }
        };
        status.is_some_and(|status| (200..300).contains(&status))
    }
}
