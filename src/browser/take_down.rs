//! A page taken down as it is: its document, its text, its boxes, and pictures of the window.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::layout::{self, Layout};
use super::rendering::Rendering;
use super::watched::Watched;

/// The longest document or text that is taken, in bytes.
const TEXT_BYTES_MAX: usize = 16 << 20;
/// The width of the small picture, as a share of the window's.
const THUMBNAIL_SCALE: f64 = 0.5;

/// The text as it is shown.
const TEXT: &str = "(document.body ? document.body.innerText : '')";

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
        // What is too long is not sent through the pipe.
        let bounded = |script: &str| {
            format!(
                "(() => {{ const s = {script}; return s.length > {TEXT_BYTES_MAX} ? null : s; }})()"
            )
        };
        out.address = text(&self.evaluate(session, &bounded("location.href")).await?);
        if out.address.as_deref().is_some_and(|at| at.starts_with("chrome-error:")) {
            // What is shown there is the browser's own page.
            return Err("the page navigated to an address that cannot be shown".to_owned());
        }
        out.document = text(&self.evaluate(session, &bounded(DOCUMENT)).await?);
        out.text = text(&self.evaluate(session, &bounded(TEXT)).await?);
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

/// The document in HTML, its doctype in front and open shadow trees in it as templates.
const DOCUMENT: &str = "(() => {
  const doctype = document.doctype ? '<!doctype html>\\n' : '';
  const root = document.documentElement;
  if (!root) return doctype;
  const shadowRoots = [];
  const open = [document];
  while (open.length && shadowRoots.length < 5000) {
    for (const element of open.pop().querySelectorAll('*')) {
      if (element.shadowRoot) { shadowRoots.push(element.shadowRoot); open.push(element.shadowRoot); }
    }
  }
  if (!shadowRoots.length || !root.getHTML) return doctype + root.outerHTML;
  const shell = root.cloneNode(false).outerHTML;
  const end = shell.lastIndexOf('</');
  return doctype + shell.slice(0, end) + root.getHTML({shadowRoots}) + shell.slice(end);
})()";
