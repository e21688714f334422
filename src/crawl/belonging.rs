//! Whether a page that a job reached earlier still belongs to the job, by what its file says now.
//!
//! What is taken out of a file is to stop at once: a seed or feed with what it redirects to, the
//! sitemaps below it, pages that only it brought, and whatever an added exclusion names. Pages that
//! the job's scope takes in by itself stay, whichever source brought them. Pure: whether the page
//! that something was found on is still followed is asked of the caller.

use crate::base::TargetUri;
use crate::schedule::scope::Ruling;
use crate::schedule::{DiscoveryPath, NamedBy, Step};

use super::entry_words::is_named_by_source;
use super::rules::JobRules;
use super::sources::Role;

/// Whether a URL still belongs to a job that found it as `owner` says.
///
/// # Errors
/// Why it does not.
pub(super) fn belongs(
    rules: &JobRules,
    uri: &TargetUri,
    owner: &NamedBy,
    is_followed: &mut dyn FnMut(&str) -> bool,
) -> Result<(), String> {
    if let Some(rule) = rules.scope.excluded(uri) {
        return Err(rule);
    }
    if rules.names(uri) {
        return Ok(());
    }
    let job = rules.name();
    let Some(via) = owner.via.as_deref() else {
        return Err(format!("the job {job} no longer names it"));
    };
    let path = &owner.path;
    let role = Role::of(&rules.spec, uri, Some(via), path, &owner.settings);
    let mut comes_with = |what: &str| {
        if is_followed(what) {
            return Ok(());
        }
        Err(format!("the job {job} no longer follows {what}, which led to it"))
    };
    if is_of_robots(path) {
        return if rules.spec.sitemaps_from_robots {
            Ok(())
        } else {
            Err(format!("the job {job} no longer follows sitemaps of robots.txt"))
        };
    }
    if role != Role::Page || is_named_elsewhere(path) {
        return comes_with(via);
    }
    let from = TargetUri::parse(via).ok();
    match rules.scope.judge(uri, path, from.as_ref()) {
        Ruling::In(_) => Ok(()),
        Ruling::Out(rule) => {
            let is_named = is_named_by_source(&owner.settings)
                && rules.scope.judge_named(uri, path, from.as_ref()).is_in();
            if is_named { comes_with(via) } else { Err(rule) }
        }
    }
}

/// Whether a path leads to a sitemap that a robots.txt names.
fn is_of_robots(path: &DiscoveryPath) -> bool {
    path.steps().eq([Step::Prerequisite, Step::Manifest])
}

/// Whether a URL is what the job names itself, under the address it was redirected to.
fn is_named_elsewhere(path: &DiscoveryPath) -> bool {
    path.hops() == 0 && path.steps().all(|step| step == Step::Redirect)
}
