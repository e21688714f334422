//! `prove`

use std::path::Path;

use serde_json::json;

use super::wacz;
use crate::answers;
use crate::answers::prove::{Proof, ProveRequest, ProvedJson};
use crate::answers::verify::{self, StepJson};
use crate::app::evidence::{authorities, bitcoin_headers, extend, options, read_policy, witnesses};
use crate::cli::answer::evidence_error;
use crate::cli::args::ProveArgs;
use crate::cli::context::Context;
use crate::cli::out_file::OutFile;
use crate::cli::output::Format;
use crate::cli::removed;
use crate::cli::{CliError, Exit};
use crate::config::keys;
use crate::evidence::bitcoin::Headers;
use crate::evidence::bundle::{Bundle, has_user};
use crate::evidence::check::witnesses::witnessed;
use crate::evidence::check::{Known, Outcome};
use crate::evidence::note::VerifierKey;
use crate::evidence::session::Roots;
use crate::evidence::{OpenFiles, Policy};
use crate::http::Head;
use crate::render;
use crate::store::Loaded;
use crate::warc::Rounds;

/// Writes the evidence bundle of one capture, or checks one. A file named `….wacz` becomes a signed
/// package for replay.
///
/// # Errors
/// When nothing is found (exit 3), the log does not hold it, or a file cannot be read or written.
pub fn run(args: &ProveArgs, context: &Context) -> Result<Exit, CliError> {
    match (&args.check, &args.url, &args.output) {
        (Some(bundle), _, _) => check_bundle(args, bundle, context),
        (None, Some(url), Some(out)) => prove(args, url, out, context),
        _ => Err(CliError::usage(
            "prove takes a URL and -o FILE.zip (or FILE.wacz), or --check FILE",
        )),
    }
}

fn prove(args: &ProveArgs, url: &str, out: &Path, context: &Context) -> Result<Exit, CliError> {
    let file = OutFile::at(out, args.force)?;
    let at = context.instant("--at", args.at.as_deref())?;
    let open = context.open_archive()?;
    let reader = open.reader();
    let trust = authorities(&context.settings).map_err(CliError::usage)?.trust;
    let policy = match policy_of(args)? {
        Some(policy) => policy,
        None => witnesses(&context.settings).map_err(CliError::usage)?.policy,
    };
    let kept = published(args)?;
    let request = ProveRequest {
        url: url.to_owned(),
        at,
        archive: crate::app::cite_archive(&context.settings)?,
        trust: &trust,
        kept: &kept,
        policy: &policy,
        made: context.clock.now(),
    };
    let options = options(&context.settings);
    let mut extended = || {
        // What a run that died has written is not in the log yet.
        let (trail, now) = (std::sync::Mutex::default(), context.clock.now());
        let layout = reader.layout();
        let done =
            extend(layout, &context.settings, &OpenFiles::Leave, (&trail, &Rounds::default()), now);
        done.is_ok_and(|done| done.checkpoint.is_some())
    };
    let proof = answers::prove::prove(&open, &request, &mut extended)?;
    let Proof { bundle, loaded } = &proof;
    let entry = &loaded.entry;
    if let Some(removed) = &bundle.texts.removed {
        context.out.warn(&format!("{removed}: the bundle proves its record, without the content"));
    }
    removed::say(context, &open, (url, at), entry.date, "proving")?;
    bundle.stamps_left_out.iter().for_each(|said| context.out.warn(said));
    if out.extension().is_some_and(|end| end.eq_ignore_ascii_case("wacz")) {
        let now = context.clock.now();
        let written =
            file.write(|path| wacz::export(bundle, entry, reader, &options, now, path))?;
        let (records, digest) = (written.records, &written.digest);
        context.out.say(&format!("{records} records, signed over {digest}: {}", out.display()));
        warn_of_secrets(bundle, loaded, context);
        if context.out.format() == Format::Json {
            let file = out.display().to_string();
            context.out.json(&json!({ "file": file, "records": records, "digest": digest }))?;
        }
        return Ok(Exit::Done);
    }
    let done = format!(
        "{} records, proved by a checkpoint over {} leaves with {} time stamps: {}",
        bundle.records.len(),
        bundle.checkpoint.size,
        bundle.stamps.len(),
        out.display()
    );
    let said = proof.json(&out.display().to_string(), &policy);
    file.write(|path| proof.write(&open, &options, path).map_err(CliError::from))?;
    context.out.say(&done);
    let interval = bundle.interval.text();
    context.out.say(&match interval.starts_with("made ") {
        true => format!("the record was {interval}"),
        false => interval,
    });
    for line in cosigned(&said) {
        context.out.say(&line);
    }
    warn_of_secrets(bundle, loaded, context);
    if context.out.format() == Format::Json {
        context.out.json(&said)?;
    }
    Ok(Exit::Done)
}

/// Which witnesses have cosigned, and whether that is what is wanted.
fn cosigned(said: &ProvedJson) -> Vec<String> {
    let witnesses: Vec<String> =
        said.witnesses.iter().map(|one| witnessed(&one.name, one.time)).collect();
    let mut lines = Vec::new();
    if !witnesses.is_empty() {
        lines.push(format!("cosigned by {}", witnesses.join(", ")));
    }
    match said.quorum {
        Some(true) => lines.push("the quorum of the policy holds".to_owned()),
        Some(false) => lines.push("the quorum of the policy does not hold yet".to_owned()),
        None => {}
    }
    lines
}

/// Reports what was withheld, and which secrets may be left in what others will read.
fn warn_of_secrets(bundle: &Bundle, capture: &Loaded, context: &Context) {
    let mut withheld = false;
    for (number, record) in (1..).zip(&bundle.records) {
        let piece = &record.piece;
        if let Some(secret) = &piece.withheld {
            withheld = true;
            context.out.warn(&format!(
                "record {number:02}, a request, was sent with {}: it is withheld, and stays in the archive; the bundle contains its leaf and the digest of its block, from which a short password can be guessed",
                secret.names.join(", ")
            ));
        }
        if has_user(&piece.uri) {
            context.out.warn(&format!(
                "the address of record {number:02} contains a user and maybe a password, and is in the bundle with the record"
            ));
        }
    }
    if withheld && Head::parse(&capture.holder().head).get("set-cookie").is_some() {
        context.out.warn(
            "the response sets cookies, which may still give access to what the request could see; it is in the bundle unchanged",
        );
    }
}

fn check_bundle(args: &ProveArgs, bundle: &Path, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let what = format!("checking {}", bundle.display());
    let trust = authorities(&context.settings).map_err(CliError::usage)?.trust;
    let policy = policy_of(args)?;
    let chain = crate::app::drand::chain(&context.settings).map_err(CliError::usage)?;
    let known = Known {
        key: key(args)?,
        published: published(args)?,
        trust,
        policy,
        chains: vec![chain.hash()],
        headers: headers(args, context)?,
        relays: relays(args, context)?,
        roots: roots(args, context)?,
    };
    let steps = verify::check_bundle(bundle, &known).map_err(|e| evidence_error(&what, e))?;
    let failed = steps.iter().any(|step| step.outcome == Outcome::Fails);
    for step in steps.into_iter().map(StepJson::from) {
        match format {
            Format::Text => context.out.line(&render::verify::step(&step))?,
            Format::Json => context.out.json(&step)?,
        }
    }
    Ok(if failed { Exit::Findings } else { Exit::Done })
}

/// The headers of Bitcoin blocks that `--bitcoin-headers` or the settings give.
fn headers(args: &ProveArgs, context: &Context) -> Result<Headers, CliError> {
    let own = Path::new(context.settings.text(keys::EVIDENCE_BITCOIN_HEADERS));
    let (name, path) = match &args.bitcoin_headers {
        Some(path) => ("--bitcoin-headers", path.as_path()),
        None => ("evidence.bitcoin_headers:", own),
    };
    bitcoin_headers(path).map_err(|why| CliError::usage(format!("{name} {why}")))
}

/// The keys of relays that `--relay` and the settings give.
fn relays(args: &ProveArgs, context: &Context) -> Result<Vec<VerifierKey>, CliError> {
    let mut keys = Vec::new();
    for given in args.relay.iter().chain(context.settings.list(keys::RELAY_KEYS)) {
        let text = std::fs::read_to_string(given).unwrap_or_else(|_| given.clone());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let key = VerifierKey::parse(line);
            keys.push(key.ok_or_else(|| {
                CliError::usage(format!("{line:?} is not a relay key"))
                    .hint("`pressmark relay --key` prints the key of a relay")
            })?);
        }
    }
    Ok(keys)
}

/// The roots that certificates of servers must lead to: those of `--tls-roots` alone, else those of the web and of the
/// settings.
fn roots(args: &ProveArgs, context: &Context) -> Result<Roots, CliError> {
    let wrong = |flag: &str, path: &Path, why: String| {
        CliError::usage(format!("{flag} {}: {why}", path.display()))
    };
    let read = |flag: &str, path: &Path| {
        std::fs::read(path).map_err(|why| wrong(flag, path, why.to_string()))
    };
    if let Some(path) = &args.tls_roots {
        let flag = "--tls-roots";
        return Roots::from_pem(&read(flag, path)?).map_err(|why| wrong(flag, path, why));
    }
    let mut roots = Roots::default();
    let own = Path::new(context.settings.text(keys::TLS_ROOTS_FILE));
    if own != Path::new("") {
        let flag = "tls.roots_file";
        roots.add_pem(&read(flag, own)?).map_err(|why| wrong(flag, own, why))?;
    }
    Ok(roots)
}

/// The policy that `--policy` gives.
fn policy_of(args: &ProveArgs) -> Result<Option<Policy>, CliError> {
    let Some(path) = &args.policy else { return Ok(None) };
    read_policy(path).map(Some).map_err(|why| CliError::usage(format!("--policy {why}")))
}

/// The key that `--key` gives, as text or in a file.
fn key(args: &ProveArgs) -> Result<Option<VerifierKey>, CliError> {
    let Some(given) = &args.key else { return Ok(None) };
    let text = std::fs::read_to_string(given).unwrap_or_else(|_| given.clone());
    // A file may list several; the last one is in force.
    let key = text.lines().rev().find_map(VerifierKey::parse);
    let key = key.ok_or_else(|| CliError::usage(format!("--key {given}: not a verifier key")));
    key.map(Some).map_err(|e| e.hint("`pressmark evidence keys` prints the keys of an archive"))
}

fn published(args: &ProveArgs) -> Result<Vec<(String, Vec<u8>)>, CliError> {
    let read = |path: &std::path::PathBuf| {
        let name = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|e| CliError::usage(format!("--checkpoint {name}: {e}")))?;
        Ok((name, bytes))
    };
    args.checkpoint.iter().map(read).collect()
}
