//! The answers of the reader's pages, as values that no command prints.

use std::io::Read;
use std::sync::Arc;

use super::super::Serve;
use super::super::params::Params;
use super::super::reply::Refusal;
use super::answers::{form, instant, instant_of, number};
use super::spool::Writer;
use crate::answers::calendar::CalendarRequest;
use crate::answers::front::FrontRequest;
use crate::answers::lookup::LookupRequest;
use crate::answers::prove::ProveRequest;
use crate::answers::site::SiteRequest;
use crate::answers::timeline::TimelineRequest;
use crate::answers::view::ViewRequest;
use crate::answers::{self, quoted};
use crate::app::evidence::{authorities, options, witnesses};

/// How many bytes of a file are handed over at a time.
const PIECE: usize = 64 * 1024;

pub fn absent(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let url = params.needed("url")?;
    let found = answers::absent::absent(&state.archive, url)?;
    let found = found.ok_or_else(|| Refusal::missing(format!("{url} is in the archive")))?;
    out.line(&found)
}

pub fn calendar(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let year = number(params, "year").and_then(|year| u16::try_from(year).ok());
    let request = CalendarRequest { url: params.needed("url")?.to_owned(), year };
    out.line(&answers::calendar::calendar(&state.archive, &request)?)
}

pub fn capture(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let request = ViewRequest {
        url: params.needed("url")?.to_owned(),
        at: instant(state, params, "at")?,
        record_id: params.text("id").map(str::to_owned),
        form: form(params)?,
        archive: state.options.cite_archive.clone(),
    };
    out.line(&answers::view::view(&state.archive, &request)?.json())
}

pub fn front(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let request = FrontRequest {
        hosts_max: number(params, "hosts").unwrap_or(15),
        versions_max: number(params, "versions").unwrap_or(12),
    };
    out.line(&answers::front::front(&state.archive, &request)?)
}

pub fn host(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let request = SiteRequest {
        host: params.needed("host")?.to_lowercase(),
        after: params.text("after").map(str::to_owned),
        pages_max: number(params, "limit").unwrap_or(50),
        versions_max: 8,
    };
    out.line(&answers::site::site(&state.archive, &request)?)
}

pub fn hosts(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let limit = number(params, "limit").unwrap_or(usize::MAX);
    answers::front::hosts(&state.archive).take(limit).try_for_each(|host| out.line(&host?))
}

pub fn prove(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let settings = &state.setup.settings;
    let trust = authorities(settings).map_err(Refusal::failed)?.trust;
    let policy = witnesses(settings).map_err(Refusal::failed)?.policy;
    let url = params.needed("url")?;
    let request = ProveRequest {
        url: url.to_owned(),
        at: instant_of(state, params, "at", url)?,
        archive: state.options.cite_archive.clone(),
        trust: &trust,
        kept: &[],
        policy: &policy,
        made: state.clock().now(),
    };
    // The server only reads: missing log entries appear when the run that captured them ends.
    let proof = answers::prove::prove(&state.archive, &request, &mut || false)?;
    let failed = |why: std::io::Error| Refusal::failed(format!("making a bundle: {why}"));
    let dir = tempfile::tempdir().map_err(failed)?;
    let path = dir.path().join("evidence.zip");
    proof.write(&state.archive, &options(settings), &path)?;
    let mut file = std::fs::File::open(&path).map_err(failed)?;
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece).map_err(failed)? {
            0 => return Ok(()),
            count => out.bytes(piece.get(..count).unwrap_or_default())?,
        }
    }
}

pub fn quotations(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    out.line(&quoted::of_page(&state.archive, params.needed("url")?)?)
}

pub fn lookup(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let results_max = number(params, "limit").unwrap_or(50);
    let request = LookupRequest { query: params.needed("q")?.to_owned(), results_max };
    out.line(&answers::lookup::lookup(&state.archive, &request)?)
}

pub fn speaker(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    out.line(&quoted::of_speaker(&state.archive, params.needed("name")?)?)
}

pub fn timeline(state: &Arc<Serve>, params: &Params, out: &mut Writer) -> Result<(), Refusal> {
    let request = TimelineRequest {
        url: params.needed("url")?.to_owned(),
        before: number(params, "before"),
        versions_max: number(params, "limit").unwrap_or(20),
        form: form(params)?,
    };
    out.line(&answers::timeline::timeline(&state.archive, &request)?)
}
