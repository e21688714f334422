//! Untrusted JSON on its way to a parser: what the parser has to remember of it is bounded.
//!
//! A parser that reads a stream keeps the text or number that it is in, and how deep it is. Here either
//! ends in an error once it is longer than anyone writes, so that a list of any length is read in
//! little memory.

use std::io::{self, Read};

/// The longest text or number, in bytes as it is written. A path in a package has at most 64 KiB, each of
/// which may take six bytes.
const TOKEN_BYTES_MAX: u64 = 1 << 20;
/// How deep lists and objects may be in each other.
const DEPTH_MAX: u64 = 100;

/// Passes JSON on, as far as it keeps to the bounds.
pub(super) struct Bounded<R> {
    input: R,
    is_text: bool,
    is_escaped: bool,
    token: u64,
    depth: u64,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, is_text: false, is_escaped: false, token: 0, depth: 0 }
    }

    /// Takes in one byte. Whether it is JSON at all is for the parser.
    fn step(&mut self, byte: u8) -> io::Result<()> {
        self.token += 1;
        if self.is_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => (self.is_text, self.token) = (false, 0),
                _ => {}
            }
        } else {
            match byte {
                b'"' => (self.is_text, self.token) = (true, 0),
                b'[' | b'{' => (self.depth, self.token) = (self.depth + 1, 0),
                b']' | b'}' => (self.depth, self.token) = (self.depth.saturating_sub(1), 0),
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => self.token = 0,
                _ => {}
            }
        }
        if self.token > TOKEN_BYTES_MAX {
            let what = format!("it has a text or number of more than {TOKEN_BYTES_MAX} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        if self.depth > DEPTH_MAX {
            let what = format!("it is nested more than {DEPTH_MAX} deep");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(())
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        for byte in &out[..count] {
            self.step(*byte)?;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(json: &[u8]) -> Result<(), String> {
        let mut passed = Vec::new();
        Bounded::new(json).read_to_end(&mut passed).map_err(|why| why.to_string())?;
        assert_eq!(passed, json);
        Ok(())
    }

    #[test]
    fn texts_numbers_and_depth_are_bounded_and_nothing_else_is() {
        let max = usize::try_from(TOKEN_BYTES_MAX).unwrap();
        let text = |length: usize| [b"{\"", &vec![b'a'; length][..], b"\": 1}"].concat();
        let number = |length: usize| [b"[", &vec![b'1'; length][..], b"]"].concat();
        let deep = |depth: usize| vec![b'['; depth];
        let too_long = Err(format!("it has a text or number of more than {max} bytes"));
        let too_deep = Err("it is nested more than 100 deep".to_owned());
        for (json, wanted) in [
            (text(max - 1), Ok(())),
            (text(max + 1), too_long.clone()),
            // A text does not end at a quotation mark that is escaped, and nothing in it counts.
            ([&b"\""[..], &b"\\\"".repeat(max)[..]].concat(), too_long.clone()),
            ([&b"\""[..], &b"[\\\\"[..], &b"\"[[".repeat(40)[..]].concat(), Ok(())),
            (number(max), Ok(())),
            (number(max + 1), too_long),
            (deep(100), Ok(())),
            (deep(101), too_deep),
            (b"[]".repeat(1000), Ok(())),
            (b"]".repeat(1000), Ok(())),
            (b" \n".repeat(max), Ok(())),
            (b"1,".repeat(max), Ok(())),
        ] {
            assert_eq!(outcome(&json), wanted, "{:?}", String::from_utf8_lossy(&json[..20]));
        }
    }
}
