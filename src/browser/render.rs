//! One page from beginning to end: the proxy, the browser, the page, and the result.
//!
//! Nothing here fails: what goes wrong is reported in the rendering, with whatever was received until then, and the
//! browser is gone when it returns or is dropped.

use std::sync::Arc;
use std::time::Instant;

use super::certificate::Authority;
use super::options::BrowserOptions;
use super::process::{Chromium, Window};
use super::proxy::{Limits, Proxy, Upstream};
use super::rendering::Rendering;
use super::watched::Watched;
use crate::base::TargetUri;

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
