//! A page taken down as it is: its document, its text and that of its frames, its boxes, and pictures of the window.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::layout::{self, Layout};
use super::rendering::Rendering;
use super::watched::Watched;

/// The longest document or text that is taken, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 16 << 20;
/// The width of the small picture, as a share of the window's.
const THUMBNAIL_SCALE: f64 = 0.5;

/// A function that gives the document in HTML, its doctype in front and shadow trees in it as templates, or the text as it
/// is shown.
pub(super) const SHOWN: &str = include_str!("shown.js").trim_ascii_end();
/// The reason of a page at whose address the browser shows a page of its own.
pub(super) const NOT_SHOWN: &str = "the page navigated to an address that cannot be shown";

/// A script that gives the document or the text of a page or frame; null where it is too long to be sent through the pipe.
pub(super) fn shown(what: &str) -> String {
    format!("({SHOWN})('{what}', {TEXT_BYTES_MAX})")
}

impl Watched<'_> {
    /// Takes what the page is now.
    pub(super) async fn take_down(
        &mut self,
        session: &str,
        out: &mut Rendering,
    ) -> Result<(), String> {
        if self.options.layout {
            out.layout = Some(self.layout(session).await?);
        }
        let text = |value: &Value| {
            value.as_str().filter(|text| text.len() <= TEXT_BYTES_MAX).map(str::to_owned)
        };
        let address = format!("location.href.length > {TEXT_BYTES_MAX} ? null : location.href");
        out.address = text(&self.evaluate(session, &address).await?);
        if out.address.as_deref().is_some_and(|at| at.starts_with("chrome-error:")) {
            // What is shown there is the browser's own page.
            return Err(NOT_SHOWN.to_owned());
        }
        out.document = text(&self.evaluate(session, &shown("document")).await?);
        out.text = text(&self.evaluate(session, &shown("text")).await?);
        let (width, height) = self.options.viewport;
        let view = json!({ "format": "png" });
        let clip =
            json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": THUMBNAIL_SCALE });
        let small = json!({ "format": "jpeg", "quality": 70, "clip": clip });
        for (params, place) in [(view, &mut out.view), (small, &mut out.thumbnail)] {
            let got = self.call(Some(session), "Page.captureScreenshot", params).await?;
            let data = got["data"].as_str().unwrap_or_default();
            *place = BASE64.decode(data.as_bytes()).ok().filter(|bytes| !bytes.is_empty());
        }
        if out.document.is_none() {
            return Err(format!("the document is longer than {TEXT_BYTES_MAX} bytes"));
        }
        // Last: what goes wrong from here on takes nothing of the above with it.
        match self.with_closed(session).await {
            Ok(None) => {}
            Ok(Some(with)) => {
                let fits = |text: &String| text.len() <= TEXT_BYTES_MAX;
                let (document, text) = (with.document.filter(fits), with.text.filter(fits));
                if document.is_none() || text.is_none() {
                    out.left_out
                        .push(format!("closed shadow trees: longer than {TEXT_BYTES_MAX} bytes"));
                }
                if !with.are_all {
                    out.left_out.push("some closed shadow trees: there are too many".to_owned());
                }
                out.document = document.or(out.document.take());
                out.text = text.or(out.text.take());
            }
            Err(why) => out.left_out.push(format!("closed shadow trees: {why}")),
        }
        self.take_frames(session, out).await;
        Ok(())
    }

    /// The boxes of the page and of its frames.
    async fn layout(&self, session: &str) -> Result<Layout, String> {
        let snapshot = |session: String| async move {
            let styles = json!({ "computedStyles": layout::STYLES });
            self.call(Some(&session), "DOMSnapshot.captureSnapshot", styles).await
        };
        let mut out = Layout::of_snapshot(&snapshot(session.to_owned()).await?);
        for child in &self.children {
            // A frame that is gone has no boxes.
            if let Ok(frame) = snapshot(child.clone()).await {
                out.add(Layout::of_snapshot(&frame));
            }
        }
        out.add_pictures(&self.evaluate(session, layout::PICTURES).await?);
        Ok(out)
    }
}
