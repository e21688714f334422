//! The boxes that a page is laid out in: what two loads of one page are compared by.
//!
//! The idea is that of FidEx (Zhu, Sun, Madhyastha, NSDI '26): pictures differ by a blinking cursor, consoles by a
//! word, but a page that replays well has the same layout tree. Owns reading it from a DOM snapshot of Chromium, and
//! the comparison. A box has its element, place, size, text and some of its styles: a missing style sheet is seen
//! where it moves nothing. Frames are compared as documents of their own, and pictures by the size that they came in,
//! since a box of fixed size does not say whether its picture is there.

use serde_json::Value;

/// How many boxes of a page are kept.
const BOXES_MAX: usize = 50_000;
/// How many characters of a box's text.
const TEXT_CHARS_MAX: usize = 2_000;

/// The styles that are compared. None of them holds an address, which differs between two views.
pub const STYLES: [&str; 7] = [
    "color",
    "background-color",
    "visibility",
    "opacity",
    "font-family",
    "font-size",
    "font-weight",
];

/// A script that gives the size in which each picture of a document came, `0x0` for one that is not there.
pub const PICTURES: &str =
    "[...document.images].map((one) => one.naturalWidth + 'x' + one.naturalHeight)";

/// One box.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LayoutBox {
    /// The name of its element, or `#text`.
    pub node: String,
    /// The text in it; empty where it has none.
    pub text: String,
    /// Left, top, width and height in CSS pixels, rounded.
    pub bounds: [i64; 4],
    /// The values of [`STYLES`].
    pub style: String,
}

/// All boxes of a page: of its document in the order of the layout tree, and of its frames.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// The boxes of the document.
    pub boxes: Vec<LayoutBox>,
    /// Those of each frame that has any, in an order that does not depend on which came first.
    pub frames: Vec<Vec<LayoutBox>>,
    /// The sizes of the pictures of the document, as [`PICTURES`] gives them.
    pub pictures: Vec<String>,
}

impl Layout {
    /// The boxes of a snapshot, as `DOMSnapshot.captureSnapshot` gives it for [`STYLES`]. What is not as the protocol
    /// says is left out.
    #[must_use]
    pub fn of_snapshot(snapshot: &Value) -> Self {
        let documents = snapshot["documents"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut documents = documents.iter().map(|document| boxes_of(snapshot, document));
        let boxes = documents.next().unwrap_or_default();
        let mut layout = Self { boxes, ..Self::default() };
        layout.add_frames(documents.collect());
        layout
    }

    /// Takes in a frame that is laid out in a process of its own, with the frames in it.
    pub fn add(&mut self, frame: Self) {
        self.add_frames([vec![frame.boxes], frame.frames].concat());
    }

    fn add_frames(&mut self, frames: Vec<Vec<LayoutBox>>) {
        self.frames.extend(frames.into_iter().filter(|boxes| !boxes.is_empty()));
        self.frames.sort();
    }

    /// Takes in the sizes of pictures, as [`PICTURES`] gives them.
    pub fn add_pictures(&mut self, sizes: &Value) {
        let sizes = sizes.as_array().map(Vec::as_slice).unwrap_or_default();
        self.pictures.extend(sizes.iter().filter_map(Value::as_str).map(str::to_owned));
    }

    /// The first difference between another load of the page and this one; none where they are alike. Bounds that
    /// differ by a pixel are alike.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        if let Some(what) = first_difference(&self.boxes, &other.boxes) {
            return Some(what);
        }
        let (here, there) = (self.frames.len(), other.frames.len());
        if here != there {
            return Some(format!("{here} frames became {there}"));
        }
        let mut frames = self.frames.iter().zip(&other.frames).enumerate();
        let in_frames = |(at, (a, b)): (usize, (&Vec<LayoutBox>, &Vec<LayoutBox>))| {
            first_difference(a, b).map(|what| format!("frame {at}, {what}"))
        };
        let (here, there) = (&self.pictures, &other.pictures);
        let in_pictures = || (here != there).then(|| format!("pictures {here:?} became {there:?}"));
        frames.find_map(in_frames).or_else(in_pictures)
    }
}

/// The boxes of one document.
fn boxes_of(snapshot: &Value, document: &Value) -> Vec<LayoutBox> {
    let string = |index: &Value| -> &str {
        let at = index.as_u64().and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| snapshot["strings"][at].as_str()).unwrap_or_default()
    };
    let text = |index: &Value| string(index).chars().take(TEXT_CHARS_MAX).collect();
    let (layout, names) = (&document["layout"], &document["nodes"]["nodeName"]);
    let nodes = layout["nodeIndex"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |(at, node): (usize, &Value)| {
        let node = usize::try_from(node.as_u64()?).ok()?;
        let side = |side: usize| rounded(layout["bounds"][at][side].as_f64());
        let styles = layout["styles"][at].as_array().map(Vec::as_slice).unwrap_or_default();
        Some(LayoutBox {
            node: text(&names[node]),
            text: text(&layout["text"][at]),
            bounds: [side(0), side(1), side(2), side(3)],
            style: styles.iter().map(string).collect::<Vec<_>>().join("; "),
        })
    };
    nodes.iter().take(BOXES_MAX).enumerate().filter_map(of).collect()
}

/// The first difference between the boxes of two loads of one document.
fn first_difference(here: &[LayoutBox], there: &[LayoutBox]) -> Option<String> {
    let is_near = |a: &LayoutBox, b: &LayoutBox| {
        a.bounds.iter().zip(&b.bounds).all(|(a, b)| a.abs_diff(*b) <= 1)
    };
    for (at, (a, b)) in here.iter().zip(there).enumerate() {
        if a.node != b.node || a.text != b.text || a.style != b.style || !is_near(a, b) {
            return Some(format!("box {at}: {a:?} became {b:?}"));
        }
    }
    let (here, there) = (here.len(), there.len());
    (here != there).then(|| format!("{here} boxes became {there}"))
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

    fn snapshot(width: f64, text: &str, color: &str) -> Value {
        let page = json!({
            "nodes": { "nodeName": [0, 1] },
            "layout": {
                "nodeIndex": [0, 1, 7.5],
                "bounds": [[0, 0, 800, 600], [8, 8, width, 18]],
                "text": [-1, 2],
                "styles": [[3], [3]],
            },
        });
        json!({ "strings": ["BODY", "#text", text, color], "documents": [page] })
    }

    fn layout(width: f64, text: &str, color: &str) -> Layout {
        Layout::of_snapshot(&snapshot(width, text, color))
    }

    #[test]
    fn boxes_are_read_and_compared() {
        let seen = layout(99.6, "weir", "red");
        assert_eq!(seen.boxes.len(), 2);
        let text = LayoutBox {
            node: "#text".into(),
            text: "weir".into(),
            bounds: [8, 8, 100, 18],
            style: "red".into(),
        };
        assert_eq!(seen.boxes[1], text);
        assert_eq!(seen.difference(&layout(100.9, "weir", "red")), None);
        for other in [
            layout(103.0, "weir", "red"),
            layout(99.6, "mill", "red"),
            layout(99.6, "weir", "blue"),
            Layout::of_snapshot(&json!({})),
            Layout::of_snapshot(&json!(7)),
        ] {
            assert!(seen.difference(&other).is_some(), "{other:?}");
            assert!(other.difference(&seen).is_some(), "{other:?}");
        }
    }

    #[test]
    fn frames_and_pictures_count_and_the_order_of_frames_does_not() {
        let with = |frames: &[&str], pictures: &[&str]| {
            let mut seen = layout(99.6, "weir", "red");
            for frame in frames {
                seen.add(layout(10.0, frame, "red"));
            }
            seen.add_pictures(&json!(pictures));
            seen
        };
        let seen = with(&["a", "b"], &["20x10"]);
        assert_eq!(seen.difference(&with(&["b", "a"], &["20x10"])), None);
        for other in
            [with(&["a", "c"], &["20x10"]), with(&["a"], &["20x10"]), with(&["a", "b"], &["0x0"])]
        {
            assert!(seen.difference(&other).is_some(), "{other:?}");
        }
        let mut inner = snapshot(99.6, "weir", "red");
        let frame = inner["documents"][0].clone();
        inner["documents"].as_array_mut().unwrap().push(frame);
        assert_eq!(Layout::of_snapshot(&inner).frames.len(), 1);
    }
}
