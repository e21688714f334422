//! How a request for consent is refused.
//!
//! Owns the rules, which are data of our own (`consent.json`): for each maker of such windows the buttons by which
//! everything is refused. The idea of such a list is Consent-O-Matic's. Nothing is ever accepted: where no
//! button of refusal is known, the window stays. One click at most is made, and it is recorded.

use serde_json::Value;

use super::frame_texts::Reached;
use super::rendering::{Click, Rendering};
use super::watched::Watched;

/// For each maker its name, and selectors of what refuses everything.
const RULES: &str = include_str!("consent.json");

/// A script that clicks on the first button of refusal that is shown, and says which: its maker, its selector and
/// its words. It gives null where there is none.
#[must_use]
pub fn script() -> String {
    format!(
        "(() => {{
  const roots = [document];
  for (const element of document.querySelectorAll('*')) {{
    if (element.shadowRoot && roots.length < 50) roots.push(element.shadowRoot);
  }}
  const isShown = (element) => {{
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== 'hidden';
  }};
  for (const rule of {RULES}) {{
    for (const selector of rule.reject) {{
      for (const root of roots) {{
        const element = root.querySelector(selector);
        if (element && isShown(element)) {{
          const words = (element.innerText || '').slice(0, 200);
          element.click();
          return {{rule: rule.name, selector, words}};
        }}
      }}
    }}
  }}
  return null;
}})()"
    )
}

/// What the script says it clicked on: maker, selector and words.
fn clicked(said: &Value) -> Option<(String, String, String)> {
    let text =
        |key: &str| said[key].as_str().map(|text| text.chars().take(200).collect::<String>());
    Some((text("rule")?, text("selector")?, text("words").unwrap_or_default()))
}

impl Watched<'_> {
    /// Clicks on what refuses everything, where such a window is shown: in the page, or in a frame of it.
    pub(super) async fn refuse_consent(
        &mut self,
        session: &str,
        out: &mut Rendering,
    ) -> Result<(), String> {
        if let Some(click) = self.refused_in(session).await? {
            out.clicks.push(click);
            out.settled = self.settle(session, out).await?;
        }
        Ok(())
    }

    /// What was clicked on, in the first frame that has it.
    async fn refused_in(&self, page: &str) -> Result<Option<Click>, String> {
        let script = script();
        for (number, Reached { session, frame }) in self.frames(page).await?.into_iter().enumerate()
        {
            let is_page = number == 0;
            let said = match self.evaluate_in(&session, &frame.id, &script).await {
                Ok(said) => said,
                Err(why) if is_page => return Err(why),
                // A frame that is gone asks for nothing.
                Err(_) => continue,
            };
            if let Some((rule, selector, words)) = clicked(&said) {
                let frame = Some(frame.url).filter(|_| !is_page);
                return Ok(Some(Click { rule, selector, words, frame }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_refuses_and_none_accepts() {
        let rules: Value = serde_json::from_str(RULES).unwrap();
        let rules = rules.as_array().unwrap();
        assert!(rules.len() > 20);
        for rule in rules {
            assert!(rule["name"].is_string());
            for selector in rule["reject"].as_array().unwrap() {
                let selector = selector.as_str().unwrap().to_ascii_lowercase();
                for word in ["accept", "agree-", "allow", "consent-yes", "optin"] {
                    let accepts = selector.contains(word)
                        && !["deny", "decline", "disagree", "reject"]
                            .iter()
                            .any(|no| selector.contains(no));
                    assert!(!accepts, "{selector}");
                }
            }
        }
    }
}
