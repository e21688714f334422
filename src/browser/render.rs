//! One page from beginning to end: opened, left to settle, freed of what asks for consent, scrolled, and
//! taken down.
//!
//! Owns the order and the time of it. Nothing here fails: what goes wrong is said in the rendering, with
//! whatever was had until then, and the browser is gone when it returns or is dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;

use super::certificate::Authority;
use super::devtools::Event;
use super::frames::{self, FRAMES_MAX};
use super::layout::Layout;
use super::options::BrowserOptions;
use super::parts::Part;
use super::process::{Chromium, Window};
use super::proxy::{Limits, Proxy, Upstream};
use super::traffic::Traffic;
use super::{clock, consent};
use crate::base::TargetUri;

/// How often it is looked whether the page has settled.
const TICK: Duration = Duration::from_millis(100);
/// How often the memory of the browser is looked at, in ticks.
const MEMORY_EVERY: u32 = 5;
/// How long one command may take; a page whose scripts never end answers none.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// As many errors of scripts are kept, and so much of each, in characters.
const ERRORS_MAX: usize = 100;
const ERROR_CHARS_MAX: usize = 500;

/// When a page was taken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Settled {
    /// Nothing was asked for any more.
    Idle,
    /// Its time was over, and it still asked.
    Time,
    /// It never got so far.
    Never,
}

/// Something that was clicked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Click {
    /// Whose window it was.
    pub rule: String,
    /// What was clicked on, as a selector.
    pub selector: String,
    /// The words on it.
    pub words: String,
    /// The address of the frame that had it, where that is another one than the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
}

/// What came of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendering {
    /// Why it is not whole; none where it is.
    pub trouble: Option<String>,
    /// When it was taken down.
    pub settled: Settled,
    /// The address at the end, where scripts have changed it.
    pub address: Option<String>,
    /// The document as it is after its scripts, in HTML; shadow trees in templates.
    pub document: Option<String>,
    /// The text as it is shown.
    pub text: Option<String>,
    /// A picture of the window, in PNG.
    pub view: Option<Vec<u8>>,
    /// A small one, in JPEG.
    pub thumbnail: Option<Vec<u8>>,
    /// Which boxes the page was laid out in; none where that was not asked for.
    pub layout: Option<Layout>,
    /// What was asked for, and what was not.
    pub parts: Vec<Part>,
    /// How many more parts there were.
    pub parts_left_out: u64,
    /// What scripts broke with.
    pub script_errors: Vec<String>,
    /// What was clicked on.
    pub clicks: Vec<Click>,
    /// The browser: "Chrome/131.0.6778.85"; empty where none ran.
    pub product: String,
    /// Whether it was sandboxed.
    pub is_sandboxed: bool,
    /// The most memory that was seen in use, in bytes.
    pub memory: u64,
    /// How long it took.
    pub took: Duration,
}

impl Rendering {
    pub(super) fn begun() -> Self {
        Self {
            trouble: None,
            settled: Settled::Never,
            address: None,
            document: None,
            text: None,
            view: None,
            thumbnail: None,
            layout: None,
            parts: Vec::new(),
            parts_left_out: 0,
            script_errors: Vec::new(),
            clicks: Vec::new(),
            product: String::new(),
            is_sandboxed: false,
            memory: 0,
            took: Duration::ZERO,
        }
    }

    /// What is recorded of it, beside the documents and pictures: each part with its status or reason, clicks,
    /// errors of scripts, and how the page was looked at.
    #[must_use]
    pub fn page_info(&self, page_id: &str, url: &str, at: &str, options: &BrowserOptions) -> Value {
        json!({
            "pageid": page_id,
            "url": url,
            "address": self.address,
            "ts": at,
            "trouble": self.trouble,
            "settled": self.settled,
            "parts": self.parts,
            "partsLeftOut": self.parts_left_out,
            "counts": { "jsErrors": self.script_errors.len() },
            "jsErrors": self.script_errors,
            "clicks": self.clicks,
            "browser": { "product": self.product, "sandbox": self.is_sandboxed },
            "viewport": { "width": options.viewport.0, "height": options.viewport.1 },
            "locale": LOCALE,
            "timezone": TIME_ZONE,
            "visual": options.visual,
            "memory": self.memory,
            "tookMs": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// In which language and at what time of day every page is looked at.
const LOCALE: &str = "en-US";
const TIME_ZONE: &str = "UTC";

/// Renders a page. Dropping the future ends the browser.
pub async fn render(
    options: &BrowserOptions,
    page: &TargetUri,
    user_agent: &str,
    upstream: Arc<dyn Upstream>,
) -> Rendering {
    let begun = Instant::now();
    let mut out = Rendering::begun();
    if let Err(why) = rendered(options, page, user_agent, upstream, &mut out).await {
        out.trouble = Some(why);
    }
    out.took = begun.elapsed();
    out
}

async fn rendered(
    options: &BrowserOptions,
    page: &TargetUri,
    user_agent: &str,
    upstream: Arc<dyn Upstream>,
    out: &mut Rendering,
) -> Result<(), String> {
    let authority = Arc::new(Authority::new()?);
    let limits = Limits {
        parts_max: options.parts_max,
        bytes_max: options.bytes_max,
        visual: options.visual,
    };
    let proxy = Proxy::start(upstream, limits, Arc::clone(&authority)).await?;
    let (browser, events) = Chromium::start(options, authority.key_digest(), Window::None).await?;
    let mut watched = Watched::new(browser, events, &proxy, options);
    let result = watched.page(page, user_agent, out).await;
    (out.parts, out.parts_left_out) = proxy.parts();
    result
}

/// A browser with a page, watched while it works.
pub(super) struct Watched<'a> {
    pub browser: Chromium,
    events: Receiver<Event>,
    proxy: &'a dyn Traffic,
    pub options: &'a BrowserOptions,
    began: Instant,
    /// For how long no request has waited for its host's turn.
    active: Duration,
    ticks: u32,
    crashed: bool,
    /// Sessions of frames in other processes.
    pub children: Vec<String>,
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
        Self { browser, events, proxy, options, began, active, ticks: 0, crashed: false, children }
    }

    /// Opens a page, leaves it to settle, and takes it down.
    pub async fn page(
        &mut self,
        page: &TargetUri,
        user_agent: &str,
        out: &mut Rendering,
    ) -> Result<(), String> {
        out.product.clone_from(&self.browser.product);
        out.is_sandboxed = self.browser.is_sandboxed;
        let (_, session) = self.open(user_agent).await?;
        let session = session.as_str();
        let navigate = json!({ "url": page.without_fragment().as_str() });
        // It answers once the document has begun, which waits for the host's turn: not awaited here.
        let opened = self.while_watched(session, "Page.navigate", navigate, out).await?;
        if let Some(why) = opened["errorText"].as_str() {
            return Err(format!("the page could not be opened: {why}"));
        }
        self.settled(session, out).await
    }

    /// Makes a tab with a way out of its own; the context that it is in, and the session that drives it.
    pub async fn open(&self, user_agent: &str) -> Result<(Value, String), String> {
        let (width, height) = self.options.viewport;
        // A context of its own has its own way out: the browser itself has none.
        let way = format!("http://{}", self.proxy.address());
        let context = json!({
            "disposeOnDetach": true, "proxyServer": way, "proxyBypassList": "<-loopback>"
        });
        let context = self.call(None, "Target.createBrowserContext", context).await?;
        let context = context["browserContextId"].clone();
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

    /// Clicks on what refuses everything, where such a window is shown: in the page, or in a frame of it.
    async fn refuse_consent(&mut self, session: &str, out: &mut Rendering) -> Result<(), String> {
        if let Some(click) = self.refused_in(session).await? {
            out.clicks.push(click);
            out.settled = self.settle(session, out).await?;
        }
        Ok(())
    }

    /// What was clicked on, in the first frame that has it.
    async fn refused_in(&self, page: &str) -> Result<Option<Click>, String> {
        let script = consent::script();
        let sessions = std::iter::once(page).chain(self.children.iter().map(String::as_str));
        let mut looked_at = 0;
        for (number, session) in sessions.enumerate() {
            let tree = match self.call(Some(session), "Page.getFrameTree", json!({})).await {
                Ok(tree) => tree,
                Err(why) if number == 0 => return Err(why),
                // A frame that is gone asks for nothing.
                Err(_) => continue,
            };
            for (at, frame) in frames::of_tree(&tree).into_iter().enumerate() {
                let is_page = number == 0 && at == 0;
                let said = match self.evaluate_in(session, &frame.id, &script).await {
                    Ok(said) => said,
                    Err(why) if is_page => return Err(why),
                    Err(_) => continue,
                };
                if let Some((rule, selector, words)) = consent::clicked(&said) {
                    let frame = Some(frame.url).filter(|_| !is_page);
                    return Ok(Some(Click { rule, selector, words, frame }));
                }
                looked_at += 1;
                if looked_at >= FRAMES_MAX {
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    /// Sends a command whose answer may have to wait for a host's turn.
    async fn while_watched(
        &mut self,
        session: &str,
        method: &str,
        params: Value,
        out: &mut Rendering,
    ) -> Result<Value, String> {
        // The future borrows the connection, and the watch borrows the rest of the browser.
        let mut ended = None;
        let (connection, time_max) = (&self.browser.connection, self.options.time_max);
        let mut answer = std::pin::pin!(connection.call(Some(session), method, params, time_max));
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                answer = &mut answer => return answer,
                _ = tick.tick() => {
                    if !self.proxy.is_held() {
                        self.active += TICK;
                    }
                    if self.active > self.options.settle_max {
                        ended = Some("the page did not answer in time");
                    }
                    if self.began.elapsed() > self.options.time_max {
                        ended = Some("browser.time_max is over");
                    }
                    let memory = self.browser.memory().unwrap_or(0);
                    out.memory = out.memory.max(memory);
                    if memory > self.options.memory_max {
                        ended = Some("the page needs more memory than browser.memory_max");
                    }
                }
            }
            if let Some(why) = ended {
                return Err(why.to_owned());
            }
        }
    }

    /// Waits until nothing is asked for any more, or the time is over.
    async fn settle(&mut self, session: &str, out: &mut Rendering) -> Result<Settled, String> {
        loop {
            tokio::time::sleep(TICK).await;
            self.mind(session, out).await?;
            if self.proxy.idle() >= self.options.idle {
                return Ok(Settled::Idle);
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

    /// Takes in what the browser tells of, and sees that it stays within its bounds.
    async fn mind(&mut self, session: &str, out: &mut Rendering) -> Result<(), String> {
        while let Ok(event) = self.events.try_recv() {
            match event.method.as_str() {
                "Runtime.exceptionThrown" if out.script_errors.len() < ERRORS_MAX => {
                    let details = &event.params["exceptionDetails"];
                    let said = details["exception"]["description"].as_str();
                    let said = said.or(details["text"].as_str()).unwrap_or("an error");
                    out.script_errors.push(said.chars().take(ERROR_CHARS_MAX).collect());
                }
                // A question of the page is answered with no, or it would wait for ever.
                "Page.javascriptDialogOpening" => {
                    let refuse = json!({ "accept": false });
                    let _ = self.call(Some(session), "Page.handleJavaScriptDialog", refuse).await;
                }
                "Inspector.targetCrashed" => self.crashed = true,
                "Target.attachedToTarget" if self.children.len() < FRAMES_MAX => {
                    if let Some(child) = frames::attached(&event.params) {
                        // Frames in it are told of in the same way; one that is gone has none.
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
        self.ticks += 1;
        if self.ticks.is_multiple_of(MEMORY_EVERY)
            && let Some(memory) = self.browser.memory()
        {
            out.memory = out.memory.max(memory);
            if memory > self.options.memory_max {
                return Err(format!(
                    "the page needs more memory than browser.memory_max: {memory} bytes"
                ));
            }
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
    pub async fn evaluate(&self, session: &str, script: &str) -> Result<Value, String> {
        let tree = self.call(Some(session), "Page.getFrameTree", json!({})).await?;
        let frame = tree["frameTree"]["frame"]["id"].as_str().ok_or("the page has no frame")?;
        self.evaluate_in(session, frame, script).await
    }

    /// The same in a frame of the page.
    async fn evaluate_in(&self, session: &str, frame: &str, script: &str) -> Result<Value, String> {
        let world = json!({ "frameId": frame, "worldName": "pressmark" });
        let world = self.call(Some(session), "Page.createIsolatedWorld", world).await?;
        let script = json!({
            "expression": script,
            "contextId": world["executionContextId"],
            "returnByValue": true,
            "timeout": 5_000,
        });
        let mut got = self.call(Some(session), "Runtime.evaluate", script).await?;
        Ok(got["result"]["value"].take())
    }
}
