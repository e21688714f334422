//! What a job names itself: its seeds, feeds, sitemaps and section pages.

use std::collections::HashSet;

use super::Role;
use crate::base::{TargetUri, Timestamp};
use crate::schedule::{Ask, DiscoveryPath, Found, JobSpec, Priority, Step};

/// All that a job names, to be asked for now. A page that is named as a source, too, is a source:
/// that way it is captured and followed.
pub fn named_by(job: &JobSpec, now: Timestamp) -> impl Iterator<Item = Found> {
    let manifest = DiscoveryPath::seed().then(Step::Manifest);
    let sources: HashSet<&str> = [&job.feeds, &job.sitemaps, &job.sections]
        .into_iter()
        .flatten()
        .map(TargetUri::as_str)
        .collect();
    let lists = [
        (&job.feeds, Role::Feed, "a feed of the job"),
        (&job.sitemaps, Role::Sitemap, "a sitemap of the job"),
        (&job.sections, Role::Section, "a section page of the job"),
    ];
    let others = lists
        .into_iter()
        .flat_map(|(list, role, because)| list.iter().map(move |u| (u.as_str(), role, because)));
    let seeds = job.seeds.texts().map(|text| (text, Role::Page, "a seed of the job"));
    let mut seen = HashSet::new();
    let wanted = seeds.chain(others).filter(move |(text, role, _)| {
        !(*role == Role::Page && sources.contains(text)) && seen.insert(*text)
    });
    // One at a time: a list of seeds may be long.
    let parsed = wanted
        .filter_map(|(text, role, because)| Some((TargetUri::parse(text).ok()?, role, because)));
    parsed.map(move |(uri, role, because)| Found {
        uri,
        path: if role == Role::Page { DiscoveryPath::seed() } else { manifest.clone() },
        via: None,
        due: now,
        because: because.to_owned(),
        priority: Priority::Seed,
        job: job.name.clone(),
        settings: role.settings().to_owned(),
        ask: Ask::Again,
    })
}
