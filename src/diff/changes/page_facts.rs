//! Facts of the page that are not in its text: headline, byline, declared dates, lead picture.

use super::{Change, ChangeKind, media};
use crate::diff::normal;
use crate::diff::similar;
use crate::extract::page::{Fact, Page, PageTime};

/// Compares the facts of two pages.
pub(super) fn find(old: &Page, new: &Page) -> Vec<Change> {
    let mut found = Vec::new();
    let headline = |page: &'_ Page| page.headline.as_ref().map(|fact| fact.value.clone());
    compare(ChangeKind::Headline, headline(old), headline(new), &mut found);
    // All capitals, or capitals on each word, are only style.
    if let (Some(a), Some(b), Some(change)) = (headline(old), headline(new), found.last_mut()) {
        change.notation = normal::same_words(&a.to_lowercase(), &b.to_lowercase());
    }
    bylines(old, new, &mut found);
    times(ChangeKind::Published, old.published.as_ref(), new.published.as_ref(), &mut found);
    times(ChangeKind::Modified, old.modified.as_ref(), new.modified.as_ref(), &mut found);
    kicker(old, new, &mut found);
    image(old, new, &mut found);
    media::find(old, new, &mut found);
    found
}

/// Words of a kicker that describe the author and the purpose of the article; other kickers are sections. One that
/// is added or removed is a change by itself.
const TELLING: [&str; 33] = [
    "sponsor",
    "paid",
    "partner",
    "promo",
    "advert",
    "commercial",
    "opinion",
    "comment",
    "analys",
    "satire",
    "anzeige",
    "werbung",
    "meinung",
    "kommentar",
    "publi",
    "tribune",
    "rédactionnel",
    "opinión",
    "análisis",
    "patrocin",
    "contenuto",
    "reklam",
    "annons",
    "reklama",
    "sponsrad",
    "реклам",
    "мнение",
    "партн",
    "広告",
    "社説",
    "广告",
    "评论",
    "광고",
];

fn kicker(old: &Page, new: &Page, found: &mut Vec<Change>) {
    let of = |page: &Page| page.kicker.as_ref().map(|fact| fact.value.clone());
    let (a, b) = (of(old), of(new));
    let folded = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
    let (x, y) = (folded(&a), folded(&b));
    let tells = |text: &Option<String>| {
        text.as_deref().is_some_and(|text| TELLING.iter().any(|word| text.contains(word)))
    };
    let same = x.as_deref().zip(y.as_deref()).is_some_and(|(x, y)| normal::same_words(x, y));
    if x == y || same || (a.is_none() || b.is_none()) && !tells(&x) && !tells(&y) {
        return;
    }
    let mut change = Change::new(ChangeKind::Headline).says(a.as_deref(), b.as_deref());
    change.about = Some("kicker".to_owned());
    found.push(change);
}

fn compare(kind: ChangeKind, old: Option<String>, new: Option<String>, found: &mut Vec<Change>) {
    let same = match (&old, &new) {
        (Some(a), Some(b)) => normal::same_words(a, b),
        (None, None) => true,
        _ => false,
    };
    if !same {
        found.push(Change::new(kind).says(old.as_deref(), new.as_deref()));
    }
}

fn bylines(old: &Page, new: &Page, found: &mut Vec<Change>) {
    let names = |page: &Page| -> Vec<String> {
        page.byline.iter().map(|fact| fact.value.name.trim().to_owned()).collect()
    };
    let sorted = |names: &[String]| {
        let mut folded: Vec<String> = names
            .iter()
            .map(|name| normal::folded(name).collect::<String>().to_lowercase())
            .collect();
        folded.sort();
        folded.dedup();
        folded
    };
    let (a, b) = (names(old), names(new));
    if sorted(&a) != sorted(&b) {
        let say = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
        found.push(Change::new(ChangeKind::Byline).says(say(a).as_deref(), say(b).as_deref()));
    }
}

fn times(
    kind: ChangeKind,
    old: Option<&Fact<PageTime>>,
    new: Option<&Fact<PageTime>>,
    found: &mut Vec<Change>,
) {
    let same = match (old, new) {
        (Some(a), Some(b)) => same_time(&a.value, &b.value),
        (None, None) => true,
        _ => false,
    };
    if !same {
        let text = |fact: Option<&Fact<PageTime>>| fact.map(|fact| fact.value.text.clone());
        found.push(Change::new(kind).says(text(old).as_deref(), text(new).as_deref()));
    }
}

/// Whether two declared times agree in the precision that both have.
fn same_time(a: &PageTime, b: &PageTime) -> bool {
    if a.instant == b.instant {
        return true;
    }
    // A day, or a month if one of them has no day.
    let known = a.text.len().min(b.text.len()).min(10);
    (a.day_only || b.day_only) && a.text.get(..known) == b.text.get(..known)
}

fn image(old: &Page, new: &Page, found: &mut Vec<Change>) {
    let (a, b) = (old.lead_image.as_ref(), new.lead_image.as_ref());
    if a.is_none() && b.is_none() {
        return;
    }
    let source = |page: Option<&crate::extract::page::Image>| page.map(|image| picture(&image.src));
    if source(a) != source(b) {
        let src = |page: Option<&crate::extract::page::Image>| page.map(|image| image.src.clone());
        let mut change =
            Change::new(ChangeKind::ImageChanged).says(src(a).as_deref(), src(b).as_deref());
        change.about = b.and_then(|image| image.caption.clone());
        found.push(change);
        return;
    }
    let caption = |page: Option<&crate::extract::page::Image>| page.and_then(|i| i.caption.clone());
    let (before, after) = (caption(a), caption(b));
    let held = |page: &Page, caption: &Option<String>| {
        caption.as_ref().is_some_and(|caption| page.text.contains(caption.trim()))
    };
    // A caption that is part of the text and was reworded is compared there, word by word; one with
    // entirely different words is another caption.
    let reworded = held(old, &before)
        && held(new, &after)
        && before
            .as_ref()
            .zip(after.as_ref())
            .is_some_and(|(a, b)| similar::alike_texts(a, b) >= 0.5);
    if !reworded {
        compare(ChangeKind::ImageChanged, before, after, found);
    }
}

/// The picture an address shows, whatever size and format the server was asked for.
pub(super) fn picture(src: &str) -> String {
    let path = src.split(['?', '#']).next().unwrap_or(src);
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    // "img1." and "img3." are machines of one store.
    let (host, rest) = path.split_once('/').unwrap_or(("", path));
    let (machine, domain) = host.split_once('.').unwrap_or((host, ""));
    let path =
        format!("{}.{domain}/{rest}", machine.trim_end_matches(|c: char| c.is_ascii_digit()));
    let path = path.as_str();
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    // "-1024x683", "_800w", "@2x" at the end of a name say a size.
    let size = |part: &str| {
        !part.is_empty()
            && part.chars().any(|c| c.is_ascii_digit())
            && part.chars().all(|c| c.is_ascii_digit() || matches!(c, 'x' | 'w' | 'h' | 'p'))
            && part.chars().any(|c| matches!(c, 'x' | 'w' | 'h' | 'p'))
    };
    let stem = match stem.rfind(['-', '_', '@']) {
        Some(at) if stem.get(at + 1..).is_some_and(size) => stem.get(..at).unwrap_or(stem),
        _ => stem,
    };
    let folder: Vec<&str> = folder
        .split('/')
        .filter(|part| {
            let sized = part.split([',', '_', '-']).all(|p| {
                size(p) || p.chars().all(|c| c.is_ascii_digit()) || matches!(p, "w" | "h" | "c")
            });
            !(sized && part.chars().any(|c| matches!(c, 'x' | 'w' | 'h')))
        })
        .collect();
    format!("{}/{stem}", folder.join("/"))
}

/// Query parameters for the origin of a visit, which do not change the target of the link.
const TRACKING: [&str; 12] = [
    "utm_", "fbclid", "gclid", "mc_cid", "mc_eid", "cmp", "cmpid", "icid", "ref", "smid", "intcmp",
    "taid",
];

/// Parameters of a file's address that only bypass cached copies.
const CACHES: [&str; 12] =
    ["v", "ver", "version", "rev", "t", "ts", "_", "cb", "cachebuster", "hash", "nocache", "rand"];

/// An address as written on a page, with the host of the page where it has none.
pub(super) fn on_page(href: &str, page: &Page) -> String {
    let own = page.canonical.as_ref().and_then(|fact| {
        let (scheme, rest) = fact.value.split_once("://")?;
        Some((scheme, rest.split(['/', '?', '#']).next()?))
    });
    match (href.strip_prefix("//"), own) {
        (Some(rest), _) => format!("https://{rest}"),
        (None, Some((scheme, host))) if href.starts_with('/') => format!("{scheme}://{host}{href}"),
        _ => href.to_owned(),
    }
}

/// Where an address leads: without scheme, fragment, tracking and a final slash.
pub(super) fn address(href: &str) -> String {
    let bare = href.split_once("://").map_or(href, |(_, rest)| rest);
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    let bare = bare.split('#').next().unwrap_or(bare);
    let (path, query) = bare.split_once('?').unwrap_or((bare, ""));
    let file = path.split_once('/').and_then(|(_, rest)| rest.rsplit('/').next());
    let is_file = file.is_some_and(|file| file.contains('.'));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or(pair).to_ascii_lowercase();
            let tracks = |t: &str| name == t || (t.ends_with('_') && name.starts_with(t));
            let cache = is_file && CACHES.contains(&name.as_str());
            !name.is_empty() && !cache && !TRACKING.iter().any(|t| tracks(t))
        })
        .collect();
    // "plan;jsessionid=1A": the session of the client.
    let session = path.to_ascii_lowercase().find(";jsessionid=");
    let path = session.map_or(path, |at| &path[..at]);
    let path = path.trim_end_matches('/');
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_the_same_in_every_size() {
        let same = [
            ("https://cdn.example/p/boats-1024x683.jpg", "https://cdn.example/p/boats-640x427.jpg"),
            ("https://cdn.example/p/boats.jpg?w=800", "https://cdn.example/p/boats.jpg?w=400&q=80"),
            (
                "https://cdn.example/w_800,h_600/boats.jpg",
                "https://cdn.example/w_400,h_300/boats.webp",
            ),
        ];
        for (a, b) in same {
            assert_eq!(picture(a), picture(b));
        }
        assert_ne!(
            picture("https://cdn.example/boats.jpg"),
            picture("https://cdn.example/quay.jpg")
        );
        assert_ne!(picture("https://cdn.example/p-1.jpg"), picture("https://cdn.example/p-2.jpg"));
    }

    #[test]
    fn an_address_is_where_it_leads() {
        assert_eq!(
            address("https://www.a.example/x/?utm_source=n&id=4#top"),
            address("http://a.example/x?id=4")
        );
        assert_ne!(address("https://a.example/x?id=4"), address("https://a.example/x?id=5"));
        assert_eq!(
            address("https://a.example/map.pdf?v=1"),
            address("https://a.example/map.pdf?v=2")
        );
        assert_ne!(address("https://a.example/watch?v=1"), address("https://a.example/watch?v=2"));
    }
}
