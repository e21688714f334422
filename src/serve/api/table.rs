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
    optional("at", Takes::Time, "The capture closest to this time (default: the newest).");
const FROM: Parameter = optional("from", Takes::Time, "Not before this time.");
const TO: Parameter = optional("to", Takes::Time, "Not after this time.");
const FORM: Parameter = optional(
    "form",
    Takes::Choice(&["plain", "rendered"]),
    "The page as it was sent, or as rendered with its scripts (default: the form that contains its text).",
);
const FORMS: Parameter = optional(
    "form",
    Takes::Choice(&["plain", "rendered"]),
    "Only pages as they were sent, or as rendered with their scripts (default: rendered for pages that were sent without their text).",
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
        what: "Why the archive has no capture of a page, and which similar pages it has.",
        parameters: &[URL],
        kind: Kind::Object,
        schema: "absent",
        answer: reader::absent,
    },
    Endpoint {
        name: "blame",
        what: "For each sentence of a page: the version that added it, and the one that last changed it.",
        parameters: &[URL, AT, FORM],
        kind: Kind::Object,
        schema: "blame",
        answer: answers::blame,
    },
    Endpoint {
        name: "calendar",
        what: "The captures of a page by day, including those without a change.",
        parameters: &[
            URL,
            optional(
                "year",
                Takes::Number(0, 9999),
                "This year (default: that of the newest capture).",
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
            optional("id", Takes::Text, "The id of its record, at exactly the time in `at`."),
            FORM,
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
                "How the URL is matched (default: exact).",
            ),
            FROM,
            TO,
            list(
                "filter",
                Takes::Text,
                "A condition that captures must meet: [!][=|~]FIELD:VALUE, as in pywb.",
            ),
            LIMIT,
        ],
        kind: Kind::Lines,
        schema: "capture",
        answer: answers::captures,
    },
    Endpoint {
        name: "changes",
        what: "All typed changes in the archive, newest first.",
        parameters: &[
            optional("since", Takes::Time, "Seen at this time or later."),
            optional("until", Takes::Time, "Seen at this time or earlier."),
            list("kind", Takes::Choice(&KINDS), "Of this kind."),
            HOST,
            optional(
                "stealth",
                Takes::Switch,
                "Only silent edits: neither a notice nor the declared date mentions the change.",
            ),
            optional(
                "weight",
                Takes::Number(1, 5),
                "Of at least this weight, from 1 (minor) to 5 (grave).",
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
            optional("quote", Takes::Text, "Words that the capture must contain."),
            optional(
                "style",
                Takes::Choice(&answers::STYLES),
                "The citation style (default: text).",
            ),
        ],
        kind: Kind::Object,
        schema: "cite",
        answer: answers::cite,
    },
    Endpoint {
        name: "diff",
        what: "Two captures compared (without times, the last two versions).",
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
        what: "The next visits: what is due, when, and the fact that determined that time.",
        parameters: &[
            list("job", Takes::Text, "Only of this job."),
            optional("limit", Takes::Number(1, 10_000), "At most this many (default: 50)."),
        ],
        kind: Kind::Lines,
        schema: "due",
        answer: answers::due,
    },
    Endpoint {
        name: "front",
        what: "What the archive contains, and its latest changes.",
        parameters: &[
            optional("hosts", Takes::Number(0, 1_000), "At most this many hosts (default: 15)."),
            optional(
                "versions",
                Takes::Number(0, 1_000),
                "The changes of at most this many versions (default: 12).",
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
        what: "A host: the size of its captures, its pages, and its latest changes.",
        parameters: &[
            needed("host", Takes::Text, "The host, with its port if any."),
            optional("after", Takes::Text, "The pages after this one, as returned in `next`."),
            optional("limit", Takes::Number(1, 1_000), "At most this many pages (default: 50)."),
        ],
        kind: Kind::Object,
        schema: "site",
        answer: reader::host,
    },
    Endpoint {
        name: "hosts",
        what: "The number and size of the captures of each host.",
        parameters: &[LIMIT],
        kind: Kind::Lines,
        schema: "host",
        answer: reader::hosts,
    },
    Endpoint {
        name: "lookup",
        what: "The pages and hosts that match an address, a host or a part of one.",
        parameters: &[
            needed("q", Takes::Text, "An address, a host, or a part of one."),
            optional(
                "limit",
                Takes::Number(1, 1_000),
                "At most this many pages and hosts (default: 50).",
            ),
        ],
        kind: Kind::Object,
        schema: "lookup",
        answer: reader::lookup,
    },
    Endpoint {
        name: "prove",
        what: "The evidence for one capture: a zip that can be checked without this program.",
        parameters: &[URL, AT],
        kind: Kind::File("application/zip"),
        schema: "",
        answer: reader::prove,
    },
    Endpoint {
        name: "quotations",
        what: "The quotations of a page over time: when each first appeared, and what became of it.",
        parameters: &[URL],
        kind: Kind::Object,
        schema: "quotations",
        answer: reader::quotations,
    },
    Endpoint {
        name: "quotes",
        what: "Quotations with their speakers: of the given pages, or of the newest version of all pages.",
        parameters: &[
            list("url", Takes::Text, "The address of a page (default: all pages)."),
            optional(
                "speaker",
                Takes::Text,
                "Only quotations of this person: a name, or the last part of one.",
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
        what: "Full-text search over all versions: the matching pages and versions, best matches first.",
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
                "By relevance, or by the newest matching passage (default: relevance).",
            ),
            optional("limit", Takes::Number(1, 10_000), "At most this many pages (default: 20)."),
            FORMS,
        ],
        kind: Kind::Lines,
        schema: "search",
        answer: answers::search,
    },
    Endpoint {
        name: "show",
        what: "The content of a page: its article, author and dates, notices and figures.",
        parameters: &[URL, AT, FORM],
        kind: Kind::Object,
        schema: "show",
        answer: answers::show,
    },
    Endpoint {
        name: "speaker",
        what: "The quotations of a person, page by page, including removed ones.",
        parameters: &[needed("name", Takes::Text, "A name, or the last part of one.")],
        kind: Kind::Object,
        schema: "speaker",
        answer: reader::speaker,
    },
    Endpoint {
        name: "status",
        what: "What the archive contains, per host and in total.",
        parameters: &[],
        kind: Kind::Object,
        schema: "status",
        answer: answers::status,
    },
    Endpoint {
        name: "story",
        what: "Articles on one story compared: shared quotations, differing figures, copied text.",
        parameters: &[
            list("url", Takes::Text, "The address of an article."),
            optional(
                "search",
                Takes::Text,
                "Instead of addresses: pages with these words, as in `search`.",
            ),
            optional(
                "job",
                Takes::Text,
                "Instead of addresses: pages in the scope of this job; with `search`, only those with the words.",
            ),
            optional(
                "limit",
                Takes::Number(2, 10_000),
                "At most this many articles of a search or a job (default: 200).",
            ),
            AT,
            optional(
                "over-time",
                Takes::Switch,
                "Also the changes of each outlet, and which other outlets had the same before.",
            ),
            optional(
                "from",
                Takes::Time,
                "Like `over-time`, for versions captured at this time or later.",
            ),
            optional(
                "to",
                Takes::Time,
                "Like `over-time`, for versions not captured after this time.",
            ),
            FORM,
        ],
        kind: Kind::Object,
        schema: "story",
        answer: answers::story,
    },
    Endpoint {
        name: "timeline",
        what: "A page over time, reduced to as many points as can be drawn.",
        parameters: &[
            URL,
            optional(
                "before",
                Takes::Number(1, 1_000_000_000),
                "List only versions before this number.",
            ),
            optional(
                "limit",
                Takes::Number(1, 1_000),
                "List at most this many versions (default: 20).",
            ),
            FORM,
        ],
        kind: Kind::Object,
        schema: "timeline",
        answer: reader::timeline,
    },
    Endpoint {
        name: "when",
        what: "The pages and versions that contain a phrase: first seen, last seen, gone since.",
        parameters: &[needed("phrase", Takes::Text, "The phrase."), HOST, FORMS],
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
                return Err(Refusal::bad(format!("{name} is given more than once")));
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
