//! The line above the headline that says what the article is: "Analysis", "Sponsored content".
//!
//! Recognised by its place and its form: a few words without a figure or a stop, right above the headline and in
//! the same part of the page. Menus, paths, dates and counters are not kickers.

use super::article::Survey;
use super::dom::{NodeId, Tag};
use super::flow::RawBlock;
use super::lines;
use super::page::{Fact, Origin};

/// Longer lines are not kickers, in bytes.
const KICKER_BYTES_MAX: usize = 60;
/// More words than this are a sentence.
const KICKER_WORDS_MAX: usize = 6;
/// How far above the headline it may be, in blocks.
const BLOCKS_MAX: usize = 2;
/// How far out headline and kicker may share an element.
const LEVELS_MAX: usize = 4;

/// Words of the page that are above headlines, too.
const OF_PAGE: &str = "home|menu|search|share|print|save|subscribe|log in|login|sign in|sign up|register|back|close|next|\
    previous|skip to content|skip to main content|advertisement|listen|watch|startseite|suche|anmelden|teilen|drucken|\
    zurück|menü|accueil|rechercher|se connecter|partager|imprimer|menu principal|inicio|buscar|iniciar sesión|compartir|\
    imprimir|accedi|cerca|condividi|stampa|entrar|partilhar|compartilhar|szukaj|zaloguj|udostępnij|sök|logga in|dela|\
    поиск|войти|поделиться|меню|главная|ホーム|検索|メニュー|首页|搜索|홈|검색";

/// The kicker of the headline at `headline`.
pub(super) fn find(survey: &Survey<'_>, headline: Option<NodeId>) -> Option<Fact<String>> {
    let (dom, flow) = (survey.dom, survey.flow);
    let headline = headline?;
    let is_headline = |block: &RawBlock| {
        block.node == headline || dom.ancestors(block.node).take(4).any(|up| up == headline)
    };
    let at = flow.blocks.iter().position(is_headline)?;
    let around: Vec<NodeId> = dom.ancestors(headline).take(LEVELS_MAX).collect();
    let is_near = |block: &RawBlock| {
        let mut chain = std::iter::once(block.node).chain(dom.ancestors(block.node));
        let shared = chain.find(|up| around.contains(up));
        shared.is_some_and(|up| !matches!(dom.tag(up), Tag::Body | Tag::Html))
    };
    let above = flow.blocks.get(at.saturating_sub(BLOCKS_MAX)..at)?;
    let fits = |block: &&RawBlock| is_near(block) && !is_in_menu(survey, block);
    let mut lines = above.iter().rev().filter(fits).map(|block| flow.words(block));
    let value = lines.find(|words| is_one(words));
    value.map(|value| Fact { value: value.to_owned(), origin: Origin::Visible })
}

fn is_in_menu(survey: &Survey<'_>, block: &RawBlock) -> bool {
    let mut up = std::iter::once(block.node).chain(survey.dom.ancestors(block.node));
    up.any(|id| {
        let tag = survey.dom.tag(id);
        let named = |word: &str| {
            survey.dom.attr(id, "class").is_some_and(|c| c.to_ascii_lowercase().contains(word))
        };
        matches!(tag, Tag::Nav | Tag::Menu | Tag::Form | Tag::Footer | Tag::Aside)
            || survey.flow.marks[id as usize].hidden
            || ["breadcrumb", "navbar", "toolbar", "skip-", "greeting", "welcome", "weather"]
                .iter()
                .any(|word| named(word))
    })
}

/// Whether a line has the form of a kicker.
fn is_one(words: &str) -> bool {
    let lower = words.to_lowercase();
    words.len() <= KICKER_BYTES_MAX
        && words.split_whitespace().count() <= KICKER_WORDS_MAX
        && words.contains(char::is_alphabetic)
        && !words.contains(|c: char| c.is_numeric() || "›»>|·•→/@,;:".contains(c))
        && !words.ends_with(['.', '!', '?', '。'])
        && !lines::is_head_line(words)
        && !OF_PAGE.split('|').any(|word| word == lower.trim())
}

#[cfg(test)]
mod tests {
    use crate::extract::{Hints, extract};

    fn of(above: &str) -> Option<String> {
        let text = "The boat has carried post, bread and the sick across the sound for ten years.";
        let html = format!(
            "<body><nav><a href=/>Home</a></nav><main>{above}<h1>Night boat is dropped</h1><p>{text}</p>\
             <p>{text} Again.</p></main>"
        );
        extract(html.as_bytes(), &Hints::default()).page.kicker.map(|fact| fact.value)
    }

    #[test]
    fn the_line_above_the_headline_is_read_and_the_page_is_not() {
        for kicker in
            ["Analysis", "Sponsored content", "Meinung", "На правах рекламы", "Anzeige", "社説"]
        {
            for form in ["<p class=kicker>X</p>", "<div><a href=/s>X</a></div>", "<span>X</span>"] {
                assert_eq!(of(&form.replace('X', kicker)).as_deref(), Some(kicker), "{form}");
            }
        }
        for none in [
            "",
            "<div>Home</div>",
            "<div>5 min read</div>",
            "<div><a href=/>Start</a> › <a href=/t>Town</a></div>",
            "<p>By Ann Lee</p>",
            "<p>4 March 2026</p>",
            "<p>It rained all night in the valley.</p>",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
