//! One polite HTTP/1.1 exchange; owns sockets.
//!
//! In: a permit, which is spent, and what to ask with. Out: the exact bytes of both sides, or the
//! reason why there are none. The spool is the wire, after TLS and before any parsing: bytes are
//! stored as they came, and one framing reader ([`crate::http::framing`]) says where the response
//! ends; where it cannot say, the bytes are still whole.
//!
//! What is cut short by bytes, time or a lost connection is a recorded fact and no error. No
//! redirect is followed and nothing is retried, with one exception: see [`Capturer::capture`].
//!
//! In reading order: what it may cost ([`options`]), where it may go ([`address`]), how it gets
//! there ([`dial`], `stream`, `names`, `proxy`, `tls`, `handshake`), what it says ([`request`]), the exchange itself (`drive`,
//! `spool`), connections kept for the next (`pool`), and sessions that a
//! relay attests (`recorded`, `secrets`, `attested`).

pub mod address;
mod addresses;
mod attested;
pub mod dial;
mod drive;
mod error;
mod handshake;
mod names;
pub mod options;
mod pool;
mod proxy;
mod recorded;
pub mod request;
mod secrets;
mod spool;
mod stream;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::{Clock, TargetUri};
use crate::http::{AttestedSession, Exchange, Failure, Timing};
use crate::politeness::Permit;

pub use dial::{BoxFuture, Dialer, Located, SystemDialer};
pub use error::CaptureError;
pub use options::{CaptureOptions, OptionError, Proxy, ProxyKind, ResolveRule, RootSource};
pub use request::{BodyFilter, CaptureRequest, MaySend, RequestError};
pub use stream::{BoxStream, Stream};

use addresses::Addresses;
use attested::Attesting;
use dial::{Route, sends_absolute_form};
use drive::{Drive, Driven, End};
use names::Names;
use pool::{Connection, Key, Pool};
use request::TargetForm;
use tls::Tls;

/// The result of a capture.
#[derive(Debug)]
pub enum Captured {
    /// A response, whole or cut short.
    Exchange(Box<Exchange>),
    /// No status line: evidence too.
    Failed(Box<Failure>),
}

/// Whether a connection may serve another exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reuse {
    Allowed,
    /// It was brought to its end.
    Never,
}

/// Makes exchanges, and keeps connections between them.
#[derive(Debug)]
pub struct Capturer {
    options: CaptureOptions,
    clock: Arc<dyn Clock>,
    dialer: Arc<dyn Dialer>,
    tls: Tls,
    pool: Pool,
    addresses: Addresses,
    names: Names,
}

impl Capturer {
    /// A capturer on the machine's network.
    ///
    /// # Errors
    /// When a root certificate cannot be read or TLS cannot be set up.
    pub fn new(options: CaptureOptions, clock: Arc<dyn Clock>) -> Result<Self, CaptureError> {
        Self::with_dialer(options, clock, Arc::new(SystemDialer))
    }

    /// A capturer on another network, such as a test's script of one.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_dialer(
        options: CaptureOptions,
        clock: Arc<dyn Clock>,
        dialer: Arc<dyn Dialer>,
    ) -> Result<Self, CaptureError> {
        let tls = Tls::new(&options, Arc::clone(&clock))?;
        let pool =
            Pool::new(options.connections_max, options.idle_per_host_max, options.idle_timeout);
        let addresses = Addresses::new(options.connections_per_address_max);
        let names = Names::new(options.dns_age_max);
        Ok(Self { options, clock, dialer, tls, pool, addresses, names })
    }

    /// The options it was made with.
    #[must_use]
    pub fn options(&self) -> &CaptureOptions {
        &self.options
    }

    /// How many connections are kept idle.
    #[must_use]
    pub fn idle_connections(&self) -> usize {
        self.pool.idle_count()
    }

    /// Closes every idle connection, as at the end of a crawl.
    pub fn close_idle(&self) {
        self.pool.clear();
    }

    /// Makes the one exchange that the permit allows.
    ///
    /// A kept-alive connection that the server has closed meanwhile is noticed before anything is
    /// sent, and a fresh one is used. When it closes as it is asked, without a byte of an answer,
    /// the request is made once more on a fresh connection (RFC 9112 section 9.3.1): servers close
    /// idle connections at any time, and a request that crosses such a close was most likely never
    /// read. That is one exchange; the result of the fresh connection is reported.
    ///
    /// The time spent waiting for a free connection counts to no limit. Dropping the future loses
    /// this exchange and nothing else.
    ///
    /// # Errors
    /// When the request cannot be written as configured, or a temporary file cannot be made.
    pub async fn capture(
        &self,
        permit: Permit,
        request: &CaptureRequest,
    ) -> Result<Captured, CaptureError> {
        self.capture_at(permit, request, None).await
    }

    /// The same for a name that was looked up already.
    ///
    /// # Errors
    /// As [`Self::capture`].
    pub async fn capture_at(
        &self,
        permit: Permit,
        request: &CaptureRequest,
        located: Option<Located>,
    ) -> Result<Captured, CaptureError> {
        let uri = permit.uri().clone();
        let form = if sends_absolute_form(&self.options, &uri) {
            TargetForm::Absolute
        } else {
            TargetForm::Origin
        };
        let bytes = request
            .bytes(&uri, form)
            .map_err(|source| CaptureError::Request { uri: uri.to_string(), source })?;
        let drive = Drive {
            options: &self.options,
            clock: &*self.clock,
            method: request.method,
            request: &bytes,
            has_credentials: !request.credentials.is_empty(),
            wanted: request.wanted.as_ref(),
            response_bytes_max: request.response_bytes_max.unwrap_or(u64::MAX),
            may_send: request.may_send.as_ref(),
        };
        let may_send = || match &request.may_send {
            Some(may) if !may.says_yes() => Err(CaptureError::Withdrawn),
            _ => Ok(()),
        };
        let key = Key::of(&uri);
        if let Some(mut connection) = self.pool.take(&key).await {
            may_send()?;
            let driven = self.drive(&drive, &mut connection).await?;
            if !driven.was_closed_on_asking() {
                self.forget(&uri, located);
                let (took, reuse) = (Duration::ZERO, Reuse::Allowed);
                return Ok(self.conclude(&uri, &drive, key, connection, driven, took, reuse));
            }
        }
        let slot = self.pool.slot().await.ok_or(CaptureError::Stopped)?;
        let (begun, begun_at) = (Instant::now(), self.clock.now());
        let dialed = match self.route().dial(&uri, located).await {
            Ok(dialed) => dialed,
            Err(failure) => {
                let took = begun.elapsed();
                return Ok(Captured::Failed(Box::new(Failure {
                    uri,
                    date: begun_at,
                    kind: failure.kind,
                    why: failure.why,
                    peer: failure.peer,
                    request: Vec::new(),
                    has_credentials: false,
                    received: Vec::new(),
                    dns: failure.dns,
                    timing: Timing { connect: took, first_byte: Duration::ZERO, total: took },
                })));
            }
        };
        let connect = begun.elapsed();
        let mut connection = Connection::new(dialed, slot);
        may_send()?;
        let driven = self.drive(&drive, &mut connection).await?;
        let session = match connection.attesting.take() {
            Some(attesting) => Some(self.attested(attesting, &mut connection).await),
            None => None,
        };
        let is_attested = session.is_some();
        let reusable = if is_attested { Reuse::Never } else { Reuse::Allowed };
        let mut captured = self.conclude(&uri, &drive, key, connection, driven, connect, reusable);
        if let (Captured::Exchange(exchange), Some(session)) = (&mut captured, session) {
            match session {
                // Readers of the session would also read the credentials that were sent with it.
                Ok(_) if exchange.has_credentials => exchange
                    .shape
                    .warnings
                    .push("not attested: the request has credentials".to_owned()),
                Ok(session) if exchange.surplus.is_empty() => {
                    exchange.session = Some(Box::new(session))
                }
                Ok(_) => exchange
                    .shape
                    .warnings
                    .push("not attested: data followed the response".to_owned()),
                Err(why) => exchange.shape.warnings.push(format!("not attested: {why}")),
            }
        }
        Ok(captured)
    }

    /// The session of a connection that went through a relay, after it was brought to its end.
    async fn attested(
        &self,
        attesting: Attesting,
        connection: &mut Connection,
    ) -> Result<AttestedSession, String> {
        attested::end(&mut connection.stream).await;
        let Some(proxy) = &self.options.proxy else { return Err("there is no relay".to_owned()) };
        let route = self.route();
        let relay = tokio::time::timeout(self.options.connect_timeout, route.to_proxy(proxy)).await;
        let relay = relay.map_err(|_| "the relay can no longer be reached".to_owned())??;
        attested::note(attesting, relay, &proxy.host).await
    }

    /// Where `uri` leads, for a caller that needs it before the request. `None` where that is not
    /// known here: a proxy is given the name, or the operator pinned it.
    pub async fn locate(&self, uri: &TargetUri) -> Option<Located> {
        self.route().locate(uri).await
    }

    /// Forgets a lookup for an exchange that was not made with it: the exchange that is made does a
    /// lookup of its own, which is recorded with it.
    pub fn forget(&self, uri: &TargetUri, located: Option<Located>) {
        if located.is_some_and(|located| located.is_unrecorded()) {
            self.names.forget(uri.host());
        }
    }

    fn route(&self) -> Route<'_> {
        Route {
            options: &self.options,
            dialer: &*self.dialer,
            tls: &self.tls,
            clock: &*self.clock,
            addresses: &self.addresses,
            pool: &self.pool,
            names: &self.names,
        }
    }

    async fn drive(
        &self,
        drive: &Drive<'_>,
        connection: &mut Connection,
    ) -> Result<Driven, CaptureError> {
        drive.run(&mut connection.stream).await.map_err(|source| CaptureError::Spool { source })
    }

    #[expect(clippy::too_many_arguments, reason = "private; each is a part of what is concluded")]
    fn conclude(
        &self,
        uri: &TargetUri,
        drive: &Drive<'_>,
        key: Key,
        mut connection: Connection,
        driven: Driven,
        connect: Duration,
        reuse: Reuse,
    ) -> Captured {
        let timing = Timing { connect, first_byte: driven.first_byte, total: driven.total };
        let request = drive.request[..driven.sent].to_vec();
        let has_credentials = drive.has_credentials && !request.is_empty();
        let (peer, dns) = (connection.peer, connection.dns.take());
        match driven.end {
            End::Nothing { kind, why, received } => Captured::Failed(Box::new(Failure {
                uri: uri.clone(),
                date: driven.date,
                kind,
                why,
                peer,
                request,
                has_credentials,
                received,
                dns,
                timing,
            })),
            End::Response { response, mut shape, surplus, truncated, reusable } => {
                shape.warnings.extend(connection.warning.clone());
                let tls = connection.tls.clone();
                let has_room = peer.is_none_or(|address| self.addresses.has_room(address));
                let may_keep = has_room && reuse == Reuse::Allowed;
                if let Some(keep_for) = reusable.filter(|_| may_keep) {
                    self.pool.keep(key, connection, keep_for.0);
                }
                Captured::Exchange(Box::new(Exchange {
                    uri: uri.clone(),
                    method: drive.method.as_str(),
                    date: driven.date,
                    peer,
                    request,
                    has_credentials,
                    interim: driven.interim,
                    response,
                    shape,
                    surplus,
                    truncated,
                    tls,
                    session: None,
                    dns,
                    timing,
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests;
