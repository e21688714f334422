//! A page seen through a proxy outside this module: taken down without a window, or shown to a person.
//!
//! The browser is the one that renders: a profile that is thrown away, no name looked up, no way out but the proxy.
//! What it sees it sees in the same order as a rendering does, so that the two can be compared.

use std::time::{Duration, Instant};

use serde_json::json;

use super::options::BrowserOptions;
use super::process::{Chromium, Window};
use super::rendering::Rendering;
use super::traffic::Traffic;
use super::watched::Watched;
use crate::base::TargetUri;

/// How often it is checked whether a person has closed the window.
const CLOSED_EVERY: Duration = Duration::from_millis(300);
/// How many times in a row the browser may leave that question unanswered.
const UNANSWERED_MAX: u32 = 3;

/// Takes a page down as it is seen through a proxy whose certificates have the key with that digest. An empty
/// `user_agent` is the browser's own. Dropping the future ends the browser.
pub async fn look(
    options: &BrowserOptions,
    page: &TargetUri,
    user_agent: &str,
    way: &dyn Traffic,
    key_digest: &str,
) -> Rendering {
    let begun = Instant::now();
    let mut out = Rendering::begun();
    let result = async {
        let (browser, events) = Chromium::start(options, key_digest, Window::None).await?;
        Watched::new(browser, events, way, options).page(page, user_agent, &mut out).await
    };
    if let Err(why) = result.await {
        out.trouble = Some(why);
    }
    out.took = begun.elapsed();
    out
}

/// Shows a page in a window, and returns when its last window was closed. Dropping the future ends the browser.
///
/// # Errors
/// When the browser cannot be started or does not open the page; as text that says what to do.
pub async fn show(
    options: &BrowserOptions,
    page: &TargetUri,
    way: &dyn Traffic,
    key_digest: &str,
) -> Result<(), String> {
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if !has_screen {
        return Err("there is no screen for a window (neither DISPLAY nor WAYLAND_DISPLAY is set)"
            .to_owned());
    }
    let (browser, mut events) = Chromium::start(options, key_digest, Window::Shown).await?;
    // Nothing is made of what happens, and the pipe must not fill up.
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    let (_, unused) = tokio::sync::mpsc::channel(1);
    let mut watched = Watched::new(browser, unused, way, options);
    let (context, session) = watched.open("").await?;
    let size = json!({});
    // A window is as large as the person makes it.
    watched.call(Some(&session), "Emulation.clearDeviceMetricsOverride", size).await?;
    let navigate = json!({ "url": page.without_fragment().as_str() });
    // A page that takes long is seen to take long.
    let _ = watched.call(Some(&session), "Page.navigate", navigate).await;
    let mut unanswered = 0;
    while watched.browser.ended().is_none() && unanswered < UNANSWERED_MAX {
        tokio::time::sleep(CLOSED_EVERY).await;
        let Ok(targets) = watched.call(None, "Target.getTargets", json!({})).await else {
            unanswered += 1;
            continue;
        };
        unanswered = 0;
        let targets = targets["targetInfos"].as_array().cloned().unwrap_or_default();
        let is_open = |target: &serde_json::Value| {
            target["type"] == "page" && target["browserContextId"] == context
        };
        if !targets.iter().any(is_open) {
            break;
        }
    }
    Ok(())
}
