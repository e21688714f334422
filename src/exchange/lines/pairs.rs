//! Which request belongs to which response: one that comes right before or after it in the file, and
//! of which one names the other.
//!
//! A file that is read in parts is cut between two records, and what is right after the cut may belong
//! to what is before it. So a part that is not the first begins with a [`Lead`]: the records at its
//! start whose partners are only known once it is known what the part before ends with.
//!
//! ```text
//!  … response A │ request A   response B   request B …      after the cut: one in the lead,
//!               └ cut                                       since "response B" belongs to neither
//! ```

use std::io;

use super::line::Line;

/// What a record is of.
#[derive(Debug)]
pub(super) enum Event {
    /// A line that no request belongs to.
    Alone(Line),
    /// A line whose request may be next to it.
    Response(Line),
    /// A request.
    Request(Asked),
}

/// What a request says of the key of its response.
#[derive(Debug)]
pub(super) struct Asked {
    pub id: Option<String>,
    pub url: String,
    /// Method and query of its body, where the method is POST or PUT.
    pub post: Option<(String, String)>,
    pub concurrent_to: Vec<String>,
}

type Give<'g> = &'g mut dyn FnMut(Line) -> io::Result<()>;

/// A response whose request may follow, or a request whose response may.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    held: Option<Event>,
}

impl Pairs {
    /// Takes in what comes next; lines that are complete are given out.
    pub fn event(&mut self, event: Event, give: Give<'_>) -> io::Result<()> {
        if let Event::Alone(line) = event {
            return give(line);
        }
        match self.held.take() {
            Some(before) if belong(&before, &event) => match joined(before, event) {
                Some(line) => give(line),
                None => Ok(()),
            },
            before => {
                self.held = before;
                self.let_go(give)?;
                self.held = Some(event);
                Ok(())
            }
        }
    }

    /// What was held has no partner.
    pub fn let_go(&mut self, give: Give<'_>) -> io::Result<()> {
        match self.held.take() {
            Some(Event::Response(line) | Event::Alone(line)) => give(line),
            Some(Event::Request(_)) | None => Ok(()),
        }
    }
}

/// The start of a part of a file.
#[derive(Debug)]
pub(super) struct Lead {
    /// Each belongs to the one before it, so that the first decides which pairs they are.
    events: Vec<Event>,
    is_over: bool,
    is_too_long: bool,
}

/// The most records of a lead. Two is what writers give; but a hostile file may have each record name
/// its neighbours.
const LEAD_MAX: usize = 64;

impl Lead {
    /// That of a file's first part is over.
    pub fn new(is_first: bool) -> Self {
        Self { events: Vec::new(), is_over: is_first, is_too_long: false }
    }

    /// Takes in what comes next, or gives it back where it is not part of the lead.
    pub fn event(&mut self, event: Event) -> Option<Event> {
        if self.is_over || matches!(event, Event::Alone(_)) {
            return Some(event);
        }
        if self.events.len() >= LEAD_MAX {
            (self.is_over, self.is_too_long) = (true, true);
        } else if self.events.last().is_some_and(|last| !belong(last, &event)) {
            self.is_over = true;
        } else {
            self.events.push(event);
            return None;
        }
        Some(event)
    }

    /// Whether it is known how far it goes.
    pub fn is_joinable(&self) -> bool {
        !self.is_too_long
    }

    /// The records, and whether others came after them.
    pub fn into_parts(self) -> (Vec<Event>, bool) {
        (self.events, self.is_over)
    }
}

/// Whether the two are parts of one exchange: one of them names the other.
fn belong(one: &Event, other: &Event) -> bool {
    let (line, asked) = match (one, other) {
        (Event::Response(line), Event::Request(asked))
        | (Event::Request(asked), Event::Response(line)) => (line, asked),
        _ => return false,
    };
    let names = |list: &[String], id: &Option<String>| {
        id.as_ref().is_some_and(|id| list.iter().any(|named| named == id))
    };
    line.url == asked.url
        && (names(&line.concurrent_to, &asked.id) || names(&asked.concurrent_to, &line.id))
}

/// The line of two that belong together.
fn joined(one: Event, other: Event) -> Option<Line> {
    match (one, other) {
        (Event::Response(mut line), Event::Request(asked))
        | (Event::Request(asked), Event::Response(mut line)) => {
            line.post = asked.post;
            Some(line)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a` is a response that names the request `b`, and so on; capitals are responses.
    fn event(id: &str, names: &str) -> Event {
        let concurrent_to: Vec<String> = names.chars().map(String::from).collect();
        let (id, url) = (Some(id.to_owned()), "http://a/".to_owned());
        if id.as_ref().is_some_and(|id| id.chars().all(char::is_uppercase)) {
            let mut line = Line::default();
            (line.id, line.url, line.concurrent_to) = (id, url, concurrent_to);
            return Event::Response(line);
        }
        let post = id.clone().map(|id| ("POST".to_owned(), id));
        Event::Request(Asked { id, url, post, concurrent_to })
    }

    type Given = Vec<(Option<String>, Option<String>)>;

    /// Each line's identifier, and that of the request that was joined with it; the file cut before
    /// the records at `cuts`.
    fn given(events: &[(&str, &str)], cuts: &[usize]) -> Given {
        let mut out = Vec::new();
        let mut give = |line: Line| {
            out.push((line.id, line.post.map(|(_, query)| query)));
            Ok(())
        };
        let mut held = Pairs::default();
        let mut from = 0;
        for to in cuts.iter().copied().chain([events.len()]) {
            let (mut lead, mut pairs) = (Lead::new(from == 0), Pairs::default());
            for (id, names) in &events[from..to] {
                if let Some(event) = lead.event(event(id, names)) {
                    pairs.event(event, &mut give).unwrap();
                }
            }
            let (events, is_over) = lead.into_parts();
            for event in events {
                held.event(event, &mut give).unwrap();
            }
            if is_over {
                held.let_go(&mut give).unwrap();
                held = pairs;
            }
            from = to;
        }
        held.let_go(&mut give).unwrap();
        out.sort();
        out
    }

    #[test]
    fn wherever_a_file_is_cut_the_pairs_are_the_same() {
        for events in [
            &[("A", ""), ("b", "A"), ("C", ""), ("d", "C"), ("E", "")][..],
            &[("b", ""), ("A", "b"), ("d", ""), ("C", "d"), ("e", "")],
            // Each names the one before it: the first decides.
            &[("A", ""), ("b", "A"), ("C", "b"), ("d", "C"), ("E", "d"), ("f", "E")],
            &[("a", ""), ("b", ""), ("C", "b"), ("d", "C"), ("E", "d"), ("G", ""), ("h", "G")],
        ] {
            let whole = given(events, &[]);
            assert!(whole.iter().any(|(_, request)| request.is_some()));
            for one in 1..events.len() {
                assert_eq!(given(events, &[one]), whole, "{events:?} {one}");
                for two in one + 1..events.len() {
                    assert_eq!(given(events, &[one, two]), whole, "{events:?} {one} {two}");
                }
            }
        }
    }

    #[test]
    fn a_lead_without_an_end_is_given_up() {
        let mut lead = Lead::new(false);
        let mut before = String::new();
        for n in 0..2 * LEAD_MAX {
            let id = if n % 2 == 0 { "A" } else { "b" };
            lead.event(event(id, &before));
            before = id.to_owned();
        }
        assert!(!lead.is_joinable());
    }
}
