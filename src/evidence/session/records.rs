//! The record layer of TLS 1.3 (RFC 8446 section 5): bytes of one direction to records, and what is inside those that are
//! protected.

use super::schedule::TrafficKeys;

/// The longest fragment of a record, in bytes: 2^14, and 256 for protection (section 5.2).
const FRAGMENT_BYTES_MAX: usize = (1 << 14) + 256;
/// The longest content of a record.
const CONTENT_BYTES_MAX: usize = 1 << 14;
const HEADER_LEN: usize = 5;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// `change_cipher_spec`, which means nothing in TLS 1.3.
    ChangeCipherSpec,
    /// An alert.
    Alert,
    /// Handshake messages.
    Handshake,
    /// Application data; on the wire, all that is protected.
    ApplicationData,
}

impl ContentType {
    fn of(byte: u8) -> Option<Self> {
        match byte {
            20 => Some(Self::ChangeCipherSpec),
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::ApplicationData),
            _ => None,
        }
    }
}

/// A record on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its type as the header has it.
    pub kind: ContentType,
    /// The header: the additional data of its protection.
    pub header: &'a [u8],
    /// What follows the header.
    pub fragment: &'a [u8],
}

/// The records of one direction.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    rest: &'a [u8],
}

impl<'a> Records<'a> {
    /// Those of these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next record; `None` at the end, also where the last record was cut.
    ///
    /// # Errors
    /// What is not a record, as text.
    pub fn next_record(&mut self) -> Result<Option<Record<'a>>, String> {
        let Some((header, rest)) = self.rest.split_at_checked(HEADER_LEN) else { return Ok(None) };
        let kind = ContentType::of(header[0])
            .ok_or_else(|| format!("a record of the type {}", header[0]))?;
        // The first ClientHello may say 3.1, everything else 3.3 (section 5.1).
        if header[1] != 3 || !matches!(header[2], 1 | 3) {
            return Err(format!("a record of the version {}.{}", header[1], header[2]));
        }
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        if length > FRAGMENT_BYTES_MAX {
            return Err(format!("a record of {length} bytes"));
        }
        let Some((fragment, rest)) = rest.split_at_checked(length) else { return Ok(None) };
        self.rest = rest;
        Ok(Some(Record { kind, header, fragment }))
    }
}

/// The content of a protected record, and its type.
///
/// # Errors
/// When it was not protected by these keys, or is empty, as text.
pub fn open(record: &Record<'_>, keys: &mut TrafficKeys) -> Result<(ContentType, Vec<u8>), String> {
    if record.kind != ContentType::ApplicationData {
        return Err("a record that should be protected is not".to_owned());
    }
    let mut inner = keys.open(record.header, record.fragment)?;
    // TLSInnerPlaintext: the content, its type, and any number of zeros (section 5.4).
    let end = inner.iter().rposition(|byte| *byte != 0).ok_or("a record without a type")?;
    let kind = ContentType::of(inner[end]).filter(|kind| *kind != ContentType::ChangeCipherSpec);
    let kind = kind.ok_or("a protected record of a type that is none")?;
    inner.truncate(end);
    if inner.len() > CONTENT_BYTES_MAX {
        return Err(format!("a record with {} bytes of content", inner.len()));
    }
    Ok((kind, inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_parted_and_a_cut_one_is_left() {
        let bytes = [22, 3, 1, 0, 2, 7, 8, 23, 3, 3, 0, 1, 9, 23, 3, 3, 0, 5, 1];
        let mut records = Records::new(&bytes);
        let first = records.next_record().unwrap().unwrap();
        assert_eq!((first.kind, first.fragment), (ContentType::Handshake, &[7, 8][..]));
        assert_eq!(records.next_record().unwrap().unwrap().fragment, [9]);
        assert_eq!(records.next_record(), Ok(None));
        assert_eq!(records.left(), 6);
        for bad in [[99, 3, 3, 0, 0], [22, 2, 3, 0, 0], [22, 3, 2, 0, 0], [22, 3, 3, 0xff, 0xff]] {
            assert!(Records::new(&bad).next_record().is_err(), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_byte_is_of_one_record_or_left(bytes in proptest::collection::vec(0u8..32, 0..400)) {
            let mut records = Records::new(&bytes);
            let mut seen = 0;
            while let Ok(Some(record)) = records.next_record() {
                seen += record.header.len() + record.fragment.len();
            }
            proptest::prop_assert_eq!(seen + records.left(), bytes.len());
        }
    }
}
