//! `witness`

use std::sync::Arc;
use std::time::Duration;

use super::listening::{Listening, print_address, print_key};
use super::serve::start_log;
use crate::app::evidence as log;
use crate::cli::args::WitnessArgs;
use crate::cli::context::Context;
use crate::cli::{CliError, Exit};
use crate::config::keys;
use crate::evidence::note::VerifierKey;
use crate::store::Layout;
use crate::witness::rate::Rate;
use crate::witness::{Witness, WitnessOptions, serve};

/// How soon a witness that did not cosign is asked again: the other of two archives may be started a little later.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Cosigns checkpoints of other archives' logs until a signal comes; where this archive has witnesses, it submits its own.
///
/// # Errors
/// Wrong settings (exit 2), an address that cannot be listened at, a state that is damaged.
pub fn run(args: &WitnessArgs, context: &Context) -> Result<Exit, CliError> {
    let settings = &context.settings;
    let mut logs = Vec::new();
    for text in args.log.iter().chain(settings.list(keys::WITNESS_LOGS)) {
        logs.extend(log_keys(text)?);
    }
    let some = |key: keys::TextKey| Some(settings.text(key)).filter(|text| !text.is_empty());
    let rate =
        u32::try_from(settings.integer(keys::WITNESS_CHECKPOINTS_PER_MINUTE)).unwrap_or(u32::MAX);
    let options = WitnessOptions {
        name: args.name.clone().or_else(|| some(keys::WITNESS_NAME).map(str::to_owned)),
        key_file: some(keys::WITNESS_KEY_FILE).map(Into::into),
        logs,
        submissions: Rate { per_minute: rate, burst: rate.max(4) },
    };
    let layout = Layout::new(&context.archive);
    let what = "opening the witness";
    let witness =
        Witness::open(&layout.witness_dir(), options).map_err(|why| CliError::failed(what, why))?;
    let key = witness.verifier().text();
    if args.key {
        return print_key(context, &key);
    }
    if witness.origins().next().is_none() {
        return Err(CliError::usage("a witness cosigns only for configured logs, and none is given")
            .hint("--log KEY, or witness.logs; `pressmark evidence keys` prints the key of an archive's log"));
    }
    // The operator has to know of a log that submits two histories, and of a full disk.
    start_log(settings)?;
    let bind = args.bind.clone().unwrap_or_else(|| settings.text(keys::WITNESS_BIND).to_owned());
    let Listening { runtime, listener, address, stop } = Listening::at(&bind)?;
    print_address(context, &format!("http://{address}/"), &key)?;
    let requests =
        Rate { per_minute: rate.saturating_mul(4), burst: rate.saturating_mul(4).max(16) };
    runtime.block_on(async {
        let submitting = tokio::spawn(submit(context.as_setup(), context.out.clone()));
        let clock = Arc::clone(&context.clock);
        serve(listener, Arc::new(witness), clock, requests, stop.wait()).await;
        submitting.abort();
    });
    // A signature that is under way waits for the disk; a client that has gone does not hold up the process.
    runtime.shutdown_timeout(Duration::from_secs(5));
    Ok(Exit::Stopped)
}

/// Submits the newest checkpoint of this archive to its witnesses at intervals: so two archives witness each other
/// with a command each.
async fn submit(setup: crate::app::Setup, out: crate::cli::output::Output) {
    let every = setup.settings.duration(keys::EVIDENCE_CHECKPOINT_EVERY);
    let mut printed = Vec::new();
    loop {
        let mut wait = every.max(Duration::from_secs(1));
        let (layout, settings) = (Layout::new(&setup.archive), setup.settings.clone());
        if layout.check().is_ok() {
            let notes = tokio::task::spawn_blocking(move || log::cosign(&layout, &settings)).await;
            let notes = notes.unwrap_or_default();
            if !notes.is_empty() {
                wait = wait.min(AGAIN_AFTER);
            }
            // The same note is printed once.
            for note in notes.iter().filter(|note| !printed.contains(*note)) {
                out.warn(note);
            }
            printed = notes;
        }
        tokio::time::sleep(wait).await;
    }
}

/// The keys of a log: a key as text, or a file with one a line.
fn log_keys(text: &str) -> Result<Vec<VerifierKey>, CliError> {
    let given = std::fs::read_to_string(text).unwrap_or_else(|_| text.to_owned());
    let lines = given.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            VerifierKey::parse(line).ok_or_else(|| {
                CliError::usage(format!("{line:?} is not a log key"))
                    .hint("`pressmark evidence keys` prints the keys of an archive")
            })
        })
        .collect()
}
