//! A network between a process and a server: slow, or cut.

use std::{net::Ipv4Addr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

/// Passes on what comes, in both directions, so much later.
#[derive(Debug)]
pub(crate) struct Wire {
    address: String,
    cut: watch::Sender<bool>,
    _runtime: Runtime,
}

impl Wire {
    /// A way to the server of this machine that an address names: it takes so long each way.
    pub(crate) fn to(address: &str, takes: Duration) -> Self {
        let to = address.split(':').find_map(|part| part.split('/').next()?.parse().ok());
        let to: u16 = to.unwrap();
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let cut = watch::Sender::new(false);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = runtime.block_on(listener).unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_cut = cut.subscribe();
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connect(client, to, takes, is_cut.clone()));
            }
        });
        let address = address.replace(&format!(":{to}/"), &format!(":{port}/"));
        Self { address, cut, _runtime: runtime }
    }

    /// The server's address, by this way.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The server sees every connection end. The process sees nothing at all.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// The process sees that its connections have ended, and may connect again.
    pub(crate) fn mend(&self) {
        self.cut.send_replace(false);
    }
}

async fn connect(
    client: TcpStream,
    to: u16,
    takes: Duration,
    mut cut: watch::Receiver<bool>,
) {
    if !*cut.borrow() {
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await else {
            return;
        };
        for end in [&client, &server] {
            end.set_nodelay(true).unwrap();
        }
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::select! {
            () = pass(&mut from_client, &mut to_server, takes) => return,
            () = pass(&mut from_server, &mut to_client, takes) => return,
            _ = cut.wait_for(|cut| *cut) => {}
        }
        drop((from_server, to_server));
        _ = cut.wait_for(|cut| !*cut).await;
        drop((from_client, to_client));
        return;
    }
    _ = cut.wait_for(|cut| !*cut).await;
    drop(client);
}

/// Until one end is closed.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    takes: Duration,
) {
    let (late, mut due) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let read = async move {
        let mut bytes = vec![0; 65_536];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            let sent = bytes.get(..count).unwrap_or_default().to_vec();
            if late.send((Instant::now() + takes, sent)).is_err() {
                return;
            }
        }
    };
    let write = async move {
        while let Some((at, bytes)) = due.recv().await {
            sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(read, write);
}
