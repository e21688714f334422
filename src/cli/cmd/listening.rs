//! What `witness` and `relay` share: a key that is printed, and a place to listen at until a signal comes.

use std::net::SocketAddr;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::app::run::{runtime, stop_on_signals};
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::crawl::Stop;

/// A listener with the runtime that drives it.
pub(super) struct Listening {
    pub runtime: Runtime,
    pub listener: TcpListener,
    pub address: SocketAddr,
    /// Asked for by a signal.
    pub stop: Stop,
}

impl Listening {
    /// Listens at `ADDR:PORT`; port 0 picks one.
    pub fn at(bind: &str) -> Result<Self, CliError> {
        let runtime = runtime()?;
        let listening = |why: std::io::Error| not_listening(bind, &why);
        let listener = runtime.block_on(TcpListener::bind(bind)).map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let stop = Stop::default();
        runtime.block_on(async { stop_on_signals(&stop) });
        Ok(Self { runtime, listener, address, stop })
    }
}

/// The error of an address that cannot be listened at: an invalid one is a usage error.
pub(super) fn not_listening(address: &str, why: &std::io::Error) -> CliError {
    let what = format!("listening on {address}");
    match why.kind() {
        std::io::ErrorKind::InvalidInput => CliError::usage(format!("{what}: {why}"))
            .hint("expected ADDR:PORT, such as 127.0.0.1:8080; port 0 picks one"),
        std::io::ErrorKind::AddrInUse => CliError::failed(&what, why)
            .hint("another process listens there; port 0 picks a free port"),
        _ => CliError::failed(&what, why),
    }
}

/// Prints a key alone.
pub(super) fn print_key(context: &Context, key: &str) -> Result<Exit, CliError> {
    match context.out.format() {
        Format::Json => context.out.json(&json!({ "key": key }))?,
        Format::Text => context.out.line(key)?,
    }
    Ok(Exit::Done)
}

/// Prints the address that is listened at, and the key.
pub(super) fn print_address(context: &Context, url: &str, key: &str) -> Result<(), CliError> {
    match context.out.format() {
        Format::Json => context.out.json(&json!({ "url": url, "key": key }))?,
        Format::Text => {
            context.out.line(url)?;
            context.out.line(key)?;
        }
    }
    Ok(())
}
