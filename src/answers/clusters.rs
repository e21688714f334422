//! The stories of the archive: articles of several outlets on the same one.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{AnswerError, Archive, serial};
use crate::base::Timestamp;
use crate::base::surt::host_of_key;
use crate::clusters::{Articles, ClusterArticle, ClusterError};
use crate::story::typical_headline;

/// Which stories are asked for.
#[derive(Debug, Clone, Copy)]
pub struct ClustersRequest {
    /// With an article captured at this time or later.
    pub since: Option<Timestamp>,
    /// At least this many hosts.
    pub hosts_min: usize,
    /// At most this many.
    pub stories_max: usize,
}

/// A story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cluster {
    /// Its most typical headline.
    pub headline: String,
    /// How many hosts have it.
    pub hosts: usize,
    /// When the first of its articles was captured.
    #[serde(serialize_with = "serial::date")]
    pub first: Timestamp,
    /// When the last of them was.
    #[serde(serialize_with = "serial::date")]
    pub last: Timestamp,
    /// Its articles, in the order in which they were captured.
    pub articles: Vec<ClusterEntry>,
}

/// An article of a story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClusterEntry {
    /// Its address.
    pub url: String,
    /// Its headline.
    pub headline: String,
    /// The outlet, as the page names it.
    pub publisher: Option<String>,
    /// When it was published, as the page declares it.
    pub published: Option<String>,
    /// When it was captured first.
    #[serde(serialize_with = "serial::date")]
    pub first_captured: Timestamp,
}

/// The stories of the archive, those with the newest article first. What is kept of them is first brought in line
/// with the captures; `progress` receives the number of records read for that.
///
/// # Errors
/// When the archive cannot be read, or what is kept of its stories cannot be read or written.
pub fn clusters(
    archive: &Archive,
    request: &ClustersRequest,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Cluster>, AnswerError> {
    let doing = "looking for stories";
    let fail = |why| match why {
        ClusterError::Store(why) => AnswerError::Store { doing: doing.to_owned(), why },
        why @ ClusterError::Io { .. } => {
            let why = std::io::Error::other(why.to_string());
            AnswerError::Io { doing: doing.to_owned(), why }
        }
    };
    let wanted = |articles: &Articles| -> Vec<Cluster> {
        articles
            .stories()
            .filter(|story| story.len() >= request.hosts_min)
            .filter_map(cluster)
            .filter(|story| story.hosts >= request.hosts_min)
            .filter(|story| request.since.is_none_or(|since| since <= story.last))
            .collect()
    };
    let mut out =
        archive.stories().ask(&mut archive.page_reader(), progress, wanted).map_err(fail)?;
    out.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.headline.cmp(&b.headline)));
    out.truncate(request.stories_max);
    Ok(out)
}

fn cluster(mut articles: Vec<&ClusterArticle>) -> Option<Cluster> {
    articles.sort_by(|a, b| (a.first, &a.url).cmp(&(b.first, &b.url)));
    let headlines: Vec<&str> = articles.iter().map(|article| article.headline.as_str()).collect();
    let typical = typical_headline(&headlines).and_then(|at| headlines.get(at));
    let hosts: BTreeSet<&str> = articles
        .iter()
        .map(|article| host_of_key(&article.urlkey).unwrap_or(&article.urlkey))
        .collect();
    let entry = |article: &&ClusterArticle| ClusterEntry {
        url: article.url.clone(),
        headline: article.headline.clone(),
        publisher: article.publisher.clone(),
        published: article.published.clone(),
        first_captured: Timestamp::from_unix_micros(article.first),
    };
    Some(Cluster {
        headline: typical.map_or_else(String::new, |headline| (*headline).to_owned()),
        hosts: hosts.len(),
        first: Timestamp::from_unix_micros(articles.first()?.first),
        last: Timestamp::from_unix_micros(articles.iter().map(|article| article.last).max()?),
        articles: articles.iter().map(entry).collect(),
    })
}
