//! `serve`

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;

use super::listening::not_listening;
use crate::app::indexing::{INDEXED_EVERY, Indexing};
use crate::app::run::{runtime, stop_on_signals};
use crate::cli::args::ServeArgs;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::config::{Settings, keys};
use crate::crawl::Stop;
use crate::serve::{Beside, Listening, Moment, Options, ReplayProxy, Serve, Server};
use crate::telemetry::logs::{self, Form, LogFile};

/// Answers over HTTP until a signal comes.
///
/// # Errors
/// Wrong settings (exit 2), no archive (exit 3), an address that cannot be listened at.
pub fn run(args: &ServeArgs, context: Context) -> Result<Exit, CliError> {
    let settings = &context.settings;
    start_log(settings)?;
    let bind = args.bind.clone().unwrap_or_else(|| settings.text(keys::SERVE_BIND).to_owned());
    let replay_bind = args.replay_bind.as_deref().or(replay_bind(settings));
    let options = options(settings)?;
    check_rerouted(&options, replay_bind)?;
    let runtime = runtime()?;
    let listening = runtime.block_on(listen(&bind, replay_bind))?;
    let archive = context.open_archive_to_serve()?;
    let indexing = Indexing::new(
        archive.reader().clone(),
        archive.readings().clone(),
        Arc::clone(archive.search()),
    );
    let stop = Stop::default();
    // Signals are handled before the address is printed: until then a signal ends the process at once.
    runtime.block_on(async { stop_on_signals(&stop) });
    say_open(&context, listening.address, &options);
    let setup = Arc::new(context.as_setup());
    let state = Arc::new(Serve::new(setup, archive, options.clone(), None));
    let proxy = match args.replay_proxy.as_deref().or(replay_proxy(settings)) {
        Some(bind) => {
            Some(runtime.block_on(listen_as_proxy(bind, Arc::clone(&state), &context, &options))?)
        }
        None => None,
    };
    let proxy_address = proxy.as_ref().map(|proxy| format!("http://{}", proxy.address));
    match context.out.format() {
        Format::Json => {
            let url = |address| url(address, &options);
            let replay = listening.replay_address.map(url);
            context.out.json(&json!({
                "reader": url(listening.address), "replay": replay, "replay_proxy": proxy_address
            }))?;
        }
        Format::Text => {
            let mut lines = addresses(&listening, &options);
            lines.extend(proxy_address.map(|address| {
                format!("{address} (replay proxy; {address}/ca.pem is its certificate)")
            }));
            context.out.lines(&lines)?;
        }
    }
    runtime.block_on(async {
        let say = |note: &str| tracing::warn!("{note}");
        let following = indexing.clone().follow_every(INDEXED_EVERY, say);
        let following = tokio::spawn(following);
        Server::new(state, listening).run(stop.wait()).await;
        indexing.end();
        let _ = following.await;
    });
    drop(proxy);
    // A job that still runs has no client left to answer.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    Ok(Exit::Stopped)
}

/// `serve.replay_proxy`, where it is set.
fn replay_proxy(settings: &Settings) -> Option<&str> {
    Some(settings.text(keys::SERVE_REPLAY_PROXY)).filter(|bind| !bind.is_empty())
}

/// Takes the address of the replay proxy.
async fn listen_as_proxy(
    bind: &str,
    state: Arc<Serve>,
    context: &Context,
    options: &Options,
) -> Result<ReplayProxy, CliError> {
    let proxy = ReplayProxy::start(state, bind, Moment::Asked)
        .await
        .map_err(|why| not_listening(bind, &why))?;
    say_open(context, proxy.address, options);
    Ok(proxy)
}

/// The address of a listener.
fn url(address: SocketAddr, options: &Options) -> String {
    format!("http://{address}{}/", options.base_path)
}

/// The addresses that were taken, a line each.
pub(super) fn addresses(listening: &Listening, options: &Options) -> Vec<String> {
    let mut lines = vec![url(listening.address, options)];
    lines.extend(listening.replay_address.map(|a| format!("{} (replay)", url(a, options))));
    lines
}

/// `serve.replay_bind`, where it is set.
pub(super) fn replay_bind(settings: &Settings) -> Option<&str> {
    Some(settings.text(keys::SERVE_REPLAY_BIND)).filter(|bind| !bind.is_empty())
}

/// Sends the log where the settings say.
///
/// # Errors
/// When its file cannot be opened.
pub(super) fn start_log(settings: &Settings) -> Result<Option<LogFile>, CliError> {
    let form = if settings.text(keys::LOG_FORMAT) == "json" { Form::Json } else { Form::Text };
    let log = match settings.text(keys::LOG_FILE) {
        "" => None,
        path => Some(
            LogFile::open(path.as_ref())
                .map_err(|why| CliError::failed(&format!("opening the log {path}"), why))?,
        ),
    };
    logs::start(settings.text(keys::LOG_LEVEL), form, log.as_ref());
    Ok(log)
}

/// Checks that the rerouted view has an origin to be on, where it is on.
///
/// # Errors
/// A usage error where it has none.
pub(super) fn check_rerouted(options: &Options, replay_bind: Option<&str>) -> Result<(), CliError> {
    if options.rerouted.is_some() && replay_bind.is_none() {
        let error = CliError::usage("serve.rerouted needs a replay origin, and there is none");
        return Err(error.hint("--replay-bind 127.0.0.1:8081, or serve.replay_bind, adds one"));
    }
    Ok(())
}

/// The options of the server.
///
/// # Errors
/// A usage error that names the key.
pub(super) fn options(settings: &Settings) -> Result<Options, CliError> {
    Options::of(settings).map_err(|why| CliError::usage(format!("reading the settings: {why}")))
}

/// Takes the addresses.
///
/// # Errors
/// When one cannot be listened at.
pub(super) async fn listen(bind: &str, replay_bind: Option<&str>) -> Result<Listening, CliError> {
    Listening::bind(bind, replay_bind).await.map_err(|(address, why)| not_listening(&address, &why))
}

/// Warns that every client that reaches the address may read the archive, where that is the case.
pub(super) fn say_open(context: &Context, address: SocketAddr, options: &Options) {
    if !address.ip().is_loopback() && options.token.is_empty() {
        context.out.say(&format!(
            "pressmark: anyone who reaches {address} may read the whole archive; serve.token_file requires a token"
        ));
    }
}

/// What `watch` states about itself beside the server.
pub(super) struct Watched(pub(super) crate::telemetry::Metrics);

impl Beside for Watched {
    fn ailments(&self) -> Vec<String> {
        self.0.ailments()
    }

    fn complaints(&self) -> Vec<String> {
        self.0.complaints()
    }

    fn metrics(&self) -> String {
        self.0.render()
    }
}
