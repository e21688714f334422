//! Where the text of a page is: in what was sent, in what its scripts made of it, or in another form of it that
//! it names.
//!
//! These are histories of their own, and never sides of one comparison. The caller chooses which of them an
//! answer is about; without a choice one rule decides here: what was sent comes first, and a rendering stands in
//! where that is a shell. An answer about one page decides it for the page at a time ([`PageReader::text_at`]),
//! one about the whole archive for each version ([`PageReader::is_counted`]).

use crate::archive::{Capture, Form};
use crate::base::Timestamp;
use crate::extract::Hints;
use crate::extract::alternate::{Alternate, alternate};
use crate::extract::page::PageKind;
use crate::store::StoreError;

use super::landing::says_gone;
use super::page_reader::{DECODED_BYTES_MAX, PageReader};
use super::row::VersionRow;
use super::versions::asking;

/// A page is rendered right after its capture: at most this many captures are searched for the rendering.
const LOOK_BACK_MAX: usize = 32;

/// Whether a capture is data for scripts.
fn is_data(entry: &Capture) -> bool {
    entry.mime.ends_with("json")
}

/// Where the text of a page is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TextAt {
    /// In what was sent.
    #[default]
    Sent,
    /// In what a browser made of it.
    Rendered,
    /// At another address, which the page names as another form of it.
    Alternate(Alternate),
}

impl PageReader<'_> {
    /// Where the text of a page is: in what was sent, unless the capture closest to `at` (the newest without it) is a
    /// shell, and was rendered or names another form that the archive has.
    ///
    /// # Errors
    /// When the index cannot answer. A capture that cannot be read is passed over.
    pub fn text_at(&mut self, url: &str, at: Option<Timestamp>) -> Result<TextAt, StoreError> {
        let mut near: Vec<Capture> = Vec::new();
        for entry in self.reader().by_distance(url, at).take(LOOK_BACK_MAX) {
            near.push(entry.map_err(|why| asking(&why))?);
        }
        let is_answer = |entry: &&Capture| {
            entry.form() == Some(Form::Plain) && matches!(entry.status, None | Some(200 | 304))
        };
        let answers: Vec<&Capture> = near.iter().filter(is_answer).collect();
        // What a script asked for at the address of its own page is not the page.
        let are_all_data = answers.iter().all(|entry| is_data(entry));
        for entry in answers.into_iter().filter(|entry| are_all_data || !is_data(entry)) {
            let Ok(said) = self.read(entry) else { continue };
            if said.page.kind != PageKind::Shell {
                return Ok(TextAt::Sent);
            }
            let is_rendered = near.iter().any(|entry| entry.form() == Some(Form::Rendered));
            let named = self.alternate_of(entry)?;
            let is_gone = near.first().is_some_and(says_gone);
            return Ok(match (named, self.reader().rendering_of(entry)?) {
                (_, Some(_)) => TextAt::Rendered,
                // Its other form has a history of its own, which does not say that this one is gone.
                (Some(_), None) if is_gone => TextAt::Sent,
                (Some(named), None) => TextAt::Alternate(named),
                (None, None) if is_rendered => TextAt::Rendered,
                (None, None) => TextAt::Sent,
            });
        }
        Ok(TextAt::Sent)
    }

    /// Whether a version belongs to the answers about the whole archive, in the form that is asked for. Without one it
    /// does where it was sent, and where it is a rendering of what was sent as a shell: what a page was sent with is
    /// not counted twice.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn is_counted(
        &mut self,
        row: &VersionRow,
        asked: Option<Form>,
    ) -> Result<bool, StoreError> {
        if row.form() != Form::Rendered {
            return Ok(asked != Some(Form::Rendered));
        }
        if let Some(form) = asked {
            return Ok(form == Form::Rendered);
        }
        // A page that is gone was what it is compared with.
        let before = row.change.as_ref().map(|change| &change.before);
        let renderings =
            [Some(&row.first), Some(&row.last), before.filter(|_| says_gone(&row.first))];
        let renderings = renderings.into_iter().flatten();
        for rendering in renderings.filter(|entry| entry.form() == Some(Form::Rendered)) {
            if self.stands_in(rendering)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a rendering stands in for what was sent: whether that is a shell, or cannot be read.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn stands_in(&mut self, rendering: &Capture) -> Result<bool, StoreError> {
        let Some(sent) = self.reader().rendered_from(rendering)? else { return Ok(true) };
        Ok(self.read(&sent).map_or(true, |said| said.page.kind == PageKind::Shell))
    }

    /// The form of a captured page that it names, where the archive has a page at its address.
    fn alternate_of(&self, entry: &Capture) -> Result<Option<Alternate>, StoreError> {
        // A page that cannot be read names no other form.
        let Ok(loaded) = self.reader().load(entry) else { return Ok(None) };
        let Ok(decoded) = loaded.decoded(DECODED_BYTES_MAX) else { return Ok(None) };
        let content_type = loaded.content_type();
        let (url, content_type) = (Some(entry.url.as_str()), content_type.as_deref());
        let hints = Hints { url, content_type, status: entry.status };
        let Some(named) = alternate(&decoded, &hints) else { return Ok(None) };
        let found = self.reader().find_form(&named.url, Form::Plain, None)?;
        Ok(found.filter(|found| found.status == Some(200)).map(|_| named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TimeRange;
    use crate::extract::alternate::AlternateKind;
    use crate::history::changes::{ChangeFilter, changes};
    use crate::history::live::observe;
    use crate::history::testing::Archive;
    use crate::history::{PageReader, VersionRow};
    use crate::readings::{DERIVED_BYTES_MAX, Readings};

    const URL: &str = "http://courier.example/harbour";
    const A: &str =
        "The board met on Tuesday in the old harbour house with all of its members there.";
    const B: &str =
        "It counted 12 boats at the eastern pier that morning, more than ever before then.";
    const B2: &str =
        "It counted 15 boats at the eastern pier that morning, more than ever before then.";
    const C: &str =
        "The harbour master said that the pier would be mended before the winter comes.";

    /// A page that is sent with its text, then without it and rendered, and then with it again.
    fn switching() -> Archive {
        let mut archive = Archive::new();
        archive.page(URL, 1, &[A, B, C]);
        archive.page(URL, 2, &[A, B2, C]);
        archive.shell(URL, 3, "");
        archive.rendering(URL, 3, &[A, B2, C, "Share this page with your friends."]);
        archive.shell(URL, 4, "<meta name=x content=y>");
        archive.rendering(URL, 4, &[A, B, C, "Share this page with your friends."]);
        archive
    }

    fn rows(page_reader: &mut PageReader<'_>, form: Form) -> Vec<VersionRow> {
        page_reader.rows_of(URL, form, TimeRange::ALL).unwrap().map(Result::unwrap).collect()
    }

    /// Of each version its hour, and the kinds of its changes.
    fn told(rows: &[VersionRow]) -> Vec<(i64, Vec<&'static str>)> {
        let hour =
            |row: &VersionRow| (row.first.date.unix_micros() / 1_000_000 - 1_900_000_000) / 3_600;
        let kinds =
            |row: &VersionRow| row.changes().iter().map(|change| change.kind.label()).collect();
        rows.iter().map(|row| (hour(row), kinds(row))).collect()
    }

    /// Both histories, without a store, with a new one and with a known one.
    fn check_switching(archive: &Archive) {
        let reader = archive.reader();
        for readings in [
            Readings::none(),
            Readings::open(&reader.layout().derived_dir(), DERIVED_BYTES_MAX),
            Readings::open(&reader.layout().derived_dir(), DERIVED_BYTES_MAX),
        ] {
            let mut page_reader = PageReader::cached(&reader, &readings);
            assert_eq!(page_reader.text_at(URL, None).unwrap(), TextAt::Rendered);
            let plain = rows(&mut page_reader, Form::Plain);
            assert_eq!(told(&plain)[..2], [(1, vec![]), (2, vec!["figure-changed"])]);
            // The page without its text is not another article.
            assert!(told(&plain)[2..].iter().all(|(_, kinds)| kinds.is_empty()), "{plain:?}");
            let rendered = rows(&mut page_reader, Form::Rendered);
            assert_eq!(told(&rendered), [(3, vec![]), (4, vec!["figure-changed"])]);
            let asked = ChangeFilter::default();
            let found = changes(&mut page_reader, &asked, &mut |_| {}).unwrap();
            let found: Vec<(bool, Option<String>)> =
                found.map(Result::unwrap).map(|one| (one.rendering, one.change.after)).collect();
            let value = |text: &str| Some(text.to_owned());
            let figures: Vec<_> =
                found.iter().filter(|one| one.1 == value("12") || one.1 == value("15")).collect();
            assert_eq!(figures.len(), found.len(), "{found:?}");
            assert_eq!(found.iter().map(|one| one.0).collect::<Vec<_>>(), [true, false]);
        }
    }

    #[test]
    fn a_switch_from_plain_to_rendered_is_no_edit_and_each_has_its_own() {
        let mut archive = switching();
        check_switching(&archive);
        // What is captured next is of its own form, too.
        archive.page(URL, 5, &[A, B2, C]);
        let reader = archive.reader();
        let readings = Readings::open(&reader.layout().derived_dir(), DERIVED_BYTES_MAX);
        let mut page_reader = PageReader::cached(&reader, &readings);
        assert_eq!(page_reader.text_at(URL, None).unwrap(), TextAt::Sent);
        assert_eq!(rows(&mut page_reader, Form::Rendered).len(), 2);
        assert_eq!(rows(&mut page_reader, Form::Plain).len(), plain_rows(&archive));
    }

    /// A page that is sent without its text and rendered, is gone for two captures, and back.
    fn gone_and_back() -> Archive {
        let mut archive = Archive::new();
        // Before it is rendered first, it has no rendering that could be gone.
        archive.status(URL, 0, 404);
        archive.shell(URL, 1, "");
        archive.rendering(URL, 1, &[A, B, C]);
        archive.status(URL, 2, 503);
        archive.status(URL, 3, 404);
        archive.status(URL, 4, 404);
        archive.shell(URL, 5, "<meta name=x content=y>");
        archive.rendering(URL, 5, &[A, B2, C]);
        archive
    }

    #[test]
    fn a_page_that_scripts_fill_is_gone_when_the_server_says_so() {
        let archive = gone_and_back();
        let reader = archive.reader();
        let expected = [(1, vec![]), (3, vec!["gone"]), (5, vec!["restored", "figure-changed"])];
        for readings in [
            Readings::none(),
            Readings::open(&reader.layout().derived_dir(), DERIVED_BYTES_MAX),
            Readings::open(&reader.layout().derived_dir(), DERIVED_BYTES_MAX),
        ] {
            let mut page_reader = PageReader::cached(&reader, &readings);
            let rendered = rows(&mut page_reader, Form::Rendered);
            assert_eq!(told(&rendered), expected);
            assert_eq!(rendered[1].captures, 2);
            assert!(rendered.iter().all(|row| row.form() == Form::Rendered));
            // And not of the page as it was sent, which had no text.
            let found = changes(&mut page_reader, &ChangeFilter::default(), &mut |_| {}).unwrap();
            let found: Vec<_> = found.map(Result::unwrap).collect();
            assert!(found.iter().all(|one| one.rendering), "{found:?}");
            let kinds: Vec<&str> = found.iter().map(|one| one.change.kind.label()).collect();
            assert_eq!(kinds, ["restored", "figure-changed", "gone"], "{found:?}");
        }
    }

    #[test]
    fn a_page_with_text_of_its_own_is_gone_once() {
        let mut archive = Archive::new();
        archive.page(URL, 1, &[A, B, C]);
        archive.rendering(URL, 1, &[A, B, C, "Share this page with your friends."]);
        archive.status(URL, 2, 410);
        let reader = archive.reader();
        let mut page_reader = PageReader::new(&reader);
        let found = changes(&mut page_reader, &ChangeFilter::default(), &mut |_| {}).unwrap();
        let found: Vec<_> = found.map(Result::unwrap).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(!found[0].rendering);
    }

    #[test]
    fn what_a_crawl_is_told_of_a_page_that_is_gone_and_back() {
        let mut archive = Archive::new();
        archive.shell(URL, 1, "");
        archive.rendering(URL, 1, &[A, B, C]);
        let mut state: Option<Vec<u8>> = None;
        let mut kinds = Vec::new();
        for hour in 2..5 {
            match hour {
                2 | 3 => archive.status(URL, hour, 404),
                _ => archive.rendering(URL, hour, &[A, B, C]),
            }
            let reader = archive.reader();
            let mut page_reader = PageReader::new(&reader);
            let page = (URL, Form::Rendered);
            let observed = observe(&mut page_reader, page, None, state.as_deref()).unwrap();
            for begun in &observed.begun {
                let delta = begun.delta.as_ref().unwrap();
                kinds.extend(delta.changes.iter().map(|one| (hour, one.kind.label())));
            }
            state = observed.state.or(state);
        }
        assert_eq!(kinds, [(2, "gone"), (4, "restored")]);
    }

    /// How many versions there are of the page as it was sent, without a store.
    fn plain_rows(archive: &Archive) -> usize {
        let reader = archive.reader();
        rows(&mut PageReader::new(&reader), Form::Plain).len()
    }

    #[test]
    fn what_a_rendering_begins_is_told_once_beside_what_was_sent() {
        let archive = switching();
        let reader = archive.reader();
        let mut page_reader = PageReader::new(&reader);
        let observed = observe(&mut page_reader, (URL, Form::Rendered), None, None).unwrap();
        assert_eq!(observed.begun.len(), 1);
        assert_eq!(observed.begun[0].said.entry.form(), Some(Form::Rendered));
        let state = observed.state.unwrap();
        let again = observe(&mut page_reader, (URL, Form::Rendered), None, Some(&state)).unwrap();
        assert!(again.begun.is_empty());
    }

    #[test]
    fn the_text_of_a_shell_is_at_the_other_form_that_it_names() {
        const AMP: &str = "http://courier.example/amp/harbour";
        let head = "<link rel=amphtml href=/amp/harbour>";
        let mut archive = Archive::new();
        archive.shell(URL, 1, head);
        let at = |archive: &Archive| {
            let reader = archive.reader();
            PageReader::new(&reader).text_at(URL, None).unwrap()
        };
        assert_eq!(at(&archive), TextAt::Sent, "it was never captured");
        archive.status(AMP, 1, 404);
        assert_eq!(at(&archive), TextAt::Sent, "it is gone");
        archive.page(AMP, 2, &[A, B, C]);
        let named = Alternate { url: AMP.to_owned(), kind: AlternateKind::Amp };
        assert_eq!(at(&archive), TextAt::Alternate(named));
        archive.rendering(URL, 2, &[A, B, C]);
        assert_eq!(at(&archive), TextAt::Rendered, "it was rendered since");
        // A page that has its text is read from that, whatever other form it names.
        archive.page(URL, 3, &[A, B, C]);
        assert_eq!(at(&archive), TextAt::Sent);
    }
}
