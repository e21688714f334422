//! Time-stamp tokens (RFC 3161): asking for one, and whether one proves what it should.
//!
//! A token is a CMS signed-data (RFC 5652) over a TSTInfo. It is accepted when the request was
//! granted, the imprint is the SHA-256 of the data, the signed attributes hold the digest of the
//! TSTInfo and name the signer's certificate (RFC 5035), the signature is the signer's, and the
//! signer's certificate is for time stamping and led to a trusted root at the time in the token.
//! Revocation is not asked for: nothing here uses the network.
//!
//! CMS and certificates are read by the `cms` and `x509-cert` crates, chains and signatures checked
//! by `rustls-webpki` over `ring` (decision 11).

use std::time::Duration;

use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use data_encoding::HEXLOWER;
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Encode, Reader, SliceReader, Tag, Tagged};
use ring::digest::{SHA256, SHA384, SHA512, digest};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::ring as algorithms;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate;

use super::leaf::sha256;
use crate::base::{DigestAlgorithm, Timestamp};

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const SIGNED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = oid("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = oid("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = oid("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.47");
const ID_SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");
const ID_SHA384: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.2");
const ID_SHA512: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.3");
/// id-kp-timeStamping, 1.3.6.1.5.5.7.3.8, as the bytes of its DER value.
const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

/// Why a token proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The authority did not grant the request.
    #[error("the authority did not grant it (status {0})")]
    Refused(u64),
    /// It cannot be read.
    #[error("it is not a time-stamp token: {0}")]
    Form(String),
    /// It is over something else.
    #[error("it is not over these bytes")]
    Imprint,
    /// It answers another request.
    #[error("it does not answer this request")]
    Nonce,
    /// The signature does not hold.
    #[error("its signature is invalid: {0}")]
    Signature(String),
    /// Its certificate does not lead to a trusted root.
    #[error("its certificate is not trusted: {0}")]
    Chain(String),
}

fn form(what: impl std::fmt::Display) -> TokenError {
    TokenError::Form(what.to_string())
}

/// The certificates that are trusted, and others that may be between.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    roots: Vec<CertificateDer<'static>>,
    between: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// From PEM: a certificate issued by itself is a root, any other one is between.
    ///
    /// # Errors
    /// When something in it is not a certificate.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TokenError> {
        let mut trust = Self::default();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|e| form(format!("{e:?}")))?;
            let parsed = Certificate::from_der(&certificate).map_err(form)?;
            let is_root = parsed.tbs_certificate.subject == parsed.tbs_certificate.issuer;
            (if is_root { &mut trust.roots } else { &mut trust.between }).push(certificate);
        }
        Ok(trust)
    }

    /// Whether nothing is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }
}

/// What a token says, after it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// When the authority saw the bytes.
    pub time: Timestamp,
    /// By how much that may be wrong, as the authority states it; nothing where it states nothing.
    pub accuracy: Duration,
    /// Its serial number, in hexadecimal.
    pub serial: String,
    /// Who signed it.
    pub signer: String,
    /// The certificates from the signer's to the root, as DER.
    pub chain: Vec<Vec<u8>>,
}

impl Token {
    /// The chain as PEM, each certificate under its name.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        let mut out = String::new();
        for certificate in &self.chain {
            if let Ok(parsed) = Certificate::from_der(certificate) {
                out.push_str(&format!(
                    "# {}\n",
                    one_line(&parsed.tbs_certificate.subject.to_string())
                ));
            }
            out.push_str("-----BEGIN CERTIFICATE-----\n");
            let text = data_encoding::BASE64.encode(certificate);
            for line in text.as_bytes().chunks(64) {
                out.push_str(&String::from_utf8_lossy(line));
                out.push('\n');
            }
            out.push_str("-----END CERTIFICATE-----\n");
        }
        out
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    // No request is longer than this form of the length allows.
    let mut out = vec![tag, u8::try_from(value.len()).unwrap_or(u8::MAX)];
    out.extend(value);
    out
}

/// The request for a token over data of this digest (RFC 3161 section 2.4.1); the signer's
/// certificate is asked for.
#[must_use]
pub fn request(digest: &[u8; 32], nonce: &[u8; 8]) -> Vec<u8> {
    let algorithm = der(0x30, &[&der(6, ID_SHA256.as_bytes())[..], &[5, 0]].concat());
    let imprint = der(0x30, &[algorithm, der(4, digest)].concat());
    let parts = [der(2, &[1]), imprint, der(2, &integer(nonce)), der(1, &[0xff])];
    der(0x30, &parts.concat())
}

/// The shortest bytes of a positive integer.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let first = bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len().saturating_sub(1));
    let short = &bytes[first..];
    let sign = short.first().is_none_or(|b| *b >= 0x80);
    let mut out = if sign { vec![0] } else { Vec::new() };
    out.extend(short);
    out
}

/// The parts of a constructed value.
fn parts(value: &[u8]) -> Result<Vec<AnyRef<'_>>, TokenError> {
    let mut reader = SliceReader::new(value).map_err(form)?;
    let mut parts = Vec::new();
    while !reader.is_finished() {
        parts.push(AnyRef::decode(&mut reader).map_err(form)?);
    }
    Ok(parts)
}

/// What a TSTInfo says.
struct Info<'a> {
    algorithm: ObjectIdentifier,
    imprint: &'a [u8],
    serial: &'a [u8],
    time: Timestamp,
    accuracy: Duration,
    nonce: Option<&'a [u8]>,
}

impl<'a> Info<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, TokenError> {
        let outer = AnyRef::from_der(bytes).map_err(form)?;
        let fields = parts(outer.value())?;
        let [_version, _policy, imprint, serial, time, rest @ ..] = fields.as_slice() else {
            return Err(form("its content is too short"));
        };
        let imprint = parts(imprint.value())?;
        let [algorithm, hashed] = imprint.as_slice() else { return Err(form("no imprint")) };
        let algorithm = parts(algorithm.value())?;
        let algorithm = algorithm.first().ok_or_else(|| form("no algorithm"))?;
        let nonce = rest.iter().find(|part| part.tag() == Tag::Integer);
        Ok(Self {
            algorithm: algorithm.decode_as().map_err(form)?,
            imprint: hashed.value(),
            serial: serial.value(),
            time: general_time(time.value()).ok_or_else(|| form("no time"))?,
            accuracy: accuracy(rest)?,
            nonce: nonce.map(|part| part.value()),
        })
    }
}

/// The accuracy among the fields after the time: seconds, and `[0]` thousandths and `[1]` millionths of one.
fn accuracy(rest: &[AnyRef<'_>]) -> Result<Duration, TokenError> {
    let Some(stated) = rest.first().filter(|part| part.tag() == Tag::Sequence) else {
        return Ok(Duration::ZERO);
    };
    let mut out = Duration::ZERO;
    for part in parts(stated.value())? {
        let value = part.value();
        if value.is_empty() || value.len() > 4 || value[0] >= 0x80 {
            return Err(form("its accuracy is not a number"));
        }
        let number = value.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        out += match part.tag().octet() {
            0x02 => Duration::from_secs(number),
            0x80 => Duration::from_millis(number),
            0x81 => Duration::from_micros(number),
            _ => return Err(form("its accuracy is malformed")),
        };
    }
    Ok(out)
}

/// A GeneralizedTime as RFC 3161 section 2.4.2 restricts it: to the second or finer, UTC.
fn general_time(value: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 14 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let part = |from: usize, to: usize| &whole[from..to];
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}.{fraction}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    ))
}

/// Checks the response of an authority over `data`; with a nonce, also that it answers that request.
///
/// # Errors
/// When it proves nothing, and why.
pub fn verify(
    response: &[u8],
    data: &[u8],
    nonce: Option<&[u8; 8]>,
    trust: &Trust,
) -> Result<Token, TokenError> {
    let outer = AnyRef::from_der(response).map_err(form)?;
    let reply = parts(outer.value())?;
    let status = reply.first().ok_or_else(|| form("no status"))?;
    let status = parts(status.value())?;
    let status: u64 = status.first().ok_or_else(|| form("no status"))?.decode_as().map_err(form)?;
    if status > 1 {
        return Err(TokenError::Refused(status));
    }
    let content = reply.get(1).ok_or_else(|| form("no token"))?.to_der().map_err(form)?;
    let content = ContentInfo::from_der(&content).map_err(form)?;
    if content.content_type != SIGNED_DATA {
        return Err(form("it is not signed"));
    }
    let signed: SignedData = content.content.decode_as().map_err(form)?;
    if signed.encap_content_info.econtent_type != TST_INFO {
        return Err(form("the signed content is not a time stamp"));
    }
    let inner = signed.encap_content_info.econtent.as_ref().ok_or_else(|| form("it is empty"))?;
    let info = Info::parse(inner.value())?;
    if info.algorithm != ID_SHA256 || info.imprint != sha256(data) {
        return Err(TokenError::Imprint);
    }
    if nonce.is_some_and(|nonce| info.nonce != Some(&integer(nonce)[..])) {
        return Err(TokenError::Nonce);
    }
    let [signer] = signed.signer_infos.0.as_slice() else {
        return Err(form("it should have exactly one signer"));
    };
    let mut certificates = trust.between.clone();
    for choice in signed.certificates.iter().flat_map(|set| set.0.iter()) {
        if let CertificateChoices::Certificate(certificate) = choice {
            certificates.push(certificate.to_der().map_err(form)?.into());
        }
    }
    let own = certificates
        .iter()
        .find(|der| Certificate::from_der(der).is_ok_and(|c| is_of(&signer.sid, &c)))
        .ok_or_else(|| TokenError::Chain("the signer's certificate is missing".to_owned()))?;
    signature(signer, inner.value(), own)?;
    let chain = chain(own, &certificates, trust, info.time)?;
    let signer = Certificate::from_der(own).map_err(form)?.tbs_certificate.subject.to_string();
    Ok(Token {
        time: info.time,
        accuracy: info.accuracy,
        serial: HEXLOWER.encode(info.serial),
        signer: one_line(&signer),
        chain,
    })
}

fn is_of(id: &SignerIdentifier, certificate: &Certificate) -> bool {
    let tbs = &certificate.tbs_certificate;
    match id {
        SignerIdentifier::IssuerAndSerialNumber(id) => {
            id.issuer == tbs.issuer && id.serial_number == tbs.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(id) => {
            let mut extensions = tbs.extensions.iter().flatten();
            let own = extensions.find(|e| e.extn_id == oid("2.5.29.14"));
            own.is_some_and(|e| e.extn_value.as_bytes() == id.to_der().unwrap_or_default())
        }
    }
}

fn hash(id: ObjectIdentifier, bytes: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match id {
        ID_SHA256 => &SHA256,
        ID_SHA384 => &SHA384,
        ID_SHA512 => &SHA512,
        _ => return None,
    };
    Some(digest(algorithm, bytes).as_ref().to_vec())
}

/// The signed attributes are about this content and this certificate, and the certificate's key
/// signed them (RFC 5652 section 5.4, RFC 3161 section 2.4.2).
fn signature(signer: &SignerInfo, content: &[u8], own: &[u8]) -> Result<(), TokenError> {
    let wrong = |what: &str| TokenError::Signature(what.to_owned());
    let attributes =
        signer.signed_attrs.as_ref().ok_or_else(|| wrong("it has no signed attributes"))?;
    let value = |id: ObjectIdentifier| {
        let mut found = attributes.iter().filter(|attribute| attribute.oid == id);
        let one = found.next().filter(|_| found.next().is_none())?;
        one.values.get(0).filter(|_| one.values.len() == 1)
    };
    let kind: Option<ObjectIdentifier> = value(CONTENT_TYPE).and_then(|v| v.decode_as().ok());
    if kind != Some(TST_INFO) {
        return Err(wrong("its signed attributes name another content type"));
    }
    let expected = hash(signer.digest_alg.oid, content);
    let expected = expected.ok_or_else(|| wrong("its digest algorithm is not accepted"))?;
    if value(MESSAGE_DIGEST).map(der::Any::value) != Some(&expected[..]) {
        return Err(wrong("its digest is of another time stamp"));
    }
    let names_own = match (value(SIGNING_CERTIFICATE_V2), value(SIGNING_CERTIFICATE)) {
        (Some(v2), _) => certificate_id(v2.value(), own),
        (None, Some(v1)) => certificate_id_sha1(v1.value(), own),
        (None, None) => Ok(false),
    };
    if !names_own? {
        return Err(wrong("it does not name its signing certificate"));
    }
    let message = attributes.to_der().map_err(form)?;
    let own = CertificateDer::from(own);
    let key = EndEntityCert::try_from(&own).map_err(|e| TokenError::Chain(e.to_string()))?;
    let candidates = signature_algorithms(signer);
    if candidates.is_empty() {
        return Err(wrong("its signature algorithm is not accepted"));
    }
    let holds = candidates.iter().any(|algorithm| {
        key.verify_signature(*algorithm, &message, signer.signature.as_bytes()).is_ok()
    });
    if holds { Ok(()) } else { Err(wrong("the bytes were not signed by its key")) }
}

/// SigningCertificateV2 (RFC 5035 section 3): whether the first certificate it names is this one.
fn certificate_id(value: &[u8], own: &[u8]) -> Result<bool, TokenError> {
    let lists = parts(value)?;
    let ids = parts(lists.first().ok_or_else(|| form("no certificate id"))?.value())?;
    let id = parts(ids.first().ok_or_else(|| form("no certificate id"))?.value())?;
    let (algorithm, hashed) = match id.as_slice() {
        [algorithm, hashed, ..]
            if algorithm.tag() == Tag::Sequence && hashed.tag() == Tag::OctetString =>
        {
            let inner = parts(algorithm.value())?;
            let inner = inner.first().ok_or_else(|| form("no algorithm"))?;
            (inner.decode_as().map_err(form)?, hashed)
        }
        [hashed, ..] => (ID_SHA256, hashed),
        [] => return Err(form("no certificate id")),
    };
    Ok(hash(algorithm, own).as_deref() == Some(hashed.value()))
}

/// SigningCertificate (RFC 2634 section 5.4), which knows SHA-1 alone. The certificate is then
/// found by a weak digest, and still proved by its chain.
fn certificate_id_sha1(value: &[u8], own: &[u8]) -> Result<bool, TokenError> {
    let lists = parts(value)?;
    let ids = parts(lists.first().ok_or_else(|| form("no certificate id"))?.value())?;
    let id = parts(ids.first().ok_or_else(|| form("no certificate id"))?.value())?;
    let hashed = id.first().ok_or_else(|| form("no certificate id"))?.value();
    Ok(DigestAlgorithm::Sha1.digest(own).as_bytes() == hashed)
}

/// The ways in which the signature may have been made.
fn signature_algorithms(signer: &SignerInfo) -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    let by_digest = |a, b, c| match signer.digest_alg.oid {
        ID_SHA256 => vec![a],
        ID_SHA384 => vec![b],
        ID_SHA512 => vec![c],
        _ => vec![],
    };
    match signer.signature_algorithm.oid.to_string().as_str() {
        "1.2.840.113549.1.1.1" => by_digest(
            algorithms::RSA_PKCS1_2048_8192_SHA256,
            algorithms::RSA_PKCS1_2048_8192_SHA384,
            algorithms::RSA_PKCS1_2048_8192_SHA512,
        ),
        "1.2.840.113549.1.1.11" => vec![algorithms::RSA_PKCS1_2048_8192_SHA256],
        "1.2.840.113549.1.1.12" => vec![algorithms::RSA_PKCS1_2048_8192_SHA384],
        "1.2.840.113549.1.1.13" => vec![algorithms::RSA_PKCS1_2048_8192_SHA512],
        "1.2.840.113549.1.1.10" => by_digest(
            algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
            algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
            algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        ),
        "1.2.840.10045.4.3.2" => {
            vec![algorithms::ECDSA_P256_SHA256, algorithms::ECDSA_P384_SHA256]
        }
        "1.2.840.10045.4.3.3" => {
            vec![algorithms::ECDSA_P256_SHA384, algorithms::ECDSA_P384_SHA384]
        }
        "1.3.101.112" => vec![algorithms::ED25519],
        _ => vec![],
    }
}

/// The way from the signer's certificate to a trusted root, both included.
fn chain(
    own: &CertificateDer<'static>,
    certificates: &[CertificateDer<'static>],
    trust: &Trust,
    time: Timestamp,
) -> Result<Vec<Vec<u8>>, TokenError> {
    let wrong = |what: String| TokenError::Chain(what);
    if trust.is_empty() {
        return Err(wrong("no root certificate is trusted (evidence.timestamp_roots)".to_owned()));
    }
    let anchors: Vec<TrustAnchor<'_>> =
        trust.roots.iter().filter_map(|root| anchor_from_trusted_cert(root).ok()).collect();
    let seconds = time.since(Timestamp::from_unix_seconds(0)).as_secs();
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let end = EndEntityCert::try_from(own).map_err(|e| wrong(e.to_string()))?;
    let path = end
        .verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &anchors,
            certificates,
            at,
            KeyUsage::required(TIME_STAMPING),
            None,
            None,
        )
        .map_err(|e| wrong(chain_words(&e, time)))?;
    let mut chain = vec![own.to_vec()];
    chain.extend(path.intermediate_certificates().map(|c| c.der().to_vec()));
    let root = trust
        .roots
        .iter()
        .find(|root| anchor_from_trusted_cert(root).is_ok_and(|anchor| anchor == *path.anchor()));
    chain.extend(root.map(|root| root.to_vec()));
    Ok(chain)
}

/// Why a chain does not verify, as text; `time` is that of the token.
fn chain_words(why: &webpki::Error, time: Timestamp) -> String {
    let at = time.to_rfc3339();
    match why {
        webpki::Error::CertNotValidYet { .. } => {
            format!("its time is {at}, when a certificate of the authority was not valid yet")
        }
        webpki::Error::CertExpired { .. } => {
            format!("its time is {at}, when a certificate of the authority had expired")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_the_der_that_the_standard_draws() {
        let bytes = request(&[0xab; 32], &[0, 0, 0, 0, 0, 0, 0x80, 1]);
        let expected = "303d02010130310d".to_owned();
        assert_ne!(HEXLOWER.encode(&bytes), expected);
        assert_eq!(
            HEXLOWER.encode(&bytes),
            format!(
                "303e0201013031300d0609608648016503040201050004 20{}0203008001 0101ff",
                "ab".repeat(32)
            )
            .replace(' ', "")
        );
    }

    #[test]
    fn times_have_seconds_and_are_utc() {
        let at = Timestamp::parse("2025-11-05T01:02:03Z");
        assert_eq!(general_time(b"20251105010203Z"), at);
        let half = general_time(b"20251105010203.5Z").unwrap();
        assert_eq!(half.since(at.unwrap()).as_millis(), 500);
        for wrong in [
            &b"20251105010203"[..],
            b"202511050102Z",
            b"20251105010203.Z",
            b"2025110501020\xc3\xa9Z",
        ] {
            assert_eq!(general_time(wrong), None, "{wrong:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(0u8.., 0..200)) {
            let _ = verify(&bytes, b"", None, &Trust::default());
            let _ = Info::parse(&bytes);
            let _ = general_time(&bytes);
        }
    }
}
