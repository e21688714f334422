//! The JSON of captures and versions: what `history --format json` prints of a version is what a
//! message about it says. Fields may be added; none is renamed or dropped.

use serde::Serialize;
use serde_json::Value;

use crate::archive::Capture;
use crate::archive::cdx::json_line;
use crate::diff::render::json::JsonChange;

use super::fold::Begun;
use super::said::Said;
use super::versions::Version;

/// A version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionJson {
    /// Its first capture.
    pub capture: Value,
    /// When it was seen first.
    pub first_seen: String,
    /// When it was seen last.
    pub last_seen: String,
    /// How many captures there are of it.
    pub captures: u64,
    /// The headline of the article; none where there is none to be had.
    pub headline: Option<String>,
    /// What a reader gets: `here`, `cut`, `walled`, `moved`, `gone` or `unknown`.
    pub presence: &'static str,
    /// The capture of the page that it leads to, where it is a redirect whose page is known.
    pub landing: Option<Value>,
    /// The first capture of the version that it is compared with.
    pub compared_with: Option<Value>,
    /// What changed since that.
    pub changes: Vec<JsonChange>,
    /// Whether the text changed and neither a notice nor the declared date says so.
    pub stealth: bool,
    /// Whether a finer comparison exists, which was too dear.
    pub coarse: bool,
}

impl From<&Version> for VersionJson {
    fn from(version: &Version) -> Self {
        let said = &version.said;
        let landing = said.leads.landing();
        Self {
            capture: of_said(said),
            first_seen: version.first_seen.to_warc_date(),
            last_seen: version.last_seen.to_warc_date(),
            captures: version.captures,
            headline: version.headline().map(str::to_owned),
            presence: version.presence.label(),
            landing: landing.map(|landing| capture_json(&landing.entry, &landing.file)),
            compared_with: version.before.as_ref().map(of_said),
            changes: version.changes_json(),
            stealth: version.is_stealth(),
            coarse: version.delta.as_ref().is_some_and(|delta| delta.coarse),
        }
    }
}

impl From<Begun> for VersionJson {
    fn from(begun: Begun) -> Self {
        Self::from(&Version::from(begun))
    }
}

fn of_said(said: &Said) -> Value {
    capture_json(&said.entry, &said.file)
}

/// A capture.
#[must_use]
pub fn capture_json(entry: &Capture, file: &str) -> Value {
    // The line is JSON by construction; null would show a mistake of the program.
    serde_json::from_str(&json_line(&Capture { file: file.into(), ..entry.clone() }))
        .unwrap_or(Value::Null)
}
