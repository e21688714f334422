//! Pictures and players inside the article: replaced, added, removed, and changes of their captions.
//!
//! A picture is the same in every size and format; a player is the same with other settings. The lead
//! picture is compared with the facts of the page and not reported again here.

use super::page_facts::{address, picture};
use super::{Change, ChangeKind};
use crate::diff::normal::{self, Map};
use crate::extract::page::{BlockKind, Media, MediaKind, Page};

/// Compares the pictures and players of two pages; `found` has the changes of the lead picture.
pub(super) fn find(old: &Page, new: &Page, found: &mut Vec<Change>) {
    let lead_changed = found.iter().any(|change| change.kind == ChangeKind::ImageChanged);
    let lead = |page: &Page| page.lead_image.as_ref().map(|image| picture(&image.src));
    let leads = [lead(old), lead(new)];
    let mut places: Map<String, Vec<usize>> = Map::default();
    for (at, media) in new.media.iter().enumerate().rev() {
        places.entry(key(media)).or_default().push(at);
    }
    let mut is_free = vec![true; new.media.len()];
    let mut gone = Vec::new();
    for media in &old.media {
        match places.get_mut(&key(media)).and_then(Vec::pop) {
            Some(at) => {
                is_free[at] = false;
                words((old, media), (new, &new.media[at]), found);
            }
            None => gone.push(media),
        }
    }
    let came = new.media.iter().zip(is_free).filter(|(_, free)| *free).map(|(media, _)| media);
    let reported = |media: &&Media| !(lead_changed && leads.contains(&Some(picture(&media.src))));
    let mut gone: Vec<&Media> = gone.into_iter().filter(reported).collect();
    let mut came: Vec<&Media> = came.filter(reported).collect();
    // A lead picture that is declared under one name may be shown under another.
    if lead_changed
        && gone.first() == old.media.first().as_ref()
        && came.first() == new.media.first().as_ref()
    {
        gone.drain(..gone.len().min(1));
        came.drain(..came.len().min(1));
    }
    for at in 0..gone.len().max(came.len()) {
        let (a, b) = (gone.get(at), came.get(at));
        let src = |media: Option<&&Media>| media.map(|media| media.src.clone());
        let mut change =
            Change::new(ChangeKind::ImageChanged).says(src(a).as_deref(), src(b).as_deref());
        change.about =
            b.or(a).and_then(|media| media.caption.clone().or_else(|| media.alt.clone()));
        found.push(change);
    }
}

/// The same for a picture or player in any size, format or setting.
fn key(media: &Media) -> String {
    match media.kind {
        MediaKind::Picture => picture(&media.src),
        MediaKind::Player => player(&media.src),
    }
}

/// What a player plays: its address, with the parameters that name something.
fn player(src: &str) -> String {
    let address = address(src);
    let (path, query) = address.split_once('?').unwrap_or((&address, ""));
    let names = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        name.ends_with("id")
            || matches!(
                name.as_str(),
                "v" | "src" | "url" | "href" | "clip" | "video" | "media" | "list"
            )
    };
    let kept: Vec<&str> = query.split('&').filter(names).collect();
    format!("{path}?{}", kept.join("&"))
}

/// The words of one picture: its caption, where the text does not hold it, and its alternative text.
fn words((old, a): (&Page, &Media), (new, b): (&Page, &Media), found: &mut Vec<Change>) {
    let of_lead = |page: &Page, media: &Media| {
        page.lead_image.as_ref().is_some_and(|lead| {
            lead.caption == media.caption && picture(&lead.src) == picture(&media.src)
        })
    };
    let is_lead = of_lead(old, a) && of_lead(new, b);
    let in_text = |page: &Page, text: &str| {
        let mut blocks = page.blocks.iter().filter(|block| block.kind == BlockKind::Caption);
        blocks.any(|block| page.text.get(block.range.clone()) == Some(text))
    };
    let (x, y) = (a.caption.as_deref(), b.caption.as_deref());
    let is_compared = x.zip(y).is_some_and(|(x, y)| in_text(old, x) && in_text(new, y));
    let is_in_text = x.is_some_and(|x| in_text(old, x)) || y.is_some_and(|y| in_text(new, y));
    if !is_lead && !is_compared {
        // If only one side has it in its text, it is reported there as added or removed.
        let pair = x.zip(y).filter(|_| !is_in_text);
        said(pair, found);
    }
    said(a.alt.as_deref().zip(b.alt.as_deref()), found);
}

fn said(pair: Option<(&str, &str)>, found: &mut Vec<Change>) {
    let Some((a, b)) = pair.filter(|(a, b)| !normal::same_words(a, b)) else { return };
    let is_reported = |change: &Change| {
        change.kind == ChangeKind::ImageChanged
            && change.before.as_deref() == Some(a)
            && change.after.as_deref() == Some(b)
    };
    if !found.iter().any(is_reported) {
        found.push(Change::new(ChangeKind::ImageChanged).says(Some(a), Some(b)));
    }
}
