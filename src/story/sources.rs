//! The sources that an article names: agencies, broadcasters, other outlets of the story, offices, people, and
//! those that stay unnamed.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::LazyLock;

use super::article::Prepared;
use super::people::{People, Who, is_body};
use super::words::{Word, WordKind, first_key, fold};

/// What kind of source it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A news agency.
    Agency,
    /// A broadcaster.
    Broadcaster,
    /// Another outlet of the story.
    Outlet,
    /// An office or a body.
    Official,
    /// A person by name.
    Person,
    /// A person who is not named.
    Unnamed,
}

impl SourceKind {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Broadcaster => "broadcaster",
            Self::Outlet => "outlet",
            Self::Official => "official",
            Self::Person => "person",
            Self::Unnamed => "unnamed",
        }
    }
}

/// A source that an article names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceNamed {
    /// What kind of source it is.
    pub kind: SourceKind,
    /// Its name, as the article has it.
    pub name: String,
    /// Where it is in the text; none where only the byline names it.
    pub range: Option<Range<usize>>,
}

/// News agencies, as they are named in texts and bylines; those in capitals alone count only so.
const AGENCIES: &str = "Reuters|Associated Press|AP|Agence France-Presse|AFP|dpa|Deutsche Presse-Agentur|APA|\
    Keystone-SDA|Keystone-ATS|ANSA|Adnkronos|EFE|Europa Press|Lusa|Agência Brasil|Télam|Xinhua|TASS|Interfax|\
    RIA Novosti|Ukrinform|Interfax-Ukraine|Kyodo|Jiji|Yonhap|PTI|Press Trust of India|ANI|Antara|Bernama|Anadolu|\
    Anadolu Agency|IRNA|SANA|WAFA|PA Media|Press Association|UPI|Bloomberg|AAP|Canadian Press|ANP|Belga|Ritzau|\
    NTB|STT|PAP|ČTK|MTI|Agerpres|Tanjug|HINA|Fena|APTN|epd|KNA|SID|AGI|Notimex|MENA|共同通信|時事通信|新华社|연합뉴스|РИА Новости|\
    ТАСС|Интерфакс|УНІАН|Укрінформ";

/// Broadcasters.
const BROADCASTERS: &str = "BBC|CNN|ABC News|NBC|NBC News|CBS|CBS News|Fox News|NPR|PBS|Sky News|ITV|Channel 4|\
    Al Jazeera|Al Arabiya|ARD|ZDF|NDR|WDR|BR24|Deutschlandfunk|ORF|SRF|RTS|Rai|RaiNews|TVE|RTVE|France 24|RFI|\
    France Info|Franceinfo|BFMTV|TF1|NHK|CCTV|KBS|VRT|RTBF|NOS|RTL|SVT|NRK|Yle|TVN|Polsat|ČT|RTÉ|CBC|CBC News|SABC|\
    TV Globo|GloboNews|SIC|RTP|Deutsche Welle|Radio Free Europe|Euronews|state television|state media|state TV|\
    Staatsfernsehen|télévision publique|televisión pública|televisión estatal|tv di stato|televisão estatal";

/// What is before a source.
const ACCORDING: &str = "according to|nach angaben|nach angaben von|laut|selon|d'après|según|secondo|segundo|\
    de acordo com|volgens|по данным|по словам|согласно|według|enligt|ifølge|menurut|за даними|за словами";

/// Phrases for a person who is not named.
const UNNAMED: &str = "condition of anonymity|spoke anonymously|who asked not to be named|people familiar with|\
    person familiar with|sources close to|a source close to|sources said|source said|unnamed|anonyme|anonym|\
    unter der bedingung der anonymität|aus kreisen|aus regierungskreisen|sous couvert d'anonymat|\
    sous le couvert de l'anonymat|de source proche|source proche|bajo condición de anonimato|fuentes cercanas|\
    fuentes de|sotto anonimato|fonti vicine|secondo fonti|sob condição de anonimato|fontes próximas|\
    op voorwaarde van anonimiteit|bronnen rond|на условиях анонимности";

/// A shorter name of an outlet is too often a word.
const OUTLET_LETTERS_MIN: usize = 4;

/// At most this many words of a name behind "according to".
const NAME_WORDS: usize = 6;

/// The phrases of [`ACCORDING`] and [`UNNAMED`] as words, by the first of them.
static PHRASES: LazyLock<HashMap<&str, Vec<Phrase>>> = LazyLock::new(|| {
    let mut by_first: HashMap<&str, Vec<Phrase>> = HashMap::new();
    let lists = [(ACCORDING, false), (UNNAMED, true)];
    let all = lists
        .into_iter()
        .flat_map(|(list, unnamed)| list.split('|').map(move |phrase| (phrase.trim(), unnamed)));
    for (number, (phrase, is_unnamed)) in all.enumerate() {
        let words: Vec<&str> = phrase.split(' ').collect();
        let Some(&first) = words.first() else { continue };
        by_first.entry(first).or_default().push(Phrase { number, words, is_unnamed });
    }
    by_first
});

struct Phrase {
    /// Its place in the lists.
    number: usize,
    words: Vec<&'static str>,
    is_unnamed: bool,
}

/// The agencies, broadcasters and other outlets that each article names.
pub(super) fn named(all: &[Prepared<'_>]) -> Vec<Vec<SourceNamed>> {
    let names = Names::of(all);
    all.iter().map(|article| names.in_article(article)).collect()
}

/// The sources of each article, `named` among them.
pub(super) fn find(
    all: &[Prepared<'_>],
    named: &[Vec<SourceNamed>],
    people: &People,
) -> Vec<Vec<SourceNamed>> {
    all.iter().zip(named).map(|(article, named)| of(named, article, people)).collect()
}

fn of(named: &[SourceNamed], article: &Prepared<'_>, people: &People) -> Vec<SourceNamed> {
    let mut found = named.to_vec();
    for quote in &article.page.quotes {
        let Some(speaker) = &quote.speaker else { continue };
        let kind = match people.who(&article.language, &speaker.name) {
            Who::Named(_) if !is_body(&article.language, &speaker.name) => SourceKind::Person,
            Who::Unknown => SourceKind::Person,
            _ => office_kind(&speaker.name),
        };
        let name = speaker.name.clone();
        found.push(SourceNamed { kind, name, range: Some(quote.range.clone()) });
    }
    for (phrase, words) in Folded::of(article).places() {
        if phrase.is_unnamed {
            let range = range_of(article, &words);
            let name = article.text(&range).to_owned();
            found.push(SourceNamed { kind: SourceKind::Unnamed, name, range: Some(range) });
        } else {
            found.extend(behind(article, words, people));
        }
    }
    once(found)
}

/// The names that are looked for, each by its first word: agencies, broadcasters, and the outlets of the story.
struct Names {
    by_first: HashMap<u64, Vec<Name>>,
    outlets: BTreeSet<String>,
}

struct Name {
    kind: SourceKind,
    /// As it is in texts.
    bare: String,
    /// As it is reported.
    name: String,
}

impl Names {
    fn of(all: &[Prepared<'_>]) -> Self {
        let published = all.iter().filter_map(|article| article.page.publisher.as_ref());
        let outlets: BTreeSet<String> = published
            .map(|fact| fact.value.trim().to_owned())
            .filter(|name| name.chars().count() >= OUTLET_LETTERS_MIN)
            .collect();
        let mut out = Self { by_first: HashMap::new(), outlets: BTreeSet::new() };
        for (kind, list) in
            [(SourceKind::Agency, AGENCIES), (SourceKind::Broadcaster, BROADCASTERS)]
        {
            list.split('|').map(str::trim).for_each(|name| out.add(kind, name, name));
        }
        for name in &outlets {
            let bare = name.strip_prefix("The ").unwrap_or(name);
            out.add(SourceKind::Outlet, bare, name);
        }
        out.outlets = outlets;
        out
    }

    fn add(&mut self, kind: SourceKind, bare: &str, name: &str) {
        let Some(key) = first_key(bare) else { return };
        let (bare, name) = (bare.to_owned(), name.to_owned());
        self.by_first.entry(key).or_default().push(Name { kind, bare, name });
    }

    /// The agencies, broadcasters and other outlets that an article names.
    fn in_article(&self, article: &Prepared<'_>) -> Vec<SourceNamed> {
        let own = article.page.publisher.as_ref().map(|fact| fact.value.trim().to_lowercase());
        let is_own = |name: &str| own.as_deref() == Some(name.to_lowercase().as_str());
        let mut found = Vec::new();
        for author in &article.page.byline {
            let name = author.value.name.as_str();
            let kind = if AGENCIES.split('|').any(|agency| agency.trim() == name) {
                SourceKind::Agency
            } else if self.outlets.contains(name) {
                SourceKind::Outlet
            } else {
                continue;
            };
            if !is_own(name) {
                found.push(SourceNamed { kind, name: name.to_owned(), range: None });
            }
        }
        for word in &article.words {
            for one in self.by_first.get(&word.key).into_iter().flatten() {
                let start = word.start as usize;
                let Some(rest) = article.page.text.get(start..) else { continue };
                if !rest.starts_with(one.bare.as_str()) || is_own(&one.name) {
                    continue;
                }
                // Scripts without spaces have no borders of words.
                let last = one.bare.chars().next_back();
                let is_wide =
                    last.is_some_and(|c| !c.is_lowercase() && !c.is_uppercase() && !c.is_ascii());
                let behind = rest.get(one.bare.len()..).and_then(|rest| rest.chars().next());
                if is_wide || !behind.is_some_and(char::is_alphanumeric) {
                    let range = Some(start..start + one.bare.len());
                    let name = one.name.clone();
                    found.push(SourceNamed { kind: one.kind, name, range });
                }
            }
        }
        once(found)
    }
}

/// What kind of source an office is.
fn office_kind(name: &str) -> SourceKind {
    let lower = name.to_lowercase();
    const NOBODY: [&str; 22] = [
        "source",
        "sources",
        "people",
        "person",
        "witness",
        "witnesses",
        "resident",
        "residents",
        "neighbour",
        "neighbours",
        "zeuge",
        "zeugen",
        "anwohner",
        "nachbar",
        "témoin",
        "témoins",
        "testigo",
        "vecino",
        "testimone",
        "fonti",
        "fontes",
        "getuige",
    ];
    let is_nobody = lower.split_whitespace().any(|word| NOBODY.contains(&word));
    let is_some = [
        "a ", "an ", "one ", "ein ", "eine ", "un ", "une ", "uno ", "una ", "um ", "uma ", "een ",
    ]
    .iter()
    .any(|article| lower.starts_with(article));
    let is_insider = is_some
        && ["senior", "official", "officials", "insider", "hoher", "hochrangiger"]
            .iter()
            .any(|word| lower.split_whitespace().any(|part| part == *word));
    if is_nobody || is_insider { SourceKind::Unnamed } else { SourceKind::Official }
}

/// The source behind "according to".
fn behind(article: &Prepared<'_>, at: Range<usize>, people: &People) -> Option<SourceNamed> {
    let words = article.words.get(at.end..)?;
    // "Nach Angaben von Anna Roe".
    let is_joint = |word: &&Word| {
        let lower = article.text(&word.range()).to_lowercase();
        matches!(lower.as_str(), "von" | "van" | "de" | "di" | "da" | "du" | "des")
    };
    let words = words.get(words.iter().take_while(is_joint).count()..)?;
    let first = words.first()?;
    let mut end = first.start as usize;
    let mut telling = 0;
    for word in words.iter().take(NAME_WORDS) {
        let between = article.page.text.get(end..word.start as usize).unwrap_or_default();
        let is_end = between.contains([',', '.', ';', ':', '(', '“', '„', '«', '"', '\n']);
        // "According to police the driver": the next clause has begun.
        let goes_on = telling > 0 && word.kind == WordKind::Small && {
            let lower = article.text(&word.range()).to_lowercase();
            !matches!(
                lower.as_str(),
                "of" | "for"
                    | "von"
                    | "der"
                    | "des"
                    | "de"
                    | "du"
                    | "del"
                    | "della"
                    | "do"
                    | "da"
                    | "van"
            )
        };
        if end > first.start as usize && (is_end || goes_on) {
            break;
        }
        telling += usize::from(word.is_content());
        end = word.end as usize;
    }
    let range = first.start as usize..end;
    let name = article.text(&range).to_owned();
    if telling == 0 {
        return None;
    }
    let kind = match people.who(&article.language, &name) {
        Who::Named(_) => SourceKind::Person,
        _ => office_kind(&name),
    };
    Some(SourceNamed { kind, name, range: Some(range) })
}

/// Each source once, in the order of the text, those of the byline first.
fn once(mut found: Vec<SourceNamed>) -> Vec<SourceNamed> {
    found.sort_by_key(|one| one.range.as_ref().map(|range| range.start));
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut folded = String::new();
    found.retain(|one| {
        fold(&one.name, &mut folded);
        let bare = folded.strip_prefix("the ").unwrap_or(&folded).to_owned();
        known.insert(bare)
    });
    found
}

/// The text in folded words, for phrases.
struct Folded {
    text: String,
    /// Where each word begins and ends.
    words: Vec<Range<usize>>,
}

impl Folded {
    fn of(article: &Prepared<'_>) -> Self {
        let mut out = Self { text: String::new(), words: Vec::new() };
        let mut folded = String::new();
        for word in &article.words {
            let start = out.text.len();
            fold(article.text(&word.range()), &mut folded);
            out.text.push_str(&folded);
            out.words.push(start..out.text.len());
        }
        out
    }

    /// The phrases that are there and where, by words, in the order of the lists.
    fn places(&self) -> Vec<(&'static Phrase, Range<usize>)> {
        let word = |at: usize| self.words.get(at).and_then(|range| self.text.get(range.clone()));
        let mut found = Vec::new();
        for at in 0..self.words.len() {
            let phrases = word(at).and_then(|first| PHRASES.get(first));
            for phrase in phrases.into_iter().flatten() {
                let words = at..at + phrase.words.len();
                if words.clone().zip(&phrase.words).all(|(at, own)| word(at) == Some(*own)) {
                    found.push((phrase, words));
                }
            }
        }
        found.sort_by_key(|(phrase, words)| (phrase.number, words.start));
        found
    }
}

fn range_of(article: &Prepared<'_>, words: &Range<usize>) -> Range<usize> {
    let first = article.words.get(words.start).map_or(0, |word| word.start as usize);
    let last = words.end.checked_sub(1).and_then(|at| article.words.get(at));
    first..last.map_or(first, |word| word.end as usize)
}
