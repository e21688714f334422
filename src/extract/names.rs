//! The people an article names.
//!
//! Owns the finding of personal names, their fullest form, the role and the gender given by the text or
//! a first name. Deliberately knows no quotations. First names are our own short list of common
//! ones of many countries; a name that is on neither list has no gender, and fits every pronoun.

use std::collections::HashMap;

use super::quotes::{
    Kind, Token, is_calendar, is_determiner, is_particle, is_preposition, is_saying, is_title,
};
use super::words::words;
use crate::language::table;

mod first_names;

/// What a pronoun must agree with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Gender {
    /// He.
    Male,
    /// She.
    Female,
}

/// A person of the article.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The fullest form seen, titles left out.
    pub(crate) name: String,
    /// The last word of it, in lower case.
    pub(crate) surname: String,
    /// Known from the text or the first name.
    pub(crate) gender: Option<Gender>,
    /// Roles given next to the name, in lower case: "president", "spokeswoman".
    pub(crate) roles: Vec<String>,
}

/// The people of an article and where they are mentioned.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) list: Vec<Person>,
    /// (first token, person), in text order.
    pub(crate) mentions: Vec<(usize, usize)>,
    by_surname: HashMap<String, Vec<usize>>,
    by_name: HashMap<String, usize>,
    language: String,
}

/// Words that make a capitalised run a body or a place instead of a person.
pub(crate) fn is_body_word(word: &str) -> bool {
    BODY_WORD_WORDS.contains(word)
}

/// The surname-like key of a word: lower case, without possessive.
pub(crate) fn bare(word: &str) -> &str {
    word.strip_suffix("'s")
        .or_else(|| word.strip_suffix("’s"))
        .or_else(|| word.strip_suffix('’'))
        .or_else(|| word.strip_suffix('\''))
        .unwrap_or(word)
}

/// The gender a title implies.
fn title_gender(word: &str) -> Option<Gender> {
    match word.trim_end_matches('.') {
        "mr" | "sir" | "lord" | "king" | "prince" | "father" | "congressman" | "chairman"
        | "señor" | "don" | "monsieur" | "herr" | "sr" | "m" | "ministro" | "presidente"
        | "spokesman" => Some(Gender::Male),
        "mrs" | "ms" | "miss" | "lady" | "dame" | "queen" | "princess" | "sister"
        | "congresswoman" | "chairwoman" | "señora" | "doña" | "madame" | "mme" | "mlle"
        | "frau" | "sra" | "dra" | "dona" | "ministra" | "ministerin" | "presidenta"
        | "présidente" | "kanzlerin" | "spokeswoman" | "senadora" | "alcaldesa" => {
            Some(Gender::Female)
        }
        _ => None,
    }
}

/// The gender of a first name, where it is on the list.
pub(crate) fn first_name_gender(word: &str) -> Option<Gender> {
    let word = word.to_lowercase();
    first_names::gender(&word)
}

impl People {
    /// Reads the capitalised runs of the tokens (a quotation is not one of them).
    pub(crate) fn find(text: &str, tokens: &[Token], language: &str) -> Self {
        let mut people = Self { language: language.to_owned(), ..Self::default() };
        let noun_capitals = table(language).is_some_and(|table| table.is("noun-capitals"));
        let mut at = 0;
        while at < tokens.len() {
            if !tokens[at].is_capital() || is_calendar(&tokens[at].lower) {
                at += 1;
                continue;
            }
            let mut end = at + 1;
            while end < tokens.len() && end - at < 10 {
                // "aus Sicht von Vera Lang": where all nouns have capitals, a particle joins names only.
                if noun_capitals
                    && !tokens[end].is_capital()
                    && first_name_gender(&tokens[at].lower).is_none()
                {
                    break;
                }
                let near = tokens[end].start <= tokens[end - 1].end + 2;
                let capital = |at: usize| tokens.get(at).is_some_and(Token::is_capital);
                let second = tokens.get(end + 1).is_some_and(|t| is_particle(&t.lower));
                let particle = is_particle(&tokens[end].lower)
                    && (capital(end + 1) || second && capital(end + 2));
                if !near
                    || tokens[end - 1].is_possessive()
                    || !(tokens[end].is_capital() || particle)
                    || is_calendar(&tokens[end].lower)
                {
                    break;
                }
                end += 1;
            }
            people.run(text, tokens, at, end);
            at = end;
        }
        people
    }

    /// The gender a title implies, in English or in the language of the article.
    fn title_gender(&self, word: &str) -> Option<Gender> {
        let Some(table) = table(&self.language) else { return title_gender(word) };
        if table.role_she.contains(word) && !table.role_he.contains(word) {
            return Some(Gender::Female);
        }
        if table.role_he.contains(word) && !table.role_she.contains(word) {
            return Some(Gender::Male);
        }
        title_gender(word)
    }

    /// Records one capitalised run.
    fn run(&mut self, text: &str, tokens: &[Token], from: usize, end: usize) {
        let mut start = from;
        let mut titled = false;
        let mut gender = None;
        let mut roles = Vec::new();
        let table = table(&self.language);
        let titled_by = |word: &str| {
            is_title(word)
                || table.is_some_and(|table| {
                    table.is_role(word)
                        || word.rsplit_once('-').is_some_and(|(_, w)| table.is_role(w))
                })
        };
        // "Ayer Ana Ruiz dijo", "Včera Anna Kosová řekla": the capital is that of the sentence.
        let is_adverb = |word: &str| {
            table.is_some_and(|table| {
                [&table.adverb, &table.calendar, &table.clause, &table.aux]
                    .iter()
                    .any(|list| list.contains(word))
            })
        };
        while start + 1 < end
            && (titled_by(&tokens[start].lower)
                || is_saying(&tokens[start].lower)
                || is_preposition(&self.language, &tokens[start].lower)
                    && !is_particle(&tokens[start].lower)
                || matches!(
                    tokens[start].lower.as_str(),
                    "según"
                        | "selon"
                        | "laut"
                        | "segundo"
                        | "conforme"
                        | "volgens"
                        | "secondo"
                        | "d’après"
                )
                || super::sentences::is_common_opening(&tokens[start].lower)
                || is_adverb(&tokens[start].lower)
                    && (start == 0 || !tokens[start - 1].is_word())
                    && first_name_gender(&tokens[start].lower).is_none())
        {
            if titled_by(&tokens[start].lower) {
                titled = true;
                gender = gender.or(self.title_gender(&tokens[start].lower));
                roles.push(role_word(&tokens[start].lower));
            }
            start += 1;
        }
        // "il sindaco di Porto Luca Ferri", "l’assessore alla Cultura Luca Ferri": what an office is of or for.
        let office = |token: &Token| {
            let word = token.lower.as_str();
            let bare = word.split_once(['’', '\'']).map_or(word, |(_, rest)| rest);
            table.is_some_and(|table| table.is_role(word) || table.is_role(bare))
        };
        if let Some(table) = table.filter(|table| !table.is("noun-capitals"))
            && start == from
            && from > 1
            && end - from == 3
            && (table.genitive.contains(tokens[from - 1].lower.as_str())
                || table.office_of.contains(tokens[from - 1].lower.as_str()))
            && office(&tokens[from - 2])
            && first_name_gender(&tokens[from + 1].lower).is_some()
        {
            start += 1;
        }
        if start > 0
            && start == from
            && !tokens[start - 1].is_capital()
            && tokens[start - 1].is_word()
        {
            let before = tokens[start - 1].lower.as_str();
            if is_role_noun(before) || table.is_some_and(|table| table.is_role(before)) {
                roles.push(before.to_owned());
                gender = gender.or(self.title_gender(before));
                titled = true;
            }
        }
        let words: Vec<&str> = tokens[start..end].iter().map(|t| bare(&t.lower)).collect();
        if words.is_empty() || words.iter().any(|w| is_body_word(w)) {
            return;
        }
        let surname = (*words.last().unwrap_or(&"")).to_owned();
        if words.len() == 1 && !titled {
            if let Some(person) = self.by_word(&surname) {
                self.mentions.push((start, person));
            }
            return;
        }
        let name_end = tokens[end - 1].start + bare_len(text, &tokens[end - 1]);
        let name = text.get(tokens[start].start..name_end).unwrap_or("").to_owned();
        let first_gender = if words.len() > 1 { first_name_gender(words[0]) } else { None };
        let aged = text.get(tokens[end - 1].end..).is_some_and(|rest| {
            let rest = rest.trim_start_matches([',', ' ']);
            rest.bytes().take(2).all(|b| b.is_ascii_digit()) && rest.len() > 2
        });
        let article = start == from
            && start > 0
            && matches!(tokens[start - 1].lower.as_str(), "the" | "in" | "at" | "near");
        let known = words.len() == 1
            || first_gender.is_some()
            || titled
            || aged
            || self.by_name.contains_key(&words.join(" "));
        if !known && (article || words.len() > 4) {
            return;
        }
        let gender = first_gender.or(gender);
        let person = self.take(&words.join(" "), name, surname, gender, words.len());
        if let Some(entry) = self.list.get_mut(person) {
            entry.gender = entry.gender.or(gender);
            for role in roles {
                if entry.roles.len() < 8 && !entry.roles.contains(&role) {
                    entry.roles.push(role);
                }
            }
        }
        self.mentions.push((start, person));
        self.apposition(tokens, end, person);
        self.apposed_to(tokens, from, person);
    }

    /// "Tom Hale, a spokesman for the mill,": the role behind the name.
    fn apposition(&mut self, tokens: &[Token], end: usize, person: usize) {
        if tokens.get(end).is_none_or(|t| t.kind != Kind::Comma) {
            return;
        }
        // The head is the last word before a preposition or comma: "a retired teacher from Elm".
        let determined =
            tokens.get(end + 1).is_some_and(|t| is_determiner(&self.language, &t.lower));
        let mut noun = None;
        for token in tokens.iter().skip(end + 1).take(7) {
            if !token.is_word()
                || is_preposition(&self.language, &token.lower)
                || token.lower == "who"
            {
                break;
            }
            if determined || is_role_noun(&token.lower) {
                noun = Some(&token.lower);
            }
        }
        if let Some(noun) = noun {
            self.bear(person, noun);
        }
    }

    /// "the rescuer, Dag Moe,": the role before the name.
    fn apposed_to(&mut self, tokens: &[Token], start: usize, person: usize) {
        let Some(comma) = start.checked_sub(1).filter(|&at| tokens[at].kind == Kind::Comma) else {
            return;
        };
        let from = comma.saturating_sub(9);
        let Some(determiner) = (from..comma).rev().find(|&at| {
            is_determiner(&self.language, &tokens[at].lower) || tokens[at].is_possessive()
        }) else {
            return;
        };
        let phrase = &tokens[determiner + 1..comma];
        let head = phrase
            .iter()
            .take_while(|t| {
                t.is_word() && !is_preposition(&self.language, &t.lower) && t.lower != "who"
            })
            .last();
        if let Some(noun) = head.filter(|_| phrase.iter().all(Token::is_word)) {
            let noun = noun.lower.clone();
            self.bear(person, &noun);
        }
    }

    fn bear(&mut self, person: usize, role: &str) {
        let gender = self.title_gender(role);
        if let Some(entry) = self.list.get_mut(person) {
            entry.gender = entry.gender.or(gender);
            if entry.roles.len() < 8 && !entry.roles.iter().any(|known| known == role) {
                entry.roles.push(role.to_owned());
            }
        }
    }

    /// Records a name that only an attribution shows to be one: "Hale said".
    pub(crate) fn adopt(&mut self, name: &str) -> Option<usize> {
        let lower = name.to_lowercase();
        let surname = lower.split_whitespace().last()?.to_owned();
        if lower.split_whitespace().any(is_body_word)
            || name.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase)
        {
            return None;
        }
        let words = lower.split_whitespace().count();
        let gender = if words > 1 {
            lower.split_whitespace().next().and_then(first_name_gender)
        } else {
            None
        };
        Some(self.take(&lower, name.to_owned(), surname, gender, words))
    }

    fn take(
        &mut self,
        key: &str,
        name: String,
        surname: String,
        gender: Option<Gender>,
        words: usize,
    ) -> usize {
        if let Some(&known) = self.by_name.get(key) {
            return known;
        }
        if let Some(known) = self.by_word(&surname) {
            let person = &mut self.list[known];
            let known_words = person.name.split_whitespace().count();
            let first_matches = known_words == 1
                || words == 1
                || person.name.split_whitespace().next().map(str::to_lowercase)
                    == key.split_whitespace().next().map(str::to_owned);
            let gender_fits =
                gender.is_none() || person.gender.is_none() || gender == person.gender;
            if first_matches && gender_fits && person.surname == surname {
                if words > known_words {
                    person.name = name;
                }
                self.by_name.insert(key.to_owned(), known);
                return known;
            }
        }
        let index = self.list.len();
        self.list.push(Person { name, surname: surname.clone(), gender, roles: Vec::new() });
        self.by_name.insert(key.to_owned(), index);
        self.by_surname.entry(surname).or_default().push(index);
        if let Some(first) =
            key.split_whitespace().next().filter(|f| words > 1 && f.chars().count() > 2)
        {
            self.by_surname.entry(format!("^{first}")).or_default().push(index);
        }
        index
    }

    /// The last person that bears the word as a surname, else as a first name.
    pub(crate) fn by_word(&self, word: &str) -> Option<usize> {
        self.by_surname
            .get(word)
            .and_then(|list| list.last())
            .or_else(|| self.by_surname.get(&format!("^{word}")).and_then(|list| list.last()))
            .copied()
    }

    /// The person of a written name (titles and possessive aside).
    pub(crate) fn by_words(&self, words: &[&str]) -> Option<usize> {
        let key = words.join(" ");
        self.by_name.get(&key).copied().or_else(|| words.last().and_then(|last| self.by_word(last)))
    }
}

/// The length of a token in the text without a possessive ending or a stop.
fn bare_len(text: &str, token: &Token) -> usize {
    let word = text.get(token.start..token.end).unwrap_or("");
    // "Jr." keeps its stop.
    if matches!(word, "Jr." | "Sr.") { word.len() } else { bare(word).trim_end_matches('.').len() }
}

/// "gov" is "governor": the word a later mention uses.
fn role_word(title: &str) -> String {
    match title.trim_end_matches('.') {
        "sen" => "senator",
        "rep" => "representative",
        "gov" => "governor",
        "gen" => "general",
        "prof" => "professor",
        "dr" => "doctor",
        "rev" => "reverend",
        "lt" => "lieutenant",
        "col" => "colonel",
        "capt" => "captain",
        "sgt" => "sergeant",
        other => other,
    }
    .to_owned()
}

/// Nouns of office that are before or after a name.
pub(crate) fn is_role_noun(word: &str) -> bool {
    ROLE_NOUN_WORDS.contains(word)
}

words!(
    BODY_WORD_WORDS,
    "inc corp party house university college department county court street city committee \
     council congress senate bank group company ministry office agency association institute \
     times post news journal press union united national international federal white supreme \
     new north south east west american states world center centre foundation commission \
     board service police army navy force school church hospital airport league club fund act \
     bill day week island river lake bay valley san los las fox cnn twitter facebook google \
     republicans democrats america capitol hill square park avenue road republican democratic \
     gop conference network radio tv magazine the of and security health justice state"
);
words!(
    ROLE_NOUN_WORDS,
    "spokesman spokeswoman spokesperson president senator governor mayor minister secretary \
     chairman chairwoman director chief manager candidate nominee congressman congresswoman \
     representative judge justice lawyer attorney professor analyst economist officer \
     executive leader coach general ambassador commissioner sheriff strategist adviser \
     advisor author actor actress singer businessman businesswoman founder owner editor \
     reporter pollster chancellor premier speaker prosecutor activist researcher scientist \
     historian doctor nurse teacher student pastor bishop pope king presidente presidenta \
     ministro ministra portavoz alcalde alcaldesa président présidente ministre maire \
     ministerin sprecher sprecherin kanzler kanzlerin porta-voz prefeito prefeita governador \
     portavoce"
);
