//! Lines about the page itself and not its subject, in every language: prompts to subscribe to a
//! letter, labels of advertisements, remarks on the browser, on embedded content and on comments.
//!
//! Owns the English words; those of the other languages are in the tables. A page's boxes may be in another
//! language than its text, so all tables are searched at once. [`super::lines`] uses them.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::wall::{Phrases, everywhere};
use crate::base::phrases::finder_of;
use crate::language::every;

/// Letters that are sent to readers.
const NEWSLETTER: &[&str] = &["newsletter", "your inbox", "email updates", "e-mail updates"];

/// Where outlets ask to be followed.
const CHANNELS: &[&str] = &[
    "facebook",
    "instagram",
    "twitter",
    "whatsapp",
    "telegram",
    "viber",
    "youtube",
    "tiktok",
    "bluesky",
    "linkedin",
    "google news",
    "our app",
    "notre application",
    "nuestra app",
    "unsere app",
    "onze app",
    "vår app",
    "vores app",
    "фейсбук",
    "телеграм",
    "вконтакте",
    "одноклассник",
    "вайбер",
    "ютуб",
    "дзен",
    "فيسبوك",
    "تويتر",
    "تلغرام",
    "تيليغرام",
    "واتساب",
    "تلگرام",
    "اینستاگرام",
    "פייסבוק",
    "טלגרם",
    "וואטסאפ",
    "ווטסאפ",
    "फेसबुक",
    "व्हाट्सएप",
    "व्हाट्सऐप",
    "टेलीग्राम",
    "ट्विटर",
    "微信",
    "微博",
    "公众号",
    "公眾號",
    "脸书",
    "臉書",
    "粉絲專頁",
    "line好友",
    "lineで",
    "line@",
    "フェイスブック",
    "카카오톡",
    "페이스북",
    "네이버",
    "유튜브",
    "google haberler",
];

/// The verbs that ask for it, in the form that addresses readers.
const SUBSCRIBE: &[&str] = &[
    "sign up for",
    "sign up to",
    "subscribe to our",
    "subscribe to the",
    "subscribe now",
    "subscribe here",
    "enter your email",
    "enter your e-mail",
    "get our",
    "follow us",
    "join us on",
    "join our",
    "like us on",
    "find us on",
    "download our app",
];

const AD_LABELS: &[&str] = &[
    "advertisement",
    "article continues after advertisement",
    "article continues below advertisement",
    "story continues below advertisement",
    "story continues after advertisement",
    "advertisement - article continues below",
    "this advertisement has not loaded yet",
    "ad failed to load",
];

const PAGE_LINES: &[&str] = &[
    "was this article useful",
    "was this article helpful",
    "was this story useful",
    "was this page useful",
    "leave a comment below",
    "leave your comment below",
    "let us know in the comments",
    "tell us in the comments",
    "you are using an ad blocker",
    "you're using an ad blocker",
    "you’re using an ad blocker",
    "using an adblocker",
    "disable your ad blocker",
    "turn off your ad blocker",
    "ad blocker detected",
    "adblock detected",
    "you are using an outdated browser",
    "you're using an outdated browser",
    "you’re using an outdated browser",
    "your browser is out of date",
    "your browser is not supported",
    "your browser does not support",
    "upgrade your browser",
    "enable javascript to",
    "video player is loading",
    "this is a modal window",
    "beginning of dialog window",
    "end of dialog window",
    "because you signed up",
    "because you are subscribed",
    "because you subscribed",
    "view this email in your browser",
    "follow her on x",
    "follow him on x",
    "follow them on x",
    "follow her on twitter",
    "follow him on twitter",
    "follow them on twitter",
    "follow her on instagram",
    "follow him on instagram",
    "source url:",
    "got a tip?",
    "have you been affected by this",
    "to your home screen",
    "not responsible for the content of external",
    "click here to read more",
    "spotted an error?",
    "external content from",
    "show external content",
    "to view this content, you",
    "to view this content you",
];

/// Letters and channels.
static OFFERED: Phrases = LazyLock::new(|| finder_of(letters()));
static ASKS: Phrases = LazyLock::new(|| {
    let foreign = every().flat_map(|table| table.subscribe.iter().chain(&table.follow).copied());
    finder_of(SUBSCRIBE.iter().copied().chain(foreign))
});
/// Those of languages whose verbs come last.
static ASKS_LAST: Phrases = LazyLock::new(|| {
    // A language with a mark of the topic has its verbs last, too.
    let last = every().filter(|table| table.is("verb-last") || !table.topic.is_empty());
    finder_of(last.flat_map(|table| table.subscribe.iter().chain(&table.follow).copied()))
});
static OF_PAGE: Phrases = LazyLock::new(|| finder_of(page_lines()));
static LABELS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let foreign = every().flat_map(|table| table.ad_label.iter().chain(&table.page_label).copied());
    AD_LABELS.iter().copied().chain(foreign).collect()
});

/// Letters and channels, in every language.
pub(super) fn letters() -> Vec<&'static str> {
    let foreign = every().flat_map(|table| table.newsletter.iter().copied());
    NEWSLETTER.iter().chain(CHANNELS).copied().chain(foreign).collect()
}

/// What pages say of themselves, in every language.
pub(super) fn page_lines() -> Vec<&'static str> {
    everywhere(PAGE_LINES, |table| &table.page_line)
}

/// Longer lines ask for nothing, in characters.
const ASK_CHARACTERS_MAX: usize = 180;

/// Whether a line, in lower case and without marks around it, is a label: of an advertisement, or of what the page
/// offers in addition to its text.
pub fn is_label(bare: &str) -> bool {
    LABELS.contains(bare)
}

/// Whether a line, in lower case, asks readers to subscribe to a letter or to follow the outlet: it names the
/// letter or the channel and asks in the
/// form that addresses them, at the head of a sentence, or behind the letter where verbs come last. Words in
/// marks are a speaker's.
pub fn asks_to_subscribe(line: &str) -> bool {
    let (Some(offered), Some(asks)) = (OFFERED.as_ref(), ASKS.as_ref()) else { return false };
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric() && !MARKS.contains(&c));
    if line.chars().count() > ASK_CHARACTERS_MAX || line.starts_with(MARKS) {
        return false;
    }
    let Some(noun) = offered.find(line) else { return false };
    let begins = |at: usize| {
        let before = line[..at].trim_end();
        POLITE.contains(&before)
            || before.ends_with(['.', '!', '?', '…', '：', ':', '。', '，', '–', '—'])
    };
    let behind = || {
        ASKS_LAST
            .as_ref()
            .is_some_and(|asks| asks.find_iter(line).any(|found| found.start() >= noun.end()))
    };
    asks.find_iter(line).any(|found| begins(found.start())) || behind()
}

/// Marks that open a quotation.
const MARKS: [char; 10] = ['"', '“', '„', '«', '»', '‘', '「', '『', '‚', '”'];

/// What may be before what is asked for.
const POLITE: &[&str] = &[
    "",
    "please",
    "bitte",
    "jetzt",
    "hier",
    "merci de",
    "por favor",
    "пожалуйста",
    "будь ласка",
    "παρακαλώ",
    "und",
    "and",
    "oder",
    "or",
];

/// Whether a line, in lower case, is one that pages say of themselves.
pub fn is_page_line(line: &str) -> bool {
    OF_PAGE.as_ref().is_some_and(|phrases| phrases.is_match(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_to_subscribe_are_known_in_every_language() {
        for line in [
            "Sign up for the Mill Post newsletter and never miss a flood warning.",
            "Bestellen Sie jetzt unseren wöchentlichen Newsletter „Talpost“.",
            "Inscrivez-vous à notre lettre d’information.",
            "Suscríbase a nuestro boletín semanal.",
            "Assine a nossa newsletter e receba as notícias do vale.",
            "Iscriviti alla nostra newsletter settimanale.",
            "Schrijf je in voor onze wekelijkse nieuwsbrief.",
            "Zapisz się do naszego newslettera.",
            "Odebírejte náš newsletter každý pátek.",
            "Anmäl dig till vårt nyhetsbrev om dalen.",
            "Meld deg på nyhetsbrevet om dalen.",
            "Skriv dig op til vores nyhedsbrev om dalen.",
            "Подпишитесь на рассылку о жизни долины.",
            "Підпишіться на нашу розсилку.",
            "Εγγραφείτε στο ενημερωτικό μας δελτίο.",
            "E-bültenimize abone olun.",
            "Daftar untuk menerima buletin mingguan kami.",
            "اشترك في النشرة البريدية.",
            "הירשמו לניוזלטר השבועי שלנו.",
            "در خبرنامه هفتگی ما ثبت‌نام کنید.",
            "हमारे न्यूज़लेटर को सब्सक्राइब करें।",
            "欢迎订阅我们的新闻简报。",
            "無料のメールマガジンにご登録ください。",
            "주간 뉴스레터를 받아보세요.",
            "Folgt uns auf Instagram!",
            "Rejoignez notre chaîne WhatsApp",
            "Siga o Diário do Vale no Instagram",
            "Следите за нами в Telegram",
            "Kanalımıza katılın: Telegram",
            "تابعونا على تويتر",
            "加入我們的LINE好友",
            "訂閱電子報，每週收到河谷新聞。",
        ] {
            assert!(asks_to_subscribe(&line.to_lowercase()), "{line}");
        }
        for line in [
            "The paper’s newsletter has forty thousand readers.",
            "Residents can sign up for the newsletter of the council.",
            "Man kan prenumerera på nyhetsbrevet i butiken.",
            "Bin kişi bültene abone oldu.",
            "Facebook said on Monday that it would follow us rules.",
            "Tausende folgten dem Aufruf auf Facebook.",
            "Полиция следит за каналом в Telegram.",
            "Der Newsletter der Stadt erreicht nun auch das Umland.",
            "La newsletter de la mairie coûte trop cher, estime la région.",
            "Рассылка о выборах вызвала скандал.",
            "그 뉴스레터는 지난해 문을 닫았다.",
            "彼女のメールマガジンには千人が登録した。",
        ] {
            assert!(!asks_to_subscribe(&line.to_lowercase()), "{line}");
        }
    }

    #[test]
    fn labels_are_whole_lines() {
        for line in [
            "anzeige",
            "annons",
            "annonse",
            "iklan",
            "広告",
            "광고",
            "إعلان",
            "διαφήμιση",
            "dela artikeln",
        ] {
            assert!(is_label(line), "{line}");
        }
        assert!(!is_label("anzeige erstattet") && !is_label("广告收入下降"));
    }

    #[test]
    fn pages_speak_of_the_browser_and_of_what_they_embed() {
        for line in [
            "you are using an ad blocker: please turn it off.",
            "bitte deaktivieren sie ihren adblocker.",
            "ihr browser ist veraltet.",
            "ich bin damit einverstanden, dass mir externe inhalte angezeigt werden.",
            "votre navigateur n’est pas à jour.",
            "ваш браузер устарел.",
        ] {
            assert!(is_page_line(line), "{line}");
        }
        assert!(!is_page_line("the firm sells an ad blocker for phones."));
    }
}
