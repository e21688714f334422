//! Panics of the engine turned into errors.
//!
//! The engine panics on some damaged files. Its panics are caught, and kept off stderr, since they
//! are reported as errors and a person should not read a backtrace about a file that can be
//! rebuilt. Panics anywhere else reach whatever hook the program has.

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::thread;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Chains a hook before the program's own that says nothing for guarded code. Once in a process:
/// the hook is global, and chaining it again would only make it longer.
fn hush_guarded_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let next = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let engine_thread =
                thread::current().name().is_some_and(|name| name.starts_with("sled-io-"));
            if engine_thread {
                // The operation that waits for this thread gets an error; this is for its reader.
                tracing::error!(%info, "a worker thread of the store stopped");
            } else if !QUIET.get() {
                next(info);
            }
        }));
    });
}

/// Runs `operation`; a panic comes back as its message.
pub(super) fn catch<T>(operation: impl FnOnce() -> T) -> Result<T, String> {
    let before = QUIET.replace(true);
    // A caller that gets the error stops using what the operation touched, so a broken invariant in
    // it is never seen.
    let outcome = catch_unwind(AssertUnwindSafe(operation));
    QUIET.set(before);
    outcome.map_err(|panic| message(panic.as_ref()))
}

/// Runs `operation` on a thread of its own and waits for it; a panic comes back as its message.
///
/// # Errors
/// When no thread can be made.
pub(super) fn catch_on_own_thread<T: Send + 'static>(
    name: &str,
    operation: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Result<T, String>> {
    hush_guarded_panics();
    let thread = thread::Builder::new().name(name.to_owned()).spawn(|| catch(operation))?;
    Ok(thread.join().unwrap_or_else(|panic| Err(message(panic.as_ref()))))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    format!("the engine stopped: {text}")
}
