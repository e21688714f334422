//! The JSON forms of changes and comparisons, as the command line fixes them; fields may be added and
//! none renamed or dropped. These mirror types are the only place of this module that knows serde.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::diff::{Acknowledgement, Change, ChangeKind, Comparison, Op};
use crate::extract::page::Page;

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonChange {
    /// The kind, by its label.
    pub kind: ChangeKind,
    /// What was said before.
    pub before: Option<String>,
    /// What is said now.
    pub after: Option<String>,
    /// Who is quoted.
    pub speaker: Option<String>,
    /// Where `before` is, in bytes of the old article text.
    pub old_range: Option<[usize; 2]>,
    /// Where `after` is, in bytes of the new article text.
    pub new_range: Option<[usize; 2]>,
    /// What a figure counts, what was given to another speaker, what a correction says was wrong.
    pub about: Option<String>,
    /// The words that changed inside.
    pub words: Vec<JsonWords>,
    /// Whether only the notation changed.
    pub notation: bool,
    /// How much it matters, from 1 to 5.
    pub weight: u8,
}

/// Words that became other words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonWords {
    /// The words before; empty where words were added.
    pub before: String,
    /// The words now; empty where words were cut.
    pub after: String,
    /// Where they were.
    pub old_range: [usize; 2],
    /// Where they are.
    pub new_range: [usize; 2],
}

/// An operation of the edit script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonOp {
    /// `keep`, `insert`, `delete`, `replace` or `move`.
    pub op: String,
    /// The sentences of the old text.
    pub old: Vec<String>,
    /// The sentences of the new text.
    pub new: Vec<String>,
    /// Where the old ones are, in bytes of the old article text.
    pub old_range: Option<[usize; 2]>,
    /// Where the new ones are.
    pub new_range: Option<[usize; 2]>,
    /// The words that changed inside; empty but for `replace` and edited moves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<JsonWords>,
}

/// What the versions declare about changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonDeclared {
    /// The modification time the old version declares.
    pub modified_before: Option<String>,
    /// The modification time the new version declares.
    pub modified_after: Option<String>,
    /// The notices the new version bears.
    pub notices: Vec<String>,
}

/// What acknowledges a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonAcknowledgement {
    /// `notice`, `modified` or `struck`.
    pub by: String,
    /// The words of the notice, the time, or the words that are crossed out.
    pub text: String,
}

/// A comparison, without the captures it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonComparison {
    /// Whether the article changed and nothing says so.
    pub stealth: bool,
    /// What says so.
    pub acknowledged_by: Vec<JsonAcknowledgement>,
    /// What both versions declare.
    pub declared: JsonDeclared,
    /// The gravest weight among the changes; 0 without any.
    pub weight: u8,
    /// Whether the budget ran out.
    pub coarse: bool,
    /// The changes.
    pub changes: Vec<JsonChange>,
    /// The edit script.
    pub ops: Vec<JsonOp>,
}

fn pair(range: &Range<usize>) -> [usize; 2] {
    [range.start, range.end]
}

fn words(old: &Page, new: &Page, changed: &(Range<usize>, Range<usize>)) -> JsonWords {
    let said = |page: &Page, range: &Range<usize>| {
        page.text.get(range.clone()).unwrap_or_default().to_owned()
    };
    JsonWords {
        before: said(old, &changed.0),
        after: said(new, &changed.1),
        old_range: pair(&changed.0),
        new_range: pair(&changed.1),
    }
}

/// A change in JSON.
#[must_use]
pub fn change(change: &Change, old: &Page, new: &Page) -> JsonChange {
    JsonChange {
        kind: change.kind,
        before: change.before.clone(),
        after: change.after.clone(),
        speaker: change.speaker.clone(),
        old_range: change.old_range.as_ref().map(pair),
        new_range: change.new_range.as_ref().map(pair),
        about: change.about.clone(),
        words: change.words.iter().map(|changed| words(old, new, changed)).collect(),
        notation: change.notation,
        weight: change.weight,
    }
}

fn op(op: &Op, comparison: &Comparison, old: &Page, new: &Page) -> JsonOp {
    let sentences = |ranges: &[Range<usize>], run: &Range<usize>, page: &Page| -> Vec<String> {
        let ranges = ranges.get(run.clone()).unwrap_or_default();
        ranges.iter().map(|r| page.text.get(r.clone()).unwrap_or_default().to_owned()).collect()
    };
    let span = |ranges: &[Range<usize>], run: &Range<usize>| {
        let ranges = ranges.get(run.clone()).unwrap_or_default();
        Some([ranges.first()?.start, ranges.last()?.end])
    };
    JsonOp {
        op: op.kind.label().to_owned(),
        old: sentences(&comparison.old_sentences, &op.old, old),
        new: sentences(&comparison.new_sentences, &op.new, new),
        old_range: span(&comparison.old_sentences, &op.old),
        new_range: span(&comparison.new_sentences, &op.new),
        words: op
            .edits
            .iter()
            .flat_map(|edit| edit.hunks().collect::<Vec<_>>())
            .map(|changed| words(old, new, &changed))
            .collect(),
    }
}

/// A comparison in JSON.
#[must_use]
pub fn comparison(comparison: &Comparison, old: &Page, new: &Page) -> JsonComparison {
    let declared = &comparison.declared;
    let acknowledged = |by: &Acknowledgement| {
        let (by, text) = match by {
            Acknowledgement::Notice(text) => ("notice", text),
            Acknowledgement::Modified(text) => ("modified", text),
            Acknowledgement::Struck(text) => ("struck", text),
        };
        JsonAcknowledgement { by: by.to_owned(), text: text.clone() }
    };
    JsonComparison {
        stealth: comparison.stealth,
        acknowledged_by: comparison.acknowledged_by.iter().map(acknowledged).collect(),
        declared: JsonDeclared {
            modified_before: declared.modified_before.as_ref().map(|time| time.text.clone()),
            modified_after: declared.modified_after.as_ref().map(|time| time.text.clone()),
            notices: declared.notices.clone(),
        },
        weight: comparison.weight(),
        coarse: comparison.coarse,
        changes: comparison.changes.iter().map(|c| change(c, old, new)).collect(),
        ops: comparison.ops.iter().map(|o| op(o, comparison, old, new)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{CompareOptions, compare, sample};

    #[test]
    fn the_json_has_the_fields_of_the_contract() {
        let old = sample::page("Police counted 12 boats in the harbour. Rain fell.");
        let new = sample::page("Police counted 15 boats in the harbour. Rain fell.");
        let found = compare(&old, &new, &CompareOptions::default());
        let json = serde_json::to_value(comparison(&found, &old, &new)).unwrap();
        assert_eq!(json["stealth"], true);
        assert_eq!(
            json["changes"][0],
            serde_json::json!({
                "kind": "figure-changed", "before": "12", "after": "15", "speaker": null,
                "old_range": [15, 17], "new_range": [15, 17], "about": "boats", "words": [],
                "notation": false, "weight": 3
            })
        );
        assert_eq!(json["ops"][0]["op"], "replace");
        assert_eq!(json["ops"][0]["old"][0], "Police counted 12 boats in the harbour.");
        assert_eq!(
            json["ops"][1],
            serde_json::json!({
                "op": "keep", "old": ["Rain fell."], "new": ["Rain fell."],
                "old_range": [40, 50], "new_range": [40, 50]
            })
        );
        let back: JsonComparison = serde_json::from_value(json).unwrap();
        assert_eq!(back, comparison(&found, &old, &new));
    }
}
