//! Comparisons with other archives as text.

use crate::peer::{Comparison, Outcome, Peer, Variant, Verdict};

use super::change_line;

/// The lines of an outcome.
#[must_use]
pub fn outcome(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Compared(found) => {
            let kind = found.variant.map(|variant| format!(" ({})", variant.label()));
            let mut lines = vec![format!(
                "{}  {}  {}  {}{}",
                found.theirs.timestamp,
                found.peer,
                found.url,
                found.verdict.label(),
                kind.unwrap_or_default()
            )];
            if found.is_difference() {
                lines.extend(details(found).into_iter().map(|line| format!("  {line}")));
            }
            lines
        }
        Outcome::Unproved { peer, url, date, why } => {
            vec![format!("{date}  {peer}  {url}  unproved: {why}")]
        }
    }
}

/// The facts about a difference, a line each.
#[must_use]
pub fn details(found: &Comparison) -> Vec<String> {
    let mut lines = vec![format!(
        "ours of {}, theirs of {}, {} seconds apart{}",
        found.ours.date.to_rfc3339(),
        found.at().to_rfc3339(),
        found.apart_seconds,
        match (found.verdict, found.confirmed) {
            (Verdict::Differs, true) => ", between two matching captures of ours",
            (Verdict::Differs, false) => "; the page may have changed in between",
            _ => "",
        }
    )];
    let asked = |with: &crate::peer::proved::AskedWith| {
        let of =
            |name: &str, value: &Option<String>| value.as_ref().map(|v| format!("{name}: {v}"));
        let said =
            [of("User-Agent", &with.user_agent), of("Accept-Language", &with.accept_language)];
        said.into_iter().flatten().collect::<Vec<_>>().join("; ")
    };
    let (ours, theirs) = (asked(&found.asked_with), asked(&found.theirs.asked_with));
    if ours != theirs {
        lines.push(format!("our request sent {ours}"));
        lines.push(format!("their request sent {theirs}"));
    }
    for change in &found.changes {
        let (before, after) = (change.before.as_deref(), change.after.as_deref());
        lines.push(change_line(change.kind.label(), before, after));
    }
    if found.variant == Some(Variant::Language) && !found.figures.is_empty() {
        lines.push(format!("figures in only one of them: {}", found.figures.join(", ")));
    }
    if let Some(bundle) = &found.bundle {
        lines.push(format!("proofs of both: {bundle}"));
    }
    lines
}

/// The lines of an entry.
#[must_use]
pub fn entry(peer: &Peer) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", peer.name, peer.url)];
    lines.push(format!("  key {}", peer.key));
    lines.push(format!("  log {}", peer.log));
    let window = match (&peer.since, &peer.until) {
        (None, None) => String::new(),
        (since, until) => format!(
            ", captures from {} to {}",
            since.as_deref().unwrap_or("the first"),
            until.as_deref().unwrap_or("the last")
        ),
    };
    lines.push(format!("  {}{window}", peer.share.join(", ")));
    lines
}
