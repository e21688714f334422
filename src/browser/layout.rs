//! The boxes that a page is laid out in: what two loads of one page are compared by.
//!
//! The idea is that of FidEx (Zhu, Sun, Madhyastha, NSDI '26): pictures differ by a blinking cursor, consoles by a
//! word, but a page that replays well has the same layout tree. Owns reading it from a DOM snapshot of Chromium, and
//! the comparison.

use serde_json::Value;

/// How many boxes of a page are kept.
const BOXES_MAX: usize = 50_000;
/// How many characters of a box's text.
const TEXT_CHARS_MAX: usize = 200;

/// One box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutBox {
    /// The name of its element, or `#text`.
    pub node: String,
    /// Left, top, width and height in CSS pixels, rounded.
    pub bounds: [i64; 4],
    /// The text in it; empty where it has none.
    pub text: String,
}

/// All boxes of a document, in the order of its layout tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// The boxes.
    pub boxes: Vec<LayoutBox>,
}

impl Layout {
    /// The boxes of the first document of a snapshot, as `DOMSnapshot.captureSnapshot` gives it. What is not as the
    /// protocol says is left out.
    #[must_use]
    pub fn of_snapshot(snapshot: &Value) -> Self {
        let text = |index: &Value| -> String {
            let at = index.as_u64().and_then(|at| usize::try_from(at).ok());
            let text = at.and_then(|at| snapshot["strings"][at].as_str()).unwrap_or_default();
            text.chars().take(TEXT_CHARS_MAX).collect()
        };
        let document = &snapshot["documents"][0];
        let (layout, names) = (&document["layout"], &document["nodes"]["nodeName"]);
        let nodes = layout["nodeIndex"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of = |(at, node): (usize, &Value)| {
            let node = usize::try_from(node.as_u64()?).ok()?;
            let side = |side: usize| rounded(layout["bounds"][at][side].as_f64());
            Some(LayoutBox {
                node: text(&names[node]),
                bounds: [side(0), side(1), side(2), side(3)],
                text: text(&layout["text"][at]),
            })
        };
        Self { boxes: nodes.iter().take(BOXES_MAX).enumerate().filter_map(of).collect() }
    }

    /// What first tells another load of the page from this one; none where they are alike. Bounds that differ by a
    /// pixel are alike.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let is_near = |a: &LayoutBox, b: &LayoutBox| {
            a.bounds.iter().zip(&b.bounds).all(|(a, b)| a.abs_diff(*b) <= 1)
        };
        for (at, (a, b)) in self.boxes.iter().zip(&other.boxes).enumerate() {
            if a.node != b.node || a.text != b.text || !is_near(a, b) {
                return Some(format!("box {at}: {a:?} became {b:?}"));
            }
        }
        let (here, there) = (self.boxes.len(), other.boxes.len());
        (here != there).then(|| format!("{here} boxes became {there}"))
    }
}

/// A length in whole pixels.
fn rounded(length: Option<f64>) -> i64 {
    // The cast saturates, and no page is as long.
    length.map_or(0, |length| length.round() as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn snapshot(width: f64, text: &str) -> Value {
        json!({
            "strings": ["BODY", "#text", text],
            "documents": [{
                "nodes": { "nodeName": [0, 1] },
                "layout": {
                    "nodeIndex": [0, 1, 7.5],
                    "bounds": [[0, 0, 800, 600], [8, 8, width, 18]],
                    "text": [-1, 2],
                },
            }],
        })
    }

    #[test]
    fn boxes_are_read_and_compared() {
        let layout = Layout::of_snapshot(&snapshot(99.6, "weir"));
        assert_eq!(layout.boxes.len(), 2);
        let text = LayoutBox { node: "#text".into(), bounds: [8, 8, 100, 18], text: "weir".into() };
        assert_eq!(layout.boxes[1], text);
        let same = Layout::of_snapshot(&snapshot(100.9, "weir"));
        assert_eq!(layout.difference(&same), None);
        for other in [snapshot(103.0, "weir"), snapshot(99.6, "mill"), json!({}), json!(7)] {
            assert!(layout.difference(&Layout::of_snapshot(&other)).is_some(), "{other}");
        }
    }
}
