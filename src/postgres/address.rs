//! Which database, and which schema in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// A database, and a schema in it. Its `Debug` form has no password.
#[derive(Clone)]
pub struct Address {
    pub(super) config: Config,
    schema: String,
    roots_file: Option<PathBuf>,
}

/// Why a text names no database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Another kind of address.
    #[error("expected postgres://USER@HOST/DATABASE")]
    Scheme,
    /// It cannot be read. Names no part of the address, since any may be a password.
    #[error("the address cannot be read: {0}")]
    Malformed(String),
    /// It names no host.
    #[error("the address names no host; a socket's directory is ?host=/run/postgresql")]
    NoHost,
    /// A schema that would need quotes.
    #[error("expected a schema of lower-case letters, digits and _, 63 at most, but found {0:?}")]
    Schema(String),
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Address")
            .field("database", &self.shown())
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl Address {
    /// Reads `postgres://USER@HOST:PORT/DATABASE?sslmode=…`, as libpq has it.
    ///
    /// # Errors
    /// When it is not such an address, or the schema is not a plain name.
    pub fn parse(text: &str, schema: &str) -> Result<Self, AddressError> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(AddressError::Scheme);
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = schema.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        if !begins || schema.len() > 63 || !schema.chars().all(plain) || schema.starts_with("pg_") {
            return Err(AddressError::Schema(schema.to_owned()));
        }
        let mut config: Config = text.parse().map_err(|why: tokio_postgres::Error| {
            let cause = std::error::Error::source(&why).map_or(String::new(), ToString::to_string);
            AddressError::Malformed(cause)
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(AddressError::NoHost);
        }
        if config.get_application_name().is_none() {
            config.application_name("pressmark");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        // A peer that is cut off silently is noticed within half a minute.
        config.keepalives_idle(Duration::from_secs(15));
        config.keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3);
        config.tcp_user_timeout(Duration::from_secs(30));
        Ok(Self { config, schema: schema.to_owned(), roots_file: None })
    }

    /// The same with a password, where the address has none.
    #[must_use]
    pub fn or_password(mut self, password: Option<&str>) -> Self {
        if let (None, Some(password)) = (self.config.get_password(), password) {
            self.config.password(password);
        }
        self
    }

    /// The same with further root certificates for TLS: a file of PEM.
    #[must_use]
    pub fn with_roots(mut self, roots_file: Option<PathBuf>) -> Self {
        self.roots_file = roots_file;
        self
    }

    /// The schema that holds the tables.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.schema
    }

    pub(super) fn roots_file(&self) -> Option<&Path> {
        self.roots_file.as_deref()
    }

    /// Hosts and database, for messages: no user and no password.
    #[must_use]
    pub fn shown(&self) -> String {
        let ports = self.config.get_ports();
        let port = |at: usize| ports.get(at).or_else(|| ports.first()).map_or(5432, |port| *port);
        let named = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let mut hosts: Vec<String> = named.collect();
        if hosts.is_empty() {
            hosts.extend(self.config.get_hostaddrs().iter().map(ToString::to_string));
        }
        let hosts: Vec<String> =
            hosts.iter().enumerate().map(|(at, host)| format!("{host}:{}", port(at))).collect();
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        format!("{}/{database}", hosts.join(","))
    }
}

/// How long a connection may take to come about, unless the address says.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_shown_without_its_secrets() {
        let address =
            Address::parse("postgres://ann:hunter2@db.example:6432/press?sslmode=require", "news")
                .unwrap();
        assert_eq!(address.shown(), "db.example:6432/press");
        assert_eq!(address.schema(), "news");
        assert!(!format!("{address:?}").contains("hunter2"));
        let socket = Address::parse("postgresql:///press?host=/run/postgresql", "a").unwrap();
        assert_eq!(socket.shown(), "/run/postgresql:5432/press");
        let given = address.or_password(Some("other"));
        assert_eq!(given.config.get_password(), Some(&b"hunter2"[..]), "its own goes first");
        let given = socket.or_password(Some("other"));
        assert_eq!(given.config.get_password(), Some(&b"other"[..]));
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for (text, schema) in [
            ("mysql://h/d", "a"),
            ("host=h password=hunter2", "a"),
            ("postgres://ann:hunter2@/d", "a"),
            ("postgres://ann:hunter2@h:99999/d", "a"),
            ("postgres://ann:hunter2@h/d?sslmode=maybe", "a"),
            ("postgres://h/d", ""),
            ("postgres://h/d", "a\"; DROP SCHEMA public"),
            ("postgres://h/d", "Big"),
            ("postgres://h/d", "pg_mine"),
        ] {
            let why = Address::parse(text, schema).unwrap_err();
            assert!(!why.to_string().contains("hunter2"), "{why}");
        }
    }
}
