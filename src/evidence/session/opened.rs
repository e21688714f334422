//! A session decrypted: both directions, record by record, from the hellos to the end, and the handshake checked on the way.

use ring::digest;

use super::handshake::{
    ClientHello, Joiner, Message, ServerHello, certificate_verify, certificates, kind,
};
use super::parts::{Kept, Secrets};
use super::records::{ContentType, Record, Records, open};
use super::schedule::{Handshake, Suite, TrafficKeys, TrafficSecret};

/// How many records of a handshake are read before its end.
const HANDSHAKE_RECORDS_MAX: usize = 128;
/// The alert that ends a session in order (RFC 8446 section 6.1).
const CLOSE_NOTIFY: u8 = 0;
/// How many times keys may change in one direction.
const KEY_UPDATES_MAX: usize = 1024;

/// A session whose handshake holds, decrypted.
pub(super) struct Session {
    /// The cipher suite.
    pub(super) suite: Suite,
    /// The server's certificates, its own first.
    pub(super) chain: Vec<Vec<u8>>,
    /// The scheme of the server's signature.
    pub(super) scheme: u16,
    /// What the server's key signed.
    pub(super) signed: Vec<u8>,
    /// Its signature over that, which is not checked here.
    pub(super) signature: Vec<u8>,
    /// The plaintext to the server.
    pub(super) sent: Vec<u8>,
    /// The plaintext from the server.
    pub(super) received: Vec<u8>,
    /// Whether the server said that it sends no more.
    pub(super) is_closed: bool,
}

/// The hash over messages so far.
#[derive(Clone)]
struct Transcript(digest::Context);

impl Transcript {
    fn push(&mut self, message: &Message) {
        self.0.update(&message.bytes);
    }

    fn hash(&self) -> Vec<u8> {
        self.0.clone().finish().as_ref().to_vec()
    }
}

/// One direction, as far as it was read.
struct Direction<'a> {
    records: Records<'a>,
    joiner: Joiner,
    count: usize,
}

impl<'a> Direction<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { records: Records::new(bytes), joiner: Joiner::default(), count: 0 }
    }

    /// The next record with a meaning: `change_cipher_spec` has none (RFC 8446 section 5).
    fn record(&mut self) -> Result<Option<Record<'a>>, String> {
        while let Some(record) = self.records.next_record()? {
            self.count += 1;
            if record.kind != ContentType::ChangeCipherSpec {
                return Ok(Some(record));
            }
            if record.fragment != [1] || self.count > HANDSHAKE_RECORDS_MAX {
                return Err("a change_cipher_spec that is none".to_owned());
            }
        }
        Ok(None)
    }

    /// The next handshake message, of records that are not protected where there are no keys.
    fn message(&mut self, mut keys: Option<&mut TrafficKeys>) -> Result<Message, String> {
        loop {
            if let Some(message) = self.joiner.next_message()? {
                return Ok(message);
            }
            let record = self.record()?.ok_or("the handshake ends before it is complete")?;
            if self.count > HANDSHAKE_RECORDS_MAX {
                return Err("a handshake of more records than one has".to_owned());
            }
            let content = match keys.as_deref_mut() {
                None if record.kind == ContentType::Handshake => record.fragment.to_vec(),
                None => return Err("a record in the clear that holds no handshake".to_owned()),
                Some(keys) => match open(&record, keys)? {
                    (ContentType::Handshake, content) => content,
                    (other, _) => return Err(format!("{other:?} inside the handshake")),
                },
            };
            self.joiner.push(&content)?;
        }
    }

    /// Keys change between records.
    fn ends_record(&self) -> Result<(), String> {
        match self.joiner.is_empty() {
            true => Ok(()),
            false => Err("a record goes on over a change of keys".to_owned()),
        }
    }

    /// All application data to the end, and whether this side said that it sends no more.
    fn data(&mut self, secret: TrafficSecret, is_server: bool) -> Result<(Vec<u8>, bool), String> {
        let (mut keys, mut secret) = (secret.keys()?, secret);
        let (mut data, mut updates) = (Vec::new(), 0);
        let (mut closed, mut said_so) = (false, false);
        while let Some(record) = self.records.next_record()? {
            if closed {
                return Err("records follow the end of the session".to_owned());
            }
            match open(&record, &mut keys)? {
                (ContentType::ApplicationData, content) => {
                    self.ends_record()?;
                    data.extend_from_slice(&content);
                }
                // close_notify is the last record of its side; any other alert ends the session as well.
                (ContentType::Alert, content) => {
                    closed = true;
                    said_so = content.get(1) == Some(&CLOSE_NOTIFY);
                }
                (ContentType::Handshake, content) => {
                    self.joiner.push(&content)?;
                    while let Some(message) = self.joiner.next_message()? {
                        match message.kind {
                            kind::NEW_SESSION_TICKET if is_server => {}
                            kind::KEY_UPDATE if updates < KEY_UPDATES_MAX => {
                                self.ends_record()?;
                                updates += 1;
                                secret = secret.updated()?;
                                keys = secret.keys()?;
                            }
                            other => {
                                return Err(format!(
                                    "a message of the kind {other} after the handshake"
                                ));
                            }
                        }
                    }
                }
                (ContentType::ChangeCipherSpec, _) => {
                    return Err("a change_cipher_spec inside".to_owned());
                }
            }
        }
        match self.records.left() {
            0 => Ok((data, said_so)),
            left => Err(format!("{left} bytes of a record that was cut")),
        }
    }
}

impl Session {
    /// Decrypts a session. Both `Finished` messages hold, and every byte is accounted for.
    ///
    /// # Errors
    /// The first thing that does not hold, as text.
    pub(super) fn read(kept: &Kept, secrets: &Secrets) -> Result<Self, String> {
        let mut client = Direction::of(&kept.sent);
        let mut server = Direction::of(&kept.received);
        let first = client.message(None)?;
        let mut hello = ClientHello::parse(&first)?;
        let mut answer = server.message(None)?;
        let mut chosen = ServerHello::parse(&answer)?;
        let suite = Suite::of(chosen.suite).filter(|_| hello.suites.contains(&chosen.suite));
        let suite = suite.ok_or_else(|| format!("the cipher suite {:#06x}", chosen.suite))?;
        let mut transcript = Transcript(digest::Context::new(suite.digest()));
        if chosen.is_retry {
            // The first ClientHello counts by its hash (RFC 8446 section 4.4.1).
            let hash = digest::digest(suite.digest(), &first.bytes);
            let length = u8::try_from(hash.as_ref().len()).unwrap_or(0);
            transcript.0.update(&[254, 0, 0, length]);
            transcript.0.update(hash.as_ref());
            transcript.push(&answer);
            let second = client.message(None)?;
            let again = ClientHello::parse(&second)?;
            if again.random != hello.random {
                return Err("the second ClientHello is of another client".to_owned());
            }
            hello = again;
            transcript.push(&second);
            answer = server.message(None)?;
            chosen = ServerHello::parse(&answer)?;
            if chosen.is_retry || Suite::of(chosen.suite) != Some(suite) {
                return Err(
                    "the server asks for a third ClientHello, or changes the suite".to_owned()
                );
            }
        } else {
            transcript.push(&first);
        }
        transcript.push(&answer);
        if hello.random != secrets.random {
            return Err("the secrets are of another session".to_owned());
        }
        let group = chosen.share.as_ref().map(|(group, _)| *group);
        if !hello.shares.iter().any(|(offered, _)| Some(*offered) == group) {
            return Err("the server chose a key exchange that was not offered".to_owned());
        }
        client.ends_record()?;
        server.ends_record()?;
        let handshake = Handshake::of(suite, &secrets.exchange, &transcript.hash())?;
        let flight = Flight::read(&mut server, &handshake, transcript)?;
        let (client_secret, server_secret) = handshake.application(&flight.transcript.hash())?;
        compare(secrets, &handshake, (&client_secret, &server_secret))?;
        finish_client(&mut client, &handshake, flight.transcript, flight.asks_for_certificate)?;
        let (sent, _) = client.data(client_secret, false)?;
        let (received, is_closed) = server.data(server_secret, true)?;
        Ok(Self {
            suite,
            chain: flight.chain,
            scheme: flight.scheme,
            signed: flight.signed,
            signature: flight.signature,
            sent,
            received,
            is_closed,
        })
    }
}

/// The server's messages from `EncryptedExtensions` to `Finished`.
struct Flight {
    transcript: Transcript,
    chain: Vec<Vec<u8>>,
    scheme: u16,
    signed: Vec<u8>,
    signature: Vec<u8>,
    asks_for_certificate: bool,
}

impl Flight {
    fn read(
        server: &mut Direction<'_>,
        handshake: &Handshake,
        mut transcript: Transcript,
    ) -> Result<Self, String> {
        let mut keys = handshake.server.keys()?;
        let mut next = |expected: &[u8]| {
            let message = server.message(Some(&mut keys))?;
            match expected.contains(&message.kind) {
                true => Ok(message),
                false => {
                    Err(format!("a message of the kind {} in the server's handshake", message.kind))
                }
            }
        };
        transcript.push(&next(&[kind::ENCRYPTED_EXTENSIONS])?);
        let mut message = next(&[kind::CERTIFICATE_REQUEST, kind::CERTIFICATE])?;
        let asks_for_certificate = message.kind == kind::CERTIFICATE_REQUEST;
        if asks_for_certificate {
            transcript.push(&message);
            message = next(&[kind::CERTIFICATE])?;
        }
        let chain = certificates(&message)?;
        transcript.push(&message);
        // RFC 8446 section 4.4.3.
        let mut signed = vec![b' '; 64];
        signed.extend_from_slice(b"TLS 1.3, server CertificateVerify\0");
        signed.extend_from_slice(&transcript.hash());
        let message = next(&[kind::CERTIFICATE_VERIFY])?;
        let (scheme, signature) = certificate_verify(&message)?;
        transcript.push(&message);
        let message = next(&[kind::FINISHED])?;
        if !handshake.server.is_finished(&transcript.hash(), message.body()) {
            return Err("the server's Finished does not hold".to_owned());
        }
        transcript.push(&message);
        server.ends_record()?;
        Ok(Self { transcript, chain, scheme, signed, signature, asks_for_certificate })
    }
}

/// The client's end of the handshake: an empty certificate where one was asked for, and `Finished`.
fn finish_client(
    client: &mut Direction<'_>,
    handshake: &Handshake,
    mut transcript: Transcript,
    asks_for_certificate: bool,
) -> Result<(), String> {
    let mut keys = handshake.client.keys()?;
    let mut message = client.message(Some(&mut keys))?;
    if asks_for_certificate && message.kind == kind::CERTIFICATE {
        transcript.push(&message);
        message = client.message(Some(&mut keys))?;
    }
    if message.kind != kind::FINISHED
        || !handshake.client.is_finished(&transcript.hash(), message.body())
    {
        return Err("the client's Finished does not hold".to_owned());
    }
    client.ends_record()
}

/// The secrets that are listed are those that follow from the key exchange: other programs decrypt by them.
fn compare(
    secrets: &Secrets,
    handshake: &Handshake,
    (client, server): (&TrafficSecret, &TrafficSecret),
) -> Result<(), String> {
    let derived = [
        ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", &handshake.client),
        ("SERVER_HANDSHAKE_TRAFFIC_SECRET", &handshake.server),
        ("CLIENT_TRAFFIC_SECRET_0", client),
        ("SERVER_TRAFFIC_SECRET_0", server),
    ];
    for (label, secret) in derived {
        let listed = secrets.traffic.iter().find(|(own, _)| own == label);
        if listed.is_none_or(|(_, bytes)| *bytes != secret.bytes()) {
            return Err(format!("{label} is not the one that follows from the key exchange"));
        }
    }
    match secrets.traffic.len() == derived.len() {
        true => Ok(()),
        false => Err("secrets are listed that belong to nothing".to_owned()),
    }
}
