//! The table of endpoints.

use std::sync::Arc;

use super::super::Serve;
use super::super::params::{Params, wrong};
use super::super::reply::Refusal;
use super::spool::Writer;
use super::{answers, reader};

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One object.
    Object,
    /// A line for each.
    Lines,
    /// A file of this media type.
    File(&'static str),
}

impl Kind {
    /// The media type of the answer.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Object => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::File(media_type) => media_type,
        }
    }
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Any text.
    Text,
    /// A time as on the command line.
    Time,
    /// A whole number from this one to that.
    Number(u64, u64),
    /// true or false.
    Switch,
    /// One of these.
    Choice(&'static [&'static str]),
}

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether it is required.
    pub is_needed: bool,
    /// Whether it may be repeated.
    pub is_list: bool,
    /// Its description.
    pub what: &'static str,
}

/// Writes the answer of an endpoint.
pub type Answer = fn(&Arc<Serve>, &Params, &mut Writer) -> Result<(), Refusal>;

/// An endpoint.
pub struct Endpoint {
    /// Its name: the last part of the path. Where there is a command of that name, it prints the same.
    pub name: &'static str,
    /// Its description.
    pub what: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// What the answer is.
    pub kind: Kind,
    /// The schema of the object, or of each line: a file of `docs/reference/schema`; none for a file.
    pub schema: &'static str,
    /// Writes the answer.
    pub answer: Answer,
}

const fn optional(name: &'static str, takes: Takes, what: &'static str) -> Parameter {
    Parameter { name, takes, is_needed: false, is_list: false, what }
}

const fn needed(name: &'static str, takes: Takes, what: &'static str) -> Parameter {
    Parameter { name, takes, is_needed: true, is_list: false, what }
}

const fn list(name: &'static str, takes: Takes, what: &'static str) -> Parameter {
    Parameter { name, takes, is_needed: false, is_list: true, what }
}

const URL: Parameter = needed("url", Takes::Text, "The address of the page.");
const AT: Parameter =
    optional("at", Takes::Time, "The capture closest to this time; the newest without it.");
const FROM: Parameter = optional("from", Takes::Time, "Not before this time.");
const TO: Parameter = optional("to", Takes::Time, "Not after this time.");
const FORM: Parameter = optional(
    "form",
    Takes::Choice(&["plain", "rendered"]),
    "The page as it was sent, or as its scripts made it; without it, where the page has its text.",
);
const FORMS: Parameter = optional(
    "form",
    Takes::Choice(&["plain", "rendered"]),
    "Only pages as they were sent, or as their scripts made them; without it, the latter where a page was sent without its text.",
);
const HOST: Parameter = optional("host", Takes::Text, "Only on pages of this host.");
const LIMIT: Parameter = optional("limit", Takes::Number(1, 1_000_000), "At most this many.");

/// The kinds of changes.
pub const KINDS: [&str; 26] = {
    let mut labels = [""; crate::diff::ChangeKind::ALL.len()];
    let mut at = 0;
    while at < labels.len() {
        labels[at] = crate::diff::ChangeKind::ALL[at].label();
        at += 1;
    }
    labels
};

/// All endpoints, by name.
pub const ENDPOINTS: [Endpoint; 24] = [
    Endpoint {
        name: "absent",
        what: "Why a page is not held, and which pages near it are.",
        parameters: &[URL],
        kind: Kind::Object,
        schema: "absent",
        answer: reader::absent,
    },
    Endpoint {
        name: "blame",
        what: "For every sentence of a page: the version that brought it, and the one that last changed it.",
        parameters: &[URL, AT, FORM],
        kind: Kind::Object,
        schema: "blame",
        answer: answers::blame,
    },
    Endpoint {
        name: "calendar",
        what: "The captures of a page by day, those without a change among them.",
        parameters: &[
            URL,
            optional(
                "year",
                Takes::Number(0, 9999),
                "This year; that of the newest capture without it.",
            ),
        ],
        kind: Kind::Object,
        schema: "calendar",
        answer: reader::calendar,
    },
    Endpoint {
        name: "capture",
        what: "One capture: its record, what it says, and its neighbours in time.",
        parameters: &[
            URL,
            AT,
            optional("id", Takes::Text, "The id of its record, at exactly that time."),
        ],
        kind: Kind::Object,
        schema: "view",
        answer: reader::capture,
    },
    Endpoint {
        name: "captures",
        what: "The captures of a URL, oldest first.",
        parameters: &[
            URL,
            optional(
                "match",
                Takes::Choice(&["exact", "prefix", "host", "domain"]),
                "How the URL is matched; exact without it.",
            ),
            FROM,
            TO,
            list(
                "filter",
                Takes::Text,
                "What a capture has to be: [!][=|~]FIELD:VALUE, as in pywb.",
            ),
            LIMIT,
        ],
        kind: Kind::Lines,
        schema: "capture",
        answer: answers::captures,
    },
    Endpoint {
        name: "changes",
        what: "Every typed change in the archive, newest first.",
        parameters: &[
            optional("since", Takes::Time, "Seen at this time or later."),
            optional("until", Takes::Time, "Not seen after this time."),
            list("kind", Takes::Choice(&KINDS), "Of this kind."),
            HOST,
            optional(
                "stealth",
                Takes::Switch,
                "Only where neither a notice nor the declared date says so.",
            ),
            optional(
                "weight",
                Takes::Number(1, 5),
                "Of this weight or more, from 1 (minor) to 5 (grave).",
            ),
            LIMIT,
            FORMS,
        ],
        kind: Kind::Lines,
        schema: "changes",
        answer: answers::changes,
    },
    Endpoint {
        name: "cite",
        what: "A citation of one capture, with its digest.",
        parameters: &[
            URL,
            AT,
            optional("quote", Takes::Text, "Words that have to stand in that capture."),
            optional("style", Takes::Choice(&answers::STYLES), "The form; text without it."),
        ],
        kind: Kind::Object,
        schema: "cite",
        answer: answers::cite,
    },
    Endpoint {
        name: "diff",
        what: "Two captures compared: the last two versions without times.",
        parameters: &[
            URL,
            optional("from", Takes::Time, "The older side: the capture closest to this time."),
            optional("to", Takes::Time, "The newer side: the capture closest to this time."),
            FORM,
        ],
        kind: Kind::Object,
        schema: "diff",
        answer: answers::diff,
    },
    Endpoint {
        name: "due",
        what: "What comes next, when, and the fact that set that time.",
        parameters: &[
            list("job", Takes::Text, "Of the job of this name."),
            optional("limit", Takes::Number(1, 10_000), "At most this many; 50 without it."),
        ],
        kind: Kind::Lines,
        schema: "due",
        answer: answers::due,
    },
    Endpoint {
        name: "front",
        what: "What the archive holds, and what changed in it lately.",
        parameters: &[
            optional("hosts", Takes::Number(0, 1_000), "At most this many hosts; 15 without it."),
            optional(
                "versions",
                Takes::Number(0, 1_000),
                "The changes of at most this many versions; 12 without it.",
            ),
        ],
        kind: Kind::Object,
        schema: "front",
        answer: reader::front,
    },
    Endpoint {
        name: "history",
        what: "The versions of a page and the typed changes between them.",
        parameters: &[URL, FROM, TO, FORM],
        kind: Kind::Object,
        schema: "history",
        answer: answers::history,
    },
    Endpoint {
        name: "host",
        what: "A host: how much there is of it, its pages, and what changed there lately.",
        parameters: &[
            needed("host", Takes::Text, "Host, with its port where it has one."),
            optional("after", Takes::Text, "The pages behind this one, as `next` gave it."),
            optional("limit", Takes::Number(1, 1_000), "At most this many pages; 50 without it."),
        ],
        kind: Kind::Object,
        schema: "site",
        answer: reader::host,
    },
    Endpoint {
        name: "hosts",
        what: "How much there is of each host.",
        parameters: &[LIMIT],
        kind: Kind::Lines,
        schema: "host",
        answer: reader::hosts,
    },
    Endpoint {
        name: "lookup",
        what: "What an address, a host or a part of one leads to.",
        parameters: &[
            needed("q", Takes::Text, "An address, a host, or a part of one."),
            optional(
                "limit",
                Takes::Number(1, 1_000),
                "At most this many pages and hosts; 50 without it.",
            ),
        ],
        kind: Kind::Object,
        schema: "lookup",
        answer: reader::lookup,
    },
    Endpoint {
        name: "prove",
        what: "The evidence of one capture: a zip that proves it without this program.",
        parameters: &[URL, AT],
        kind: Kind::File("application/zip"),
        schema: "",
        answer: reader::prove,
    },
    Endpoint {
        name: "quotations",
        what: "The quotations of a page over time: since when each stands, and what became of it.",
        parameters: &[URL],
        kind: Kind::Object,
        schema: "quotations",
        answer: reader::quotations,
    },
    Endpoint {
        name: "quotes",
        what: "Quotations with their speakers: of pages, or of the newest version of everything.",
        parameters: &[
            list("url", Takes::Text, "The address of a page; everything without one."),
            optional(
                "speaker",
                Takes::Text,
                "Only what this person said: a name, or the last part of one.",
            ),
            AT,
            FORMS,
        ],
        kind: Kind::Lines,
        schema: "quotes",
        answer: answers::quotes,
    },
    Endpoint {
        name: "search",
        what: "Full text over all versions: which pages have what is looked for, in which versions, the best first.",
        parameters: &[
            needed(
                "query",
                Takes::Text,
                "Words, \"phrases\", beginnings*, -excluded, headline: byline: speaker: quote: host: date:.",
            ),
            HOST,
            FROM,
            TO,
            optional(
                "order",
                Takes::Choice(&["relevance", "time"]),
                "The best first, which is so without it, or those with the newest passages.",
            ),
            optional("limit", Takes::Number(1, 10_000), "At most this many pages; 20 without it."),
            FORMS,
        ],
        kind: Kind::Lines,
        schema: "search",
        answer: answers::search,
    },
    Endpoint {
        name: "show",
        what: "What a page says: its article, who wrote it and when, its notices and figures.",
        parameters: &[URL, AT, FORM],
        kind: Kind::Object,
        schema: "show",
        answer: answers::show,
    },
    Endpoint {
        name: "speaker",
        what: "What somebody is quoted as saying, page by page, also what is gone.",
        parameters: &[needed("name", Takes::Text, "A name, or the last part of one.")],
        kind: Kind::Object,
        schema: "speaker",
        answer: reader::speaker,
    },
    Endpoint {
        name: "status",
        what: "What is in the archive, per host and in all.",
        parameters: &[],
        kind: Kind::Object,
        schema: "status",
        answer: answers::status,
    },
    Endpoint {
        name: "story",
        what: "Articles on one story beside each other: quotations that several carry, figures that differ, copied text.",
        parameters: &[
            list("url", Takes::Text, "The address of an article."),
            optional(
                "search",
                Takes::Text,
                "In place of addresses: pages with these words, as in `search`.",
            ),
            optional(
                "job",
                Takes::Text,
                "In place of addresses: pages that the job of this name takes in; with `search` those with the words.",
            ),
            optional(
                "limit",
                Takes::Number(2, 10_000),
                "At most this many articles of a search or a job; 200 without it.",
            ),
            AT,
            optional(
                "over-time",
                Takes::Switch,
                "Also what each outlet changed, and which others had that before.",
            ),
            optional("from", Takes::Time, "The same, of versions captured at this time or later."),
            optional("to", Takes::Time, "The same, of versions not captured after this time."),
            FORM,
        ],
        kind: Kind::Object,
        schema: "story",
        answer: answers::story,
    },
    Endpoint {
        name: "timeline",
        what: "A page over time, with few enough points to draw.",
        parameters: &[
            URL,
            optional(
                "before",
                Takes::Number(1, 1_000_000_000),
                "Only versions before the one of this number are listed.",
            ),
            optional(
                "limit",
                Takes::Number(1, 1_000),
                "At most this many versions are listed; 20 without it.",
            ),
            FORM,
        ],
        kind: Kind::Object,
        schema: "timeline",
        answer: reader::timeline,
    },
    Endpoint {
        name: "when",
        what: "In which versions of which pages a phrase stood: first seen, last seen, gone since.",
        parameters: &[needed("phrase", Takes::Text, "The words."), HOST, FORMS],
        kind: Kind::Lines,
        schema: "when",
        answer: answers::when,
    },
];

impl Endpoint {
    /// Checks that the parameters are those of this endpoint, each with a valid value.
    ///
    /// # Errors
    /// When one is missing, unknown, doubled or wrong.
    pub fn check(&self, params: &Params) -> Result<(), Refusal> {
        for (name, value) in params.pairs() {
            let known = self.parameters.iter().find(|parameter| parameter.name == name);
            let Some(parameter) = known else {
                let name: String = name.chars().take(100).collect();
                return Err(Refusal::bad(format!("{} takes no parameter {name:?}", self.name)));
            };
            if !parameter.is_list && params.all(name).count() > 1 {
                return Err(Refusal::bad(format!("{name} is there more than once")));
            }
            parameter.check(value)?;
        }
        let missing = self.parameters.iter().filter(|p| p.is_needed);
        missing.map(|p| params.needed(p.name)).try_for_each(|found| found.map(drop))
    }
}

impl Parameter {
    fn check(&self, value: &str) -> Result<(), Refusal> {
        let name = self.name;
        match self.takes {
            // The answer parses them and reports errors.
            Takes::Text | Takes::Time => Ok(()),
            Takes::Number(min, max) => match value.parse::<u64>() {
                Ok(number) if (min..=max).contains(&number) => Ok(()),
                _ => Err(wrong(name, &format!("a whole number from {min} to {max}"), value)),
            },
            Takes::Switch if ["true", "false", "1", "0"].contains(&value) => Ok(()),
            Takes::Switch => Err(wrong(name, "true or false", value)),
            Takes::Choice(known) if known.contains(&value) => Ok(()),
            Takes::Choice(known) => {
                Err(wrong(name, &format!("one of {}", known.join(", ")), value))
            }
        }
    }
}
