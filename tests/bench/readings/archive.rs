//! An archive made from a seed: one page of many versions, many pages of three, and small files that make up
//! the number of captures.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use pressmark::base::{DigestAlgorithm, Timestamp};
use pressmark::store::Layout;

/// The page of many versions.
pub const URL: &str = "http://courier.example/harbour";

/// A speaker whom one page of 500 quotes.
pub const SPEAKER: &str = "Ann Speaker7";

/// A WARC file is begun after this many bytes.
const FILE_BYTES: u64 = 256 << 20;

/// A small generator, so that texts depend on their seed alone.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % most
    }
}

const WORDS: &str = "harbour board ferry council winter contract company engineer report bridge island passenger \
     captain budget season meeting railway tunnel decision question village market weather account letter signal \
     lantern quarter promise election warehouse committee";

pub fn sentence(chance: &mut Chance) -> String {
    let words: Vec<&str> = WORDS.split(' ').collect();
    let mut out = String::from("The");
    for _ in 0..18 {
        let _ = write!(out, " {}", words[chance.below(words.len())]);
    }
    format!("{out} counted {} boats.", 10 + chance.below(9000))
}

pub fn page(headline: &str, sentences: &[String]) -> String {
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><head><title>{headline}</title></head><body>\
         <article><h1>{headline}</h1>"
    );
    for paragraph in sentences.chunks(3) {
        let _ = write!(out, "<p>{}</p>", paragraph.join(" "));
    }
    out + "</article></body></html>"
}

/// What the archive consists of.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub captures: usize,
    pub versions: usize,
    pub pages: usize,
}

struct Files {
    root: std::path::PathBuf,
    file: Option<BufWriter<std::fs::File>>,
    bytes: u64,
    count: usize,
    records: usize,
}

impl Files {
    fn add(&mut self, url: &str, minute: usize, mime: &str, body: &str) -> std::io::Result<()> {
        if self.bytes >= FILE_BYTES {
            self.file = None;
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                self.count += 1;
                self.bytes = 0;
                let path = self.root.join(format!("bench-{:05}.warc", self.count));
                none.insert(BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?))
            }
        };
        self.records += 1;
        let block = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let minute = i64::try_from(minute).unwrap_or(0);
        let date = Timestamp::from_unix_seconds(1_700_000_000 + minute * 60);
        let record = format!(
            "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{:012}>\r\n\
             WARC-Date: {}\r\nWARC-Target-URI: {url}\r\nWARC-Payload-Digest: {}\r\n\
             Content-Type: application/http;msgtype=response\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
            self.records,
            date.to_warc_date(),
            DigestAlgorithm::Sha256.digest(body.as_bytes()),
            block.len()
        );
        self.bytes += record.len() as u64;
        file.write_all(record.as_bytes())
    }
}

/// The address of one of the pages of three versions.
pub fn address(page: usize) -> String {
    format!("http://paper{}.example/{page}", page % 200)
}

/// Writes the WARC files of an archive at `root`.
pub fn make(root: &Path, size: Size) -> std::io::Result<()> {
    let layout = Layout::new(root);
    layout.create().map_err(std::io::Error::other)?;
    let mut files = Files { root: layout.warc_dir(), file: None, bytes: 0, count: 0, records: 0 };
    let html = "text/html; charset=utf-8";
    let mut chance = Chance(7);
    let mut sentences: Vec<String> = (0..48).map(|_| sentence(&mut chance)).collect();
    for version in 0..size.versions {
        let at = chance.below(sentences.len());
        sentences[at] = sentence(&mut chance);
        files.add(URL, version * 10, html, &page("The harbour and its boats", &sentences))?;
    }
    for look in 0..3 {
        for number in 0..size.pages {
            let mut chance = Chance(number as u64);
            let mut sentences: Vec<String> = (0..8).map(|_| sentence(&mut chance)).collect();
            sentences.push(format!(
                "“Nobody has asked us about the boats in the harbour,” said Ann Speaker{}.",
                number % 500
            ));
            if look > 0 {
                let mut chance = Chance((look * size.pages + number) as u64);
                sentences[look] = sentence(&mut chance);
            }
            let minute = look * 40_000 + number / 2;
            files.add(
                &address(number),
                minute,
                html,
                &page("The boats of the town", &sentences),
            )?;
        }
    }
    let mut number = 0;
    while files.records < size.captures {
        let url = format!("http://static{}.example/{number}.png", number % 300);
        files.add(&url, number / 10, "image/png", &format!("image {number}"))?;
        number += 1;
    }
    match &mut files.file {
        Some(file) => file.flush(),
        None => Ok(()),
    }
}
