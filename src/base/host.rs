//! The unit of politeness: one host name, whatever the scheme and port.

use std::fmt;

/// A host name as a politeness key: lower-case, without a trailing dot, brackets kept on IPv6.
///
/// Scheme and port are left out on purpose: they lead to the same machine, and politeness limits the
/// load on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostKey(String);

impl HostKey {
    /// The key of a host name.
    #[must_use]
    pub fn new(host: &str) -> Self {
        Self(host.trim_end_matches('.').to_ascii_lowercase())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this host is `domain` or is below it.
    #[must_use]
    pub fn is_in_domain(&self, domain: &str) -> bool {
        let domain = domain.trim_start_matches('.').trim_end_matches('.').to_ascii_lowercase();
        self.0 == domain || self.0.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for HostKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_in_its_own_domain_and_not_in_a_look_alike() {
        let host = HostKey::new("WWW.Example.org.");
        assert_eq!(host.as_str(), "www.example.org");
        assert!(host.is_in_domain("example.org"));
        assert!(host.is_in_domain("www.example.org"));
        assert!(!host.is_in_domain("ample.org"));
    }
}
