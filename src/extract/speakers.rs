//! From a mention to a speaker: "he" to the last fitting name.
//!
//! Owns the resolution of pronouns, bare surnames and roles. Deliberately finds no mentions of its own.
//! A pronoun takes the last speaker that fits it, else the last person named before it that fits; "the
//! president" the last person that bears the role in this article; a role that no one bears stays a
//! role. Salience by recency and agreement, after Lappin and Leass (1994), without a parser. Each
//! look-back is capped.

use super::names::{Gender, People, Person, bare, is_body_word};
use super::page::Speaker;
use super::quotes::{Mention, MentionKind, Pronoun, Tokens, is_preposition, is_title};
use super::words::words;
use crate::language::table;

/// Mentions looked back over for a pronoun.
const LOOK_BACK_MENTIONS: usize = 60;

/// Tokens looked back over for what "they" or "it" is.
const LOOK_BACK_TOKENS: usize = 250;

/// Several people or a body: what "they" and "it" can mean.
struct Group {
    token: usize,
    name: String,
    several: bool,
    body: bool,
}

/// The people of an article, ready to resolve mentions.
pub(crate) struct Speakers {
    people: People,
    /// Subjects of cues and of sentences before a quotation: (token, person), in text order.
    spoken: Vec<(usize, usize)>,
    /// Subjects that are several people or a body, in text order.
    groups: Vec<Group>,
    byline: Option<String>,
    language: String,
}

impl Speakers {
    /// Reads the people of the text; `mentions` are those of the attributions
    /// found, `others` the names and roles next to any other cue.
    pub(crate) fn new(
        text: &str,
        tokens: &Tokens,
        mentions: &[Mention],
        others: &[Mention],
        byline: &[String],
        language: &str,
    ) -> Self {
        let people = People::find(text, &tokens.list, language);
        let mut speakers = Self {
            people,
            spoken: Vec::new(),
            groups: Vec::new(),
            byline: byline.first().cloned(),
            language: language.to_owned(),
        };
        let mut spoken: Vec<(usize, usize)> = mentions
            .iter()
            .filter(|m| m.kind == MentionKind::Name && !is_pair(language, tokens, m))
            .filter_map(|m| {
                let known = speakers.person_of(tokens, m);
                let person = known.or_else(|| speakers.people.adopt(&written(text, tokens, m)));
                person.map(|p| (m.name.start, p))
            })
            .collect();
        // A name next to any cue is a person too, though not the speaker of a quotation.
        let names =
            others.iter().filter(|m| m.kind == MentionKind::Name && !is_pair(language, tokens, m));
        for mention in names {
            let known = speakers.person_of(tokens, mention);
            let person = known.or_else(|| speakers.people.adopt(&written(text, tokens, mention)));
            if let Some(person) = person {
                speakers.people.mentions.push((mention.name.start, person));
                spoken.push((mention.name.start, person));
            }
        }
        speakers.people.mentions.sort_unstable();
        spoken.sort_unstable();
        spoken.dedup();
        speakers.spoken = spoken;
        let mut groups: Vec<Group> =
            mentions.iter().chain(others).filter_map(|m| speakers.group(text, tokens, m)).collect();
        groups.sort_by_key(|group| group.token);
        speakers.groups = groups;
        speakers
    }

    /// The mention as several people or a body, where it is one.
    fn group(&self, text: &str, tokens: &Tokens, mention: &Mention) -> Option<Group> {
        let list = &tokens.list[mention.name.clone()];
        let (several, body) = match mention.kind {
            MentionKind::Pronoun(_) => return None,
            MentionKind::Name if is_pair(&self.language, tokens, mention) => (true, false),
            MentionKind::Name => (false, list.iter().skip(1).any(|t| is_body_word(&t.lower))),
            MentionKind::Role => {
                let head = list
                    .iter()
                    .skip(1)
                    .position(|t| is_preposition(&self.language, &t.lower))
                    .map_or(list.len(), |at| at + 1);
                let noun = bare(&list.get(head.checked_sub(1)?)?.lower);
                let counted = list.first().is_some_and(|t| is_several(&t.lower));
                (counted || is_plural(noun), is_body_word(noun) || BODY_NOUNS.contains(noun))
            }
        };
        let name = match mention.kind {
            MentionKind::Name => self.pair(text, tokens, mention),
            _ => None,
        };
        let name = name.unwrap_or_else(|| written(text, tokens, mention));
        (several || body).then_some(Group { token: mention.tokens.start, name, several, body })
    }

    /// Who the mention means. `inferred`: the mention itself was taken from a neighbouring sentence.
    pub(crate) fn resolve(
        &self,
        text: &str,
        tokens: &Tokens,
        mention: &Mention,
        inferred: bool,
    ) -> Option<Speaker> {
        match mention.kind {
            MentionKind::Name => {
                let person = self.person_of(tokens, mention);
                let name = self
                    .pair(text, tokens, mention)
                    .or_else(|| person.map(|person| self.people.list[person].name.clone()))
                    .unwrap_or_else(|| written(text, tokens, mention));
                let name = without_ending(&self.language, &name).to_owned();
                Some(Speaker { name, named: !inferred })
            }
            MentionKind::Pronoun(pronoun) => self.pronoun(text, tokens, mention, pronoun),
            MentionKind::Role => {
                if let Some(person) = self.bearer(tokens, mention) {
                    return Some(Speaker {
                        name: self.people.list[person].name.clone(),
                        named: false,
                    });
                }
                // "the 51-year-old", "der 51-Jährige": the person mentioned last.
                let last =
                    tokens.list[mention.tokens.clone()].last().map_or("", |t| t.lower.as_str());
                let aged = mention.tokens.len() <= 2
                    && last.starts_with(|c: char| c.is_ascii_digit())
                    && ["year-old", "jährige", "årige", "åring", "jarige"]
                        .iter()
                        .any(|age| last.contains(age));
                if aged
                    && let Some(person) = self.last_before(
                        &self.people.mentions,
                        mention.tokens.start,
                        LOOK_BACK_MENTIONS,
                        // No body has an age: "Die Bochumer Polizei".
                        &|person: &Person| {
                            let first = person.name.split(' ').next().unwrap_or_default();
                            let first = first.to_lowercase();
                            !table(&self.language)
                                .is_some_and(|table| table.determiner.contains(first.as_str()))
                        },
                    )
                {
                    return Some(Speaker {
                        name: self.people.list[person].name.clone(),
                        named: false,
                    });
                }
                Some(Speaker { name: written(text, tokens, mention), named: !inferred })
            }
        }
    }

    /// "Hale and Reyes": both, each in the fullest form.
    fn pair(&self, text: &str, tokens: &Tokens, mention: &Mention) -> Option<String> {
        let joint = mention.name.clone().find(|&at| joins(&self.language, tokens, at))?;
        let part = |name: std::ops::Range<usize>| {
            let part = Mention::new(name, MentionKind::Name);
            self.person_of(tokens, &part).map_or_else(
                || written(text, tokens, &part),
                |person| self.people.list[person].name.clone(),
            )
        };
        Some(format!(
            "{} {} {}",
            part(mention.name.start..joint),
            tokens.list[joint].lower,
            part(joint + 1..mention.name.end)
        ))
    }

    fn person_of(&self, tokens: &Tokens, mention: &Mention) -> Option<usize> {
        let list = &tokens.list[mention.name.clone()];
        if is_pair(&self.language, tokens, mention) {
            return None;
        }
        let skip = list
            .iter()
            .take_while(|t| {
                is_title(&t.lower)
                    || table(&self.language).is_some_and(|table| table.is_role(&t.lower))
            })
            .count()
            .min(list.len().saturating_sub(1));
        let words: Vec<&str> = list[skip..].iter().map(|t| bare(&t.lower)).collect();
        let person = self.people.by_words(&words)?;
        // A run of several words is that person only if the first words agree too.
        let name = self.people.list[person].name.to_lowercase();
        words.iter().all(|word| name.contains(word)).then_some(person)
    }

    fn pronoun(
        &self,
        text: &str,
        tokens: &Tokens,
        mention: &Mention,
        pronoun: Pronoun,
    ) -> Option<Speaker> {
        let at = mention.tokens.start;
        let gender = match pronoun {
            Pronoun::He => Some(Gender::Male),
            Pronoun::She => Some(Gender::Female),
            Pronoun::Relative => return self.relative(text, tokens, at),
            Pronoun::I => return self.byline.clone().map(|name| Speaker { name, named: false }),
            Pronoun::They | Pronoun::It => return self.group_before(at, pronoun),
        };
        let fits = |person: &Person| person.gender.is_none() || person.gender == gender;
        let person = self
            .last_before(&self.spoken, at, 12, &fits)
            .or_else(|| self.last_before(&self.people.mentions, at, LOOK_BACK_MENTIONS, &fits))?;
        Some(Speaker { name: self.people.list[person].name.clone(), named: false })
    }

    /// What "they" or "it" is: the last subject before it that is several people, or a body.
    fn group_before(&self, at: usize, pronoun: Pronoun) -> Option<Speaker> {
        let end = self.groups.partition_point(|group| group.token < at);
        let found = self.groups[..end]
            .iter()
            .rev()
            .take(LOOK_BACK_MENTIONS)
            .take_while(|group| at - group.token <= LOOK_BACK_TOKENS)
            .find(|group| group.body || pronoun == Pronoun::They && group.several)?;
        Some(Speaker { name: found.name.clone(), named: false })
    }

    /// The last entry before token `at` whose person fits; one whose gender is known is preferred.
    fn last_before(
        &self,
        list: &[(usize, usize)],
        at: usize,
        reach: usize,
        fits: &impl Fn(&Person) -> bool,
    ) -> Option<usize> {
        let end = list.partition_point(|&(token, _)| token < at);
        let window = &list[end.saturating_sub(reach)..end];
        window
            .iter()
            .rev()
            .map(|&(_, person)| person)
            .find(|&person| self.people.list.get(person).is_some_and(fits))
    }

    /// "Smith, who said": the name before the relative.
    fn relative(&self, text: &str, tokens: &Tokens, at: usize) -> Option<Speaker> {
        let end = self.people.mentions.partition_point(|&(token, _)| token < at);
        let (token, person) = *self.people.mentions.get(end.checked_sub(1)?)?;
        if at - token <= 12 {
            return Some(Speaker { name: self.people.list[person].name.clone(), named: false });
        }
        let before = tokens.list.get(at.checked_sub(1)?)?;
        before
            .is_word()
            .then(|| Speaker { name: text[before.start..before.end].to_owned(), named: false })
    }

    /// Who bears the role: "the president" after "President Ann Lee".
    fn bearer(&self, tokens: &Tokens, mention: &Mention) -> Option<usize> {
        let list = &tokens.list[mention.name.clone()];
        let first = list.first()?;
        let definite = match self.language.as_str() {
            "en" => first.lower == "the",
            // A language without articles has a role stand by itself.
            language => table(language).is_some_and(|table| {
                table.determiner.contains(first.lower.as_str()) || table.is("no-articles")
            }),
        };
        if !definite || list.len() > 4 {
            return None;
        }
        let noun = list.last().map(|t| t.lower.as_str())?;
        let fits = |person: &Person| person.roles.iter().any(|role| role == noun);
        self.last_before(&self.people.mentions, mention.tokens.start, LOOK_BACK_MENTIONS * 4, &fits)
    }
}

/// "Hale and Reyes".
fn is_pair(language: &str, tokens: &Tokens, mention: &Mention) -> bool {
    mention.kind == MentionKind::Name && mention.name.clone().any(|at| joins(language, tokens, at))
}

/// Whether a token joins two names of one mention; "y" and "e" are parts of Iberian names, too.
fn joins(language: &str, tokens: &Tokens, at: usize) -> bool {
    let Some(token) = tokens.list.get(at).filter(|token| !token.is_capital()) else { return false };
    token.lower == "and"
        || token.lower.chars().count() > 1
            && table(language).is_some_and(|table| table.join.contains(token.lower.as_str()))
}

/// "two", "several": a count of people.
fn is_several(word: &str) -> bool {
    SEVERAL_WORDS.contains(word)
}

/// Whether a noun is in the plural, as far as its end shows.
fn is_plural(noun: &str) -> bool {
    PLURAL_NOUNS.contains(noun)
        || noun.len() > 3 && noun.ends_with('s') && !noun.ends_with("ss") && !noun.ends_with("us")
}

words!(
    SEVERAL_WORDS,
    "two three four five six seven eight nine ten several many some both dozens hundreds most dos \
     deux zwei dois due"
);
words!(
    PLURAL_NOUNS,
    "people police men women children parents staff gente gens leute crew family couple public"
);
words!(
    BODY_NOUNS,
    "ministry company firm agency government administration court group party bank union \
     commission council university hospital police airline committee army navy military embassy \
     board office team club department authority association organisation organization charity \
     network paper newspaper magazine broadcaster studio label retailer manufacturer maker \
     operator regulator watchdog tribunal panel jury regime parliament senate congress city \
     state campaign institute foundation service force school college church museum theatre \
     bureau watch alliance coalition federation league start-up startup publisher developer \
     ministerio empresa gobierno policía ayuntamiento entreprise gouvernement ministère société \
     unternehmen regierung ministerium behörde polizei governo ministério prefeitura polícia"
);

/// The mention as it is, without titles before a name and without a possessive.
fn written(text: &str, tokens: &Tokens, mention: &Mention) -> String {
    let list = &tokens.list[mention.name.clone()];
    let (Some(first), Some(last)) = (list.first(), list.last()) else { return String::new() };
    let words = text.get(first.start..last.end).unwrap_or("");
    if mention.kind != MentionKind::Name {
        return words.to_owned();
    }
    // "d’Anne Roy": what is elided before a name is not part of it.
    let name = match words.split_once(['’', '\'']) {
        Some(("d" | "l" | "D" | "L" | "qu" | "dell" | "all" | "dall", rest))
            if rest.starts_with(char::is_uppercase) =>
        {
            rest
        }
        _ => words,
    };
    bare(name).to_owned()
}

/// A Turkish name without the ending behind its apostrophe: "İnan’a" is İnan.
fn without_ending<'a>(language: &str, name: &'a str) -> &'a str {
    match language {
        "tr" | "az" => name.split(['’', '\'']).next().unwrap_or(name),
        _ => name,
    }
}
