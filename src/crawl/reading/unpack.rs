//! Payloads unpacked for reading: how long they may be, and which are read one at a time.

use crate::http::{Cut, Decoded, Exchange, Head, decode_body, payload_of};

use super::Before;

/// Unpacked, a payload of up to this is read along with others.
const SMALL_BYTES_MAX: usize = 1 << 20;

/// Which payloads are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::crawl) enum Room {
    /// Those that are short when unpacked, as nearly all are: they are read side by side.
    Beside,
    /// Any. Two kilobytes of the wire may claim any length, and as many of them as there are cores
    /// at the same time would fill the memory: one is read at a time.
    Alone,
}

impl Room {
    /// The longest payload of earlier captures that is read, unpacked; `None` where any is.
    pub fn bytes_max(self) -> Option<usize> {
        (self == Self::Beside).then_some(SMALL_BYTES_MAX)
    }
}

/// Unpacks the payloads of one page, up to a length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unpacking {
    pub room: Room,
    pub max: usize,
}

impl Unpacking {
    /// What `decode` gives for a limit; `None` where that is too much to be read along with others.
    pub fn unpack(self, decode: impl Fn(usize) -> Decoded) -> Option<Vec<u8>> {
        let decoded = decode(self.room.bytes_max().unwrap_or(usize::MAX).min(self.max));
        let has_more = decoded.cut == Some(Cut::Limit) && self.max > SMALL_BYTES_MAX;
        (self.room == Room::Alone || !has_more).then_some(decoded.bytes)
    }
}

pub(in crate::crawl) fn head_of(exchange: &Exchange) -> Head {
    let head_len = usize::try_from(exchange.shape.head_len).unwrap_or(usize::MAX);
    // A spooled response that cannot be read back was written to the archive anyway.
    Head::parse(&exchange.response.prefix(head_len).unwrap_or_default())
}

/// The payload with its content coding undone.
pub(super) fn payload(exchange: &Exchange, head: &Head, unpacking: Unpacking) -> Option<Vec<u8>> {
    unpacking.unpack(|max| match payload_of(&exchange.response, &exchange.shape) {
        Ok(payload) => decode_body(std::io::BufReader::new(payload), head, max),
        Err(_) => Decoded::default(),
    })
}

/// That of the capture before; empty where it cannot be read any more.
pub(super) fn loaded(before: &Before, unpacking: Unpacking) -> Option<Vec<u8>> {
    let head = before.loaded.payload_head();
    unpacking.unpack(|max| match before.loaded.payload() {
        Ok(payload) => decode_body(std::io::BufReader::new(payload), &head, max),
        Err(_) => Decoded::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_unpacks_to_much_is_read_alone() {
        let of = |len: usize| {
            move |max: usize| Decoded {
                bytes: vec![b'a'; len.min(max)],
                cut: (len > max).then_some(Cut::Limit),
                note: None,
            }
        };
        let max = 4 * SMALL_BYTES_MAX;
        for (len, room, want) in [
            (0, Room::Beside, Some(0)),
            (SMALL_BYTES_MAX, Room::Beside, Some(SMALL_BYTES_MAX)),
            (SMALL_BYTES_MAX + 1, Room::Beside, None),
            (SMALL_BYTES_MAX + 1, Room::Alone, Some(SMALL_BYTES_MAX + 1)),
            (9 * SMALL_BYTES_MAX, Room::Alone, Some(max)),
        ] {
            let got = Unpacking { room, max }.unpack(of(len)).map(|bytes| bytes.len());
            assert_eq!(got, want, "{len} {room:?}");
        }
        // Where no more is taken anyway, what is cut there is all there is.
        let small = Unpacking { room: Room::Beside, max: 10 };
        assert_eq!(small.unpack(of(11)).map(|bytes| bytes.len()), Some(10));
    }
}
