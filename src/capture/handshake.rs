//! Why a TLS connection could not be made, in plain words: for a report and a list, where the terms of
//! the library say little.
//!
//! Names in a certificate are the server's word, and as hostile as a page.

use std::io;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, Error};

use crate::base::Timestamp;

/// The most names of a certificate that are listed.
const NAMES_MAX: usize = 3;

/// Why no session could be attested, where the server speaks no TLS 1.3; `None` for other errors.
pub(super) fn not_attestable(error: &io::Error) -> Option<String> {
    let error = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>())?;
    matches!(
        error,
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_)
    )
    .then(|| {
        format!(
            "the server does not offer TLS 1.3, and a relay can attest no other version; without the relay (proxy), it can be captured ({error})"
        )
    })
}

/// Why the handshake failed with this error of the connection.
pub(super) fn in_words(error: &io::Error) -> String {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return of_tls(error);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            "the server closed the connection in the middle of the TLS handshake".to_owned()
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the server aborted the connection in the middle of the TLS handshake".to_owned()
        }
        _ => error.to_string(),
    }
}

/// The same for an error of the protocol.
pub(super) fn of_tls(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(why) => of_certificate(why),
        Error::NoCertificatesPresented => "the server has no certificate".to_owned(),
        Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server accepts none of the offered TLS parameters (handshake failure)".to_owned()
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            format!("the server offers no accepted TLS version (1.2 or 1.3) ({error})")
        }
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the server does not know this host name (TLS alert: unrecognized name)".to_owned()
        }
        Error::AlertReceived(alert) => {
            format!("the server refuses the connection (TLS alert: {alert:?})")
        }
        Error::InvalidMessage(_) | Error::PeerSentOversizedRecord => {
            format!("the server does not speak TLS; it may speak plain HTTP on this port ({error})")
        }
        _ => format!("TLS: {error}"),
    }
}

fn of_certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::Expired => "the server's certificate has expired".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the server's certificate expired on {}", day(*not_after))
        }
        CertificateError::NotValidYet => "the server's certificate is not valid yet".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "the server's certificate is not valid before {}, unless the clock of this machine is wrong",
            day(*not_before)
        ),
        CertificateError::UnknownIssuer => {
            "no trusted authority signed the server's certificate: it may be self-signed, or the \
             server leaves out a certificate between it and a root (unknown issuer)"
                .to_owned()
        }
        CertificateError::NotValidForName => {
            "the server's certificate is for another host".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!("the server's certificate is not for {}{}", host(expected), names(presented))
        }
        CertificateError::Revoked => "the server's certificate was revoked".to_owned(),
        CertificateError::BadSignature => {
            "the signature of the server's certificate is wrong".to_owned()
        }
        CertificateError::BadEncoding => "the server's certificate cannot be read".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not for servers".to_owned()
        }
        other => format!("the server's certificate is not valid ({other})"),
    }
}

fn day(at: UnixTime) -> String {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_unix_seconds(seconds).to_rfc3339().chars().take(10).collect()
}

fn host(name: &ServerName<'_>) -> String {
    name.to_str().into_owned()
}

/// For whom it is, as far as it says.
fn names(presented: &[String]) -> String {
    let plain = |name: &String| {
        // The library writes `DnsName("a.example")`.
        let inside = name.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"'));
        inside.map_or_else(|| name.clone(), |(inside, _)| inside.to_owned())
    };
    let mut shown: Vec<String> = presented.iter().take(NAMES_MAX).map(plain).collect();
    match presented.len() {
        0 => return String::new(),
        count if count > NAMES_MAX => shown.push(format!("{} more", count - NAMES_MAX)),
        _ => {}
    }
    let last = shown.pop().unwrap_or_default();
    let first = if shown.is_empty() { String::new() } else { format!("{} and ", shown.join(", ")) };
    format!(", but for {first}{last}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_failure_says_what_is_wrong_with_the_server() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let certificate = Error::InvalidCertificate;
        let not_for = |presented: &[&str]| {
            certificate(CertificateError::NotValidForNameContext {
                expected: ServerName::try_from("www.example.org").unwrap(),
                presented: presented.iter().map(|name| format!("DnsName({name:?})")).collect(),
            })
        };
        let expired = CertificateError::ExpiredContext {
            time: at(2_000_000_000),
            not_after: at(1_762_300_800),
        };
        let early =
            CertificateError::NotValidYetContext { time: at(0), not_before: at(1_762_300_800) };
        let cases = [
            (certificate(expired), "the server's certificate expired on 2025-11-05"),
            (certificate(early), "not valid before 2025-11-05"),
            (certificate(CertificateError::UnknownIssuer), "self-signed"),
            (certificate(CertificateError::Revoked), "was revoked"),
            (not_for(&[]), "the server's certificate is not for www.example.org"),
            (not_for(&["a.example"]), "is not for www.example.org, but for a.example"),
            (not_for(&["a.example", "b.example"]), "but for a.example and b.example"),
            (not_for(&["a.", "b.", "c.", "d.", "e."]), "but for a., b., c. and 2 more"),
            (Error::AlertReceived(AlertDescription::HandshakeFailure), "none of the offered"),
            (Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType), "plain HTTP"),
            (Error::General("odd".to_owned()), "TLS: "),
        ];
        for (error, words) in cases {
            let said = in_words(&io::Error::new(io::ErrorKind::InvalidData, error));
            assert!(said.contains(words), "{words:?} is not in {said:?}");
        }
        let closed = io::Error::new(io::ErrorKind::UnexpectedEof, "tls handshake eof");
        assert!(in_words(&closed).contains("closed the connection"));
    }
}
