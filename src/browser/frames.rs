//! The frames of a page, those of other origins among them, which the browser keeps in processes of their own.

use serde_json::{Value, json};

/// At most this many frames of a page are examined.
pub(super) const FRAMES_MAX: usize = 50;

/// What makes the browser report frames in other processes: each becomes a session of its own.
pub(super) fn auto_attach() -> Value {
    json!({ "autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true })
}

/// The session of a frame that an event reports; `None` where it is of something else (a worker).
pub(super) fn attached(params: &Value) -> Option<String> {
    let is_frame = params["targetInfo"]["type"] == "iframe";
    params["sessionId"].as_str().filter(|_| is_frame).map(str::to_owned)
}

/// Whether an event reports a window that a page in this context has opened.
pub(super) fn is_window(params: &Value, context: &Value) -> bool {
    let target = &params["targetInfo"];
    target["type"] == "page"
        && target["openerId"].is_string()
        && target["browserContextId"] == *context
}

/// A frame, and its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub id: String,
    pub url: String,
}

/// The frames of a tree, the outermost first.
pub(super) fn of_tree(tree: &Value) -> Vec<Frame> {
    let mut found = Vec::new();
    let mut open = std::collections::VecDeque::from([&tree["frameTree"]]);
    while let Some(tree) = open.pop_front() {
        let text = |key: &str| tree["frame"][key].as_str().map(str::to_owned);
        if let (Some(id), Some(url)) = (text("id"), text("url")) {
            found.push(Frame { id, url });
        }
        if found.len() >= FRAMES_MAX {
            break;
        }
        open.extend(tree["childFrames"].as_array().into_iter().flatten());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_from_the_outermost_inwards_and_not_without_end() {
        let frame = |id: &str| json!({ "id": id, "url": format!("https://{id}.example/") });
        let tree = json!({ "frameTree": { "frame": frame("a"), "childFrames": [
            { "frame": frame("b"), "childFrames": [{ "frame": frame("d") }] }, { "frame": frame("c") }] } });
        let ids: Vec<String> = of_tree(&tree).into_iter().map(|frame| frame.id).collect();
        assert_eq!(ids, ["a", "b", "c", "d"]);
        let many: Vec<Value> =
            (0..200).map(|at| json!({ "frame": frame(&at.to_string()) })).collect();
        let tree = json!({ "frameTree": { "frame": frame("a"), "childFrames": many } });
        assert_eq!(of_tree(&tree).len(), FRAMES_MAX);
        assert!(of_tree(&json!({})).is_empty());
        let of = |kind: &str| json!({ "sessionId": "s", "targetInfo": { "type": kind } });
        assert_eq!(attached(&of("iframe")).as_deref(), Some("s"));
        assert_eq!(attached(&of("worker")), None);
    }
}
