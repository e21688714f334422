//! `srcset`: several addresses with widths or densities (HTML standard, section 4.8.4.2.1).

/// A `srcset` with every address replaced for which `rewritten` returns another one; the text between
/// the addresses is not changed. None if nothing changed.
pub(super) fn rewrite(
    srcset: &str,
    mut rewritten: impl FnMut(&str) -> Option<String>,
) -> Option<String> {
    let bytes = srcset.as_bytes();
    let is_blank = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_whitespace);
    let (mut out, mut copied, mut changed, mut at) = (String::new(), 0, false, 0);
    while at < bytes.len() {
        while is_blank(at) || bytes.get(at) == Some(&b',') {
            at += 1;
        }
        let from = at;
        while at < bytes.len() && !is_blank(at) {
            at += 1;
        }
        let word = srcset.get(from..at).unwrap_or_default();
        let url = word.trim_end_matches(',');
        if let Some(new) = Some(url).filter(|url| !url.is_empty()).and_then(&mut rewritten) {
            out.push_str(srcset.get(copied..from).unwrap_or_default());
            // A comma at either end would end the address.
            out.push_str(&new.replace(',', "%2C"));
            copied = from + url.len();
            changed = true;
        }
        if url.len() == word.len() {
            at = descriptors_end(bytes, at);
        }
    }
    out.push_str(srcset.get(copied..).unwrap_or_default());
    changed.then_some(out)
}

/// The end of the descriptors that begin at `at`: a comma outside parentheses.
fn descriptors_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => break,
            _ => {}
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(srcset: &str) -> String {
        rewrite(srcset, |url| (!url.starts_with("data:")).then(|| format!("<{url}>")))
            .unwrap_or_else(|| srcset.to_owned())
    }

    #[test]
    fn every_candidate_is_rewritten_and_the_rest_stays() {
        let cases = [
            ("a.png", "<a.png>"),
            ("a.png 1x, b.png 2x", "<a.png> 1x, <b.png> 2x"),
            ("a.png,b.png 2x", "<a.png%2Cb.png> 2x"),
            ("a.png, b.png", "<a.png>, <b.png>"),
            (
                "  a.png   100w ,\n\tb.png  (max-width: 1, 2) 200w,c",
                "  <a.png>   100w ,\n\t<b.png>  (max-width: 1, 2) 200w,<c>",
            ),
            ("a,b/w_100,h_2/c.png 1x,", "<a%2Cb/w_100%2Ch_2/c.png> 1x,"),
            ("data:image/png;base64,AAAA 1x, b 2x", "data:image/png;base64,AAAA 1x, <b> 2x"),
            (",,, a", ",,, <a>"),
            ("", ""),
            (" , ", " , "),
        ];
        for (srcset, expected) in cases {
            assert_eq!(marked(srcset), expected, "{srcset:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_and_identity_changes_nothing(text in "[a-z é,() 12wx\t]{0,40}") {
            let mut seen = 0;
            let same = rewrite(&text, |url| { seen += 1; Some(url.to_owned()) });
            if seen > 0 && !text.contains(',') {
                proptest::prop_assert_eq!(same, Some(text));
            }
        }
    }
}
