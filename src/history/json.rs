//! The JSON of captures and versions: what `history --format json` prints of a version is what a
//! message about it says. Fields may be added; none is renamed or dropped.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::archive::cdx::COPY_OF;
use crate::archive::filter::Field;
use crate::archive::{Capture, Form};
use crate::diff::json::JsonChange;

use super::fold::Begun;
use super::row::VersionRow;
use super::versions::Version;

/// A capture, with the fields of its line in JSON ([`crate::archive::cdx::json_line`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureJson(Capture);

#[cfg(test)]
impl CaptureJson {
    /// The same as a value.
    pub(super) fn to_value(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap()
    }
}

impl From<&Capture> for CaptureJson {
    fn from(capture: &Capture) -> Self {
        Self(capture.clone())
    }
}

impl Serialize for CaptureJson {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let copied_from = self.0.copied_from();
        let count = Field::ALL.len() + usize::from(copied_from.is_some());
        let mut map = to.serialize_map(Some(count))?;
        for field in Field::ALL {
            map.serialize_entry(field.name(), &*field.value(&self.0))?;
        }
        if let Some(from) = copied_from {
            map.serialize_entry(COPY_OF, from)?;
        }
        map.end()
    }
}

/// A version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionJson {
    /// Its first capture.
    pub capture: CaptureJson,
    /// When it was seen first.
    pub first_seen: String,
    /// When it was seen last.
    pub last_seen: String,
    /// How many captures there are of it.
    pub captures: u64,
    /// The headline of the article; `None` where there is none.
    pub headline: Option<String>,
    /// What a reader gets: `here`, `cut`, `walled`, `moved`, `gone` or `unknown`.
    pub presence: &'static str,
    /// The capture of the page that it leads to, where it is a redirect whose page is known.
    pub landing: Option<CaptureJson>,
    /// The first capture of the version that it is compared with.
    pub compared_with: Option<CaptureJson>,
    /// What changed since that.
    pub changes: Vec<JsonChange>,
    /// Whether the text changed and neither a notice nor the declared date says so.
    pub stealth: bool,
    /// Whether a finer comparison exists, which was too expensive.
    pub coarse: bool,
    /// Whether it is of the page as scripts made it; left out where it is of the page as it was sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
}

impl From<&VersionRow> for VersionJson {
    fn from(row: &VersionRow) -> Self {
        Self {
            capture: CaptureJson::from(&row.first),
            first_seen: row.first.date.to_warc_date(),
            last_seen: row.last.date.to_warc_date(),
            captures: row.captures,
            headline: row.headline.clone(),
            presence: row.presence.label(),
            landing: row.landing.as_ref().map(CaptureJson::from),
            compared_with: row.change.as_ref().map(|change| CaptureJson::from(&change.before)),
            changes: row.changes_json(),
            stealth: row.is_stealth(),
            coarse: row.change.as_ref().is_some_and(|change| change.delta.coarse),
            rendering: row.form() == Form::Rendered,
        }
    }
}

impl From<&Version> for VersionJson {
    fn from(version: &Version) -> Self {
        Self::from(&VersionRow::from(version))
    }
}

impl From<Begun> for VersionJson {
    fn from(begun: Begun) -> Self {
        Self::from(&Version::from(begun))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::archive::cdx::json_line;

    #[test]
    fn a_capture_is_written_as_its_line_says() {
        let line = r#"{"urlkey": "x", "timestamp": "20310101000000", "url": "http://x.example/\u00e9\ud83d\ude00\"\n"}"#;
        let capture = Capture {
            urlkey: "example,x)/".to_owned(),
            date: crate::base::Timestamp::from_unix_seconds(1_900_000_000),
            url: serde_json::from_str::<Value>(line).unwrap()["url"].as_str().unwrap().to_owned(),
            mime: "text/html".to_owned(),
            status: None,
            digest: None,
            length: 1,
            offset: 2,
            file: "é.warc.gz".into(),
            record_id: None,
            kind: crate::archive::RecordKind::Response,
            refers_to: None,
            truncated: false,
        };
        let refers_to = crate::archive::RefersTo {
            url: Some("http://other.example/web/2031id_/http://x.example/".to_owned()),
            date: Some(capture.date.plus(std::time::Duration::from_secs(1))),
            record_id: None,
        };
        let copy = Capture {
            kind: crate::archive::RecordKind::Revisit,
            refers_to: Some(refers_to),
            ..capture.clone()
        };
        for (capture, is_copy) in [(capture, false), (copy, true)] {
            let written = serde_json::to_string(&CaptureJson::from(&capture)).unwrap();
            let line: Value = serde_json::from_str(&json_line(&capture)).unwrap();
            assert_eq!(written, line.to_string());
            assert_eq!(line.get(COPY_OF).is_some(), is_copy);
        }
    }
}
