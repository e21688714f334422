//! A page seen through a proxy outside this module: taken down without a window, or shown to a person.
//!
//! The browser is the one that renders: a profile that is thrown away, no name looked up, no way out but the proxy.
//! What it sees it sees in the same order as a rendering does, so that the two can be compared.

use std::ffi::OsStr;
use std::path::Path;
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

/// Checks whether a window can be shown: there is a screen, and the browser is there.
///
/// # Errors
/// All that is missing; as text.
pub fn can_show(options: &BrowserOptions) -> Result<(), String> {
    let value = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let mut missing = Vec::new();
    if value("DISPLAY").is_none() && value("WAYLAND_DISPLAY").is_none() {
        missing.push(
            "there is no screen for a window (neither DISPLAY nor WAYLAND_DISPLAY is set)"
                .to_owned(),
        );
    }
    if !is_there(&options.command, value("PATH").as_deref()) {
        missing.push(format!("there is no program {}", options.command.display()));
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
}

/// Whether a program is there: at its path, or by its name in one of the folders of `PATH`.
fn is_there(command: &Path, folders: Option<&OsStr>) -> bool {
    if command.components().count() > 1 {
        return command.is_file();
    }
    let mut folders = folders.into_iter().flat_map(std::env::split_paths);
    folders.any(|folder| folder.join(command).is_file())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_there_at_its_path_or_in_a_folder_of_the_path() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("browser"), "").unwrap();
        let folders = Some(folder.path().as_os_str());
        assert!(is_there(Path::new("browser"), folders));
        assert!(is_there(&folder.path().join("browser"), None));
        assert!(!is_there(Path::new("browser"), None));
        assert!(!is_there(Path::new("other"), folders));
        assert!(!is_there(&folder.path().join("other"), folders));
        assert!(!is_there(folder.path(), folders), "a folder is no program");
    }
}
