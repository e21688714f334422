//! The page of a capture that was sent without its text and rendered, and that of the rendering's own record.

use super::super::{PageAnswer, PageRequest, answer};
use super::check::Document;
use super::values::{ORIGIN, REPLAY};
use crate::answers::Archive;
use crate::archive::Form;
use crate::base::percent::percent_decoded;
use crate::cite;
use crate::history::testing;
use crate::readings::Readings;
use crate::render::web::Site;

const URL: &str = "http://courier.example/harbour";
const BOARD: &str =
    "The board met on Tuesday in the old harbour house with all of its members there.";
const EMPTY: &str = "There is no text to read";
const AS_SENT: &str = "The page as it was sent";

struct Pages {
    asked: Archive,
    site: Site,
    _archive: testing::Archive,
}

impl Pages {
    /// A page that was sent as a shell and rendered, and later sent as a shell and not rendered.
    fn new() -> Self {
        let mut archive = testing::Archive::new();
        archive.shell(URL, 1, "");
        archive.rendering(URL, 1, &[BOARD]);
        archive.shell(URL, 3, "<meta name=x content=y>");
        let asked = Archive::new(archive.reader(), Readings::none());
        let site = Site {
            base: "/reader".to_owned(),
            replay: REPLAY.trim_end_matches('/').to_owned(),
            rerouted: None,
            origin: Some(ORIGIN.to_owned()),
            archive: cite::Archive { name: "Tests".to_owned(), base: None },
            now: testing::Archive::at(100),
            proof: None,
        };
        Self { asked, site, _archive: archive }
    }

    /// The page at a link of the reader.
    fn get(&self, link: &str) -> PageAnswer {
        let (path, query) = link.strip_prefix("/reader").unwrap().split_once('?').unwrap();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let parameters: Vec<(String, String)> =
            pairs.map(|(name, value)| (name.to_owned(), percent_decoded(value))).collect();
        let request = PageRequest { is_post: false, path, parameters: &parameters, seen: None };
        let found = answer(&self.asked, &self.site, &request);
        assert_eq!(found.status, 200, "{link}: {}", found.body);
        let document = Document::read(&found.body).unwrap();
        assert_eq!(document.problems("/reader"), Vec::<String>::new(), "{}", found.body);
        found
    }

    /// The link of the capture in a form that is closest to an hour.
    fn link(&self, form: Form, hour: i64) -> String {
        let at = Some(testing::Archive::at(hour));
        let capture = self.asked.reader().find_form(URL, form, at).unwrap().unwrap();
        self.site.capture_link(&capture)
    }

    /// Checks which words a page has, and which it has not.
    #[track_caller]
    fn check(&self, link: &str, has: &[&str], lacks: &[&str]) {
        let body = self.get(link).body;
        for words in has {
            assert!(body.contains(words), "{link} lacks {words:?}\n{body}");
        }
        for words in lacks {
            assert!(!body.contains(words), "{link} has {words:?}\n{body}");
        }
    }
}

#[test]
fn the_text_of_a_shell_is_that_of_its_rendering() {
    let pages = Pages::new();
    let plain = "form=plain";
    let (first, newest) = (pages.link(Form::Plain, 1), format!("/reader/capture?url={URL}"));
    let rendered =
        [BOARD, "as rendered by a browser", plain, AS_SENT, "rd_/http", "View as rendered"];
    pages.check(&first, &rendered, &[EMPTY, "was not rendered", "the newest capture"]);
    // The newest was not rendered: the note names the rendering that stands in.
    pages.check(&newest, &rendered, &[EMPTY]);
    pages.check(
        &newest,
        &["was not rendered; the newest rendering is of 2030-", "the newest capture"],
        &[],
    );
    // As it was sent, with the way back.
    for link in [&first, &newest] {
        let link = format!("{link}&form=plain");
        pages.check(&link, &[EMPTY, "form=rendered", "id_/http"], &[BOARD, plain]);
    }
    pages.check(&format!("{newest}&form=rendered"), &[BOARD, plain], &[EMPTY]);
}

#[test]
fn the_record_of_a_rendering_has_links_of_its_own() {
    let pages = Pages::new();
    let link = pages.link(Form::Rendered, 1);
    let own =
        [BOARD, "As rendered on", "the newest rendering", "Rendered from", "rd_/http", AS_SENT];
    // Its payload is not at an address of replay, and it is not the newest capture.
    pages.check(&link, &own, &["id_/http", "the newest capture", "As captured on"]);
    let sent = pages.link(Form::Plain, 1).replace('&', "&amp;");
    pages.check(&link, &[&sent], &[]);
    pages.check(&format!("{link}&form=plain"), &[EMPTY, "form=rendered"], &[BOARD]);
}
