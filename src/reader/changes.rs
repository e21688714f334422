//! The changes of the archive: a page of them, and what a browser has marked as seen.

use super::pages::Asked;
use super::{PageAnswer, Refusal};
use crate::answers::changes::unseen;
use crate::answers::front::is_of_same_version;
use crate::answers::{AnswerError, ChangesRequest, changes};
use crate::base::Timestamp;
use crate::history::changes::{ArchiveChange, ChangeFilter};
use crate::render::web::{self, ChangesView};

/// Versions with changes on one page.
const VERSIONS_MAX: usize = 30;

/// Which changes the parameters name, without their times.
pub(super) fn wanted(asked: &Asked<'_>) -> Result<ChangeFilter, Refusal> {
    let parameters = asked.parameters;
    let weight = parameters.number("weight")?.unwrap_or(1);
    Ok(ChangeFilter {
        since: parameters.period("since")?.map(|range| range.start),
        until: parameters.period("until")?.map(|range| range.end),
        kinds: parameters.kinds()?,
        host: parameters.text("host").map(str::to_lowercase),
        stealth_only: parameters.is_on("stealth"),
        weight_min: u8::try_from(weight.clamp(1, 5)).unwrap_or(1),
        form: None,
    })
}

/// The changes, newest first.
pub(super) fn page(asked: &Asked<'_>) -> Result<PageAnswer, Refusal> {
    let parameters = asked.parameters;
    let mut wanted = wanted(asked)?;
    let seen = asked.seen.and_then(Timestamp::parse);
    let is_unseen = parameters.is_on("unseen");
    if let (true, Some(seen)) = (is_unseen, seen) {
        let behind = seen.plus(std::time::Duration::from_micros(1));
        wanted.since = wanted.since.max(Some(behind));
    }
    if let Some(before) = parameters.period("before")? {
        let until = wanted.until.map_or(before.start, |until| until.min(before.start));
        wanted.until = Some(until);
    }
    let since_last = parameters.or_empty("since-last");
    let (weight, is_stealth, kinds) =
        (wanted.weight_min, wanted.stealth_only, wanted.kinds.clone());
    let mut page_reader = asked.archive.page_reader();
    let request = ChangesRequest { wanted, limit: None };
    let (found, notes, more) = if since_last.is_empty() {
        let mut found = changes(&mut page_reader, &request, &mut |_| {})?;
        let notes = found.notes().to_vec();
        let (list, more) = versions(&mut found)?;
        (list, notes, more)
    } else {
        // The cursor is read and not moved: this server writes nothing.
        let mut found = unseen(&mut page_reader, since_last, &request, &mut |_| {})?;
        let notes = found.notes().to_vec();
        let (list, more) = versions(&mut found)?;
        (list, notes, more)
    };
    let oldest = found.last().and_then(|last| Timestamp::parse(&last.date));
    let view = ChangesView {
        changes: &found,
        next: oldest.filter(|_| more),
        since: parameters.or_empty("since"),
        until: parameters.or_empty("until"),
        kinds: &kinds,
        host: parameters.or_empty("host"),
        is_stealth,
        weight,
        since_last,
        seen,
        is_unseen,
        notes: &notes,
    };
    Ok(PageAnswer::ok(web::changes(asked.site, &view)))
}

/// The changes of the first versions, and whether there are more. Versions of one microsecond are not separated.
fn versions(
    found: &mut dyn Iterator<Item = Result<ArchiveChange, AnswerError>>,
) -> Result<(Vec<ArchiveChange>, bool), Refusal> {
    let (mut out, mut count) = (Vec::<ArchiveChange>::new(), 0);
    for change in found {
        let change = change?;
        let last = out.last();
        if !last.is_some_and(|last| is_of_same_version(last, &change)) {
            count += 1;
            if count > VERSIONS_MAX && last.is_none_or(|last| last.date != change.date) {
                return Ok((out, true));
            }
        }
        out.push(change);
    }
    Ok((out, false))
}

/// Marks the changes up to a time as seen, in the browser that asks.
pub(super) fn mark(asked: &Asked<'_>) -> Result<PageAnswer, Refusal> {
    let text = asked.parameters.needed("until")?;
    let wrong = || Refusal::Parameter(format!("until: expected a time, but found {text:?}"));
    let until = Timestamp::parse(text).ok_or_else(wrong)?;
    // Never back: a page that was left open may be older than what was marked since.
    let until = asked.seen.and_then(Timestamp::parse).map_or(until, |seen| seen.max(until));
    let answer = PageAnswer::found(asked.site, asked.site.path_link("/changes"));
    Ok(PageAnswer { status: 303, seen: Some(until.to_warc_date()), ..answer })
}
