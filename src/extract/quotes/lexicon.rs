//! Words of saying, and the small words around them.
//!
//! Owns which words are cues and what a cue allows (a speaker behind it, a speaker before it).
//! Deliberately does not know about positions. The lists are our own, made from dictionaries and from
//! reading the training part of PolNeAR (Newell et al., LREC 2018).

use std::sync::LazyLock;

use crate::base::word_map::WordMap;
use crate::extract::words::words;
use crate::language::{Table, says_anywhere, table};

/// What a verb of saying is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Says that words were said; the speaker may be behind it: "said Smith".
    Says,
    /// Says it, but what follows it is not a speaker: "told", "called".
    Addresses,
    /// Reports an opinion: "believes", "wants".
    Holds,
    /// A participle whose speaker is that of the clause: "saying", "calling".
    Participle,
    /// A form that needs a plural or "to" before it: "say", "call".
    Base,
}

const SAYS: &str = "mused pondered imagined recounted boomed beamed implied affirms affirmed demurred vented sniped surmised elaborated riffed reacted exhorted estimated estimates projects proposed proposes interjects retaliated chided heralded hinted hints inferred beseeched implored recited said says asked asks added adds wrote writes explained explains noted notes argued argues stated states \
    responded responds replied replies declared declares concluded concludes insisted insists continued continues \
    remarked remarks recalled recalls warned warns admitted admits suggested suggests claimed claims vowed vows \
    announced announces acknowledged acknowledges joked jokes urged urges shouted shouts conceded concedes predicted \
    predicts lamented laments emphasized emphasizes emphasised emphasises stressed stresses boasted boasts asserted \
    asserts quipped quips yelled yells screamed screams cried cries whispered whispers muttered mutters exclaimed \
    exclaims observed observes opined opines commented comments contended contends maintained maintains alleged \
    alleges testified testifies confirmed confirms complained complains pleaded pleads begged tweeted tweets posted \
    posts retweeted blogged texted emailed e-mailed chanted sang sings reported reports read reads thought wondered \
    wonders countered counters interjected retorted answered answers agreed agrees reiterated reiterates repeated \
    mused muses marveled deadpanned cautioned cautions advised proclaimed proclaims pronounced revealed reveals \
    disclosed pledged pledges promised promises swore pointed points ventured ruled penned bragged brags gushed \
    sniffed scoffed snapped growled laughed sighed grumbled groused fumed thundered intoned hissed roared barked \
    demanded demands queried inquired remembered remembers reasoned concurred protested protests objected apologized \
    apologised chimed echoed echoes offered offers  texts confessed confided counseled counselled \
    crowed cracked enthused interrupted murmured moaned noted preached prodded rejoined shrugged teased \
    lied theorized theorised trumpeted tweet urged volunteered wailed blurted bellowed";
const ADDRESSES: &str = "shared published portrays highlighted applauded targets listed named identified rated casts featured features welcomed reprised credited credits referenced billed talked mandates includes included promotes coached refuted rebuked lambasted excoriated panned told tells called calls described describes dubbed dubs labeled labelled labels branded deemed denounced \
    denounces criticized criticised criticizes slammed slams blasted blasts praised praises mocked mocks accused accuses \
    characterized characterised characterizes cited cites referred refers thanked hailed condemned condemns rejected \
    rejects dismissed dismisses ridiculed attacked assailed defended defends likened compared compares reminded \
    reminds assured assures informed ordered instructed challenged questioned questions blamed pressed \
    decried derided knocked scolded lashed ripped quoted quotes titled captioned lauded bemoaned touted \
    addressed invoked coined invited encouraged urged portrayed painted cast used uses expressed expresses \
    issued released spoke speaks discussed detailed outlined trashed skewered \
    disputed denied denies mentioned mentions weighed tore";
const HOLDS: &str = "believes believed thinks feels felt sees saw considers considered wants wanted hopes hoped expects expected \
    knows knew fears feared worries worried supports favors favours found finds shows showed indicates indicated \
    understands understood imagines wishes views viewed hears heard figures decided realized realised \
    learned signaled signalled envisions seeks sought likes loves enjoys prefer prefers anticipated";
const PARTICIPLES: &str = "encouraging discussing chiding portraying inviting mentioning naming mouthing interjecting promoting reasoning endorsing hinting advising defending attacking thinking addressing implying declining insinuating joking lambasting bemoaning detailing reporting proposing saying adding calling telling writing arguing noting stating declaring insisting asking warning claiming \
    citing explaining describing promising suggesting tweeting asserting remarking responding replying chanting \
    announcing shouting concluding vowing pledging recalling stressing emphasizing emphasising acknowledging admitting \
    complaining joking quipping denouncing criticizing criticising blasting slamming praising mocking accusing \
    referring dubbing labeling labelling branding urging demanding exclaiming predicting lamenting boasting \
    contending alleging maintaining reading yelling screaming posting reminding assuring questioning reiterating \
    repeating likening comparing dismissing condemning hailing pointing quoting proclaiming decrying deriding wondering \
    commenting observing testifying cautioning conceding opining continuing echoing thanking signaling bragging \
    characterizing characterising using invoking referencing expressing ridiculing";
const BASES: &str = "reveal portray defend remember discuss oppose estimate propose promote imply say tell call write argue note state declare insist ask warn claim cite explain describe suggest tweet assert \
    add remark respond reply chant announce shout conclude vow pledge stress emphasize acknowledge admit complain joke \
    denounce criticize blast slam praise mock accuse refer dub label urge demand exclaim predict lament boast contend \
    allege maintain believe think see consider yell scream post repeat reiterate question dismiss condemn \
    proclaim observe point confirm agree testify caution concede feel read hear characterize compare";

static VERBS: LazyLock<WordMap<&'static str, Verb>> = LazyLock::new(|| {
    let mut map = WordMap::default();
    let lists = [
        (HOLDS, Verb::Holds),
        (BASES, Verb::Base),
        (ADDRESSES, Verb::Addresses),
        (PARTICIPLES, Verb::Participle),
        (SAYS, Verb::Says),
    ];
    for (list, verb) in lists {
        for word in list.split_ascii_whitespace() {
            map.insert(word, verb);
        }
    }
    map
});

/// The kind of verb `word` (lower case) is in `language`.
pub(crate) fn verb(language: &str, word: &str) -> Option<Verb> {
    let Some(table) = foreign(language) else { return VERBS.get(word).copied() };
    if table.say.contains(word) {
        Some(Verb::Says)
    } else {
        table.tell.contains(word).then_some(Verb::Addresses)
    }
}

/// The table of a language other than English.
fn foreign(language: &str) -> Option<&'static Table> {
    table(language).filter(|_| language != "en")
}

/// Whether `word`, in any case, is a finite verb of saying in one of the languages known.
pub(crate) fn is_saying(word: &str) -> bool {
    if word.is_empty() || word.len() > 32 {
        return false;
    }
    let lower = word.trim_end_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if matches!(VERBS.get(lower.as_str()), Some(Verb::Says))
        || matches!(lower.as_str(), "told" | "tells")
    {
        return true;
    }
    says_anywhere(&lower) && !matches!(lower.as_str(), "so" | "note" | "la")
}

/// Words that a subject does not end with: they are between subject and verb.
pub(crate) fn is_between(language: &str, word: &str) -> bool {
    (word.len() > 4 && word.ends_with("ly") && !BETWEEN_WORDS.contains(word))
        || BETWEEN_WORDS_2.contains(word)
        || foreign(language).is_some_and(|table| table.aux.contains(word))
}

/// Words that begin a clause of their own, so that the subject is after them.
pub(crate) fn is_clause_word(language: &str, word: &str) -> bool {
    match foreign(language) {
        Some(table) => table.clause.contains(word),
        None => CLAUSE_WORD_WORDS.contains(word),
    }
}

/// Prepositions: a noun behind one is not a subject.
pub(crate) fn is_preposition(language: &str, word: &str) -> bool {
    match foreign(language) {
        Some(table) => table.preposition.contains(word),
        None => PREPOSITION_WORDS.contains(word),
    }
}

/// Words that begin a noun phrase.
pub(crate) fn is_determiner(language: &str, word: &str) -> bool {
    match foreign(language) {
        Some(table) => table.determiner.contains(word),
        None => DETERMINER_WORDS.contains(word),
    }
}

/// What a pronoun points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Pronoun {
    /// One man.
    He,
    /// One woman.
    She,
    /// Several.
    They,
    /// A thing or a body: "it".
    It,
    /// The writer.
    I,
    /// What is just before: "who", "which", "that".
    Relative,
}

/// The pronoun `word` (lower case) is as a subject.
pub(crate) fn pronoun(language: &str, word: &str) -> Option<Pronoun> {
    if let Some(table) = foreign(language) {
        return [
            (&table.he, Pronoun::He),
            (&table.she, Pronoun::She),
            (&table.they, Pronoun::They),
            (&table.it, Pronoun::It),
        ]
        .into_iter()
        .find_map(|(words, pronoun)| words.contains(word).then_some(pronoun));
    }
    Some(match word {
        "he" | "he’s" | "he's" | "he’d" | "he'd" => Pronoun::He,
        "she" | "she’s" | "she's" | "she’d" | "she'd" => Pronoun::She,
        "they" | "others" | "many" | "some" => Pronoun::They,
        "it" | "it’s" | "it's" | "there’s" | "there's" | "that’s" | "that's" | "what’s"
        | "what's" => Pronoun::It,
        "they’re" | "they're" | "they’ve" | "they've" => Pronoun::They,
        "i’m" | "i'm" | "i’ve" | "i've" | "we’re" | "we're" | "we’ve" | "we've" | "you’re"
        | "you're" => Pronoun::I,
        "i" | "we" => Pronoun::I,
        "who" | "which" => Pronoun::Relative,
        _ => return None,
    })
}

/// Days, months and the like: capitalised words that name no one.
pub(crate) fn is_calendar(word: &str) -> bool {
    CALENDAR_WORDS.contains(word.trim_end_matches('.'))
}

/// Titles that are before a name and are not part of it.
pub(crate) fn is_title(word: &str) -> bool {
    TITLE_WORDS.contains(word.trim_end_matches('.'))
}

words!(
    BETWEEN_WORDS,
    "family italy assembly ally reply july emily kelly billy sally molly holly reilly daily \
     rally bully anomaly monopoly police"
);
words!(
    BETWEEN_WORDS_2,
    "also then later again once now just even still further often has have had is was were \
     be been being would could will can may might must should did does do not never always \
     sometimes reportedly himself herself themselves both all simply first soon who've ever \
     instead too yet already are am wo didn't didn’t"
);
words!(
    CLAUSE_WORD_WORDS,
    "that because as when while if and but after before where whether since although though \
     than or so yet until unless whereas nor even how why what which who whom"
);
words!(
    PREPOSITION_WORDS,
    "of for from in at with on to by about against near under over during into between \
     among through without within behind outside inside toward towards upon across around \
     amid despite following via like per including regarding throughout besides beyond off \
     along ahead unlike since ago"
);
words!(
    DETERMINER_WORDS,
    "the a an his her its their my our your one two three four five some many most several \
     another other both each every this these those no any few all dozens hundreds"
);
words!(
    CALENDAR_WORDS,
    "monday tuesday wednesday thursday friday saturday sunday january february march april \
     june july august september october november december jan feb aug sept oct nov dec \
     yesterday today tonight tomorrow last earlier recently"
);
words!(
    TITLE_WORDS,
    "bürgermeister bürgermeisterin präsident präsidentin außenministerin außenminister prefeito prefeita governador mr mrs ms miss dr sen rep gov prof professor senator representative governor president \
     congressman congresswoman judge justice chief captain capt general gen lt sgt col maj \
     adm sir lord lady dame king queen prince princess pope rev reverend father sister \
     brother rabbi imam secretary minister chancellor mayor chairman chairwoman speaker \
     ambassador sheriff officer detective attorney commissioner director vice prime state \
     former ex sra señor señora don doña m mme mlle monsieur madame herr frau sr dra dona \
     presidente président présidente presidenta ministro ministra ministre bundeskanzler \
     kanzler kanzlerin bundespräsident ministerin senador senadora alcalde alcaldesa maire \
     coach sec supt cmdr lieutenant colonel major sergeant republican democrat democratic \
     billionaire gop co-host host attorneys reps sens deputy"
);
