//! A connection to the server, with the locks that last as long as it does.
//!
//! Whoever holds a run's lock writes through the session that holds it. A session that the server has
//! ended can write no more, and only then are its locks free: so a process that was cut off, and comes
//! back, cannot write beside the one that took over. It may connect again, take its locks again, and go on
//! if nobody else has had to do with its batches meanwhile.

use super::address::Address;
use crate::{StateError, random};
use leadmill_core::RunId;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeSet, HashMap},
    ops::{Deref, DerefMut},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::MutexGuard,
    time::{Instant, sleep, timeout},
};
use tokio_postgres::{Client, GenericClient, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long another process is waited for that is about to end, and how often it is looked for.
const PATIENCE: u32 = 40;
const APART: Duration = Duration::from_millis(25);

/// Times that a lock which somebody has is tried again, when a connection is renewed.
const TAKEN: u32 = 4;

/// How long a connection may take to be made ready.
const OPENING: Duration = Duration::from_secs(15);

/// How long a server that is gone is waited for: a restart or a failover takes some seconds.
const RENEWAL: Duration = Duration::from_secs(60);

/// What the server must do for us, where it knows of it. A machine that is gone must not keep its locks for
/// two hours, nor a row for more than some seconds; a run that waits must not lose its own.
const SETTINGS: &str = "
SELECT set_config(wanted.name, wanted.setting, false)
FROM (VALUES
    ('default_transaction_isolation', 'read committed'),
    ('tcp_keepalives_idle', '10'),
    ('tcp_keepalives_interval', '5'),
    ('tcp_keepalives_count', '3'),
    ('tcp_user_timeout', '20000'),
    ('idle_in_transaction_session_timeout', '5000'),
    ('idle_session_timeout', '0'),
    ('statement_timeout', '0'),
    ('transaction_timeout', '0'),
    ('lock_timeout', '0')
) AS wanted (name, setting)
JOIN pg_settings USING (name)";

/// A session, which may be that of several connections, one after the other.
#[derive(Debug)]
pub(super) struct Session {
    address: Address,
    /// One statement, or one transaction, at a time.
    connected: tokio::sync::Mutex<Connected>,
    held: Mutex<BTreeSet<String>>,
    /// The run for which this process works, and its fence as this process has passed it.
    works_for: Mutex<Option<(RunId, i64)>>,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Connected {
    client: Client,
    /// Names the connection in the server's session: another client of a pooler would have another.
    pub(super) mark: String,
    pub(super) backend: i32,
    /// When the server began it, as it writes that: its number may be another's later.
    begun: String,
    /// Statements that were prepared: the server is asked about each but once.
    statements: HashMap<String, Statement>,
}

impl Deref for Connected {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Connected {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Session {
    /// Connects, and makes sure that what the server acknowledges is on its disk.
    pub(super) async fn open(address: &Address) -> Result<Self, StateError> {
        let connected = tokio::sync::Mutex::new(Connected::open(address).await?);
        let (held, works_for) = (Mutex::default(), Mutex::default());
        Ok(Self { address: address.clone(), connected, held, works_for })
    }

    pub(super) fn schema(&self) -> &str {
        &self.address.schema
    }

    /// The connection, renewed if it is known to be lost.
    pub(super) async fn live(&self) -> Result<MutexGuard<'_, Connected>, StateError> {
        let mut connected = self.connected.lock().await;
        if connected.is_closed() {
            self.renew(&mut connected).await?;
        }
        Ok(connected)
    }

    pub(super) async fn client(&self) -> MutexGuard<'_, Connected> {
        self.connected.lock().await
    }

    /// Whether this session is the only one with this lock from now on. Waits briefly.
    pub(super) async fn take(&self, name: &str) -> Result<bool, StateError> {
        self.try_take(name, PATIENCE).await
    }

    pub(super) async fn try_take(
        &self,
        name: &str,
        patience: u32,
    ) -> Result<bool, StateError> {
        if self.holds(name) {
            return Ok(true);
        }
        let key = lock_key(self.schema(), name);
        for tried in 0..=patience {
            if self.client().await.lock(key).await? {
                let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                held.insert(name.to_owned());
                return Ok(true);
            }
            if tried < patience {
                sleep(APART).await;
            }
        }
        Ok(false)
    }

    /// Whether this session has this lock.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// From now on this process works for a run whose lock it has: whoever passes its fence while the connection is lost
    /// has taken over.
    pub(super) async fn work_for(&self, run: RunId) -> Result<(), StateError> {
        let passed = pass(&**self.client().await, self.schema(), run).await?;
        let mut works_for = self.works_for.lock().unwrap_or_else(PoisonError::into_inner);
        *works_for = Some((run, passed));
        Ok(())
    }

    /// Whether another process has taken over a run, as this connection sees it.
    async fn is_overtaken(&self, client: &Client) -> Result<bool, StateError> {
        let works_for = *self.works_for.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((run, passed)) = works_for else { return Ok(false) };
        let select =
            format!("SELECT passed FROM {}.fences WHERE run = $1", self.schema());
        let row = client.query_opt(&select, &[&run.0]).await?;
        let found = row.map(|row| row.try_get::<_, i64>(0)).transpose()?;
        Ok(found != Some(passed))
    }

    /// The same, over a connection of its own: where the session was lost and cannot be renewed, that may be why.
    pub(super) async fn was_overtaken(&self) -> Result<bool, StateError> {
        let fresh = Connected::open(&self.address).await?;
        self.is_overtaken(&fresh).await
    }

    /// Connects again, where the connection was lost, and takes all locks again. Waits for the server. An
    /// error where another process has one of the locks, or has passed our run's fence: it has taken over.
    pub(super) async fn renew(
        &self,
        connected: &mut Connected,
    ) -> Result<(), StateError> {
        let held: Vec<String> = {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.iter().cloned().collect()
        };
        let end = Instant::now() + RENEWAL;
        let (lost, begun) = (connected.backend, connected.begun.clone());
        let mut taken = 0;
        loop {
            let renewed = async {
                let fresh = Connected::open(&self.address).await?;
                // Where we have given up on it and the server has not, its locks are still ours.
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                           WHERE pid = $1 AND backend_start::text = $2 AND pid <> pg_backend_pid()";
                fresh.execute(end, &[&lost, &begun]).await?;
                let mut is_free = true;
                for name in &held {
                    is_free &= fresh.lock(lock_key(self.schema(), name)).await?;
                }
                is_free &= !self.is_overtaken(&fresh).await?;
                Ok::<_, StateError>((fresh, is_free))
            };
            let error = match renewed.await {
                Ok((fresh, true)) => {
                    *connected = fresh;
                    return Ok(());
                }
                Ok((_, false)) => {
                    taken += 1;
                    StateError::Locked(self.address.to_string())
                }
                Err(error) => error,
            };
            if Instant::now() >= end || taken == TAKEN {
                return Err(error);
            }
            sleep(Duration::from_millis(500)).await;
        }
    }
}

impl Connected {
    async fn open(address: &Address) -> Result<Self, StateError> {
        let opening = timeout(OPENING, Self::connect(address)).await;
        opening.map_err(|_| StateError::Lost("the server does not answer".into()))?
    }

    async fn connect(address: &Address) -> Result<Self, StateError> {
        let client = connect(address).await?;
        client.execute(SETTINGS, &[]).await?;
        let settings = "SELECT name, setting FROM pg_settings
                        WHERE name IN ('fsync', 'synchronous_commit', 'server_encoding')";
        for row in client.query(settings, &[]).await? {
            let (name, setting): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            match (name.as_str(), setting.as_str()) {
                ("fsync", "off") => {
                    return Err(StateError::Unsafe(
                        "the server runs with fsync = off: a power cut there would lose what was paid for"
                            .into(),
                    ));
                }
                ("server_encoding", encoding) if encoding != "UTF8" => {
                    return Err(StateError::Unsafe(format!(
                        "the database's encoding is {encoding}, which cannot hold every answer: it must be UTF8"
                    )));
                }
                // `remote_apply` and `remote_write` are the server's own, stronger or weaker by its standbys.
                ("synchronous_commit", "off" | "local") => {
                    client.batch_execute("SET synchronous_commit = on").await?;
                }
                _ => {}
            }
        }
        let mark = format!("{:016x}", random::number()?);
        let set =
            "SELECT pid, backend_start::text, set_config('leadmill.session', $1, false)
                   FROM pg_stat_activity WHERE pid = pg_backend_pid()";
        let row = client.query_one(set, &[&mark]).await?;
        let (backend, begun) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Self { client, mark, backend, begun, statements: HashMap::new() })
    }

    /// A statement, prepared for this connection.
    pub(super) async fn statement(&mut self, sql: &str) -> Result<Statement, StateError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Takes a lock of the server's, if it is free.
    async fn lock(&self, key: i64) -> Result<bool, StateError> {
        // A session that has a lock gets it again: then it would not be ours alone.
        let look = "SELECT current_setting('leadmill.session', true) IS DISTINCT FROM $2 OR EXISTS (
                        SELECT FROM pg_locks
                        WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objsubid = 1
                            AND classid = (($1::bigint >> 32) & 4294967295)::oid
                            AND objid = ($1::bigint & 4294967295)::oid
                    )";
        if self.client.query_one(look, &[&key, &self.mark]).await?.try_get(0)? {
            return Err(StateError::Unsafe(POOLED.into()));
        }
        let take = "SELECT pg_try_advisory_lock($1)";
        Ok(self.client.query_one(take, &[&key]).await?.try_get(0)?)
    }
}

/// What is wrong where a session is not ours alone.
pub(super) const POOLED: &str = "the connection is not the one that holds the run's locks, or not ours alone: a pooler \
                                 between here and the server must pool sessions, not transactions";

/// Passes the fence of a run: no process goes on with it that has passed it earlier and lost its connection since.
pub(super) async fn pass(
    client: &impl GenericClient,
    schema: &str,
    run: RunId,
) -> Result<i64, StateError> {
    let pass = format!(
        "INSERT INTO {schema}.fences AS fence (run, passed) VALUES ($1, 1)
         ON CONFLICT (run) DO UPDATE SET passed = fence.passed + 1 RETURNING passed"
    );
    Ok(client.query_one(&pass, &[&run.0]).await?.try_get(0)?)
}

/// The number under which the server knows a lock. All schemas of a database share the numbers.
pub(super) fn lock_key(schema: &str, name: &str) -> i64 {
    let digest = Sha256::digest(format!("leadmill {schema} {name}"));
    digest.iter().take(8).fold(0, |key, byte| key << 8 | i64::from(*byte))
}

async fn connect(address: &Address) -> Result<Client, StateError> {
    if address.wants_tls() {
        let (client, connection) =
            address.config.connect(MakeRustlsConnect::new(tls(address)?)).await?;
        tokio::spawn(connection);
        return Ok(client);
    }
    let (client, connection) = address.config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Trusts what the machine trusts, or what the address names.
fn tls(address: &Address) -> Result<ClientConfig, StateError> {
    let wrong =
        |error: &dyn std::fmt::Display| StateError::Server(format!("TLS: {error}"));
    let provider = ring::default_provider().into();
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?;
    let Some(path) = &address.roots else {
        let builder = builder.with_platform_verifier().map_err(|error| wrong(&error))?;
        return Ok(builder.with_no_client_auth());
    };
    let wrong = |error: &dyn std::fmt::Display| {
        StateError::Address(format!("sslrootcert {}: {error}", path.display()))
    };
    let mut roots = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?
    {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
