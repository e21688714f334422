//! What is kept of an attested session with its capture: four `metadata` records, by their media types.

use data_encoding::HEXLOWER;

use crate::warc::session_type;

/// What begins the line of the key exchange's secret.
pub const EXCHANGE: &str = "# key-exchange ";
/// The longest list of secrets that is read, in bytes.
pub const SECRETS_BYTES_MAX: usize = 8192;

/// One of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptPart {
    /// What the relay signed.
    Note,
    /// The bytes to the server.
    Sent,
    /// The bytes from the server.
    Received,
    /// The secrets that decrypt them.
    Secrets,
}

impl KeptPart {
    /// The part of a record with this `Content-Type`.
    #[must_use]
    pub fn of(media_type: &str) -> Option<Self> {
        match media_type.trim() {
            session_type::NOTE => Some(Self::Note),
            session_type::SENT => Some(Self::Sent),
            session_type::RECEIVED => Some(Self::Received),
            session_type::SECRETS => Some(Self::Secrets),
            _ => None,
        }
    }
}

/// A session as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The note.
    pub note: Vec<u8>,
    /// The bytes to the server.
    pub sent: Vec<u8>,
    /// The bytes from the server.
    pub received: Vec<u8>,
    /// The secrets.
    pub secrets: Vec<u8>,
}

/// What a list of secrets says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The random of the client, which identifies the session.
    pub random: [u8; 32],
    /// The secret of the key exchange.
    pub exchange: Vec<u8>,
    /// The traffic secrets by their labels.
    pub traffic: Vec<(String, Vec<u8>)>,
}

impl Secrets {
    /// Reads a list.
    ///
    /// # Errors
    /// What of it is not of the form, as text.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > SECRETS_BYTES_MAX {
            return Err(format!("a list of secrets of {} bytes", bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "a list of secrets that is no text")?;
        let (mut exchange, mut random, mut traffic) = (None, None, Vec::new());
        let hex = |text: &str| HEXLOWER.decode(text.as_bytes()).ok();
        for line in text.lines() {
            if let Some(secret) = line.strip_prefix(EXCHANGE) {
                let secret =
                    hex(secret).ok_or("the secret of the key exchange is not hexadecimal")?;
                if exchange.replace(secret).is_some() {
                    return Err("two secrets of a key exchange".to_owned());
                }
                continue;
            }
            let fields: Vec<&str> = line.split(' ').collect();
            let [label, own, secret] = fields.as_slice() else {
                return Err("a line of the secrets that is none of a key log".to_owned());
            };
            let own: [u8; 32] = hex(own)
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or("a random in the secrets that is none")?;
            if *random.get_or_insert(own) != own {
                return Err("secrets of two sessions".to_owned());
            }
            let secret = hex(secret).ok_or("a secret that is not hexadecimal")?;
            if traffic.iter().any(|(known, _)| known == label) {
                return Err(format!("two secrets of the label {label}"));
            }
            traffic.push(((*label).to_owned(), secret));
        }
        let exchange = exchange.ok_or("the secret of the key exchange is missing")?;
        let random = random.ok_or("there are no traffic secrets")?;
        Ok(Self { random, exchange, traffic })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_secrets_is_of_one_session() {
        let (one, two) = ("11".repeat(32), "22".repeat(32));
        let list = format!("{EXCHANGE}aabb\nCLIENT_TRAFFIC_SECRET_0 {one} cc\n");
        let read = Secrets::parse(list.as_bytes()).unwrap();
        assert_eq!((read.exchange, read.traffic.len()), (vec![0xaa, 0xbb], 1));
        for bad in [
            String::new(),
            list.replace("# key", "# kay"),
            format!("{list}{EXCHANGE}aabb\n"),
            format!("{list}SERVER_TRAFFIC_SECRET_0 {two} cc\n"),
            format!("{list}CLIENT_TRAFFIC_SECRET_0 {one} dd\n"),
            format!("{list}one two\n"),
        ] {
            assert!(Secrets::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(# key-exchange |CLIENT_TRAFFIC_SECRET_0 |[0-9a-f]{2}|\\n| ){0,40}") {
            let _ = Secrets::parse(text.as_bytes());
        }
    }
}
