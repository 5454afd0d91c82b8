//! A network between a process and a server: slow, or cut.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::Duration,
};
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
    to: Arc<AtomicU16>,
    cut: watch::Sender<bool>,
    turns: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Wire {
    /// A way to the server of this machine that an address names: it takes so long each way.
    pub(crate) fn to(address: &str, takes: Duration) -> Self {
        let to = port_of(address);
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let cut = watch::Sender::new(false);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = runtime.block_on(listener).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_cut, turns) = (cut.subscribe(), Arc::default());
        let counted = Arc::clone(&turns);
        let destination = Arc::new(AtomicU16::new(to));
        let leads_to = Arc::clone(&destination);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let turns = Turns { count: Arc::clone(&counted), is_answered: true };
                let turns = Arc::new(Mutex::new(turns));
                let to = leads_to.load(Ordering::Relaxed);
                tokio::spawn(connect(client, to, (takes, turns), is_cut.clone()));
            }
        });
        let address = address.replace(&format!(":{to}/"), &format!(":{port}/"));
        Self { address, to: destination, cut, turns, _runtime: runtime }
    }

    /// New connections lead to another server from here on.
    pub(crate) fn lead_to(&self, address: &str) {
        self.to.store(port_of(address), Ordering::Relaxed);
    }

    /// The server's address, by this way.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Round trips so far: how often something left for the server since its last answer had come.
    pub(crate) fn round_trips(&self) -> usize {
        self.turns.load(Ordering::Relaxed)
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

fn port_of(address: &str) -> u16 {
    let port = address.split(':').find_map(|part| part.split('/').next()?.parse().ok());
    port.unwrap()
}

/// Counts the round trips of a connection.
#[derive(Debug)]
struct Turns {
    count: Arc<AtomicUsize>,
    is_answered: bool,
}

impl Turns {
    fn leaves(&mut self) {
        if std::mem::replace(&mut self.is_answered, false) {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn connect(
    client: TcpStream,
    to: u16,
    (takes, turns): (Duration, Arc<Mutex<Turns>>),
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
            () = pass(&mut from_client, &mut to_server, takes, || {
                turns.lock().unwrap().leaves();
            }) => return,
            () = pass(&mut from_server, &mut to_client, takes, || {
                turns.lock().unwrap().is_answered = true;
            }) => return,
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

/// Until one end is closed. `sees` is called for all that sets out.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    takes: Duration,
    sees: impl Fn(),
) {
    let (late, mut due) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let read = async move {
        let mut bytes = vec![0; 65_536];
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            sees();
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
