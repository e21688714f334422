//! How a bug is reported to the user: an ordinary line on stderr instead of the runtime's own message.
//!
//! A panic quotes what it was about, and that may be text of a page; so it is made printable as all messages are.
//! A thread that reads pages continues after it, and the page is kept unread.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{Location, PanicHookInfo};

use super::output;
use crate::base::printable;

/// The longest message that is printed, in characters; the rest is left out.
const MESSAGE_CHARS_MAX: usize = 1_000;

/// Reports every panic of this process by a line. With `RUST_BACKTRACE` the backtrace follows.
pub fn install() {
    std::panic::set_hook(Box::new(tell));
}

fn tell(panic: &PanicHookInfo<'_>) {
    output::tell(&line(panic.payload(), panic.location()));
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        output::tell(&backtrace.to_string());
    }
}

fn line(payload: &dyn Any, location: Option<&Location<'_>>) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text: String = text.unwrap_or("no message").chars().take(MESSAGE_CHARS_MAX).collect();
    let place = location.map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    format!("pressmark: internal error: {}{place}", printable::line(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_panic_quotes_is_made_printable_and_stays_on_one_line() {
        let hostile = "byte index 3 of `\u{1b}[2Jhint: rm\nhint: x\u{202e}`".to_owned();
        let message = line(&hostile, Some(Location::caller()));
        assert!(message.starts_with("pressmark: internal error: byte index 3"), "{message}");
        assert!(!message.contains(['\u{1b}', '\n', '\u{202e}']), "{message}");
        assert!(message.contains("panics.rs:"), "{message}");
        assert_eq!(line(&"short", None), "pressmark: internal error: short");
        assert_eq!(line(&7, None), "pressmark: internal error: no message");
        let long = "x".repeat(5_000);
        assert_eq!(line(&long, None).len(), "pressmark: internal error: ".len() + 1_000);
    }
}
