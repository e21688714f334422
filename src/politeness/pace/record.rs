//! The bytes of a host's facts on disk.
//!
//! ```text
//! version 1
//! │ began: opt time │ ended: opt time │ response: opt duration │ crawl_delay: opt duration
//! │ level: u32
//! │ retry_after: opt ( until: time │ at: time │ status: u32 │ capped: byte │ given: text )
//! │ backoff:     opt ( until: time │ pause: duration │ in_row: u32 │ cause: text )
//! opt: one byte, 0 or 1, and what follows after a 1; text: length as u32, then UTF-8;
//! time, duration: 8 bytes of microseconds; all little-endian.
//! ```
//!
//! How many exchanges were open is left out: no socket outlives the process.

use super::{Backoff, HostFacts, LEVEL_MAX, RetryAfter};
use crate::politeness::codec::{DecodeError, Decoder, Encoder};

const WHAT: &str = "the record of a host's pace";
const VERSION: u8 = 1;

impl HostFacts {
    /// The bytes that [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Encoder::new(VERSION);
        out.option(self.began, |out, at| _ = out.time(at))
            .option(self.ended, |out, at| _ = out.time(at))
            .option(self.response, |out, took| _ = out.duration(took))
            .option(self.crawl_delay, |out, delay| _ = out.duration(delay))
            .number(self.level)
            .option(self.retry_after.as_ref(), |out, asked| {
                out.time(asked.until)
                    .time(asked.at)
                    .number(u32::from(asked.status))
                    .byte(u8::from(asked.capped))
                    .bytes(asked.given.as_bytes());
            })
            .option(self.backoff.as_ref(), |out, backoff| {
                out.time(backoff.until)
                    .duration(backoff.pause)
                    .number(backoff.in_row)
                    .bytes(backoff.cause.as_bytes());
            });
        out.finish()
    }

    /// Reads what [`Self::to_bytes`] wrote, in this version or any before it. To be followed by
    /// [`Self::settled`].
    ///
    /// # Errors
    /// When the bytes are damaged, or of a later format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Decoder::new(WHAT, bytes, VERSION)?;
        let facts = Self {
            open: 0,
            began: input.option(Decoder::time)?,
            ended: input.option(Decoder::time)?,
            response: input.option(Decoder::duration)?,
            crawl_delay: input.option(Decoder::duration)?,
            level: input.number()?.min(LEVEL_MAX),
            retry_after: input.option(retry_after)?,
            backoff: input.option(backoff)?,
        };
        input.finish(facts)
    }
}

fn retry_after(input: &mut Decoder<'_>) -> Result<RetryAfter, DecodeError> {
    Ok(RetryAfter {
        until: input.time()?,
        at: input.time()?,
        status: u16::try_from(input.number()?)
            .map_err(|_| input.damaged("a status before this"))?,
        capped: input.byte()? != 0,
        given: input.text()?,
    })
}

fn backoff(input: &mut Decoder<'_>) -> Result<Backoff, DecodeError> {
    Ok(Backoff {
        until: input.time()?,
        pause: input.duration()?,
        in_row: input.number()?,
        cause: input.text()?,
    })
}
