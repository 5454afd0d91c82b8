//! A connection to the server, with the locks that last as long as it does.
//!
//! Whoever holds a run's lock writes through the session that holds it. A session that the server has
//! ended can write no more, and only then are its locks free: so a process that was cut off, and comes
//! back, cannot write beside the one that took over.

use super::address::Address;
use crate::StateError;
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer};
use rustls_platform_verifier::BuilderVerifierExt;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long another process is waited for that is about to end, and how often it is looked for.
const PATIENCE: u32 = 40;
const APART: Duration = Duration::from_millis(25);

/// An open connection.
#[derive(Debug)]
pub(super) struct Session {
    /// One statement, or one transaction, at a time.
    pub(super) client: tokio::sync::Mutex<Client>,
    pub(super) schema: String,
    /// The server's process that serves this session: the one that holds the locks.
    pub(super) backend: i32,
    held: Mutex<BTreeSet<String>>,
}

impl Session {
    /// Connects, and makes sure that what the server acknowledges is on its disk.
    pub(super) async fn open(address: &Address) -> Result<Self, StateError> {
        let client = connect(address).await?;
        let settings =
            client.query("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')", &[]);
        for row in settings.await? {
            let (name, setting): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            match (name.as_str(), setting.as_str()) {
                ("fsync", "off") => {
                    return Err(StateError::Unsafe(
                        "the server runs with fsync = off: a power cut there would lose what was paid for"
                            .into(),
                    ));
                }
                // `remote_apply` and `remote_write` are the server's own, stronger or weaker by its standbys.
                ("synchronous_commit", "off" | "local") => {
                    client.batch_execute("SET synchronous_commit = on").await?;
                }
                _ => {}
            }
        }
        // A machine that is gone must not keep its locks for two hours; a run that waits must not lose its own.
        client
            .batch_execute(
                "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;
                 SET tcp_keepalives_count = 3; SET idle_session_timeout = 0; SET statement_timeout = 0;
                 SET lock_timeout = 0; SET idle_in_transaction_session_timeout = '30s'",
            )
            .await?;
        let backend: i32 =
            client.query_one("SELECT pg_backend_pid()", &[]).await?.try_get(0)?;
        Ok(Self {
            client: tokio::sync::Mutex::new(client),
            schema: address.schema.clone(),
            backend,
            held: Mutex::default(),
        })
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
        let key = lock_key(&self.schema, name);
        for tried in 0..=patience {
            let taken = self
                .client
                .lock()
                .await
                .query_one("SELECT pg_try_advisory_lock($1)", &[&key])
                .await?;
            if taken.try_get(0)? {
                let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                held.insert(name.to_owned());
                return Ok(true);
            }
            if tried < patience {
                tokio::time::sleep(APART).await;
            }
        }
        Ok(false)
    }

    /// Whether this session has this lock.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }
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
    use rustls::pki_types::pem::PemObject;
    let mut roots = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?
    {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
