//! Frames on the socket: `length, 4 bytes big-endian | postcard`. Neither side trusts a length: no
//! more is allocated than has arrived.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest frame. A page of captures takes some 300 kB, a batch of a thousand likewise; one
/// capture may have a URL of 64 KiB.
pub(super) const FRAME_BYTES_MAX: u32 = 96 << 20;

/// Sends a value as one frame.
pub(super) fn send<T: Serialize>(to: &mut impl Write, value: &T) -> io::Result<()> {
    let bytes = postcard::to_allocvec(value).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= FRAME_BYTES_MAX);
    let length = length.ok_or_else(|| io::Error::other("a frame is too long"))?;
    let mut frame = Vec::with_capacity(bytes.len() + 4);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&bytes);
    to.write_all(&frame)
}

/// Receives one frame; `None` where the other side ended between frames.
pub(super) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    if !read_whole(from, &mut length)? {
        return Ok(None);
    }
    let length = u32::from_be_bytes(length);
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    if length > FRAME_BYTES_MAX {
        return Err(invalid(format!("a frame of {length} bytes is longer than allowed")));
    }
    let mut bytes = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != u64::from(length) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    postcard::from_bytes(&bytes).map(Some).map_err(|why| invalid(why.to_string()))
}

/// Fills `out`; false where nothing came.
fn read_whole(from: &mut impl Read, out: &mut [u8]) -> io::Result<bool> {
    let mut at = 0;
    while at < out.len() {
        match from.read(&mut out[at..]) {
            Ok(0) if at == 0 => return Ok(false),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => at += count,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::protocol::{Reply, Request};
    use super::*;

    #[test]
    fn a_frame_is_read_back_and_an_end_is_distinguished_from_a_cut() {
        let mut bytes = Vec::new();
        send(&mut bytes, &Request::HostOf("http://example.com/".to_owned())).unwrap();
        let read: Request = receive(&mut &bytes[..]).unwrap().unwrap();
        assert!(matches!(read, Request::HostOf(url) if url == "http://example.com/"));
        assert!(receive::<Request>(&mut &b""[..]).unwrap().is_none());
        for cut in 1..bytes.len() {
            let error = receive::<Request>(&mut &bytes[..cut]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "cut at {cut}");
        }
        let error = receive::<Request>(&mut &b"\xff\xff\xff\xff"[..]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut frame = (bytes.len() as u32).to_be_bytes().to_vec();
            frame.extend_from_slice(&bytes);
            let _ = receive::<Request>(&mut &frame[..]);
            let _ = receive::<Reply>(&mut &frame[..]);
            let _ = receive::<Reply>(&mut &bytes[..]);
        }
    }
}
