//! Where a name leads, and which addresses are not dialled.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::timeout;

use crate::capture::address::{name_refusal, refusal};
use crate::capture::{BoxStream, Dialer, ResolveRule, SystemDialer};

/// How long it may take to look a name up, and to connect to an address.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How many addresses of a name are tried.
const ADDRESSES_MAX: usize = 4;

/// How names are looked up.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Whether loopback and private addresses may be dialled.
    pub allow_private: bool,
    /// Names whose addresses the operator gives.
    pub resolve: Vec<ResolveRule>,
}

impl Names {
    /// A connection to a host, and the address that it has.
    ///
    /// # Errors
    /// Why there is no connection, as text.
    pub async fn connect(&self, host: &str, port: u16) -> Result<(BoxStream, SocketAddr), String> {
        let mut last = format!("{host} has no address");
        for address in self.addresses(host, port).await?.into_iter().take(ADDRESSES_MAX) {
            if let Some(why) = self.refused(address.ip()) {
                last = format!("{} is not dialled: {why}", address.ip());
                continue;
            }
            match timeout(CONNECT_MAX, SystemDialer.connect(address)).await {
                Ok(Ok(stream)) => return Ok((stream, address)),
                Ok(Err(why)) => last = format!("{address}: {why}"),
                Err(_) => last = format!("{address}: timed out"),
            }
        }
        Err(last)
    }

    fn refused(&self, address: IpAddr) -> Option<&'static str> {
        if self.allow_private { None } else { refusal(address) }
    }

    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
        if let Some(rule) = self.resolve.iter().find(|rule| rule.fits(host, port)) {
            return Ok(rule.addresses().to_vec());
        }
        if let Some(why) = name_refusal(host).filter(|_| !self.allow_private) {
            return Err(format!("{host} is not resolved: {why}"));
        }
        let found: io::Result<Vec<IpAddr>> =
            match timeout(CONNECT_MAX, SystemDialer.lookup(host)).await {
                Ok(found) => found,
                Err(_) => return Err(format!("looking up {host} timed out")),
            };
        let found = found.map_err(|why| format!("looking up {host}: {why}"))?;
        Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }
}
