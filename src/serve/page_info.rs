//! What a rendering noted of a page (`urn:pageinfo:`). It only helps to show the page again. Unreadable notes count as
//! missing.

use serde_json::Value;

use crate::archive::{Capture, Query, Sort};
use crate::store::Reader;

/// How many bytes of it are read.
const BYTES_MAX: usize = 4 << 20;
/// The longest side of a window, in pixels.
const SIDE_MAX: u64 = 10_000;

/// The note nearest in time to a capture; none where the page was not rendered.
#[must_use]
pub fn page_info(reader: &Reader, capture: &Capture) -> Option<Vec<u8>> {
    let name = format!("urn:pageinfo:{}", capture.url);
    let nearest =
        Query { sort: Sort::Closest(capture.date), limit: Some(1), ..Query::exactly(&name) };
    let found = reader.query(&nearest).next()?.ok()?;
    reader.load(&found).ok()?.decoded(BYTES_MAX).ok()
}

/// Width and height of the window that a page was rendered in, in pixels.
#[must_use]
pub fn viewport(info: &[u8]) -> Option<(u32, u32)> {
    let info: Value = serde_json::from_slice(info).ok()?;
    let side = |name: &str| {
        let length = info["viewport"][name].as_u64()?;
        u32::try_from(length).ok().filter(|_| (1..=SIDE_MAX).contains(&length))
    };
    Some((side("width")?, side("height")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_one_that_a_screen_could_have() {
        let window = br#"{"viewport":{"width":1280,"height":1024}}"#;
        assert_eq!(viewport(window), Some((1280, 1024)));
        for other in ["", "7", "{}", r#"{"viewport":{"width":1280}}"#] {
            assert_eq!(viewport(other.as_bytes()), None, "{other}");
        }
        for side in ["0", "-1", "99999999", "\"1280\""] {
            let window = format!(r#"{{"viewport":{{"width":{side},"height":1024}}}}"#);
            assert_eq!(viewport(window.as_bytes()), None, "{side}");
        }
    }
}
