//! A tab that is used as a reader uses it: sizes, colours, keys, clicks, pictures.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::browser::Browser;

/// The timeout of every wait.
const PATIENCE: Duration = Duration::from_secs(20);
/// The smallest height of a window.
const HEIGHT: u32 = 900;

/// An open tab; it is closed when dropped.
pub struct Tab<'b> {
    browser: &'b mut Browser,
    id: Value,
    session: String,
}

impl<'b> Tab<'b> {
    pub fn open(browser: &'b mut Browser) -> Self {
        let blank = json!({ "url": "about:blank" });
        let id = browser.call("Target.createTarget", &blank, None).unwrap()["targetId"].clone();
        let attach = json!({ "targetId": id, "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach, None).unwrap();
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        let mut tab = Self { browser, id, session };
        // Keys go to this tab, also where another browser is used at the same time.
        tab.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true }));
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "DOM.enable"] {
            tab.call(domain, json!({}));
        }
        tab
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.browser.call(method, &params, Some(&self.session));
        answer.unwrap_or_else(|| panic!("{method} {params} failed"))
    }

    /// Sets the width of the window in CSS pixels, as a telephone or a screen has it.
    pub fn width(&mut self, width: u32) {
        let is_mobile = width < 600;
        let size = json!({ "width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": is_mobile });
        self.call("Emulation.setDeviceMetricsOverride", size);
        self.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": is_mobile }));
    }

    /// Sets `screen` or `print`, and `light` or `dark`.
    pub fn media(&mut self, media: &str, scheme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            // Colours are checked once they have changed.
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.call("Emulation.setEmulatedMedia", json!({ "media": media, "features": features }));
    }

    /// Opens an address, and returns when it has loaded.
    pub fn go(&mut self, url: &str) {
        self.evaluate("window.isLeft = true");
        let answer = self.call("Page.navigate", json!({ "url": url }));
        assert!(answer.get("errorText").is_none(), "{url}: {answer}");
        self.until("!window.isLeft && document.readyState === 'complete'", url);
    }

    /// The value of an expression in the page.
    pub fn evaluate(&mut self, script: &str) -> Value {
        let params = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", params);
        assert!(answer.get("exceptionDetails").is_none(), "{script}: {answer}");
        answer["result"]["value"].take()
    }

    /// Returns when an expression is true; a page that is being left has no value.
    pub fn until(&mut self, script: &str, what: &str) {
        let end = Instant::now() + PATIENCE;
        let params = json!({ "expression": script, "returnByValue": true });
        loop {
            let answer = self.browser.call("Runtime.evaluate", &params, Some(&self.session));
            if answer.is_some_and(|answer| answer["result"]["value"] == json!(true)) {
                return;
            }
            assert!(Instant::now() < end, "{what}: {script} never became true");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The address, as the bar above the page shows it.
    pub fn address(&mut self) -> String {
        self.evaluate("location.href").as_str().unwrap().to_owned()
    }

    /// Clicks on what a selector names, and returns when another page has loaded.
    pub fn follow(&mut self, selector: &str) {
        let script = format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{block: 'center'}});
               const r = (e.getClientRects()[0] ?? e.getBoundingClientRect());
               return [r.left + r.width / 2, r.top + r.height / 2]; }})()"
        );
        let place = self.evaluate(&script);
        self.click(place[0].as_f64().unwrap(), place[1].as_f64().unwrap(), selector);
    }

    /// The same of the link with this text in the address, also where it stands in a closed shadow root.
    pub fn follow_inside(&mut self, part: &str) {
        let flat = json!({ "depth": -1, "pierce": true });
        let document = self.call("DOM.getFlattenedDocument", flat);
        let nodes = document["nodes"].as_array().unwrap();
        let is_it = |node: &&Value| {
            let attributes = node["attributes"].as_array().cloned().unwrap_or_default();
            node["nodeName"] == json!("A")
                && attributes.iter().any(|one| one.as_str().is_some_and(|text| text.contains(part)))
        };
        let node = nodes.iter().find(is_it).unwrap_or_else(|| panic!("no link to {part}"));
        let node = json!({ "nodeId": node["nodeId"] });
        let quads = self.call("DOM.getContentQuads", node);
        let quad = |at: usize| quads["quads"][0][at].as_f64().unwrap();
        self.click((quad(0) + quad(4)) / 2.0, (quad(1) + quad(5)) / 2.0, part);
    }

    fn click(&mut self, x: f64, y: f64, what: &str) {
        self.evaluate("window.isLeft = true");
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event);
        }
        self.until("!window.isLeft && document.readyState === 'complete'", what);
    }

    /// Presses and releases a key.
    pub fn press(&mut self, key: &str, code: u32) {
        for kind in ["keyDown", "keyUp"] {
            let event =
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// A picture of the whole page.
    pub fn picture(&mut self, to: &Path) {
        let height = self.evaluate("document.documentElement.scrollHeight").as_f64().unwrap();
        let width = self.evaluate("innerWidth").as_f64().unwrap();
        let clip =
            json!({ "x": 0, "y": 0, "width": width, "height": height.min(6_000.0), "scale": 1 });
        let params = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.call("Page.captureScreenshot", params);
        let bytes = data_encoding::BASE64.decode(picture["data"].as_str().unwrap().as_bytes());
        std::fs::write(to, bytes.unwrap()).unwrap();
    }

    /// Errors that pages have reported since the last call: errors of scripts, and what a policy refused.
    pub fn complaints(&mut self) -> Vec<String> {
        self.browser.complaints()
    }
}

impl Drop for Tab<'_> {
    fn drop(&mut self) {
        self.browser.call("Target.closeTarget", &json!({ "targetId": self.id }), None);
    }
}
