//! RFC 9309: what a robots.txt says to one product token.
//!
//! Owns groups, the choice of the group, the longest match, `Crawl-delay` and the list of sitemaps.
//! Does not know where the file came from nor how old it is (that is `robots_cache`), and fetches
//! nothing.
//!
//! From the standard: groups of one agent are merged (2.2.1), `*` is for those that no group names,
//! an unknown line ends no group (2.2.4), the longest pattern wins and `Allow` wins a tie (2.2.2),
//! `/robots.txt` itself is always allowed (2.2.2). By the letter a `Crawl-delay` ends no group, so that
//! `User-agent: *` with a delay alone shares the rules of the group that follows; Protego and
//! crawler-commons read it otherwise, and [`RobotsReading`] chooses. Beyond it, with the authors' own parser
//! (google/robotstxt, by behaviour): common misspellings of the keys are read, and
//! `Allow: /dir/index.html` also allows `/dir/`, the same page. `Crawl-delay` is not part of the
//! standard and is read since site owners write it.

mod normal;
mod pattern;
mod tokens;

use std::fmt;
use std::time::Duration;

use pattern::{MatchPath, Pattern};
use tokens::{NOTES_MAX, Word, tokenize};

pub use tokens::ROBOTS_BYTES_MAX;

/// How many sitemaps of one file are kept; the rest is noted and left.
const SITEMAPS_MAX: usize = 1_000;

/// The longest `Crawl-delay` that is taken for a number of seconds and not for a slip: a year.
const CRAWL_DELAY_READABLE_MAX: f64 = 366.0 * 86_400.0;

/// A robots.txt, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RobotsTxt {
    /// The groups in the order of the file, not yet merged.
    pub groups: Vec<Group>,
    /// The values of the `Sitemap` lines, in order, which belong to no group. Percent-encoded
    /// where the file had other octets than ASCII; not checked to be URLs.
    pub sitemaps: Vec<String>,
    /// What was odd, for a person to read; never more than fifty.
    pub notes: Vec<Note>,
}

/// What a `Crawl-delay` between two `User-agent` lines does to the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RobotsReading {
    /// Nothing (RFC 9309 section 2.2.4): both agents have the rules that follow.
    #[default]
    Rfc9309,
    /// It ends the group, as Protego and crawler-commons have it: the first agent has no rules.
    DelayEndsGroup,
}

impl RobotsReading {
    /// As settings and job files name them.
    pub const NAMES: [&'static str; 2] = ["rfc9309", "delay-ends-group"];

    /// The one of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let at = Self::NAMES.iter().position(|known| *known == name)?;
        [Self::Rfc9309, Self::DelayEndsGroup].get(at).copied()
    }

    fn other(self) -> Self {
        match self {
            Self::Rfc9309 => Self::DelayEndsGroup,
            Self::DelayEndsGroup => Self::Rfc9309,
        }
    }
}

/// Agents and the rules that follow them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    agents: Vec<Agent>,
    /// Agents behind it that a `Crawl-delay` alone parts from these: by the letter of the standard they
    /// are of this group, too.
    /// Empty where there are none; kept with the first of such groups alone.
    joined: Vec<Agent>,
    /// Whether the group before it is one of those.
    goes_on: bool,
    /// Longest first, and `Allow` before `Disallow`: the first that matches decides.
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

/// Whom a `User-agent` line names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Agent {
    /// `*`.
    Any,
    /// A product, as written up to its version or the first space.
    Product(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    line: u32,
    value: Box<str>,
    pattern: Pattern,
}

/// Something odd in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line, from one; zero for the file as a whole.
    pub line: u32,
    /// What, as text that go after "robots.txt" or "line 3".
    pub what: String,
}

/// The answer for one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may be asked for.
    pub allowed: bool,
    /// The rule that decided; `None` where no rule matches, which allows.
    pub rule: Option<RuleRef>,
    /// Whether the other [`RobotsReading`] would decide otherwise.
    pub disputed: bool,
}

/// A rule by its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRef {
    /// The line, from one.
    pub line: u32,
    /// The rule: `Disallow: /private/`. Other octets than ASCII are percent-encoded.
    pub text: String,
}

impl RobotsTxt {
    /// Reads a file as it came. Total: any bytes give an answer, and a file that is not a
    /// robots.txt (a page of HTML, say) gives one without rules.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let tokens = tokenize(bytes);
        let mut builder =
            Builder { robots: Self::default(), rules_begun: true, sitemaps_left: false };
        builder.robots.notes = tokens.notes;
        for (line, word) in tokens.words {
            builder.take(line, word);
        }
        let mut robots = builder.robots;
        robots.join();
        for group in &mut robots.groups {
            group.rules.sort_by_key(|rule| {
                (std::cmp::Reverse(rule.pattern.octets()), !rule.allow, rule.line)
            });
        }
        robots
    }

    /// Whether `agent` may ask for `path_and_query`, and which rule says so.
    ///
    /// `agent` is a product token (`pressmark`); a version after a slash is ignored, and case is
    /// too. `path_and_query` is what the request line carries; a fragment is ignored.
    #[must_use]
    pub fn verdict(&self, reading: RobotsReading, agent: &str, path_and_query: &str) -> Verdict {
        let path = MatchPath::new(path_and_query);
        if path.is_robots_txt() {
            return Verdict { allowed: true, rule: None, disputed: false };
        }
        let best = self.deciding(reading, agent, &path);
        let allows = |rule: Option<&Rule>| rule.is_none_or(|rule| rule.allow);
        let allowed = allows(best);
        // Where no Crawl-delay parts agents there is one reading.
        let disputed = self.groups.iter().any(|group| group.goes_on)
            && allows(self.deciding(reading.other(), agent, &path)) != allowed;
        let rule = best.map(|rule| RuleRef { line: rule.line, text: rule.to_string() });
        Verdict { allowed, rule, disputed }
    }

    fn deciding(&self, reading: RobotsReading, agent: &str, path: &MatchPath) -> Option<&Rule> {
        self.groups_of(reading, agent)
            .filter_map(|group| group.rules.iter().find(|rule| rule.pattern.matches(path)))
            .max_by_key(|rule| (rule.pattern.octets(), rule.allow, std::cmp::Reverse(rule.line)))
    }

    /// The `Crawl-delay` for `agent`: the longest of its groups; `None` where they have none, or
    /// none that can be read. Not capped: that is the pace's.
    #[must_use]
    pub fn crawl_delay(&self, reading: RobotsReading, agent: &str) -> Option<Duration> {
        self.groups_of(reading, agent).filter_map(|group| group.crawl_delay).max()
    }

    /// Adds to groups that only a `Crawl-delay` separates each other's agents.
    fn join(&mut self) {
        let mut begin = 0;
        while begin < self.groups.len() {
            let rest = self.groups[begin + 1..].iter().take_while(|group| group.goes_on).count();
            let end = begin + 1 + rest;
            if rest > 0 {
                let chain = &mut self.groups[begin..end];
                chain[0].joined =
                    chain[1..].iter().flat_map(|group| group.agents.iter().cloned()).collect();
            }
            begin = end;
        }
    }

    /// The groups that hold for `agent`: all that name it, or else all that name `*`.
    fn groups_of(&self, reading: RobotsReading, agent: &str) -> impl Iterator<Item = &Group> {
        let name = product(agent).to_owned();
        let named = !name.is_empty() && self.groups.iter().any(|group| group.names(reading, &name));
        let mut holds = false;
        self.groups.iter().filter(move |group| {
            // The first of joined groups knows the agents of all of them.
            if !(group.goes_on && reading == RobotsReading::Rfc9309) {
                holds = match named {
                    true => group.names(reading, &name),
                    false => group.agents(reading).any(|agent| *agent == Agent::Any),
                };
            }
            holds
        })
    }
}

impl Group {
    /// Whom it holds for.
    fn agents(&self, reading: RobotsReading) -> impl Iterator<Item = &Agent> {
        let joined = match reading {
            RobotsReading::Rfc9309 => self.joined.as_slice(),
            RobotsReading::DelayEndsGroup => &[],
        };
        self.agents.iter().chain(joined)
    }

    fn names(&self, reading: RobotsReading, name: &str) -> bool {
        self.agents(reading).any(|agent| match agent {
            Agent::Any => false,
            // As a whole, so that a name with a digit is met by its own group too; or by the
            // standard's product token, which stops at the first octet that is not a letter, `-` or `_`.
            Agent::Product(product) => {
                product.eq_ignore_ascii_case(name) || token(product).eq_ignore_ascii_case(name)
            }
        })
    }
}

/// `name` of `name/1.0 (comment)`.
fn product(agent: &str) -> &str {
    agent.split('/').next().unwrap_or("").trim()
}

/// The product token that `text` begins with (RFC 9309 section 2.2.1); empty where there is none.
fn token(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphabetic() || matches!(c, '-' | '_')));
    &text[..end.unwrap_or(text.len())]
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", if self.allow { "Allow" } else { "Disallow" }, self.value)
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "robots.txt line {}: {}", self.line, self.text)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "robots.txt {}", self.what),
            line => write!(f, "robots.txt line {line} {}", self.what),
        }
    }
}

impl Note {
    fn line(line: u32, what: impl Into<String>) -> Self {
        Self { line, what: what.into() }
    }

    fn file(what: impl Into<String>) -> Self {
        Self::line(0, what)
    }
}

/// Groups as they grow, line by line.
struct Builder {
    robots: RobotsTxt,
    /// Whether the newest group has a rule, so that the next agent begins another. True at the
    /// start, where there is no group to add to.
    rules_begun: bool,
    /// Whether there were more sitemaps than are kept.
    sitemaps_left: bool,
}

impl Builder {
    fn take(&mut self, line: u32, word: Word) {
        match word {
            Word::UserAgent(value) => self.agent(&value),
            Word::Allow(value) => self.rule(line, true, &value),
            Word::Disallow(value) => self.rule(line, false, &value),
            Word::CrawlDelay(value) => self.crawl_delay(line, &value),
            Word::Sitemap(value) => self.sitemap(line, value),
            // It changes nothing (RFC 9309 section 2.2.4), so that there is nothing to say.
            Word::Unknown(_) => {}
        }
    }

    fn agent(&mut self, value: &str) {
        let goes_on = !self.rules_begun
            && self.robots.groups.last().is_some_and(|group| group.crawl_delay.is_some());
        if self.rules_begun || goes_on {
            self.robots.groups.push(Group { goes_on, ..Group::default() });
            self.rules_begun = false;
        }
        let word = value.split_ascii_whitespace().next().unwrap_or("");
        let agent = if word == "*" { Agent::Any } else { Agent::Product(product(word).to_owned()) };
        if let Some(group) = self.robots.groups.last_mut() {
            group.agents.push(agent);
        }
    }

    fn rule(&mut self, line: u32, allow: bool, value: &str) {
        let Some(group) = self.robots.groups.last_mut() else {
            self.note(line, "is a rule before any User-agent, and holds for no one");
            return;
        };
        self.rules_begun = true;
        // An empty rule forbids nothing and allows nothing (RFC 9309 section 2.2.2).
        let Some(pattern) = Pattern::new(value) else { return };
        let hopeless = !pattern.can_match();
        if allow && let Some(pattern) = directory_of_index(value).and_then(|v| Pattern::new(&v)) {
            group.rules.push(Rule { allow, line, value: value.into(), pattern });
        }
        group.rules.push(Rule { allow, line, value: value.into(), pattern });
        if hopeless {
            self.note(line, "has a path that does not begin with a slash, and matches nothing");
        }
    }

    /// Not a rule: it ends no group, and holds for every agent of the group it is in.
    fn crawl_delay(&mut self, line: u32, value: &str) {
        let seconds = value.parse::<f64>().ok();
        let delay = seconds
            .filter(|seconds| (0.0..=CRAWL_DELAY_READABLE_MAX).contains(seconds))
            .map(Duration::from_secs_f64);
        let Some(delay) = delay else {
            self.note(line, format!("has a Crawl-delay that is no number of seconds: {value:?}"));
            return;
        };
        match self.robots.groups.last_mut() {
            Some(group) => group.crawl_delay = group.crawl_delay.max(Some(delay)),
            None => self.note(line, "is a Crawl-delay before any User-agent, and holds for no one"),
        }
    }

    fn sitemap(&mut self, line: u32, value: String) {
        if value.is_empty() {
            return;
        }
        if self.robots.sitemaps.len() < SITEMAPS_MAX {
            self.robots.sitemaps.push(value);
        } else if !self.sitemaps_left {
            self.sitemaps_left = true;
            self.note(
                line,
                format!("and later ones name more than {SITEMAPS_MAX} sitemaps: not read"),
            );
        }
    }

    fn note(&mut self, line: u32, what: impl Into<String>) {
        if self.robots.notes.len() < NOTES_MAX {
            self.robots.notes.push(Note::line(line, what));
        }
    }
}

/// `/dir/$` for `/dir/index.html` and `/dir/index.htm`.
fn directory_of_index(value: &str) -> Option<String> {
    let slash = value.rfind('/')?;
    let (directory, name) = value.split_at(slash + 1);
    matches!(name.trim_end_matches('$'), "index.html" | "index.htm")
        .then(|| format!("{directory}$"))
}

/// Whether a robots.txt of these bytes lets `agent` fetch `url`, and the rule that decides: the
/// whole of the `robots` command.
///
/// `url` may be a whole URL or begin with its path; one that the URL parser refuses is cut by eye,
/// so that there is an answer for every line of a list.
#[must_use]
pub fn explain(bytes: &[u8], reading: RobotsReading, agent: &str, url: &str) -> Verdict {
    RobotsTxt::parse(bytes).verdict(reading, agent, &path_of(url))
}

/// Path and query of `url`, as [`explain`] takes them.
#[must_use]
pub fn path_of(url: &str) -> String {
    if let Ok(uri) = crate::base::TargetUri::parse(url) {
        return uri.request_target();
    }
    let url = url.split('#').next().unwrap_or("").trim();
    let start = url.find(['/', '?', ';']).unwrap_or(url.len());
    let after = match url.find("://") {
        Some(at) if at < start => &url[at + 3..],
        _ => url.strip_prefix("//").unwrap_or(url),
    };
    let path = after.find(['/', '?', ';']).map_or("", |at| &after[at..]);
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

#[cfg(test)]
mod tests;
