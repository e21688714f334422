//! A page in a browser, watched while it works: opened, left to settle, scrolled, and what the browser reports of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;

use super::clock;
use super::devtools::Event;
use super::frames::{self, FRAMES_MAX};
use super::options::BrowserOptions;
use super::process::Chromium;
use super::rendering::{LOCALE, Rendering, Settled, TIME_ZONE};
use super::traffic::Traffic;
use crate::base::TargetUri;
use crate::base::surt::urlkey;

/// How often it is checked whether the page has settled.
const TICK: Duration = Duration::from_millis(100);
/// How long one command may take; a page whose scripts never end answers none.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How long scripts may compute without a request before the page counts as settled.
const COMPUTING_MAX: Duration = Duration::from_secs(6);
/// A page that is loaded again and again is asked at most this often.
const EVALUATIONS_MAX: u32 = 5;
/// At most this many errors of scripts are kept, and at most this many characters of each.
const ERRORS_MAX: usize = 100;
const ERROR_CHARS_MAX: usize = 500;
/// Answers once the page has nothing more important to do, or after two seconds in which it always had.
const AT_REST: &str =
    "new Promise((done) => requestIdleCallback(() => done(true), { timeout: 2000 }))";

/// A browser with a page, watched while it works.
pub(super) struct Watched<'a> {
    pub browser: Chromium,
    events: Receiver<Event>,
    proxy: &'a dyn Traffic,
    pub(super) options: &'a BrowserOptions,
    began: Instant,
    /// For how long no request has waited for its host's turn.
    active: Duration,
    /// When its scripts were last seen to compute.
    busy: Instant,
    /// The context of its tab.
    context: Value,
    crashed: bool,
    /// Sessions of frames in other processes.
    pub(super) children: Vec<String>,
}

impl<'a> Watched<'a> {
    /// Watches a browser from now on.
    pub fn new(
        browser: Chromium,
        events: Receiver<Event>,
        proxy: &'a dyn Traffic,
        options: &'a BrowserOptions,
    ) -> Self {
        let (began, active) = (Instant::now(), Duration::ZERO);
        let children = Vec::new();
        Self {
            browser,
            events,
            proxy,
            options,
            began,
            active,
            busy: began,
            context: Value::Null,
            crashed: false,
            children,
        }
    }

    /// Opens a page, leaves it to settle, and takes it down.
    pub async fn page(
        &mut self,
        page: &TargetUri,
        user_agent: &str,
        out: &mut Rendering,
    ) -> Result<(), String> {
        let result = self.opened(page, user_agent, out).await;
        out.memory = self.browser.guard.memory_seen();
        // Of a browser that was ended, what failed last says nothing.
        result.map_err(|why| self.browser.guard.why_ended().unwrap_or(why))
    }

    async fn opened(
        &mut self,
        page: &TargetUri,
        user_agent: &str,
        out: &mut Rendering,
    ) -> Result<(), String> {
        out.product.clone_from(&self.browser.product);
        out.is_sandboxed = self.browser.is_sandboxed;
        let (_, session) = self.open(user_agent).await?;
        // Windows that the page opens are reported, and closed.
        self.call(None, "Target.setDiscoverTargets", json!({ "discover": true })).await?;
        let session = session.as_str();
        let navigate = json!({ "url": page.without_fragment().as_str() });
        // It answers once the document has begun, which waits for the host's turn: not awaited here.
        let opened = self.navigate(session, navigate).await?;
        if let Some(why) = opened["errorText"].as_str() {
            return Err(format!("the page could not be opened: {why}"));
        }
        self.settled(session, out).await?;
        out.leads_to = self.leads_to(session, (page, &opened["loaderId"]), out).await?;
        Ok(())
    }

    /// Where a page led that was opened by this load: the address of another page, whose document was loaded in its place. An
    /// address that scripts have changed without a load is that of the page itself.
    async fn leads_to(
        &self,
        session: &str,
        (page, load): (&TargetUri, &Value),
        out: &Rendering,
    ) -> Result<Option<String>, String> {
        let tree = self.call(Some(session), "Page.getFrameTree", json!({})).await?;
        let is_same_load = tree["frameTree"]["frame"]["loaderId"] == *load;
        let address = out.address.as_deref().filter(|_| !is_same_load);
        let is_other = |address: &&str| urlkey(address) != urlkey(page.as_str());
        Ok(address.filter(is_other).map(str::to_owned))
    }

    /// Makes a tab with a way out of its own; the context that it is in, and the session that drives it.
    pub async fn open(&mut self, user_agent: &str) -> Result<(Value, String), String> {
        let (width, height) = self.options.viewport;
        // A context of its own has its own way out: the browser itself has none.
        let way = format!("http://{}", self.proxy.address());
        let context = json!({
            "disposeOnDetach": true, "proxyServer": way, "proxyBypassList": "<-loopback>"
        });
        let context = self.call(None, "Target.createBrowserContext", context).await?;
        let context = context["browserContextId"].clone();
        self.context = context.clone();
        let download = json!({ "behavior": "deny", "browserContextId": context });
        self.call(None, "Browser.setDownloadBehavior", download).await?;
        let tab = json!({
            "url": "about:blank", "browserContextId": context, "width": width, "height": height,
            "newWindow": true
        });
        let target = self.call(None, "Target.createTarget", tab).await?["targetId"].clone();
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = self.call(None, "Target.attachToTarget", attach).await?;
        let session_id = attached["sessionId"].as_str().ok_or("no session")?.to_owned();
        let session = session_id.as_str();
        let window = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false
        });
        for (method, params) in [
            ("Page.enable", json!({})),
            ("Runtime.enable", json!({})),
            ("Inspector.enable", json!({})),
            ("Target.setAutoAttach", frames::auto_attach()),
            ("Emulation.setDeviceMetricsOverride", window),
            ("Emulation.setLocaleOverride", json!({ "locale": LOCALE })),
            ("Emulation.setTimezoneOverride", json!({ "timezoneId": TIME_ZONE })),
            (
                "Emulation.setUserAgentOverride",
                json!({ "userAgent": user_agent, "acceptLanguage": LOCALE }),
            ),
        ] {
            self.call(Some(session), method, params).await?;
        }
        if let Some(at) = self.options.clock {
            let script = json!({ "source": clock::script(at) });
            self.call(Some(session), "Page.addScriptToEvaluateOnNewDocument", script).await?;
        }
        Ok((context, session_id))
    }

    /// Lets a page settle that was opened, and takes it down.
    async fn settled(&mut self, session: &str, out: &mut Rendering) -> Result<(), String> {
        out.settled = self.settle(session, out).await?;
        self.refuse_consent(session, out).await?;
        for _ in 0..self.options.scrolls_max {
            if out.settled != Settled::Idle {
                break;
            }
            let script =
                "(() => { const y = scrollY; scrollBy(0, innerHeight); return scrollY > y; })()";
            if self.evaluate(session, script).await? != json!(true) {
                break;
            }
            out.settled = self.settle(session, out).await?;
        }
        self.evaluate(session, "scrollTo(0, 0)").await?;
        self.take_down(session, out).await
    }

    /// Sends the browser to a page, whose first byte may have to wait for its host's turn.
    async fn navigate(&mut self, session: &str, to: Value) -> Result<Value, String> {
        let (connection, time_max) = (&self.browser.connection, self.options.time_max);
        let mut answer =
            std::pin::pin!(connection.call(Some(session), "Page.navigate", to, time_max));
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                answer = &mut answer => return answer,
                _ = tick.tick() => {
                    if !self.proxy.is_held() {
                        self.active += TICK;
                    }
                    if self.active > self.options.settle_max {
                        return Err("the page did not answer in time".to_owned());
                    }
                    if self.began.elapsed() > self.options.time_max {
                        return Err("browser.time_max is over".to_owned());
                    }
                }
            }
        }
    }

    /// Waits until nothing is asked for and nothing computed any more, or the time is over.
    pub(super) async fn settle(
        &mut self,
        session: &str,
        out: &mut Rendering,
    ) -> Result<Settled, String> {
        loop {
            tokio::time::sleep(TICK).await;
            self.take_events(out).await?;
            let quiet = self.proxy.idle().min(self.busy.elapsed());
            // An animation may never stop computing.
            let is_over = self.proxy.idle() >= self.options.idle + COMPUTING_MAX;
            if is_over || quiet >= self.options.idle && self.computes_nothing(session).await {
                // Requests that it made meanwhile are waited for.
                if self.proxy.idle() >= self.options.idle {
                    return Ok(Settled::Idle);
                }
            }
            if self.proxy.is_held() {
                // Hosts are waited for, and the page is not to blame.
                if self.began.elapsed() > self.options.time_max {
                    return Ok(Settled::Time);
                }
                continue;
            }
            self.active += TICK;
            if self.active >= self.options.settle_max
                || self.began.elapsed() > self.options.time_max
            {
                return Ok(Settled::Time);
            }
        }
    }

    /// Whether the page had time for something unimportant at once. A page that asks for nothing may still compute
    /// what it will ask for.
    async fn computes_nothing(&mut self, session: &str) -> bool {
        let asked = Instant::now();
        let left = self.options.settle_max.saturating_sub(self.active);
        let found = tokio::time::timeout(left, self.evaluate(session, AT_REST)).await;
        let took = asked.elapsed();
        self.active += took;
        // A page that is loaded again in this moment does not answer.
        let is_at_rest = matches!(found, Ok(Ok(_))) && took < self.options.idle / 2;
        if !is_at_rest {
            self.busy = Instant::now();
        }
        is_at_rest
    }

    /// Takes in what the browser reports.
    async fn take_events(&mut self, out: &mut Rendering) -> Result<(), String> {
        while let Ok(event) = self.events.try_recv() {
            match event.method.as_str() {
                "Runtime.exceptionThrown" if out.script_errors.len() < ERRORS_MAX => {
                    let details = &event.params["exceptionDetails"];
                    let said = details["exception"]["description"].as_str();
                    let said = said.or(details["text"].as_str()).unwrap_or("an error");
                    out.script_errors.push(said.chars().take(ERROR_CHARS_MAX).collect());
                }
                "Target.targetCreated" if frames::is_window(&event.params, &self.context) => {
                    let target = json!({ "targetId": event.params["targetInfo"]["targetId"] });
                    // One that is gone already needs no end.
                    let _ = self.call(None, "Target.closeTarget", target).await;
                    out.windows_closed += 1;
                }
                "Inspector.targetCrashed" => self.crashed = true,
                "Target.attachedToTarget" if self.children.len() < FRAMES_MAX => {
                    if let Some(child) = frames::attached(&event.params) {
                        // Frames in it are reported in the same way; one that is gone has none.
                        let inner = frames::auto_attach();
                        let _ = self.call(Some(&child), "Target.setAutoAttach", inner).await;
                        // What its scripts broke with before is said now.
                        let _ = self.call(Some(&child), "Runtime.enable", json!({})).await;
                        self.children.push(child);
                    }
                }
                "Target.detachedFromTarget" => {
                    let gone = event.params["sessionId"].as_str().unwrap_or_default();
                    self.children.retain(|child| child != gone);
                }
                _ => {}
            }
        }
        if self.crashed {
            return Err("the page crashed".to_owned());
        }
        if let Some(how) = self.browser.ended() {
            return Err(format!("the browser: {how}"));
        }
        Ok(())
    }

    pub async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, String> {
        self.browser.connection.call(session, method, params, ANSWER_MAX).await
    }

    /// The value of a script, which runs in a world of its own: the page's scripts do not see it.
    pub(super) async fn evaluate(&self, session: &str, script: &str) -> Result<Value, String> {
        let mut tries = 1;
        loop {
            let frame = self.main_frame(session).await?;
            match self.evaluate_in(session, &frame, script).await {
                // The page was loaded again in this moment.
                Err(why) if tries < EVALUATIONS_MAX && why.contains(" context ") => tries += 1,
                done => return done,
            }
        }
    }

    /// The frame that is the page itself.
    pub(super) async fn main_frame(&self, session: &str) -> Result<String, String> {
        let tree = self.call(Some(session), "Page.getFrameTree", json!({})).await?;
        let frame = tree["frameTree"]["frame"]["id"].as_str().ok_or("the page has no frame")?;
        Ok(frame.to_owned())
    }

    /// The world of our own scripts in a frame.
    pub(super) async fn world(&self, session: &str, frame: &str) -> Result<Value, String> {
        let world = json!({ "frameId": frame, "worldName": "pressmark" });
        let mut world = self.call(Some(session), "Page.createIsolatedWorld", world).await?;
        Ok(world["executionContextId"].take())
    }

    /// The same in a frame of the page.
    pub(super) async fn evaluate_in(
        &self,
        session: &str,
        frame: &str,
        script: &str,
    ) -> Result<Value, String> {
        let script = json!({
            "expression": script,
            "contextId": self.world(session, frame).await?,
            "returnByValue": true,
            "awaitPromise": true,
            "timeout": 5_000,
        });
        let mut got = self.call(Some(session), "Runtime.evaluate", script).await?;
        Ok(got["result"]["value"].take())
    }
}
