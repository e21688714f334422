//! Chromium, driven by the DevTools protocol over a pair of pipes.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a page may take to load, and how long it is left alone after that.
const LOAD_MAX: Duration = Duration::from_secs(5);
const QUIET: Duration = Duration::from_millis(250);
/// Nothing is connected to on the guess that it will be asked for ("preload pages" off).
const PREFERENCES: &str = r#"{"net":{"network_prediction_options":2}}"#;
/// How many elements of a page are clicked on at most.
const CLICKS_MAX: usize = 5;

/// A running browser; it ends when dropped.
pub struct Browser {
    child: Child,
    commands: File,
    answers: Receiver<Value>,
    next: u64,
    /// The names of the cookies that were stored while a page was open.
    cookies: BTreeSet<String>,
    /// Errors that pages reported.
    complaints: Vec<String>,
    _folder: TempDir,
}

impl Browser {
    /// Starts it; names are resolved by `rules` (`--host-resolver-rules`).
    pub fn start(rules: &str) -> Result<Self, String> {
        Self::start_with(rules, &[])
    }

    /// The same with more arguments.
    pub fn start_with(rules: &str, more: &[&str]) -> Result<Self, String> {
        let path = std::env::var("PRESSMARK_CHROMIUM").unwrap_or("/usr/bin/chromium".to_owned());
        if !Path::new(&path).exists() {
            return Err(format!("there is no {path}"));
        }
        let folder = tempfile::tempdir().unwrap();
        let profile = folder.path().join("profile");
        std::fs::create_dir_all(profile.join("Default")).unwrap();
        std::fs::write(profile.join("Default/Preferences"), PREFERENCES).unwrap();
        let (input, output) = (folder.path().join("in"), folder.path().join("out"));
        let made = Command::new("mkfifo").arg(&input).arg(&output).status();
        if !made.is_ok_and(|status| status.success()) {
            return Err("there is no mkfifo".to_owned());
        }
        let child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<\"$IN\" 4>\"$OUT\"", "sh", path.as_str()])
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .args(["--disable-dev-shm-usage", "--no-proxy-server", "--remote-debugging-pipe"])
            .arg(format!("--host-resolver-rules={rules}"))
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(more)
            .env("IN", &input)
            .env("OUT", &output)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|why| why.to_string())?;
        let commands = File::options().write(true).open(&input).map_err(|why| why.to_string())?;
        let output = File::open(&output).map_err(|why| why.to_string())?;
        let (sender, answers) = channel();
        thread::spawn(move || {
            for message in BufReader::new(output).split(0).map_while(Result::ok) {
                if let Ok(value) = serde_json::from_slice(&message)
                    && sender.send(value).is_err()
                {
                    return;
                }
            }
        });
        let (cookies, complaints) = (BTreeSet::new(), Vec::new());
        let mut browser =
            Self { child, commands, answers, next: 1, cookies, complaints, _folder: folder };
        match browser.call("Browser.getVersion", &json!({}), None) {
            Some(_) => Ok(browser),
            None => Err("it does not answer".to_owned()),
        }
    }

    /// Sends a command and waits for its answer; `None` where it fails or takes too long.
    pub fn call(&mut self, method: &str, params: &Value, session: Option<&str>) -> Option<Value> {
        let id = self.next;
        self.next += 1;
        let mut command = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            command["sessionId"] = json!(session);
        }
        self.commands.write_all(command.to_string().as_bytes()).ok()?;
        self.commands.write_all(&[0]).ok()?;
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            match self.answers.recv_timeout(Duration::from_secs(1)) {
                Ok(answer) if answer["id"] == json!(id) => return answer.get("result").cloned(),
                Ok(event) => self.note(&event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        None
    }

    /// Records the errors that a page reports.
    fn note(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Log.entryAdded") if params["entry"]["level"] == json!("error") => {
                let (said, url) = (&params["entry"]["text"], &params["entry"]["url"]);
                self.complaints.push(format!("{said} {url}"));
            }
            Some("Runtime.exceptionThrown") => {
                self.complaints.push(params["exceptionDetails"].to_string());
            }
            _ => {}
        }
    }

    /// Errors that pages have reported since the last call.
    pub fn complaints(&mut self) -> Vec<String> {
        std::mem::take(&mut self.complaints)
    }

    /// Waits for an event or the timeout.
    fn wait_for(&self, method: &str, longest: Duration) {
        let end = Instant::now() + longest;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            match self.answers.recv_timeout(left) {
                Ok(event) if event["method"] == json!(method) => return,
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    /// Opens a page in a new tab, clicks on one element of it if requested, and closes the tab. Returns the
    /// number of clickable elements.
    pub fn visit(&mut self, url: &str, click: Option<usize>) -> usize {
        let target =
            self.call("Target.createTarget", &json!({ "url": "about:blank" }), None).unwrap();
        let id = target["targetId"].clone();
        let attach = json!({ "targetId": id, "flatten": true });
        let attached = self.call("Target.attachToTarget", &attach, None).unwrap();
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        let session = Some(session.as_str());
        self.call("Page.enable", &json!({}), session);
        self.call("Page.navigate", &json!({ "url": url }), session);
        self.wait_for("Page.loadEventFired", LOAD_MAX);
        thread::sleep(QUIET);
        let places = self.clickable(session);
        if let Some((x, y)) = click.and_then(|click| places.get(click).copied()) {
            for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
                let event =
                    json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
                self.call("Input.dispatchMouseEvent", &event, session);
            }
            thread::sleep(QUIET);
        }
        // The last tab that is closed takes the cookies of a session with it.
        self.note_cookies(session);
        self.call("Target.closeTarget", &json!({ "targetId": id }), None);
        self.close_others();
        places.len().min(CLICKS_MAX)
    }

    /// The positions of the clickable elements of the page.
    fn clickable(&mut self, session: Option<&str>) -> Vec<(f64, f64)> {
        let what = "a, area, button, input, summary, #c";
        let Some(document) = self.call("DOM.getDocument", &json!({}), session) else {
            return Vec::new();
        };
        let root = document["root"]["nodeId"].clone();
        let query = json!({ "nodeId": root, "selector": what });
        let Some(found) = self.call("DOM.querySelectorAll", &query, session) else {
            return Vec::new();
        };
        let nodes = found["nodeIds"].as_array().cloned().unwrap_or_default();
        let mut places = Vec::new();
        for node in nodes.iter().take(4 * CLICKS_MAX) {
            let Some(quads) = self.call("DOM.getContentQuads", &json!({ "nodeId": node }), session)
            else {
                continue;
            };
            let point = |at: usize| quads["quads"][0][at].as_f64();
            if let (Some(left), Some(top), Some(right), Some(bottom)) =
                (point(0), point(1), point(4), point(5))
            {
                places.push(((left + right) / 2.0, (top + bottom) / 2.0));
            }
        }
        places.truncate(CLICKS_MAX);
        places
    }

    /// Closes the tabs that pages have opened.
    fn close_others(&mut self) {
        let Some(targets) = self.call("Target.getTargets", &json!({}), None) else { return };
        let infos = targets["targetInfos"].as_array().cloned().unwrap_or_default();
        for info in infos.iter().filter(|info| info["type"] == json!("page")) {
            self.call("Target.closeTarget", &json!({ "targetId": info["targetId"] }), None);
        }
    }

    fn note_cookies(&mut self, session: Option<&str>) {
        let Some(cookies) = self.call("Network.getAllCookies", &json!({}), session) else { return };
        let list = cookies["cookies"].as_array().cloned().unwrap_or_default();
        self.cookies.extend(list.iter().map(|cookie| cookie["name"].to_string()));
    }

    /// The names of the cookies that were stored since the last call.
    pub fn cookies(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.cookies)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.call("Browser.close", &json!({}), None);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
