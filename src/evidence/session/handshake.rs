//! Handshake messages of TLS 1.3 (RFC 8446 section 4), as much of each as a check needs.

/// The longest message that is read: certificates of a chain are the longest.
const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// The most certificates of a chain.
const CERTIFICATES_MAX: usize = 16;
/// The random of a `ServerHello` that is a `HelloRetryRequest` (section 4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
const SUPPORTED_VERSIONS: u16 = 43;
const PRE_SHARED_KEY: u16 = 41;
const EARLY_DATA: u16 = 42;
const KEY_SHARE: u16 = 51;
const TLS_1_3: u16 = 0x0304;

/// The kind of a message.
pub mod kind {
    /// `ClientHello`.
    pub const CLIENT_HELLO: u8 = 1;
    /// `ServerHello`, or `HelloRetryRequest`.
    pub const SERVER_HELLO: u8 = 2;
    /// `NewSessionTicket`.
    pub const NEW_SESSION_TICKET: u8 = 4;
    /// `EncryptedExtensions`.
    pub const ENCRYPTED_EXTENSIONS: u8 = 8;
    /// `Certificate`.
    pub const CERTIFICATE: u8 = 11;
    /// `CertificateRequest`.
    pub const CERTIFICATE_REQUEST: u8 = 13;
    /// `CertificateVerify`.
    pub const CERTIFICATE_VERIFY: u8 = 15;
    /// `Finished`.
    pub const FINISHED: u8 = 20;
    /// `KeyUpdate`.
    pub const KEY_UPDATE: u8 = 24;
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its kind.
    pub kind: u8,
    /// All of its bytes, the header among them: what the transcript has.
    pub bytes: Vec<u8>,
}

impl Message {
    /// What follows its header.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.bytes.get(4..).unwrap_or_default()
    }
}

/// Joins what records hold to messages.
#[derive(Debug, Default)]
pub struct Joiner {
    bytes: Vec<u8>,
}

impl Joiner {
    /// Takes in the content of a record.
    ///
    /// # Errors
    /// When a message would be too long, as text.
    pub fn push(&mut self, content: &[u8]) -> Result<(), String> {
        if self.bytes.len() + content.len() > MESSAGE_BYTES_MAX + (1 << 14) {
            return Err(format!("a handshake message of more than {MESSAGE_BYTES_MAX} bytes"));
        }
        self.bytes.extend_from_slice(content);
        Ok(())
    }

    /// The next whole message.
    ///
    /// # Errors
    /// When it is too long, as text.
    pub fn next_message(&mut self) -> Result<Option<Message>, String> {
        let &[kind, a, b, c, ..] = self.bytes.as_slice() else { return Ok(None) };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        if length > MESSAGE_BYTES_MAX {
            return Err(format!("a handshake message of {length} bytes"));
        }
        if self.bytes.len() < 4 + length {
            return Ok(None);
        }
        let rest = self.bytes.split_off(4 + length);
        let bytes = std::mem::replace(&mut self.bytes, rest);
        Ok(Some(Message { kind, bytes }))
    }

    /// Whether nothing is left: keys do not change inside a record (section 5.1).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Reads fields of fixed and prefixed lengths; `None` where they go beyond the end.
#[derive(Debug, Clone, Copy)]
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        Some(self.take(bytes)?.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)))
    }

    fn short(&mut self) -> Option<u16> {
        u16::try_from(self.number(2)?).ok()
    }

    fn vector(&mut self, prefix: usize) -> Option<&'a [u8]> {
        let length = self.number(prefix)?;
        self.take(length)
    }

    fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// The extensions of a message, each once.
fn extensions(bytes: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut fields = Fields(bytes);
    let mut found: Vec<(u16, &[u8])> = Vec::new();
    while !fields.0.is_empty() {
        let kind = fields.short()?;
        let data = fields.vector(2)?;
        if found.iter().any(|(known, _)| *known == kind) {
            return None;
        }
        found.push((kind, data));
    }
    Some(found)
}

/// What a `ClientHello` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// Its random.
    pub random: [u8; 32],
    /// The suites that it offers.
    pub suites: Vec<u16>,
    /// The public values of the key exchange that it offers, by their groups.
    pub shares: Vec<(u16, Vec<u8>)>,
}

impl ClientHello {
    /// Reads one that offers TLS 1.3 with a fresh key exchange, and neither a ticket nor early data.
    ///
    /// # Errors
    /// The requirement that it does not meet, as text.
    pub fn parse(message: &Message) -> Result<Self, String> {
        if message.kind != kind::CLIENT_HELLO {
            return Err(format!("a message of the kind {} in place of ClientHello", message.kind));
        }
        let read = || {
            let mut fields = Fields(message.body());
            fields.short()?;
            let random = fields.take(32)?.try_into().ok()?;
            fields.vector(1)?;
            let suites = fields.vector(2)?;
            fields.vector(1)?;
            let all = extensions(fields.vector(2)?)?;
            fields.end()?;
            let suites = suites.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
            let mut shares = Vec::new();
            if let Some((_, data)) = all.iter().find(|(kind, _)| *kind == KEY_SHARE) {
                let mut outer = Fields(data);
                let mut list = Fields(outer.vector(2)?);
                outer.end()?;
                while !list.0.is_empty() {
                    shares.push((list.short()?, list.vector(2)?.to_vec()));
                }
            }
            let has_ticket =
                all.iter().any(|(kind, _)| matches!(*kind, PRE_SHARED_KEY | EARLY_DATA));
            Some((Self { random, suites: suites.collect(), shares }, has_ticket))
        };
        let (hello, has_ticket) = read().ok_or("a ClientHello that cannot be read")?;
        if has_ticket {
            return Err(
                "the client resumes an earlier session, whose certificate is not shown".to_owned()
            );
        }
        Ok(hello)
    }
}

/// What a `ServerHello` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// Whether it asks for another `ClientHello`.
    pub is_retry: bool,
    /// The suite.
    pub suite: u16,
    /// The group of the key exchange, and the server's public value; none in a retry.
    pub share: Option<(u16, Vec<u8>)>,
}

impl ServerHello {
    /// Reads one of TLS 1.3.
    ///
    /// # Errors
    /// The requirement that it does not meet, as text.
    pub fn parse(message: &Message) -> Result<Self, String> {
        if message.kind != kind::SERVER_HELLO {
            return Err(format!("a message of the kind {} in place of ServerHello", message.kind));
        }
        let read = || {
            let mut fields = Fields(message.body());
            fields.short()?;
            let random: [u8; 32] = fields.take(32)?.try_into().ok()?;
            fields.vector(1)?;
            let suite = fields.short()?;
            fields.take(1)?;
            let all = extensions(fields.vector(2)?)?;
            fields.end()?;
            let of = |kind: u16| all.iter().find(|(own, _)| *own == kind).map(|(_, data)| *data);
            let is_retry = random == RETRY_RANDOM;
            let is_1_3 = of(SUPPORTED_VERSIONS) == Some(&TLS_1_3.to_be_bytes()[..]);
            let share = match of(KEY_SHARE) {
                Some(data) if !is_retry => {
                    let mut fields = Fields(data);
                    let share = (fields.short()?, fields.vector(2)?.to_vec());
                    fields.end()?;
                    Some(share)
                }
                _ => None,
            };
            let resumes = of(PRE_SHARED_KEY).is_some();
            Some((Self { is_retry, suite, share }, is_1_3, resumes))
        };
        let (hello, is_1_3, resumes) = read().ok_or("a ServerHello that cannot be read")?;
        if !is_1_3 {
            return Err("the server speaks another version than TLS 1.3".to_owned());
        }
        if resumes || (!hello.is_retry && hello.share.is_none()) {
            return Err("the server resumes an earlier session".to_owned());
        }
        Ok(hello)
    }
}

/// The certificates of a `Certificate`, the server's own first, as DER.
///
/// # Errors
/// What of it cannot be read, as text.
pub fn certificates(message: &Message) -> Result<Vec<Vec<u8>>, String> {
    let read = || {
        let mut fields = Fields(message.body());
        let context = fields.vector(1)?;
        let mut list = Fields(fields.vector(3)?);
        fields.end()?;
        let mut found = Vec::new();
        while !list.0.is_empty() && found.len() <= CERTIFICATES_MAX {
            found.push(list.vector(3)?.to_vec());
            list.vector(2)?;
        }
        context.is_empty().then_some(found)
    };
    let found = read().ok_or("a Certificate that cannot be read")?;
    if found.is_empty() || found.len() > CERTIFICATES_MAX {
        return Err(format!("a chain of {} certificates", found.len()));
    }
    Ok(found)
}

/// The scheme of a `CertificateVerify`, and its signature.
///
/// # Errors
/// When it cannot be read, as text.
pub fn certificate_verify(message: &Message) -> Result<(u16, Vec<u8>), String> {
    let read = || {
        let mut fields = Fields(message.body());
        let found = (fields.short()?, fields.vector(2)?.to_vec());
        fields.end()?;
        Some(found)
    };
    read().ok_or_else(|| "a CertificateVerify that cannot be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Message {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        Message { kind, bytes: [&[kind], &length[1..], body].concat() }
    }

    #[test]
    fn messages_are_joined_over_records() {
        let (a, b) = (message(8, b"ab"), message(20, &[7; 40]));
        let all = [a.bytes.clone(), b.bytes.clone()].concat();
        for cut in 1..all.len() {
            let mut joiner = Joiner::default();
            let mut found = Vec::new();
            for piece in [&all[..cut], &all[cut..]] {
                joiner.push(piece).unwrap();
                while let Some(message) = joiner.next_message().unwrap() {
                    found.push(message);
                }
            }
            assert_eq!(found, [a.clone(), b.clone()]);
            assert!(joiner.is_empty());
        }
        let mut joiner = Joiner::default();
        joiner.push(&[11, 0xff, 0xff, 0xff]).unwrap();
        assert!(joiner.next_message().is_err());
    }

    #[test]
    fn a_resumed_session_and_an_older_version_are_refused() {
        let hello = |extensions: &[u8]| {
            let length = u16::try_from(extensions.len()).unwrap().to_be_bytes();
            let head = [&[3, 3][..], &[5; 32], &[0], &[0x13, 0x01], &[0], &length].concat();
            ServerHello::parse(&message(2, &[&head[..], extensions].concat()))
        };
        let version = [0, 43, 0, 2, 3, 4];
        let share = [0, 51, 0, 5, 0, 29, 0, 1, 9];
        let good = hello(&[&version[..], &share].concat()).unwrap();
        assert_eq!(good.share, Some((29, vec![9])));
        assert!(hello(&share).unwrap_err().contains("version"));
        assert!(hello(&version).unwrap_err().contains("resumes"));
        let resumed = [&version[..], &share, &[0, 41, 0, 2, 0, 0]].concat();
        assert!(hello(&resumed).unwrap_err().contains("resumes"));
        assert!(hello(&[&version[..], &share, &version].concat()).is_err(), "an extension twice");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(kind in 0u8..25, body in proptest::collection::vec(0u8.., 0..200)) {
            let one = message(kind, &body);
            let _ = (ClientHello::parse(&one), ServerHello::parse(&one), certificates(&one), certificate_verify(&one));
            let mut joiner = Joiner::default();
            let _ = joiner.push(&body);
            while let Ok(Some(_)) = joiner.next_message() {}
        }
    }
}
