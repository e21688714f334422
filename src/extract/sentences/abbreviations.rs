//! Which words end in a stop without ending a sentence, and which words begin one.
//!
//! Owns the word lists of [`super`]; decides nothing about quotation marks or blocks. The lists are
//! our own, from the style books of the press (AP for state and month abbreviations) and from
//! everyday dictionaries of each language.

/// What a stop behind a word may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Never ends a sentence: "Mr.", "Gov.".
    Never,
    /// Ends none when a digit or a Roman numeral follows: "No. 10", "Nov. 4".
    BeforeNumber,
    /// Ends one only when a word follows that usually begins sentences: "Inc.", "U.S.".
    BeforeStarter,
    /// Ends one when a capital follows: "etc.".
    BeforeCapital,
    /// Ends one when a capital follows that is no weekday, month or time zone: "5 p.m.".
    Clock,
}

/// A list of words of one language.
struct Words {
    never: &'static str,
    number: &'static str,
    starter: &'static str,
}

const EN: Words = Words {
    never: "mr mrs ms mx messrs dr drs gov lt sen rep reps sens col gen prof rev hon capt sgt maj adm \
            cmdr cpl pvt pfc supt fr insp det vs viz cf approx asst assoc dept gens govs profs brig \
            atty amb sec-gen e.g i.e treas pres ofc dist secy mssrs spc ensign wm geo chas jas thos \
            msgr v",
    number: "no nos p pp vol vols art arts sec secs fig figs ch par ver ed op eq rt rte hwy \
             jan feb mar apr jun jul aug sept sep oct nov dec",
    starter: "inc corp co ltd llc jr sr esq bros plc st ave blvd rd hwy ste apt bldg mt ft u.s u.k u.n \
              u.s.a d.c l.a e.u n.y n.j n.c s.c n.d s.d n.h n.m w.va b.c ph.d m.d b.a m.a d.d.s m.b.a \
              r.n j.d r.i p.r u.a.e u.s.s.r a.d b.c.e c.e a.k.a w.h.o al est ret dem univ natl intl \
              ala ariz ark calif colo conn del fla ga ill ind kan ky la md mass mich minn miss mo mont \
              neb nev okla ore pa tenn tex vt va wash wis wyo ont que alta sask man \
              lb lbs oz ft hr hrs min mins sq mph",
};

const ES: Words = Words {
    never: "sr sra srta sres sras dr dra dres d dña ud uds vd vds lic ing arq prof profa gral cnel \
            tte cap mons pbro fr sto sta excmo excma ilmo ilma hnos admón p.ej ej cf vs gob sen dip",
    number: "núm nº n pág págs p pp art arts vol cap tel apdo ene feb mar abr may jun jul ago sep sept \
             oct nov dic aprox",
    starter: "ee.uu eeuu ee uu cía s.a s.l s.a.u av avda c a.m p.m a.c d.c dpto depto min \
              jj.oo rr.hh ff.aa cc.oo ss.mm",
};

const FR: Words = Words {
    never: "m mm mme mlle dr dre pr me mgr st ste cf vs ex p.ex env gal col cdt cap lt adj av",
    number: "n no art p pp vol chap tél fig janv févr avr juil sept oct nov déc",
    starter: "s.a s.a.r.l cie bd boul j.-c i.e u.e",
};

const DE: Words = Words {
    never: "hr fr dr prof dipl ing z.b d.h u.a bzw ca vgl evtl ggf inkl exkl sog geb gest hrsg abs \
            bspw etw max min mag st u.u i.d.r z.t v.a s.o s.u o.ä m.e z ggü einschl zzgl med phil jur \
            rer nat d i.v e.v-nr dgl insb lt mio mrd tsd",
    number: "nr art s bd kap tel abb tab jan feb mrz apr jun jul aug sep sept okt nov dez",
    starter: "str jh a.d e.v co ltd inc a.m b i a u",
};

const PT: Words = Words {
    never: "sr sra srs sras dr dra drs dras d prof profa exmo exma ilmo eng engª arq gen cel cap ten \
            sgto maj dep sen pe fr v.exa p.ex ex vs cf gov",
    number: "nº n núm pág págs p pp art arts vol cap tel jan fev mar abr mai jun jul ago set out nov dez",
    starter: "ltda s.a cia av r a.c d.c e.u.a eua apto",
};

const IT: Words = Words {
    never: "sig sigg sigra dott dottssa dr prof profssa on avv ing arch rag geom mons gen col cap ten \
            sen min cf es v ved on.li s d p.es",
    number: "n nn art pag pagg vol cap tel fig gen febbr mar apr magg giu lug ago sett ott nov dic",
    starter: "s.p.a s.r.l a.c d.c sec p.zza v.le ss",
};

const NL: Words = Words {
    never: "dhr mevr mr mw dr drs ir ing prof ds bijv b.v o.a d.w.z m.b.t t.a.v ca resp incl excl evt \
            jhr st z.g t.o.v i.v.m a.u.b min",
    number: "nr nrs blz p art tel jan feb mrt apr jun jul aug sept okt nov dec",
    starter: "n.v mln mld",
};

const RU: Words = Words {
    never: "г гг ул им пр просп пл д кв обл р-н проф акад д-р св т.е т.к т.н напр ср см ст гр гл",
    number: "стр с п пп рис табл тел млн млрд тыс",
    starter: "др пр н.э руб коп в вв чел ч мин сек",
};

const PL: Words = Words {
    never: "np ul al pl tzw m.in prof inż mgr płk gen kpt por ks św im ok tj os śp red",
    number: "nr s str art tel r tys mln mld godz",
    starter: "r w zł gr in",
};

const NORDIC: Words = Words {
    never: "bl.a t.ex f.eks dvs ca kl jf jfr prof dr hr fr fru resp inkl ev evt osv.s p.g.a pga \
            m.fl.s s.k s.k.a tidl",
    number: "nr s sid kap tlf jan feb mar apr jun jul aug sep sept okt nov dec des",
    starter: "m.fl mio mia mill mrd kr st",
};

const CS: Words = Words {
    never: "např tzv tj mj ing mgr judr mudr phdr prof doc dr p sv ul nám cca resp č.p",
    number: "č str s obr tel tis mil mld",
    starter: "kč r st hod min",
};

/// "And so on", in every language known: mostly at the end of a sentence.
const ETC: &[&str] =
    &["etc", "usw", "ecc", "enz", "atd", "itd", "itp", "osv", "т.д", "т.п", "m.m", "apod"];

/// Words of one syllable that mean an abbreviation only after a comma ("Austin, Tex.") or another
/// mark; elsewhere they are plain words at the end of a sentence.
const ONLY_AFTER_COMMA: &[&str] = &[
    "del", "ill", "ind", "la", "mass", "miss", "mo", "ore", "pa", "wash", "man", "va", "md", "ga",
    "mar",
];

/// Plain lower-case words that look like an abbreviation of the list when capitalised: "may", "no".
const PLAIN_WHEN_LOWER: &[&str] = &[
    "art", "del", "ill", "ind", "la", "mass", "miss", "mo", "ore", "pa", "wash", "man", "ark",
    "mar", "dec", "sec", "fig", "par", "gen", "rep", "ed", "min", "al", "st", "det", "fr", "pres",
    "sept", "ste", "rd", "ave", "dist", "ga", "ma", "me", "va", "apt", "co", "ensign",
];

/// Words that begin a sentence far oftener than they continue one after an abbreviation.
const STARTERS_EN: &str = "the a an he she it they we i you his her its their our my this that these those but and \
    in on at for from by with as if when while after before since although though because there here \
    what who how why where not no yes it's he's she's they're we're i'm there's that's however \
    meanwhile still now then so also among during under over some many most both each all one two \
    police officials until once despite instead even only more according asked such nor or to is are \
    was were do does did let please neither either nobody everyone nothing later earlier another";
const STARTERS_ES: &str = "el la los las un una unos unas en pero y por para con sin según además también cuando \
    si no se su sus este esta estos esa ese esto eso al del como tras desde ella él ellos nosotros lo \
    mientras aunque sin luego después antes hay ya más a entre";
const STARTERS_FR: &str = "le la les l un une des en mais et pour par avec sans selon il elle ils elles on nous vous \
    je ce cette ces cela c'est si dans sur au aux du de après avant depuis pourtant puis son sa ses leur \
    leurs à quand lorsque comme d";
const STARTERS_DE: &str = "der die das den dem ein eine einen einem einer in im am an auf bei mit von zu nach aus er \
    sie es wir ich ihr und aber doch auch wenn als da dann dort hier so was wer wie wo seit für gegen \
    laut nun diese dieser dieses sein seine ihre nicht man zum zur nur noch";
const STARTERS_PT: &str = "o a os as um uma em no na nos nas mas e por para com sem segundo ele ela eles elas nós \
    se quando este esta esse essa isso isto ao à do da de como após desde já não também além seu sua \
    entre";
const STARTERS_IT: &str = "il lo la i gli le un una uno in nel nella ma e per con senza secondo lui lei loro noi se \
    quando questo questa dopo prima da dal al alla non anche poi così";

fn has(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|w| w == word)
}

fn words_of(language: &str) -> &'static [&'static Words] {
    match language {
        "es" | "ca" | "gl" => &[&ES],
        "fr" => &[&FR],
        "de" => &[&DE],
        "pt" => &[&PT],
        "it" => &[&IT],
        "nl" | "af" => &[&NL],
        "ru" | "uk" | "be" | "bg" | "sr" | "mk" => &[&RU],
        "pl" => &[&PL],
        "sv" | "da" | "no" | "nb" | "nn" => &[&NORDIC],
        "cs" | "sk" => &[&CS],
        _ => &[&EN],
    }
}

/// What the stop behind `word` means; `word` as it stands, inner stops kept, the last one left out.
/// `after_comma`: whether a comma, a bracket or a digit stands before the word.
pub(super) fn stop_after(language: &str, word: &str, after_comma: bool) -> Option<Stop> {
    if word.is_empty() || word.len() > 16 {
        return None;
    }
    let mut lower = word.to_lowercase();
    // The elided article of the Romance languages: "l’art.".
    if let Some((article, rest)) = lower.split_once(['’', '\''])
        && article.chars().count() <= 2
        && matches!(language, "fr" | "it" | "ca")
    {
        lower = rest.to_owned();
    }
    if ETC.contains(&lower.as_str()) {
        return Some(Stop::BeforeCapital);
    }
    if language == "de" && lower.len() > 3 && lower.ends_with("str") {
        return Some(Stop::BeforeNumber);
    }
    if matches!(lower.as_str(), "a.m" | "p.m" | "am" | "pm") {
        // "am" without stops is a verb or a preposition; only the dotted form, or the one after a digit.
        if lower.contains('.') || (after_comma && language == "en") {
            return Some(Stop::Clock);
        }
        return None;
    }
    let capital = word.chars().next().is_some_and(char::is_uppercase);
    if language == "en" {
        if !capital && PLAIN_WHEN_LOWER.contains(&lower.as_str()) {
            return None;
        }
        if !after_comma && ONLY_AFTER_COMMA.contains(&lower.as_str()) && lower != "mar" {
            return None;
        }
    }
    for list in words_of(language) {
        if has(list.never, &lower) {
            return Some(Stop::Never);
        }
        if has(list.number, &lower) {
            return Some(Stop::BeforeNumber);
        }
        if has(list.starter, &lower) {
            return Some(Stop::BeforeStarter);
        }
    }
    // Titles of English-speaking people stand in the press of every language.
    if language != "en"
        && capital
        && matches!(lower.as_str(), "mr" | "mrs" | "ms" | "dr" | "jr" | "sr" | "st")
    {
        return Some(if matches!(lower.as_str(), "jr" | "sr") {
            Stop::BeforeStarter
        } else {
            Stop::Never
        });
    }
    let mut letters = lower.split('.').map(|part| part.chars().count());
    if lower.contains('.') && letters.all(|n| n == 1 || n == 2) {
        return Some(Stop::BeforeStarter);
    }
    None
}

/// Whether a sentence likely begins with `word`.
pub(super) fn is_starter(language: &str, word: &str) -> bool {
    let lower = word.to_lowercase();
    let lower = lower.split(['’', '\'']).next().unwrap_or(&lower);
    match language {
        "es" | "ca" | "gl" => has(STARTERS_ES, lower),
        "fr" => has(STARTERS_FR, lower),
        "de" => has(STARTERS_DE, lower),
        "pt" => has(STARTERS_PT, lower),
        "it" => has(STARTERS_IT, lower),
        _ => has(STARTERS_EN, lower),
    }
}

/// Whether `word` goes on behind a time of day: a day, a month, a zone.
pub(super) fn follows_clock(word: &str) -> bool {
    const WORDS: &str = "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs \
        fri sat sun january february march april may june july august september october november december \
        jan feb mar apr aug sept oct nov dec et est edt ct cst cdt mt mst mdt pt pst pdt gmt utc bst cet \
        cest eastern central mountain pacific greenwich local ist aest";
    has(WORDS, word.to_lowercase().trim_end_matches('.'))
}

/// Whether the language writes its ordinals with a stop ("am 4. November").
pub(super) fn dotted_ordinals(language: &str) -> bool {
    matches!(
        language,
        "de" | "da"
            | "no"
            | "nb"
            | "nn"
            | "fi"
            | "cs"
            | "sk"
            | "pl"
            | "hu"
            | "sl"
            | "hr"
            | "sr"
            | "et"
            | "lv"
            | "tr"
            | "is"
    )
}
