//! The run: the site is started, crawled in each of its states, and stopped.

use std::path::Path;

use crate::app::AppError;
use crate::app::run::{real_timer, runtime, start};
use crate::base::{Clock, SystemClock, TargetUri};

use crate::config::Settings;
use crate::crawl::{Job, Report, Stop, Take};

use super::days::Days;
use super::outlets::OUTLETS;
use super::server::Server;
use super::stories::{HOST, STORIES};

/// How often the site is crawled: once in each of its states.
const CRAWLS: usize = 3;

/// What the run reports while it is running.
pub enum Act<'a> {
    /// A crawl begins.
    Crawling {
        /// Which, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// Where the site listens.
        site: String,
    },
    /// A crawl has ended.
    Crawled(&'a Report),
}

/// Runs the demonstration into the archive at `root`; the address of the story that is edited.
///
/// # Errors
/// When loopback or the archive cannot be used, or what `show` returns.
pub fn run<E: From<AppError>>(
    root: &Path,
    settings: &Settings,
    show: &mut dyn FnMut(Act<'_>) -> Result<(), E>,
) -> Result<String, E> {
    let fail = |why: std::io::Error| AppError::failed("starting the demonstration site", why);
    let front = format!("http://{HOST}/");
    let runtime = runtime()?;
    let days = Days(SystemClock.now());
    let server = runtime.block_on(Server::start(days)).map_err(fail)?;
    let port = server.address.port();
    let hosts = std::iter::once(HOST).chain(OUTLETS.iter().map(|outlet| outlet.host));
    let resolve: Vec<String> = hosts.map(|host| format!("{host}:80:127.0.0.1:{port}")).collect();
    for number in 1..=CRAWLS {
        server.set_phase(number - 1);
        show(Act::Crawling { number, of: CRAWLS, site: server.address.to_string() })?;
        let clock = std::sync::Arc::new(SystemClock);
        let (mut running, _) = start(settings, root, &resolve, Take::Queue, real_timer(clock))?;
        let others = OUTLETS.iter().map(|one| format!("http://{}{}", one.host, one.path));
        let seeds = std::iter::once(front.clone()).chain(others);
        let seeds = seeds.map(|seed| TargetUri::parse(&seed).map_err(AppError::usage));
        let seeds = seeds.collect::<Result<Vec<_>, _>>()?;
        let job = Job { name: "demo".to_owned(), depth: 2, requisites: true, ..Job::of(seeds) };
        let report = runtime.block_on(running.run(&job, &mut (), &Stop::default()))?;
        running.close()?;
        show(Act::Crawled(&report))?;
    }
    Ok(STORIES.first().map_or(front, |story| format!("http://{HOST}{}", story.path)))
}
