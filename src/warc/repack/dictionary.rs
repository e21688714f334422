//! A zstd dictionary from the records of an input.
//!
//! Short records gain most: what they share (names of fields, heads of HTTP messages, the frame of a
//! page) is in the dictionary instead of in each of them.

use std::io::Read;

use super::super::input::Input;
use super::RepackError;

/// The longest dictionary that is trained, in bytes; the trainer's own default.
pub const DICTIONARY_BYTES_MAX: usize = 112_640;
/// How many bytes of records the trainer is given: a hundred times the dictionary, as its authors
/// recommend, and little enough for memory.
const SAMPLES_BYTES_MAX: usize = 12 * 1024 * 1024;
/// How many bytes of a record's header, and how many of its block, are a sample: what records share stands
/// near their start.
const SAMPLE_BYTES_MAX: u16 = 16 * 1024;

/// Trains a dictionary on the records of an input, which is read to its end or until there are
/// enough.
///
/// # Errors
/// When the input cannot be read, or its records are too few or too different.
pub fn train(input: &mut Input) -> Result<Vec<u8>, RepackError> {
    let (mut samples, mut sizes) = (Vec::new(), Vec::new());
    'files: loop {
        let mut file = match input.next_file() {
            Ok(Some(file)) => file,
            Ok(None) => break,
            // Of the files of a package those that can be read; repacking reports the others.
            Err(_) => continue,
        };
        while let Some(mut record) = file.records.next_record()? {
            let before = samples.len();
            let header = &record.header().raw;
            samples.extend_from_slice(&header[..header.len().min(usize::from(SAMPLE_BYTES_MAX))]);
            // A damaged block is a shorter sample.
            let _ = (&mut record).take(u64::from(SAMPLE_BYTES_MAX)).read_to_end(&mut samples);
            sizes.push(samples.len() - before);
            record.finish()?;
            if samples.len() >= SAMPLES_BYTES_MAX {
                break 'files;
            }
        }
    }
    zstd::dict::from_continuous(&samples, &sizes, DICTIONARY_BYTES_MAX)
        .map_err(RepackError::Dictionary)
}
