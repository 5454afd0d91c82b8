//! The address of a state on Postgres.

use crate::StateError;
use std::{fmt, path::PathBuf, str::FromStr, time::Duration};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

/// The schema that holds the tables unless another is named.
const SCHEMA: &str = "leadmill";

/// A database, the schema in it, and how its server proves who it is.
#[derive(Clone)]
pub struct Address {
    pub(super) config: Config,
    pub(super) schema: String,
    /// Certificates that are trusted instead of the machine's.
    pub(super) roots: Option<PathBuf>,
    password: Option<String>,
}

impl Address {
    /// Reads an address as libpq does, with `schema=` beside its own parameters, `sslrootcert=` and
    /// `sslmode=verify-full`. TLS is never used without verifying the server's name.
    pub(crate) fn read(written: &str) -> Result<Self, StateError> {
        let (base, query) = written.split_once('?').unwrap_or((written, ""));
        let (mut schema, mut roots, mut kept) = (SCHEMA.to_owned(), None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
            let (key, value) = decoded.unwrap_or_default();
            match &*key {
                "schema" => schema = value.into_owned(),
                "sslrootcert" => roots = Some(PathBuf::from(&*value)),
                "sslmode" if value.starts_with("verify-") => kept.push("sslmode=require"),
                _ => kept.push(pair),
            }
        }
        if !is_plain(&schema) {
            return Err(StateError::Address(format!(
                "`{schema}` is no name for a schema: use small letters, digits and _"
            )));
        }
        let plain = match kept.is_empty() {
            true => base.to_owned(),
            false => format!("{base}?{}", kept.join("&")),
        };
        // The library's words may repeat a part of the address, and so of the password.
        let mut config = Config::from_str(&plain).map_err(|_| {
            StateError::Address(
                "the address of the database cannot be read: expected postgres://user:password@host:port/database"
                    .into(),
            )
        })?;
        if config.get_hosts().is_empty() {
            return Err(StateError::Address(
                "the address of the database names no host".into(),
            ));
        }
        usual(&mut config);
        let password = config.get_password().map(String::from_utf8_lossy);
        let password = password.map(std::borrow::Cow::into_owned);
        Ok(Self { config, schema, roots, password })
    }

    pub(crate) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    pub(super) fn wants_tls(&self) -> bool {
        self.config.get_ssl_mode() != SslMode::Disable
    }
}

/// A server that is gone is noticed in half a minute, not in two hours.
fn usual(config: &mut Config) {
    config.keepalives_idle(Duration::from_secs(10));
    config.keepalives_interval(Duration::from_secs(5));
    config.keepalives_retries(3);
    config.tcp_user_timeout(Duration::from_secs(25));
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    if config.get_application_name().is_none() {
        config.application_name("leadmill");
    }
}

/// Whether a name needs no quotes.
fn is_plain(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
        })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        let ports = self.config.get_ports();
        for (place, host) in self.config.get_hosts().iter().enumerate() {
            let port = ports.get(place).or(ports.first()).copied().unwrap_or(5432);
            let comma = if place == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}:{port}")?,
                Host::Unix(path) => write!(f, "{comma}{}:{port}", path.display())?,
            }
        }
        let database = self.config.get_dbname().unwrap_or_default();
        write!(f, "/{database} (schema {})", self.schema)
    }
}

/// Without its password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_libpq_s_is_taken_out_and_the_rest_is_left_as_it_is() {
        let written = "postgres://db/acme?options=-c%20work_mem%3D8MB&schema=mill&sslmode=verify-full&sslrootcert=/etc/ca.pem";
        let address = Address::read(written).unwrap();
        assert_eq!(address.schema, "mill");
        assert_eq!(address.roots, Some("/etc/ca.pem".into()));
        assert_eq!(address.config.get_options(), Some("-c work_mem=8MB"));
        assert_eq!(address.config.get_ssl_mode(), SslMode::Require);
    }

    #[test]
    fn an_address_that_cannot_be_read_is_not_repeated() {
        for wrong in [
            "postgres://u:pass word@h:port/d",
            "postgres:///acme",
            "postgres://h/d?schema=Mill",
            "postgres://h/d?no_such=1",
        ] {
            let error = Address::read(wrong).unwrap_err().to_string();
            assert!(!error.contains("pass word"), "{error}");
        }
    }
}
