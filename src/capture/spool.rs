//! The bytes of one response as they came off the wire: in memory first, past a threshold in a
//! temporary file that has no name.
//!
//! Owns the read buffer: the socket reads straight into it, and it becomes the stored response
//! without another copy. Deliberately does not know about HTTP. File writes leave the network task,
//! one block at a time, so that memory stays flat however long the body is.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::http::Stored;

/// The first read: a head and the beginning of a body, and the unit by which the buffer grows.
const READ_BYTES: usize = 16 * 1024;

/// Room beyond an announced length, so that a body that is longer shows itself in the same read.
const SLACK_BYTES: usize = 512;

/// Unused room that is not worth a copy to give back.
const SPARE_BYTES_MAX: usize = 64 * 1024;

/// Received bytes on their way into an exchange.
#[derive(Debug)]
pub(super) struct Spool {
    /// Bytes that are not in the file yet.
    pub(super) buffer: Vec<u8>,
    file: Option<File>,
    spilled: u64,
    memory_bytes_max: usize,
    dir: Option<PathBuf>,
}

impl Spool {
    pub(super) fn new(memory_bytes_max: usize, dir: Option<PathBuf>) -> Self {
        let memory_bytes_max = memory_bytes_max.max(READ_BYTES);
        Self { buffer: Vec::new(), file: None, spilled: 0, memory_bytes_max, dir }
    }

    /// Bytes in all.
    pub(super) fn len(&self) -> u64 {
        self.spilled + self.buffer.len() as u64
    }

    /// Makes room for the next read: all of an announced rest at once, else twice what is there.
    pub(super) fn make_room(&mut self, expected: Option<u64>) {
        let (have, len) = (self.buffer.capacity() - self.buffer.len(), self.buffer.len());
        let most = self.memory_bytes_max.saturating_sub(len) + READ_BYTES;
        if self.file.is_some() {
            // One block a write; the buffer is used again for the next.
            if have < READ_BYTES {
                self.buffer.reserve_exact(most);
            }
            return;
        }
        match expected {
            Some(left) => {
                let left = usize::try_from(left).unwrap_or(most).saturating_add(SLACK_BYTES);
                if have < left.min(most) {
                    self.buffer.reserve_exact(left.min(most));
                }
            }
            None if have < READ_BYTES / 4 => self.buffer.reserve(len.clamp(READ_BYTES, most)),
            None => {}
        }
    }

    /// Whether enough is in memory for a block of the file.
    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() >= self.memory_bytes_max
    }

    /// Moves what is in memory to the file.
    pub(super) async fn spill(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let (file, dir) = (self.file.take(), self.dir.clone());
        let written = buffer.len() as u64;
        let task = tokio::task::spawn_blocking(move || {
            let mut file = match (file, dir) {
                (Some(file), _) => file,
                (None, Some(dir)) => tempfile::tempfile_in(dir)?,
                (None, None) => tempfile::tempfile()?,
            };
            file.write_all(&buffer)?;
            buffer.clear();
            io::Result::Ok((file, buffer))
        });
        let (file, buffer) = task.await.map_err(io::Error::other)??;
        (self.file, self.buffer) = (Some(file), buffer);
        self.spilled += written;
        Ok(())
    }

    /// The bytes, to be kept.
    pub(super) async fn finish(mut self) -> io::Result<Stored> {
        if self.file.is_none() {
            // A length that lied may have left much room; a queue of exchanges should not hold it.
            if self.buffer.capacity() - self.buffer.len() > SPARE_BYTES_MAX {
                self.buffer.shrink_to_fit();
            }
            return Ok(Stored::Memory(self.buffer));
        }
        if !self.buffer.is_empty() {
            self.spill().await?;
        }
        Ok(match self.file {
            Some(file) => Stored::File(Arc::new(file), self.spilled),
            None => Stored::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_stays_flat_however_long_the_body_is() {
        let mut spool = Spool::new(100_000, None);
        let mut largest = 0;
        for n in 0..5_000u32 {
            spool.make_room(Some(1 << 40));
            let room = spool.buffer.capacity() - spool.buffer.len();
            assert!(room > 0);
            let byte = n.to_le_bytes()[0];
            spool.buffer.extend(std::iter::repeat_n(byte, room.min(9_000)));
            largest = largest.max(spool.buffer.capacity());
            if spool.is_full() {
                spool.spill().await.unwrap();
            }
        }
        assert!(largest < 120_000, "{largest}");
        let len = spool.len();
        assert!(len > 40_000_000, "{len}");
        let stored = spool.finish().await.unwrap();
        assert!(matches!(stored, Stored::File(..)));
        assert_eq!(stored.len(), len);
        assert_eq!(stored.prefix(9_001).unwrap()[8_999..], [0, 1]);
    }

    #[tokio::test]
    async fn room_that_a_lie_left_is_given_back() {
        let mut spool = Spool::new(512 << 10, None);
        spool.make_room(Some(400_000));
        spool.buffer.extend_from_slice(b"short");
        let Stored::Memory(bytes) = spool.finish().await.unwrap() else { panic!("no file") };
        assert!(bytes.capacity() < 1000, "{}", bytes.capacity());
    }
}
