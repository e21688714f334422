//! What a command reports of captures that were removed by order.

use crate::answers::Archive;
use crate::answers::removed::{self, Removed};
use crate::base::{TimeRange, Timestamp};

use super::CliError;
use super::context::{Context, store_error};

/// What was removed by order between the time that was asked for (now, without one) and the capture that an answer is about.
///
/// # Errors
/// When the index cannot answer.
pub fn passed_over(
    context: &Context,
    archive: &Archive,
    (url, at): (&str, Option<Timestamp>),
    shown: Timestamp,
) -> Result<Vec<Removed>, CliError> {
    let micros =
        |at: Timestamp, by| Timestamp::from_unix_micros(at.unix_micros().saturating_add(by));
    let period = match at {
        // A capture on the other side of the time may have been nearer, too.
        Some(at) => {
            let nearer = (shown.unix_micros() - at.unix_micros()).saturating_abs();
            TimeRange { start: micros(at, -nearer), end: micros(at, nearer.saturating_add(1)) }
        }
        None => TimeRange { start: shown, end: context.clock.now().max(micros(shown, 1)) },
    };
    removed::all_of_page(archive.reader(), url, period)
        .map_err(|why| store_error("reading what was removed", why))
}

/// Says on stderr what was removed between the time that was asked for and the capture that an answer is about; `doing` is what
/// is done with that one.
///
/// # Errors
/// When the index cannot answer.
pub fn say(
    context: &Context,
    archive: &Archive,
    (url, at): (&str, Option<Timestamp>),
    shown: Timestamp,
    doing: &str,
) -> Result<(), CliError> {
    let all = passed_over(context, archive, (url, at), shown)?;
    for one in all.iter().filter(|one| one.captured != shown) {
        let (text, shown) = (one.text(url), shown.to_rfc3339());
        context.out.say(&format!("pressmark: {text}; {doing} the one of {shown}"));
    }
    Ok(())
}
