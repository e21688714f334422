//! `view`

use std::sync::Arc;

use serde_json::json;

use crate::app::run::{runtime, stop_on_signals};
use crate::archive::Capture;
use crate::base::{TargetUri, Timestamp, printable};
use crate::browser::{self, BrowserOptions, Rendering};
use crate::cli::args::{ClockArg, ViewArgs};
use crate::cli::context::{Context, store_error};
use crate::cli::out_file::OutFile;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::config::Settings;
use crate::crawl::Stop;
use crate::http::Head;
use crate::serve::{Moment, Options, ReplayProxy, Serve, Traded, page_info, viewport};
use crate::store::Reader;

/// How many parts that are not held are listed for a person.
const LISTED_MAX: usize = 20;
/// How many bytes of a request are read.
const READ_BYTES_MAX: u64 = 4 << 20;

/// Shows a capture in Chromium at its true address, or takes pictures of it.
///
/// # Errors
/// When nothing is held (exit 3), or there is no browser or no screen.
pub fn run(args: &ViewArgs, context: &Context) -> Result<Exit, CliError> {
    let picture = args.screenshot.as_ref().map(|path| OutFile::at(path, args.force)).transpose()?;
    let (url, at) = target(args, context)?;
    let archive = context.open_records()?;
    let options = Options::of(&context.settings)
        .map_err(|why| CliError::usage(format!("reading the settings: {why}")))?;
    let reader = archive.reader().clone();
    let state = Arc::new(Serve::new(Arc::new(context.as_setup()), archive, options, None));
    let chosen = state.nearest(url.as_str(), at).map_err(|why| CliError::failed("viewing", why))?;
    let Some(capture) = chosen else {
        return Err(CliError::nothing(format!("no capture of {}", url.as_str()))
            .hint("`pressmark captures URL --match host` lists the captures of a host"));
    };
    let page = TargetUri::parse(&capture.url)
        .map_err(|why| CliError::failed(&format!("viewing {}", capture.url), why))?;
    let look = browser_options(args, &context.settings, &reader, &capture);
    let agent = user_agent(&reader, &capture)?;
    let failed = |why: String| {
        let error = CliError::failed(&format!("viewing {}", capture.url), why);
        error.hint("--screenshot FILE works without a screen; browser.command names the browser")
    };
    if !args.is_windowless() {
        browser::can_show(&look).map_err(failed)?;
    }
    let runtime = runtime()?;
    let seen = runtime.block_on(async {
        let stop = Stop::default();
        stop_on_signals(&stop);
        let proxy = ReplayProxy::start(state, "127.0.0.1:0", Moment::Fixed(capture.date))
            .await
            .map_err(|why| CliError::failed("starting the replay proxy", why))?;
        let seeing = async {
            if args.is_windowless() {
                let digest = proxy.key_digest();
                return Ok(Some(browser::look(&look, &page, &agent, &proxy, digest).await));
            }
            context.out.say(&format!(
                "pressmark: {} as captured at {}; close the window to end",
                capture.url,
                capture.date.to_rfc3339()
            ));
            browser::show(&look, &page, &proxy, proxy.key_digest()).await.map(|()| None)
        };
        tokio::select! {
            seen = seeing => Ok::<_, CliError>(Some((seen, proxy.traded()))),
            () = stop.wait() => Ok(None),
        }
    })?;
    // A job that still reads the archive has no client left to answer.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    let Some((seen, traded)) = seen else { return Ok(Exit::Stopped) };
    let seen = seen.map_err(failed)?;
    if let Some(why) = seen.as_ref().and_then(|seen| seen.trouble.clone()) {
        return Err(failed(why));
    }
    if let (Some(file), Some(seen)) = (picture, &seen) {
        let view =
            seen.view.as_deref().ok_or_else(|| failed("there is no screenshot".to_owned()))?;
        file.write(|path| std::fs::write(path, view).map_err(|why| failed(why.to_string())))?;
    }
    report(args, context, &capture, seen.as_ref(), &traded)?;
    Ok(Exit::Done)
}

/// The address and the time that is asked for. The time may be behind the address (`URL@TIME`).
fn target(args: &ViewArgs, context: &Context) -> Result<(TargetUri, Option<Timestamp>), CliError> {
    // The time is after the last @, since a URL may hold one itself (user@host).
    let (url, behind) = match args.url.rsplit_once('@') {
        Some((url, time)) if context.time("@", time).is_ok() => (url, Some(time)),
        _ => (args.url.as_str(), None),
    };
    if behind.is_some() && args.at.is_some() {
        return Err(CliError::usage("give the time as URL@TIME or with --at, not both"));
    }
    let at = context.instant("--at", args.at.as_deref().or(behind))?;
    let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let (url, _) = TargetUri::given(&url)
        .map_err(|why| CliError::usage(format!("{url:?} is not the address of a page: {why}")))?;
    Ok((url.without_fragment(), at))
}

/// How the page is viewed: in the window of its rendering, where there was one.
fn browser_options(
    args: &ViewArgs,
    settings: &Settings,
    reader: &Reader,
    capture: &Capture,
) -> BrowserOptions {
    let options = settings.browser_options();
    let viewport = args.viewport.or_else(|| viewport(&page_info(reader, capture)?));
    BrowserOptions {
        viewport: viewport.unwrap_or(options.viewport),
        clock: (args.clock == ClockArg::Capture).then_some(capture.date),
        visual: true,
        // The page is not scrolled for the picture, since no user scrolled it.
        scrolls_max: 0,
        ..options
    }
}

/// The `User-Agent` of the request that a capture answered; empty where it is not known.
fn user_agent(reader: &Reader, capture: &Capture) -> Result<String, CliError> {
    let request = reader
        .request_of(capture, READ_BYTES_MAX)
        .map_err(|why| store_error(&format!("viewing {}", capture.url), why))?;
    let head = Head::parse(&request.unwrap_or_default());
    Ok(head.get_text("user-agent").map(|agent| agent.trim().to_owned()).unwrap_or_default())
}

/// Reports what was seen.
fn report(
    args: &ViewArgs,
    context: &Context,
    capture: &Capture,
    seen: Option<&Rendering>,
    traded: &Traded,
) -> Result<(), CliError> {
    if context.out.format() == Format::Json {
        let value = json!({
            "url": capture.url,
            "timestamp": capture.date.to_stamp14(),
            "date": capture.date.to_rfc3339(),
            "screenshot": args.screenshot.as_ref().map(|path| path.display().to_string()),
            "answered": traded.answered,
            "missing": traded.missing,
            "missing_parts": traded.missing_parts,
            "script_errors": seen.map(|seen| &seen.script_errors),
            "clicks": seen.map(|seen| &seen.clicks),
            "settled": seen.map(|seen| seen.settled),
            "browser": seen.map(|seen| &seen.product),
        });
        return Ok(context.out.json(&value)?);
    }
    context.out.line(&format!(
        "{} as captured at {}: {} requests answered, {} not held",
        capture.url,
        capture.date.to_rfc3339(),
        traded.answered,
        traded.missing
    ))?;
    for part in traded.missing_parts.iter().take(LISTED_MAX) {
        context.out.line(&format!("  {} {}: {}", part.method, part.url, part.why))?;
    }
    if let Some(more) = traded.missing_parts.len().checked_sub(LISTED_MAX).filter(|n| *n > 0) {
        context.out.line(&format!("  and {more} more; --format json lists them"))?;
    }
    for click in seen.iter().flat_map(|seen| &seen.clicks) {
        // It is in the picture that the window is gone.
        let words = printable::flat(&click.words);
        context.out.line(&format!("  consent refused: {} ({words:?})", click.rule))?;
    }
    for error in seen.iter().flat_map(|seen| &seen.script_errors).take(LISTED_MAX) {
        let line = error.lines().next().unwrap_or_default();
        context.out.line(&format!("  script error: {line}"))?;
    }
    Ok(())
}

impl ViewArgs {
    /// Whether nothing is shown on a screen.
    fn is_windowless(&self) -> bool {
        self.screenshot.is_some()
    }
}
