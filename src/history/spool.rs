//! Lines that wait to be read in another order: in memory, past a threshold in a temporary file, and in memory
//! again where the disk has no room for it. With a full disk an answer takes more memory; it does not fail.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// The lines, one after the other.
#[derive(Debug)]
pub(super) struct Spool {
    lines: Place,
    length: u64,
}

#[derive(Debug)]
enum Place {
    Spooled(SpooledTempFile),
    Memory(Cursor<Vec<u8>>),
}

impl Spool {
    /// An empty one that keeps at most this many bytes in memory where a disk has room for more.
    pub(super) fn new(memory_max: usize) -> Self {
        Self { lines: Place::Spooled(SpooledTempFile::new(memory_max)), length: 0 }
    }

    /// Appends a line; where it begins.
    ///
    /// # Errors
    /// When what was written before can no longer be read.
    pub(super) fn append(&mut self, line: &[u8]) -> io::Result<u64> {
        let begins = self.length;
        if let Place::Spooled(file) = &mut self.lines {
            let written = file.seek(SeekFrom::Start(begins)).and_then(|_| file.write_all(line));
            if written.is_err() {
                self.leave_disk()?;
            }
        }
        if let Place::Memory(lines) = &mut self.lines {
            lines.set_position(begins);
            lines.write_all(line)?;
        }
        self.length += line.len() as u64;
        Ok(begins)
    }

    /// Takes the lines back from the disk.
    fn leave_disk(&mut self) -> io::Result<()> {
        if let Place::Spooled(file) = &mut self.lines {
            let mut lines = Vec::new();
            file.seek(SeekFrom::Start(0))?;
            file.take(self.length).read_to_end(&mut lines)?;
            self.lines = Place::Memory(Cursor::new(lines));
        }
        Ok(())
    }

    /// The line of this length that begins there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(&mut self, begins: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        match &mut self.lines {
            Place::Spooled(file) => {
                file.seek(SeekFrom::Start(begins))?;
                file.take(length).read_to_end(&mut line)?;
            }
            Place::Memory(lines) => {
                lines.set_position(begins);
                lines.take(length).read_to_end(&mut line)?;
            }
        }
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_there_whichever_place_they_are_in() {
        for (memory_max, leaves_at) in [(1 << 20, 2), (10, 2), (10, 4), (1 << 20, 9)] {
            let mut spool = Spool::new(memory_max);
            let lines: Vec<String> = (0..6).map(|n| format!("line {n} ").repeat(n + 1)).collect();
            let mut places = Vec::new();
            for (n, line) in lines.iter().enumerate() {
                if n == leaves_at {
                    // As where the disk took the first half of a line.
                    if let Place::Spooled(file) = &mut spool.lines {
                        file.seek(SeekFrom::End(0)).unwrap();
                        file.write_all(b"li").unwrap();
                    }
                    spool.leave_disk().unwrap();
                }
                places.push((spool.append(line.as_bytes()).unwrap(), line.len() as u64));
            }
            assert_eq!(matches!(spool.lines, Place::Memory(_)), leaves_at < 6);
            for ((begins, length), line) in places.iter().zip(&lines).rev() {
                assert_eq!(spool.read(*begins, *length).unwrap(), line.as_bytes());
            }
        }
    }
}
