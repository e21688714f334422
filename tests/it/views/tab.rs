//! A tab with the frame of a captured page in the rerouted view.

use std::thread;
use std::time::{Duration, Instant};

use pressmark::browser::{Layout as Boxes, layout};
use serde_json::{Value, json};

use crate::chromium::browser::Browser;

/// The timeout of everything that is waited for.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// A page without activity for this long has settled.
const REST: Duration = Duration::from_millis(1_200);

/// All names resolve to this machine.
pub const RULES: &str =
    "MAP *.localhost 127.0.0.1, MAP localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";

/// A tab with the frame of a captured page.
pub struct Tab<'b> {
    browser: &'b mut Browser,
    id: Value,
    context: Value,
    session: String,
}

impl<'b> Tab<'b> {
    pub fn open(browser: &'b mut Browser) -> Self {
        // A context of its own: the data of other tabs is not there, as in a browser that records.
        let context = browser.call("Target.createBrowserContext", &json!({}), None).unwrap();
        let context = context["browserContextId"].clone();
        let blank = json!({ "url": "about:blank", "browserContextId": context });
        let id = browser.call("Target.createTarget", &blank, None).unwrap()["targetId"].clone();
        let attach = json!({ "targetId": id, "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach, None).unwrap();
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        browser.call("Page.enable", &json!({}), Some(&session));
        let mut tab = Self { browser, id, context, session };
        tab.size(1280, 1024);
        tab
    }

    /// Sets the size of the window.
    pub fn size(&mut self, width: u64, height: u64) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let session = self.session.clone();
        self.browser.call("Emulation.setDeviceMetricsOverride", &size, Some(&session));
    }

    pub fn go(&mut self, url: &str) {
        let session = self.session.clone();
        self.browser.call("Page.navigate", &json!({ "url": url }), Some(&session));
    }

    fn ask(&mut self, session: &str, script: &str) -> Option<Value> {
        let script = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let answer = self.browser.call("Runtime.evaluate", &script, Some(session))?;
        Some(answer["result"]["value"].clone())
    }

    /// The value of an expression in the frame around the page.
    pub fn evaluate(&mut self, script: &str) -> Value {
        let session = self.session.clone();
        self.ask(&session, script).unwrap_or_default()
    }

    pub fn address(&mut self) -> Value {
        self.evaluate("location.href")
    }

    /// The session of the captured page, once it is more than the page that starts it.
    pub fn inside(&mut self) -> Option<String> {
        let targets = self.browser.call("Target.getTargets", &json!({}), None)?;
        let is_page = |target: &&Value| {
            let url = target["url"].as_str().unwrap_or_default();
            target["type"] == "iframe"
                && url.contains(".localhost:")
                && !url.contains("/.pressmark/")
        };
        let frames = targets["targetInfos"].as_array()?.iter().filter(is_page).cloned();
        for frame in frames.collect::<Vec<Value>>() {
            let attach = json!({ "targetId": frame["targetId"], "flatten": true });
            let Some(attached) = self.browser.call("Target.attachToTarget", &attach, None) else {
                continue;
            };
            let session = attached["sessionId"].as_str()?.to_owned();
            // Frames of frames are targets as well.
            if self.ask(&session, "location.ancestorOrigins.length === 1") == Some(json!(true)) {
                return Some(session);
            }
            self.leave(&session);
        }
        None
    }

    fn leave(&mut self, session: &str) {
        self.browser.call("Target.detachFromTarget", &json!({ "sessionId": session }), None);
    }

    /// The value of an expression in the captured page.
    pub fn evaluate_inside(&mut self, script: &str) -> Option<Value> {
        let session = self.inside()?;
        let value = self.ask(&session, script);
        self.leave(&session);
        value
    }

    /// Returns when an expression in the captured page is true.
    pub fn until_inside(&mut self, script: &str, what: &str) {
        let end = Instant::now() + PATIENCE;
        while self.evaluate_inside(script) != Some(json!(true)) {
            if Instant::now() > end {
                let text = self.evaluate_inside("document.documentElement.outerHTML");
                panic!("{what}: {script} never became true: {text:?}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The parts that the frame around the page lists as not held.
    pub fn missing(&mut self) -> Vec<String> {
        let script = "[...document.querySelectorAll('#pressmark-missing li')].map((item) => item.textContent)";
        serde_json::from_value(self.evaluate(script)).unwrap_or_default()
    }

    /// Returns when the frame lists an address that contains a text.
    pub fn until_missing(&mut self, part: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.missing().iter().any(|url| url.contains(part)) {
            assert!(Instant::now() < end, "{part} is not counted: {:?}", self.missing());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// All cookies of the browser.
    pub fn cookies(&mut self) -> Vec<Value> {
        let session = self.session.clone();
        let got = self.browser.call("Network.getAllCookies", &json!({}), Some(&session));
        got.and_then(|got| got["cookies"].as_array().cloned()).unwrap_or_default()
    }

    /// Returns when no more data is loaded in the captured page.
    pub fn rest(&mut self) {
        self.rest_for(REST);
    }

    /// The same, when nothing was loaded for this long.
    pub fn rest_for(&mut self, rest: Duration) {
        let state = "document.readyState + performance.getEntriesByType('resource').length + \
                     document.getElementsByTagName('*').length";
        let end = Instant::now() + PATIENCE;
        let (mut last, mut since) = (None, Instant::now());
        while Instant::now() < end {
            let asked = Instant::now();
            let now = self.evaluate_inside(state);
            // A page that answers late was busy computing.
            let now = now.filter(|_| asked.elapsed() < rest / 2);
            if now != last || now.is_none() {
                (last, since) = (now, Instant::now());
            } else if since.elapsed() > rest {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// The boxes of the captured page and its frames, and the errors of its scripts.
    pub fn taken_down(&mut self) -> Option<(Boxes, Vec<String>)> {
        let session = self.inside()?;
        self.browser.complaints();
        let mut boxes = self.boxes(&session)?;
        boxes.add_pictures(&self.ask(&session, layout::PICTURES)?);
        // Its frames are in processes of their own, as those of other hosts were.
        let own = self.browser.call("Target.getTargetInfo", &json!({}), Some(&session))?;
        let targets = self.browser.call("Target.getTargets", &json!({}), None)?;
        let is_frame = |target: &&Value| {
            target["type"] == "iframe" && target["targetId"] != own["targetInfo"]["targetId"]
        };
        let targets = targets["targetInfos"].as_array()?.clone();
        for frame in targets.iter().filter(is_frame) {
            let attach = json!({ "targetId": frame["targetId"], "flatten": true });
            let Some(attached) = self.browser.call("Target.attachToTarget", &attach, None) else {
                continue;
            };
            let frame = attached["sessionId"].as_str()?.to_owned();
            boxes.add(self.boxes(&frame)?);
            self.leave(&frame);
        }
        let errors = self.browser.complaints();
        self.leave(&session);
        Some((boxes, errors))
    }

    fn boxes(&mut self, session: &str) -> Option<Boxes> {
        self.browser.call("Runtime.enable", &json!({}), Some(session))?;
        let styles = json!({ "computedStyles": layout::STYLES });
        let got = self.browser.call("DOMSnapshot.captureSnapshot", &styles, Some(session))?;
        Some(Boxes::of_snapshot(&got))
    }
}

impl Drop for Tab<'_> {
    fn drop(&mut self) {
        self.browser.call("Target.closeTarget", &json!({ "targetId": self.id }), None);
        let context = json!({ "browserContextId": self.context });
        self.browser.call("Target.disposeBrowserContext", &context, None);
    }
}
