//! The frames of a page as they are reached, each in the session of its process, and the texts that are seen in them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::frames::{FRAMES_MAX, Frame, of_tree};
use super::rendering::{FrameText, Rendering};
use super::take_down::{TEXT_BYTES_MAX, shown};
use super::watched::Watched;

/// For how long the texts of frames are read in all; scripts of a frame may keep it busy.
const TEXTS_TIME_MAX: Duration = Duration::from_secs(5);
/// The smallest width and height, in pixels, of a frame whose text is seen.
const SIDES_MIN: (u32, u32) = (50, 20);

/// A frame of a page, and the session that it is reached in.
#[derive(Debug, Clone)]
pub(super) struct Reached {
    pub session: String,
    pub frame: Frame,
}

impl Watched<'_> {
    /// The page itself, and all frames in it.
    ///
    /// # Errors
    /// When the page does not answer; as text.
    pub(super) async fn frames(&self, page: &str) -> Result<Vec<Reached>, String> {
        let mut found = Vec::new();
        let sessions = std::iter::once(page).chain(self.children.iter().map(String::as_str));
        for (number, session) in sessions.enumerate() {
            let tree = match self.call(Some(session), "Page.getFrameTree", json!({})).await {
                Ok(tree) => tree,
                Err(why) if number == 0 => return Err(why),
                // A frame that is gone has none in it.
                Err(_) => continue,
            };
            let reach = |frame| Reached { session: session.to_owned(), frame };
            found.extend(of_tree(&tree).into_iter().map(reach));
        }
        found.truncate(FRAMES_MAX);
        Ok(found)
    }

    /// Takes the texts of the frames that are seen: behind that of the page, and how long each is. Frames that do not
    /// answer are reported as left out.
    pub(super) async fn take_frames(&self, page: &str, out: &mut Rendering) {
        let until = Instant::now() + TEXTS_TIME_MAX;
        let (width, height) = SIDES_MIN;
        let text = shown("text");
        let script = format!("innerWidth < {width} || innerHeight < {height} ? '' : {text}");
        let left = || until.saturating_duration_since(Instant::now());
        let frames = tokio::time::timeout(left(), self.frames(page)).await;
        let Ok(Ok(frames)) = frames else {
            out.left_out.push("texts of frames: the page did not say which it has".to_owned());
            return;
        };
        for Reached { session, frame } in frames.into_iter().skip(1) {
            let read = self.evaluate_in(&session, &frame.id, &script);
            match tokio::time::timeout(left(), read).await {
                Ok(Ok(Value::String(text))) => out.add_frame(frame.url, &text, TEXT_BYTES_MAX),
                // A frame that went away has no text.
                Ok(Ok(_) | Err(_)) => {}
                Err(_) => out.left_out.push(format!("the text of the frame {}", frame.url)),
            }
        }
    }
}

impl Rendering {
    /// Adds the text of a frame, where it has some.
    fn add_frame(&mut self, url: String, text: &str, bytes_max: usize) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if self.frames.is_empty() {
            let own = self.text.as_deref().unwrap_or_default();
            self.own_chars = own.trim().chars().count();
        }
        self.frames.push(FrameText { url, chars: text.chars().count() });
        let before = self.text.get_or_insert_default();
        if before.len() + text.len() + 2 > bytes_max {
            self.left_out.push("texts of frames: they are too long".to_owned());
            return;
        }
        before.truncate(before.trim_end().len());
        if !before.is_empty() {
            before.push_str("\n\n");
        }
        before.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_frames_stand_behind_that_of_the_page() {
        let long = "x".repeat(300);
        for (own, frames, want, text_in) in [
            ("Page.", &[][..], "Page.".to_owned(), None),
            ("Page.", &["Frame.", " "][..], "Page.\n\nFrame.".to_owned(), None),
            ("Page.", &["Frame.", &long][..], format!("Page.\n\nFrame.\n\n{long}"), Some("1")),
            ("", &[long.as_str()][..], long.clone(), Some("0")),
            (long.as_str(), &[long.as_str()][..], format!("{long}\n\n{long}"), None),
        ] {
            let mut page = Rendering::begun();
            page.text = Some(own.to_owned());
            for (number, frame) in frames.iter().enumerate() {
                page.add_frame(number.to_string(), frame, 2_000);
            }
            assert_eq!(page.text, Some(want), "{own} {frames:?}");
            assert_eq!(page.text_in(), text_in, "{own} {frames:?}");
        }
        let mut page = Rendering::begun();
        page.add_frame("a".to_owned(), &long, 100);
        assert_eq!(
            (page.text.as_deref(), page.left_out.len(), page.frames.len()),
            (Some(""), 1, 1)
        );
    }
}
