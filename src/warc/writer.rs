//! Packed records to the end of a file.
//!
//! The writer appends and does nothing else: it cannot seek, so no byte before its own position is
//! ever touched. After a write that failed or was cut short it refuses to continue until its owner has
//! dealt with the bytes that may have been written, and calls `resume`. Opening, syncing, naming and
//! rolling files is the owner's.

use std::io::{self, Write};

use super::pack::Packed;

/// Where a packed record is in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Placement {
    /// The offset of its first byte.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
}

/// Why records were not appended.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A write failed. Bytes may be in the file from `intact_end` on, up to `reached`.
    #[error("cannot append at {intact_end} (failed at {reached}): {source}")]
    Append {
        /// The offset after the last record that was appended whole: what comes after it is to be
        /// set aside before writing continues.
        intact_end: u64,
        /// The offset up to which bytes were handed to the file.
        reached: u64,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier write failed, and [`WarcWriter::resume`] was not called since.
    #[error("the writer stopped at {intact_end} after a failed write")]
    Stopped {
        /// As in the failure before.
        intact_end: u64,
    },
}

impl WriteError {
    /// The offset after the last whole record.
    #[must_use]
    pub fn intact_end(&self) -> u64 {
        match self {
            Self::Append { intact_end, .. } | Self::Stopped { intact_end } => *intact_end,
        }
    }

    /// Whether there is no room: a full disk or an exhausted quota.
    #[must_use]
    pub fn is_full(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(self, Self::Append { source, .. }
            if matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge))
    }
}

/// Appends packed records.
#[derive(Debug)]
pub struct WarcWriter<W> {
    inner: W,
    position: u64,
    stopped: bool,
}

impl<W: Write> WarcWriter<W> {
    /// A writer to the end of `inner`, which is at `position` bytes from the file's start.
    /// `inner` should not buffer: what is appended should be in the file when this returns.
    #[must_use]
    pub fn new(inner: W, position: u64) -> Self {
        Self { inner, position, stopped: false }
    }

    /// The offset of the next record.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The file, for syncing.
    #[must_use]
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The file, for setting back after a failure.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// The file.
    #[must_use]
    pub fn into_inner(self) -> W {
        self.inner
    }

    /// Appends one record.
    ///
    /// # Errors
    /// When it could not be written whole, or an earlier one was not.
    pub fn append(&mut self, packed: &mut Packed) -> Result<Placement, WriteError> {
        let mut placements = self.append_all(std::slice::from_mut(packed))?;
        Ok(placements.pop().unwrap_or(Placement { offset: self.position, length: 0 }))
    }

    /// Appends records of one capture event, all or none: after a failure the position is before
    /// the first.
    ///
    /// # Errors
    /// When any could not be written whole, or an earlier one was not.
    pub fn append_all(&mut self, packed: &mut [Packed]) -> Result<Vec<Placement>, WriteError> {
        if self.stopped {
            return Err(WriteError::Stopped { intact_end: self.position });
        }
        let mut counted = Counted { inner: &mut self.inner, reached: self.position };
        let mut placements = Vec::with_capacity(packed.len());
        let result = packed.iter_mut().try_for_each(|record| {
            let offset = counted.reached;
            record.write_to(&mut counted)?;
            placements.push(Placement { offset, length: counted.reached - offset });
            Ok(())
        });
        let result = result.and_then(|()| counted.inner.flush());
        let reached = counted.reached;
        match result {
            Ok(()) => {
                self.position = reached;
                Ok(placements)
            }
            Err(source) => {
                self.stopped = true;
                Err(WriteError::Append { intact_end: self.position, reached, source })
            }
        }
    }

    /// Writes again after a failure, once the file ends at [`Self::position`] again.
    pub fn resume(&mut self) {
        self.stopped = false;
    }
}

/// Counts what the file took.
struct Counted<'a, W> {
    inner: &'a mut W,
    reached: u64,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.reached += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a few bytes at a time, and no more than it has room for.
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(3).min(self.room - self.bytes.len());
            if count == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.bytes.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn records_follow_one_another_and_short_writes_lose_nothing() {
        let mut writer = WarcWriter::new(Disk { bytes: b"before".to_vec(), room: 100 }, 6);
        let first = writer.append(&mut Packed::Memory(b"12345".to_vec())).unwrap();
        let second = writer.append(&mut Packed::Memory(b"678".to_vec())).unwrap();
        assert_eq!(first, Placement { offset: 6, length: 5 });
        assert_eq!(second, Placement { offset: 11, length: 3 });
        assert_eq!(
            (writer.position(), writer.into_inner().bytes.as_slice()),
            (14, &b"before12345678"[..])
        );
    }

    #[test]
    fn a_full_disk_stops_the_writer_before_the_first_of_the_event() {
        let mut writer = WarcWriter::new(Disk { bytes: Vec::new(), room: 10 }, 0);
        writer.append(&mut Packed::Memory(b"ok".to_vec())).unwrap();
        let mut event = [Packed::Memory(b"12345".to_vec()), Packed::Memory(b"6789".to_vec())];
        let error = writer.append_all(&mut event).unwrap_err();
        assert!(error.is_full());
        assert!(matches!(error, WriteError::Append { intact_end: 2, reached: 10, .. }));
        assert_eq!(writer.position(), 2);
        let again = writer.append(&mut Packed::Memory(b"x".to_vec())).unwrap_err();
        assert!(matches!(again, WriteError::Stopped { intact_end: 2 }));
        writer.get_mut().bytes.truncate(2);
        writer.resume();
        let placed = writer.append(&mut Packed::Memory(b"x".to_vec())).unwrap();
        assert_eq!(placed, Placement { offset: 2, length: 1 });
    }

    #[test]
    fn a_packed_temporary_file_is_appended_whole() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"spooled").unwrap();
        let mut writer = WarcWriter::new(Vec::new(), 0);
        let placed = writer.append(&mut Packed::File(file, 7)).unwrap();
        assert_eq!((placed.length, writer.into_inner()), (7, b"spooled".to_vec()));
    }
}
