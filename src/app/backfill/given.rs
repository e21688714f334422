//! Classifies an archive's answer: a copy, a reference to one, or none.

use crate::base::surt::urlkey;
use crate::base::{TargetUri, Timestamp};
use crate::exchange::timemap::links;
use crate::http::Head;
use crate::store::{Loaded, MementoCopy};
use crate::warc::RecordId;

use super::Wanted;

/// How often an archive may lead from a memento to another of its own.
const HOPS_MAX: usize = 4;

/// What an answer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// A copy.
    Copy(Box<MementoCopy>),
    /// A reference to another address of the same archive.
    Leads(TargetUri),
    /// No memento. Where the address was derived here, the one in the TimeMap may work.
    NoMemento(String),
    /// Nothing that can be taken.
    No(String),
}

/// Classifies an answer whose payload is in the archive.
pub(super) fn given(wanted: &Wanted, loaded: &Loaded) -> Given {
    let entry = &loaded.entry;
    let head = Head::parse(&loaded.head);
    let datetime = head.get_text("memento-datetime");
    let status = entry.status;
    let Some(datetime) = datetime else { return without_datetime(wanted, &head, status) };
    let Some(date) = Timestamp::parse_http_date(&datetime) else {
        return Given::No("its Memento-Datetime is not a date".to_owned());
    };
    if date >= entry.date {
        return Given::No("its Memento-Datetime is later than the answer".to_owned());
    }
    let fields: Vec<String> =
        head.get_all("link").map(|value| String::from_utf8_lossy(&value).into_owned()).collect();
    let said = || fields.iter().flat_map(|field| links(field));
    // A page's own Link fields are sent on by some archives: any that fits is enough.
    let of_page: Vec<&str> =
        said().filter(|link| link.is("original")).map(|link| link.address).collect();
    let key = urlkey(&wanted.original);
    let same = of_page.iter().find(|address| urlkey(address) == key);
    if same.is_none() && !of_page.is_empty() {
        return Given::No("it says that it is a capture of another page".to_owned());
    }
    if let Some(via) = said().find(|link| link.is("via") && link.get("datetime").is_some()) {
        let archive = TargetUri::parse(via.address).map(|uri| uri.host().to_owned());
        let archive = archive.unwrap_or_else(|_| "another archive".to_owned());
        return Given::No(format!(
            "it is a copy from {archive}, which serves the original capture"
        ));
    }
    if entry.truncated {
        return Given::No("the response was truncated".to_owned());
    }
    let original = same.map_or(wanted.original.as_str(), |address| *address);
    let Ok(original) = TargetUri::parse(original) else {
        return Given::No("the address of its page is invalid".to_owned());
    };
    let record_id = entry.record_id.as_ref().and_then(|id| RecordId::parse(&id.to_string()));
    Given::Copy(Box::new(MementoCopy {
        target_uri: original.without_fragment().as_str().to_owned(),
        date,
        exchange: crate::store::Original {
            record_id,
            target_uri: entry.url.clone(),
            date: entry.date,
            payload_digest: entry.digest,
        },
        head: loaded.head.clone(),
        is_raw: wanted.is_raw,
    }))
}

/// An answer without a capture time: it is the archive's own page, not a capture.
fn without_datetime(wanted: &Wanted, head: &Head, status: Option<u16>) -> Given {
    let location = head.get_text("location").filter(|_| matches!(status, Some(300..=399)));
    let to = location.and_then(|location| wanted.asked.join(&location).ok());
    if let Some(to) = to.map(|to| to.without_fragment()) {
        if to.host_key() != wanted.asked.host_key() {
            return Given::No(format!("it redirects to another host, {}", to.host()));
        }
        if wanted.hops >= HOPS_MAX || to == wanted.asked {
            return Given::No("it redirects in a loop".to_owned());
        }
        return Given::Leads(to);
    }
    let status = status.map_or_else(|| "without HTTP".to_owned(), |s| format!("of status {s}"));
    Given::NoMemento(format!("a response {status} without Memento-Datetime is not a memento"))
}
