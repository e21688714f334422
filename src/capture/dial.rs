//! From a URI to a connection: name resolution, address rules, TCP, proxy, TLS.
//!
//! Owns the order of these steps and which of them failed. The address rules are applied to every
//! address right before it is dialled, so neither an odd literal nor a name whose address changes
//! gets around them. Addresses are tried one after the other and not raced (RFC 8305 would): a
//! polite client opens one connection. Deliberately sends no request.
//!
//! With a proxy that resolves names itself (HTTP, `socks5h`), only address literals can be checked
//! here; the operator who sets such a proxy takes over the rest.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};
use url::Host;

use super::address::{name_refusal, refusal};
use super::addresses::Addresses;
use super::attested::Attesting;
use super::names::Names;
use super::options::{CaptureOptions, Proxy, ProxyKind};
use super::pool::{Dialed, Pool};
use super::proxy::{Destination, connect_socks5, connect_tunnel};
use super::recorded::{Recorded, Taps};
use super::stream::BoxStream;
use super::tls::Tls;
use crate::base::{Clock, TargetUri};
use crate::http::{DnsFacts, FailureKind};

/// A future behind a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where names and connections come from; the network, or a test's script of one.
pub trait Dialer: Send + Sync + fmt::Debug {
    /// Every address of a name, in the order in which they are to be tried.
    fn lookup<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;

    /// A connection to an address that has passed the rules.
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>>;
}

/// The machine's resolver and TCP.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDialer;

impl Dialer for SystemDialer {
    fn lookup<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let mut addresses: Vec<IpAddr> = Vec::new();
            for address in lookup_host((host, 0)).await? {
                if !addresses.contains(&address.ip()) {
                    addresses.push(address.ip());
                }
            }
            Ok(addresses)
        })
    }

    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            // Requests are one write each; waiting to fill a packet only delays them.
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as BoxStream)
        })
    }
}

/// How many addresses of one name are tried.
const ADDRESSES_TRIED_MAX: usize = 4;

/// The longest wait for an address that is not the last one.
const OTHER_ADDRESS_TIMEOUT: Duration = Duration::from_secs(3);

/// A stream that is established, before TLS.
struct Reached {
    stream: BoxStream,
    peer: Option<IpAddr>,
    dns: Option<DnsFacts>,
    place: Option<OwnedSemaphorePermit>,
    /// How long a place was waited for, which counts to no limit.
    waited: Duration,
    /// What a relay calls the session.
    session: Option<String>,
}

/// A connection that does not.
#[derive(Debug)]
pub(super) struct DialFailure {
    pub(super) kind: FailureKind,
    pub(super) why: String,
    pub(super) peer: Option<IpAddr>,
    pub(super) dns: Option<DnsFacts>,
}

/// Where a name leads, looked up before it is dialled.
#[derive(Debug)]
pub struct Located {
    found: Dialing<(Vec<SocketAddr>, Option<DnsFacts>)>,
}

impl Located {
    /// The address that is tried first; none where nothing was found.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        let (addresses, _) = self.found.as_ref().ok()?;
        addresses.first().map(SocketAddr::ip)
    }

    /// Whether it is a lookup that was not recorded yet.
    pub(super) fn is_unrecorded(&self) -> bool {
        match &self.found {
            Ok((_, dns)) => dns.is_some(),
            Err(failure) => failure.dns.is_some(),
        }
    }
}

/// Everything that dialling needs.
pub(super) struct Route<'a> {
    pub(super) options: &'a CaptureOptions,
    pub(super) dialer: &'a dyn Dialer,
    pub(super) tls: &'a Tls,
    pub(super) clock: &'a dyn Clock,
    pub(super) addresses: &'a Addresses,
    pub(super) pool: &'a Pool,
    pub(super) names: &'a Names,
}

type Dialing<T> = Result<T, Box<DialFailure>>;

fn failure<T>(kind: FailureKind, why: impl Into<String>) -> Dialing<T> {
    Err(Box::new(DialFailure { kind, why: why.into(), peer: None, dns: None }))
}

/// Whether the proxy is sent the whole URI instead of being asked for a tunnel: plain HTTP, and no
/// password, which would otherwise stand in the archived request.
pub(super) fn sends_absolute_form(options: &CaptureOptions, uri: &TargetUri) -> bool {
    let plain = |proxy: &Proxy| proxy.kind == ProxyKind::Http && proxy.credentials.is_none();
    !uri.is_https() && options.proxy.as_ref().is_some_and(plain)
}

impl Route<'_> {
    /// Looks up where `uri` leads, within the connect timeout; `None` where that is not ours to do: a
    /// proxy is given the name, or the operator pinned it.
    pub(super) async fn locate(&self, uri: &TargetUri) -> Option<Located> {
        let is_pinned = self.options.resolve.iter().any(|rule| rule.fits(uri.host(), uri.port()));
        if is_pinned || self.remote_names(uri).is_some() {
            return None;
        }
        let deadline = Instant::now() + self.options.connect_timeout;
        Some(Located { found: self.resolve(uri, deadline).await })
    }

    /// The proxy, where it is given names.
    fn remote_names(&self, uri: &TargetUri) -> Option<&Proxy> {
        self.options.proxy.as_ref().filter(|proxy| match proxy.kind {
            ProxyKind::Http | ProxyKind::Socks5h => true,
            ProxyKind::Socks5 => false,
            // Without TLS there is nothing to attest.
            ProxyKind::Relay => uri.is_https(),
        })
    }

    /// Dials the server of `uri`, within the connect timeout; it leads to where it was found to be.
    pub(super) async fn dial(&self, uri: &TargetUri, located: Option<Located>) -> Dialing<Dialed> {
        let deadline = Instant::now() + self.options.connect_timeout;
        let Reached { stream, peer, dns, place, waited, session } =
            self.reach(uri, located, deadline).await?;
        if !uri.is_https() {
            let (tls, warning, attesting) = (None, None, None);
            return Ok(Dialed { stream, peer, dns, tls, warning, attesting, place });
        }
        let deadline = deadline + waited;
        let attesting = session.map(|session| Attesting {
            taps: Taps::default(),
            secrets: Arc::default(),
            session,
        });
        let securing = async {
            match &attesting {
                Some(attesting) => {
                    let stream = Box::new(Recorded::new(stream, attesting.taps.clone()));
                    self.tls.secure_and_log(stream, uri.host(), &attesting.secrets).await
                }
                None => self.tls.secure(stream, uri.host()).await,
            }
        };
        let why = match timeout_at(deadline, securing).await {
            Ok(Ok(secured)) => {
                return Ok(Dialed {
                    stream: secured.stream,
                    peer,
                    dns,
                    tls: Some(secured.facts),
                    warning: secured.warning,
                    attesting,
                    place,
                });
            }
            Ok(Err(why)) => why,
            Err(_) => self.timed_out(),
        };
        Err(Box::new(DialFailure { kind: FailureKind::Tls, why, peer, dns }))
    }

    fn timed_out(&self) -> String {
        format!("timed out after {:?}", self.options.connect_timeout)
    }

    /// The server's address (where it is ours to know), what DNS said, and a stream to it.
    async fn reach(
        &self,
        uri: &TargetUri,
        located: Option<Located>,
        deadline: Instant,
    ) -> Dialing<Reached> {
        if let Some(proxy) = self.remote_names(uri) {
            let (stream, session) = self.through_names(proxy, uri, deadline).await?;
            let waited = Duration::ZERO;
            return Ok(Reached { stream, peer: None, dns: None, place: None, waited, session });
        }
        let (addresses, dns) = match located {
            Some(located) => located.found?,
            None => self.resolve(uri, deadline).await?,
        };
        match self.first_that_answers(&addresses, deadline).await {
            Ok(reached) => Ok(Reached { dns, ..reached }),
            Err(mut failure) => {
                // The name may have moved since it was looked up.
                self.names.forget(uri.host());
                failure.dns = dns;
                Err(failure)
            }
        }
    }

    async fn resolve(
        &self,
        uri: &TargetUri,
        deadline: Instant,
    ) -> Dialing<(Vec<SocketAddr>, Option<DnsFacts>)> {
        let (host, port) = (uri.host(), uri.port());
        // Recorded once for each lookup, and not for each connection that uses it.
        let facts = |addresses: Vec<IpAddr>, source| {
            let is_news = self.names.learn(host, &addresses);
            let at = self.clock.now();
            is_news.then(|| DnsFacts { host: host.to_owned(), at, addresses, source })
        };
        if let Some(rule) = self.options.resolve.iter().find(|rule| rule.fits(host, port)) {
            let ips = rule.addresses().iter().map(SocketAddr::ip).collect();
            return Ok((rule.addresses().to_vec(), facts(ips, "resolve")));
        }
        let name = match uri.url().host() {
            Some(Host::Ipv4(address)) => return Ok((vec![(address, port).into()], None)),
            Some(Host::Ipv6(address)) => return Ok((vec![(address, port).into()], None)),
            Some(Host::Domain(name)) => name,
            None => return failure(FailureKind::Dns, "there is no host"),
        };
        let sockets =
            |ips: &[IpAddr]| ips.iter().map(|ip| SocketAddr::new(*ip, port)).collect::<Vec<_>>();
        if let Some(ips) = self.names.get(host) {
            return Ok((sockets(&ips), None));
        }
        match timeout_at(deadline, self.dialer.lookup(name)).await {
            Err(_) => failure(FailureKind::Dns, self.timed_out()),
            Ok(Err(error)) => failure(FailureKind::Dns, error.to_string()),
            Ok(Ok(ips)) if ips.is_empty() => {
                failure(FailureKind::Dns, format!("{name} has no address"))
            }
            Ok(Ok(ips)) => Ok((sockets(&ips), facts(ips, "system"))),
        }
    }

    /// Dials one address after the other; refused ones are passed over.
    async fn first_that_answers(
        &self,
        addresses: &[SocketAddr],
        deadline: Instant,
    ) -> Dialing<Reached> {
        let mut last: Dialing<Reached> = failure(FailureKind::Connect, "there is no address");
        let allowed: Vec<SocketAddr> = addresses
            .iter()
            .copied()
            .filter(|address| self.refused(address.ip()).is_none())
            .collect();
        if let (true, Some(first)) = (allowed.is_empty(), addresses.first()) {
            let why = self.refused(first.ip()).unwrap_or_default();
            return Err(Box::new(DialFailure {
                kind: FailureKind::AddressRefused,
                why: format!("{} is not dialled: {why}", first.ip()),
                peer: Some(first.ip()),
                dns: None,
            }));
        }
        let tried = &allowed[..allowed.len().min(ADDRESSES_TRIED_MAX)];
        let (mut deadline, mut waited) = (deadline, Duration::ZERO);
        for (at, address) in tried.iter().enumerate() {
            let begun = Instant::now();
            let place = self.addresses.place(address.ip(), self.pool).await;
            waited += begun.elapsed();
            deadline += begun.elapsed();
            let own = if at + 1 == tried.len() {
                deadline
            } else {
                deadline.min(Instant::now() + OTHER_ADDRESS_TIMEOUT)
            };
            let why = match timeout_at(own, self.connect(*address)).await {
                Ok(Ok(stream)) => {
                    let peer = Some(address.ip());
                    return Ok(Reached { stream, peer, dns: None, place, waited, session: None });
                }
                Ok(Err(why)) => why,
                Err(_) => "timed out".to_owned(),
            };
            last = Err(Box::new(DialFailure {
                kind: FailureKind::Connect,
                why: format!("{address}: {why}"),
                peer: Some(address.ip()),
                dns: None,
            }));
            if Instant::now() >= deadline {
                break;
            }
        }
        last
    }

    fn refused(&self, address: IpAddr) -> Option<&'static str> {
        if self.options.allow_private { None } else { refusal(address) }
    }

    /// To the address itself, or through a SOCKS5 proxy that is given the address.
    async fn connect(&self, address: SocketAddr) -> Result<BoxStream, String> {
        let proxy = self.options.proxy.as_ref().filter(|proxy| proxy.kind != ProxyKind::Relay);
        let Some(proxy) = proxy else {
            return self.dialer.connect(address).await.map_err(|error| error.to_string());
        };
        let mut stream = self.to_proxy(proxy).await?;
        let destination = Destination::Address(address.ip());
        let credentials = proxy.credentials.as_ref();
        connect_socks5(&mut stream, &destination, address.port(), credentials).await?;
        Ok(stream)
    }

    /// Through a proxy that is given the name.
    async fn through_names(
        &self,
        proxy: &Proxy,
        uri: &TargetUri,
        deadline: Instant,
    ) -> Dialing<(BoxStream, Option<String>)> {
        let literal = match uri.url().host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if let Some((address, why)) = literal.and_then(|ip| Some((ip, self.refused(ip)?))) {
            return Err(Box::new(DialFailure {
                kind: FailureKind::AddressRefused,
                why: format!("{address} is not requested: {why}"),
                peer: Some(address),
                dns: None,
            }));
        }
        let name = literal.is_none().then(|| uri.host()).filter(|_| !self.options.allow_private);
        if let Some((name, why)) = name.and_then(|name| Some((name, name_refusal(name)?))) {
            let why = format!("{name} is not requested: {why}");
            return failure(FailureKind::AddressRefused, why);
        }
        let way = async {
            let mut stream = self.to_proxy(proxy).await?;
            let credentials = proxy.credentials.as_ref();
            let mut session = None;
            match proxy.kind {
                ProxyKind::Relay => {
                    session =
                        connect_tunnel(&mut stream, uri.host(), uri.port(), credentials).await?;
                    if session.is_none() {
                        return Err("the proxy is not a relay that attests sessions".to_owned());
                    }
                }
                ProxyKind::Http if sends_absolute_form(self.options, uri) => {}
                ProxyKind::Http => {
                    connect_tunnel(&mut stream, uri.host(), uri.port(), credentials).await?;
                }
                ProxyKind::Socks5 | ProxyKind::Socks5h => {
                    let destination =
                        literal.map_or(Destination::Name(uri.host()), Destination::Address);
                    connect_socks5(&mut stream, &destination, uri.port(), credentials).await?;
                }
            }
            Ok((stream, session))
        };
        match timeout_at(deadline, way).await {
            Ok(Ok(way)) => Ok(way),
            Ok(Err(why)) => {
                let why: String = why;
                failure(FailureKind::Connect, why)
            }
            Err(_) => failure(FailureKind::Connect, self.timed_out()),
        }
    }

    /// The proxy itself is the operator's choice and may well be a private address.
    pub(super) async fn to_proxy(&self, proxy: &Proxy) -> Result<BoxStream, String> {
        let trouble = |error: io::Error| format!("the proxy {proxy:?}: {error}");
        let addresses = match proxy.host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => self.dialer.lookup(&proxy.host).await.map_err(trouble)?,
        };
        let mut last = format!("the proxy {proxy:?} has no address");
        for address in addresses {
            match self.dialer.connect(SocketAddr::new(address, proxy.port)).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = trouble(error),
            }
        }
        Err(last)
    }
}
