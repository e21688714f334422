//! Which addresses are not dialled: everything that is not a public unicast address.
//!
//! Owns one table, a line per range with its source. A page may name any host, and a name may
//! resolve to anything, so a crawler that dials whatever it is given can be made to read the machine it
//! runs on, its network, or a cloud's metadata service (server-side request forgery). The check is
//! made on the address that is dialled, after name resolution, each time; a name that resolves
//! differently the second time gets nowhere. Deliberately resolves nothing, and knows only the names that
//! lead to this machine or its network by definition: for proxies, which resolve on their own.
//!
//! Sources: the IANA special-purpose registries (RFC 6890), RFC 4291, and the metadata addresses
//! that cloud operators document.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

type V4 = ([u8; 4], u32, &'static str);
type V6 = ([u16; 8], u32, &'static str);

#[rustfmt::skip]
const V4_REFUSED: &[V4] = &[
    ([0, 0, 0, 0],         8, "this network (RFC 791)"),
    ([10, 0, 0, 0],        8, "private (RFC 1918)"),
    ([100, 100, 100, 200], 32, "cloud metadata (Alibaba Cloud)"),
    ([100, 64, 0, 0],     10, "shared by a carrier's customers (RFC 6598)"),
    ([127, 0, 0, 0],       8, "loopback (RFC 1122)"),
    ([168, 63, 129, 16],  32, "cloud metadata (Azure)"),
    ([169, 254, 169, 254], 32, "cloud metadata (RFC 3927 range)"),
    ([169, 254, 0, 0],    16, "link-local (RFC 3927)"),
    ([172, 16, 0, 0],     12, "private (RFC 1918)"),
    ([192, 0, 0, 0],      24, "protocol assignments (RFC 6890)"),
    ([192, 0, 2, 0],      24, "documentation (RFC 5737)"),
    ([192, 88, 99, 0],    24, "6to4 relay, withdrawn (RFC 7526)"),
    ([192, 168, 0, 0],    16, "private (RFC 1918)"),
    ([198, 18, 0, 0],     15, "benchmarking (RFC 2544)"),
    ([198, 51, 100, 0],   24, "documentation (RFC 5737)"),
    ([203, 0, 113, 0],    24, "documentation (RFC 5737)"),
    ([224, 0, 0, 0],       4, "multicast (RFC 5771)"),
    ([255, 255, 255, 255], 32, "broadcast (RFC 919)"),
    ([240, 0, 0, 0],       4, "reserved (RFC 1112)"),
];

#[rustfmt::skip]
const V6_REFUSED: &[V6] = &[
    ([0, 0, 0, 0, 0, 0, 0, 0],            128, "unspecified (RFC 4291)"),
    ([0, 0, 0, 0, 0, 0, 0, 1],            128, "loopback (RFC 4291)"),
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0],     48, "local translation (RFC 8215)"),
    ([0x100, 0, 0, 0, 0, 0, 0, 0],         64, "discard only (RFC 6666)"),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0],        32, "Teredo (RFC 4380)"),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0],        23, "protocol assignments (RFC 2928)"),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0],    32, "documentation (RFC 3849)"),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0],        20, "documentation (RFC 9637)"),
    ([0x5f00, 0, 0, 0, 0, 0, 0, 0],        16, "segment routing (RFC 9602)"),
    ([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128, "cloud metadata (AWS)"),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0],         7, "unique local (RFC 4193)"),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0],        10, "link-local (RFC 4291)"),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0],        10, "site-local (RFC 3879)"),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0],         8, "multicast (RFC 4291)"),
];

/// IPv6 ranges that carry an IPv4 address, and the bit at which it begins. What they lead to is
/// judged by the IPv4 table.
#[rustfmt::skip]
const V4_INSIDE: &[([u16; 8], u32, u32)] = &[
    ([0, 0, 0, 0, 0, 0xffff, 0, 0],   96, 96), // IPv4-mapped (RFC 4291 section 2.5.5.2)
    ([0, 0, 0, 0, 0xffff, 0, 0, 0],   96, 96), // IPv4-translated (RFC 2765)
    ([0, 0, 0, 0, 0, 0, 0, 0],        96, 96), // IPv4-compatible (RFC 4291 section 2.5.5.1)
    ([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96, 96), // NAT64 (RFC 6052)
    ([0x2002, 0, 0, 0, 0, 0, 0, 0],   16, 16), // 6to4 (RFC 3056)
];

/// Why an address is not dialled; none where it may be.
#[must_use]
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => v6(address),
    }
}

/// Names that lead to this machine or its own network wherever they are asked for.
const NAMES_REFUSED: &[(&str, &str)] = &[
    ("localhost", "this machine (RFC 6761)"),
    ("local", "of the local network (RFC 6762)"),
    ("home.arpa", "of the local network (RFC 8375)"),
    ("internal", "of a private network (reserved by ICANN)"),
];

/// Why a name is not handed to a proxy that resolves it; `None` where what it leads to is for the
/// proxy to judge. A name of one label is of the proxy's own network.
#[must_use]
pub fn name_refusal(name: &str) -> Option<&'static str> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if !name.contains('.') && name != "localhost" {
        return Some("a name of one label, of the proxy's own network");
    }
    let is_in = |domain: &str| {
        name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    NAMES_REFUSED.iter().find(|(domain, _)| is_in(domain)).map(|(_, why)| *why)
}

fn v4(address: Ipv4Addr) -> Option<&'static str> {
    let bits = u32::from(address);
    let hit = |(net, len, _): &&V4| (bits ^ u32::from_be_bytes(*net)) >> (32 - len) == 0;
    V4_REFUSED.iter().find(hit).map(|(_, _, why)| *why)
}

fn v6(address: Ipv6Addr) -> Option<&'static str> {
    let bits = u128::from(address);
    let within =
        |net: &[u16; 8], len: u32| (bits ^ u128::from(Ipv6Addr::from(*net))) >> (128 - len) == 0;
    if let Some((_, _, why)) = V6_REFUSED.iter().find(|(net, len, _)| within(net, *len)) {
        return Some(why);
    }
    if let Some((_, _, at)) = V4_INSIDE.iter().find(|(net, len, _)| within(net, *len)) {
        let low = (bits >> (96 - at)) & u128::from(u32::MAX);
        return v4(Ipv4Addr::from(u32::try_from(low).unwrap_or(0)));
    }
    // Global unicast is 2000::/3 (RFC 4291 section 2.4); all else is for something else, or
    // nothing yet.
    (bits >> 125 != 1).then_some("reserved (RFC 4291)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_own_network_are_known() {
        for (name, is_refused) in [
            ("localhost", true),
            ("LocalHost.", true),
            ("a.localhost", true),
            ("printer.local", true),
            ("router.home.arpa", true),
            ("metadata.google.internal", true),
            ("intranet", true),
            ("example.org", false),
            ("notlocalhost.org", false),
            ("mylocal.example", false),
            ("home.arpa.example", false),
        ] {
            assert_eq!(name_refusal(name).is_some(), is_refused, "{name}");
        }
    }

    #[test]
    fn special_addresses_are_refused_with_their_reason() {
        for (address, word) in [
            ("0.0.0.0", "this network"),
            ("10.1.2.3", "private"),
            ("100.64.0.1", "carrier"),
            ("100.100.100.200", "metadata"),
            ("100.127.255.255", "carrier"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.254", "loopback"),
            ("168.63.129.16", "metadata"),
            ("169.254.169.254", "metadata"),
            ("169.254.1.1", "link-local"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.0.0.8", "protocol"),
            ("192.0.2.1", "documentation"),
            ("192.88.99.1", "6to4"),
            ("192.168.0.1", "private"),
            ("198.19.255.255", "benchmarking"),
            ("198.51.100.9", "documentation"),
            ("203.0.113.9", "documentation"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.250", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::ffff:127.0.0.1", "loopback"),
            ("::ffff:169.254.169.254", "metadata"),
            ("::127.0.0.1", "loopback"),
            ("::ffff:0:10.0.0.1", "private"),
            ("64:ff9b::10.0.0.1", "private"),
            ("64:ff9b:1::1", "local translation"),
            ("100::1", "discard"),
            ("2001::1", "Teredo"),
            ("2001:10::1", "protocol"),
            ("2001:db8::1", "documentation"),
            ("2002:7f00:1::1", "loopback"),
            ("2002:a00:1::", "private"),
            ("3fff::1", "documentation"),
            ("5f00::1", "segment"),
            ("fc00::1", "unique local"),
            ("fd00:ec2::254", "metadata"),
            ("fe80::1", "link-local"),
            ("fec0::1", "site-local"),
            ("ff02::1", "multicast"),
            ("4000::1", "reserved"),
            ("1::1", "reserved"),
        ] {
            let why = refusal(address.parse().unwrap());
            assert!(why.is_some_and(|why| why.contains(word)), "{address}: {why:?}");
        }
    }

    #[test]
    fn public_addresses_may_be_dialled() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "2a00:1450:4001::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::1",
        ] {
            assert_eq!(refusal(address.parse().unwrap()), None, "{address}");
        }
    }
}
