//! `relay`

use std::sync::Arc;

use super::listening::{Listening, print_address, print_key};
use crate::cli::args::RelayArgs;
use crate::cli::context::Context;
use crate::cli::{CliError, Exit};
use crate::config::keys;
use crate::relay::target::Names;
use crate::relay::tunnel::Limits;
use crate::relay::{Relay, RelayOptions, serve};
use crate::store::Layout;
use crate::witness::rate::Rate;

/// Relays and attests TLS sessions until a signal comes.
///
/// # Errors
/// Wrong settings (exit 2), an address that cannot be listened at, a key that cannot be used.
pub fn run(args: &RelayArgs, context: &Context) -> Result<Exit, CliError> {
    let settings = &context.settings;
    let some = |key: keys::TextKey| Some(settings.text(key)).filter(|text| !text.is_empty());
    let number = |key| usize::try_from(settings.integer(key)).unwrap_or(usize::MAX);
    let per_minute = settings.integer(keys::RELAY_REQUESTS_PER_MINUTE);
    let per_minute = u32::try_from(per_minute).unwrap_or(u32::MAX);
    let resolve = args
        .resolve
        .iter()
        .map(|text| text.parse().map_err(|why| CliError::usage(format!("--resolve: {why}"))));
    let ports = settings.list(keys::RELAY_PORTS).iter().map(|text| {
        let port = text.trim().parse::<u16>();
        port.map_err(|_| CliError::usage(format!("relay.ports: {text:?} is not a port")))
    });
    let options = RelayOptions {
        name: args.name.clone().or_else(|| some(keys::RELAY_NAME).map(str::to_owned)),
        key_file: some(keys::RELAY_KEY_FILE).map(Into::into),
        token: settings.text(keys::RELAY_TOKEN).trim().to_owned(),
        ports: ports.collect::<Result<_, _>>()?,
        names: Names {
            allow_private: args.allow_private,
            resolve: resolve.collect::<Result<_, _>>()?,
        },
        connections_max: number(keys::RELAY_CONNECTIONS_MAX),
        requests: Rate { per_minute, burst: per_minute.max(4) },
        limits: Limits::default(),
    };
    let has_token = !options.token.is_empty();
    let what = "opening the relay";
    let dir = Layout::new(&context.archive).relay_dir();
    let relay = Relay::open(&dir, options).map_err(|why| CliError::failed(what, why))?;
    let key = relay.verifier().text();
    if args.key {
        return print_key(context, &key);
    }
    let bind = args.bind.clone().unwrap_or_else(|| settings.text(keys::RELAY_BIND).to_owned());
    let Listening { runtime, listener, address, stop } = Listening::at(&bind)?;
    print_address(context, &format!("relay://{address}"), &key)?;
    if !address.ip().is_loopback() && !has_token {
        context.out.say(&format!(
            "anyone who reaches {address} may connect through it; relay.token requires a token"
        ));
    }
    let clock = Arc::clone(&context.clock);
    runtime.block_on(serve(listener, Arc::new(relay), clock, stop.wait()));
    // Sessions that still go on are cut; what was signed of others was fetched or is lost.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    Ok(Exit::Stopped)
}
