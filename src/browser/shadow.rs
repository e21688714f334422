//! Closed shadow trees, which no script of a page can reach: found in a DOM snapshot, handed to our own script.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::take_down::{SHOWN, TEXT_BYTES_MAX};
use super::watched::Watched;

/// How many nodes of closed shadow trees are handed over, one or more for each tree.
const NODES_MAX: usize = 2_000;

/// The document and the text of a page with its closed shadow trees.
pub(super) struct WithClosed {
    pub document: Option<String>,
    pub text: Option<String>,
    /// Whether it was looked for all of them.
    pub are_all: bool,
}

/// Elements that can have a shadow tree besides those of a name of their own, which has a hyphen (DOM standard,
/// `attachShadow`).
const HOSTS: [&str; 18] = [
    "ARTICLE",
    "ASIDE",
    "BLOCKQUOTE",
    "BODY",
    "DIV",
    "FOOTER",
    "H1",
    "H2",
    "H3",
    "H4",
    "H5",
    "H6",
    "HEADER",
    "MAIN",
    "NAV",
    "P",
    "SECTION",
    "SPAN",
];

/// For each closed shadow tree of a snapshot (`DOMSnapshot.captureSnapshot`) at least one node in it, by its number in the
/// browser. A snapshot has no shadow roots: what is in one follows the element that has it, before the other children of
/// that.
fn inside_closed(snapshot: &Value) -> Vec<u64> {
    let nodes = &snapshot["documents"][0]["nodes"];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (at, types) =
        (list(&nodes["shadowRootType"]["index"]), list(&nodes["shadowRootType"]["value"]));
    let string = |place: &Value| {
        let place = place.as_u64().and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| snapshot["strings"][place].as_str()).unwrap_or_default()
    };
    let is_closed = |kind: &Value| string(kind) == "closed";
    let is_host = |parent: u64| {
        let parent = usize::try_from(parent).unwrap_or(usize::MAX);
        let name = string(&nodes["nodeName"][parent]);
        name.contains('-') || HOSTS.iter().any(|host| host.eq_ignore_ascii_case(name))
    };
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (at, _) in at.iter().zip(&types).filter(|(_, kind)| is_closed(kind)) {
        let Some(at) = at.as_u64().and_then(|at| usize::try_from(at).ok()) else { continue };
        let Some(parent) = nodes["parentIndex"][at].as_u64() else { continue };
        // The first child of each element: it is in the shadow tree of that where it has one.
        if is_host(parent) && seen.insert(parent) {
            found.extend(nodes["backendNodeId"][at].as_u64());
        }
    }
    found
}

impl Watched<'_> {
    /// The document and the text with the closed shadow trees of the page; none where it has none.
    ///
    /// # Errors
    /// Why they could not be read; as text.
    pub(super) async fn with_closed(&self, session: &str) -> Result<Option<WithClosed>, String> {
        let styles = json!({ "computedStyles": [] });
        let snapshot = self.call(Some(session), "DOMSnapshot.captureSnapshot", styles).await?;
        let inside = inside_closed(&snapshot);
        if inside.is_empty() {
            return Ok(None);
        }
        let are_all = inside.len() <= NODES_MAX;
        let frame = self.main_frame(session).await?;
        let context = self.world(session, &frame).await?;
        let mut nodes = Vec::new();
        for node in inside.into_iter().take(NODES_MAX) {
            let resolve = json!({ "backendNodeId": node, "executionContextId": context });
            // A node that is gone meanwhile is in no tree.
            if let Ok(found) = self.call(Some(session), "DOM.resolveNode", resolve).await {
                nodes.push(json!({ "objectId": found["object"]["objectId"] }));
            }
        }
        let shown = |what: &'static str| {
            let mut arguments = vec![json!({ "value": what }), json!({ "value": TEXT_BYTES_MAX })];
            arguments.extend(nodes.iter().cloned());
            let call = json!({
                "functionDeclaration": SHOWN,
                "executionContextId": context,
                "arguments": arguments,
                "returnByValue": true,
            });
            async move {
                let got = self.call(Some(session), "Runtime.callFunctionOn", call).await?;
                Ok::<_, String>(got["result"]["value"].as_str().map(str::to_owned))
            }
        };
        let (document, text) = (shown("document").await?, shown("text").await?);
        Ok(Some(WithClosed { document, text, are_all }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_closed_tree_gives_a_node() {
        // 1 has a closed tree (2, 3), 3 another one (4) and a child in the first (5); 6 is in an open one, 7 in a link.
        let nodes = json!({
            "parentIndex": [-1, 0, 1, 1, 3, 3, 0, 5],
            "backendNodeId": [10, 11, 12, 13, 14, 15, 16, 17],
            "nodeName": [2, 3, 2, 2, 2, 4, 2, 2],
            "shadowRootType": { "index": [2, 3, 4, 5, 6, 7], "value": [0, 0, 0, 0, 1, 0] },
        });
        let strings = ["closed", "open", "DIV", "news-story", "A"];
        let snapshot = json!({ "strings": strings, "documents": [{ "nodes": nodes }] });
        assert_eq!(inside_closed(&snapshot), [12, 14]);
        for other in [json!({}), json!(7), json!({ "documents": [{ "nodes": {} }] })] {
            assert!(inside_closed(&other).is_empty());
        }
    }
}
