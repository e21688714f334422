//! The server as the pages of the reader name it.

use super::Options;
use super::request::Site;
use crate::base::Timestamp;
use crate::render::web;

/// The server as its pages name it; on the replay origin links lead to the reader's.
pub fn page_site(options: &Options, own: &Site, now: Timestamp) -> web::Site {
    web::Site {
        base: own.reader.clone().unwrap_or_else(|| own.base.clone()),
        replay: match &own.replay {
            Some(root) => format!("{root}/web"),
            None => format!("{}/web", own.base),
        },
        rerouted: options
            .rerouted
            .as_ref()
            .and(own.replay.clone().or_else(|| own.is_replay.then(|| own.base.clone())))
            .map(|root| format!("{root}/rerouted")),
        origin: Some(format!("{}://{}", own.scheme, own.host)),
        archive: options.cite_archive.clone(),
        now,
        proof: Some("/api/prove".to_owned()),
    }
}
