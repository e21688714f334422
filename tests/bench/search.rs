//! How long it takes to search versions of articles, how fast they are put into the index, and which share of
//! their text the index takes.
//!
//! `cargo bench --bench search [-- --versions N] [--words N] [--of-page N] [--pages N] [--dir DIR]`
//!
//! Two parts, both made from a seed. The first puts `--versions` versions of articles of `--words` words, `--of-page`
//! to a page, into an index and asks it for pages; it reads no archive. The second makes an archive of `--pages`
//! short pages and asks it by `search` and `when`, which read what they find; `when` is compared with reading all
//! pages. `--versions 0` and `--pages 0` leave a part out. Times in milliseconds.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pressmark::answers::search::{SearchRequest, search};
use pressmark::answers::when::{WhenRequest, when};
use pressmark::answers::{AnswerError, Archive};
use pressmark::base::{DigestAlgorithm, TimeRange, Timestamp};
use pressmark::history::PageReader;
use pressmark::history::phrase::{self, Phrase};
use pressmark::readings::{DERIVED_BYTES_MAX, Readings};
use pressmark::search::find::{Order, candidates, take_best};
use pressmark::search::index::Index;
use pressmark::search::passages::Text;
use pressmark::search::query::SearchQuery;
use pressmark::search::seam::{Entry, PageInside};
use pressmark::search::{SearchOptions, WRITER_BYTES};
use pressmark::store::{Layout, Reader, StoreError};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const ROUNDS: usize = 20;

fn say(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// xorshift64*: the same numbers on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    #[expect(clippy::cast_precision_loss)]
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
}

/// Words of an invented language, whose frequencies fall as those of real words do (Zipf).
struct Vocabulary {
    words: Vec<String>,
}

const VOCABULARY: u64 = 500_000;

impl Vocabulary {
    fn new() -> Self {
        const PARTS: [&str; 40] = [
            "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro",
            "su", "ta", "ve", "wi", "xo", "zu", "bra", "cle", "dri", "flo", "gru", "pla", "sne",
            "tri", "sto", "shu", "al", "en", "is", "or", "un", "ar", "el", "im", "ost", "und",
        ];
        let mut chance = Chance(7);
        let word = |number: u64| {
            // Frequent words are short.
            let count = 1 + usize::try_from((number + 1).ilog2() / 5).unwrap_or(1);
            let mut word = String::new();
            for _ in 0..count {
                word.push_str(PARTS[usize::try_from(chance.below(40)).unwrap_or(0)]);
            }
            let _ = write!(word, "{}", if count > 2 { String::new() } else { base26(number) });
            word
        };
        Self { words: (0..VOCABULARY).map(word).collect() }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    fn word(&self, chance: &mut Chance) -> &str {
        // The rank of a word whose frequency falls with its rank.
        let rank = (VOCABULARY as f64).powf(chance.share()) - 1.0;
        &self.words[(rank as usize).min(self.words.len() - 1)]
    }

    fn paragraph(&self, chance: &mut Chance, words: usize) -> String {
        let mut text = String::new();
        for number in 0..words {
            if number > 0 {
                text.push(' ');
            }
            text.push_str(self.word(chance));
            if chance.below(12) == 0 {
                text.push(',');
            }
        }
        text.push('.');
        text
    }

    fn article(&self, chance: &mut Chance, words: usize) -> Vec<String> {
        (0..words.div_ceil(50)).map(|_| self.paragraph(chance, 50.min(words))).collect()
    }
}

fn base26(mut number: u64) -> String {
    let mut out = String::new();
    loop {
        out.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
        number /= 26;
        if number == 0 {
            return out;
        }
    }
}

fn bytes_of(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.len()).sum()
}

fn at(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let place = ((sorted.len().max(1) - 1) as f64 * share).round() as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// Measures a question; what comes back is how much it found.
fn measure(name: &str, mut ask: impl FnMut() -> Result<usize, Failed>) -> Result<(), Failed> {
    let mut times = Vec::new();
    let mut found = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        found = ask()?;
        times.push(millis(start.elapsed()));
    }
    times.sort_by(f64::total_cmp);
    let (median, most) = (at(&times, 0.5), at(&times, 1.0));
    Ok(say(&format!("{name:<52} {median:>9.2} {most:>9.2} {found:>9}"))?)
}

struct Args {
    versions: u64,
    words: usize,
    of_page: u64,
    pages: u64,
    dir: Option<PathBuf>,
}

fn args() -> Result<Args, Failed> {
    let mut args = Args { versions: 200_000, words: 400, of_page: 1, pages: 5_000, dir: None };
    let mut given = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(name) = given.next() {
        let value = given.next().ok_or(format!("{name} takes a value"))?;
        match name.as_str() {
            "--versions" => args.versions = value.parse()?,
            "--words" => args.words = value.parse()?,
            "--of-page" => args.of_page = value.parse::<u64>()?.max(1),
            "--pages" => args.pages = value.parse()?,
            "--dir" => args.dir = Some(value.into()),
            _ => return Err(format!("there is no {name}").into()),
        }
    }
    Ok(args)
}

/// Puts versions into an index of their own and asks it.
fn index_alone(args: &Args, vocabulary: &Vocabulary, dir: &Path) -> Result<(), Failed> {
    let index = Index::open(dir)?;
    let mut writer = index.writer(WRITER_BYTES, true)?.ok_or("the index is in use")?;
    let mut chance = Chance(11);
    let (mut text_bytes, mut put) = (0_u64, Duration::ZERO);
    let mut some = Vec::new();
    let pages = args.versions.div_ceil(args.of_page);
    for number in 0..pages {
        let host = format!("example,host{:03}", number % 500);
        let key = format!("{host})/2026/05/{:02}/article-{number:09}", number % 30);
        let page = writer.number_page();
        let mut paragraphs = vocabulary.article(&mut chance, args.words);
        let mut before: Option<Text> = None;
        for version in 1..=args.of_page.min(args.versions - number * args.of_page) {
            if version > 1 {
                // An edit: one paragraph in eight is another one.
                let edited = usize::try_from(chance.below(paragraphs.len() as u64))?;
                paragraphs[edited] = vocabulary.paragraph(&mut chance, 50.min(args.words));
            }
            let text = paragraphs.join("\n\n");
            text_bytes += text.len() as u64;
            if number % (pages / 8).max(1) == 3 {
                some.push(text.clone());
            }
            let start = Instant::now();
            let now = Text::new(&text);
            let inside = PageInside { page, versions: version, sign: number };
            let date = 1_700_000_000 + i64::try_from(number * 60 + version)?;
            let passages = now.passages(before.as_ref());
            writer.add(&Entry {
                key: &key,
                host: &host,
                inside,
                date,
                passages,
                ..Entry::default()
            })?;
            if writer.passages() >= 100_000 {
                writer.commit()?;
            }
            put += start.elapsed();
            before = Some(now);
        }
    }
    let start = Instant::now();
    writer.commit()?;
    writer.end()?;
    put += start.elapsed();
    let bytes = bytes_of(dir);
    #[expect(clippy::cast_precision_loss)]
    let (share, rate) =
        (bytes as f64 / text_bytes as f64 * 100.0, args.versions as f64 / put.as_secs_f64());
    say(&format!(
        "{} versions, {} to a page, {} words each: {} MB of text, {} MB of index ({share:.1} %), {rate:.0} versions a second",
        args.versions,
        args.of_page,
        args.words,
        text_bytes >> 20,
        bytes >> 20
    ))?;
    say(&format!(
        "{:<52} {:>9} {:>9} {:>9}",
        "asked of the index alone", "median", "most", "pages"
    ))?;
    let view = index.view()?;
    let now = Timestamp::from_unix_seconds(1_900_000_000);
    let words = |text: &str, from: usize, count: usize| {
        let words = text.split_whitespace().skip(from).take(count);
        words.collect::<Vec<_>>().join(" ").replace([',', '.'], "")
    };
    let text = some.first().ok_or("no text")?;
    let common = &vocabulary.words;
    for (name, query) in [
        ("a rare word", vocabulary.words[400_000].clone()),
        ("a word of one page in some hundred", common[500].clone()),
        ("the most frequent word", common[0].clone()),
        ("the two most frequent words", format!("{} {}", common[0], common[1])),
        ("five frequent words", common[0..5].join(" ")),
        ("five words of one article", words(text, 20, 5)),
        ("a phrase of four words", format!("\"{}\"", words(text, 60, 4))),
        ("a phrase of twelve words", format!("\"{}\"", words(text, 80, 12))),
        ("a phrase of the two most frequent words", format!("\"{} {}\"", common[0], common[1])),
        (
            "words that begin so",
            format!("{}*", common[300_000].chars().take(4).collect::<String>()),
        ),
        ("two words on one host", format!("{} {} host:host007.example", common[30], common[60])),
        ("a word, the newest first, in a month", format!("{} date:2023-12", common[100])),
    ] {
        let query = SearchQuery::parse(&query, now)?;
        measure(name, || {
            let view = index.view()?;
            let mut found = candidates(&view, &query)?;
            let count = found.len();
            for candidate in take_best(&mut found, Order::Relevance, 20) {
                view.key_of(candidate.place)?.ok_or("no key")?;
            }
            Ok(count)
        })?;
    }
    drop(view);
    Ok(())
}

/// Writes an archive of short pages; some of them with a second version.
fn make_archive(root: &Path, vocabulary: &Vocabulary, pages: u64) -> Result<(), Failed> {
    Layout::new(root).create()?;
    let mut chance = Chance(23);
    let path = root.join("warc/pages.warc");
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut number = 0_u64;
    let mut put = |url: &str, at: Timestamp, paragraphs: &[String]| -> Result<(), Failed> {
        let mut body = format!(
            "<!doctype html><html lang=\"en\"><head><title>Page</title></head><body><article><h1>{}</h1>",
            paragraphs[0].split_whitespace().take(6).collect::<Vec<_>>().join(" ")
        );
        for paragraph in paragraphs {
            write!(body, "<p>{paragraph}</p>")?;
        }
        body.push_str("</article></body></html>");
        let block = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        number += 1;
        write!(
            file,
            "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number:012}>\r\n\
             WARC-Date: {}\r\nWARC-Target-URI: {url}\r\nWARC-Payload-Digest: {}\r\n\
             Content-Type: application/http;msgtype=response\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
            at.to_warc_date(),
            DigestAlgorithm::Sha256.digest(body.as_bytes()),
            block.len()
        )?;
        Ok(())
    };
    for page in 0..pages {
        let url = format!("http://host{:03}.example/article-{page:07}", page % 200);
        let at = |n: u64| {
            Timestamp::from_unix_seconds(1_700_000_000 + i64::try_from(page * 10 + n).unwrap_or(0))
        };
        let mut paragraphs = vocabulary.article(&mut chance, 150);
        put(&url, at(0), &paragraphs)?;
        if page % 5 == 0 {
            paragraphs[1] = vocabulary.paragraph(&mut chance, 50);
            put(&url, at(5), &paragraphs)?;
        }
    }
    Ok(file.flush()?)
}

fn whole(args: &Args, vocabulary: &Vocabulary, root: &Path) -> Result<(), Failed> {
    if !root.join("warc").is_dir() {
        make_archive(root, vocabulary, args.pages)?;
    }
    let start = Instant::now();
    let (reader, _) = Reader::open(root, 8 << 20)?;
    say(&format!("{} pages; opened in {:.0} ms", args.pages, millis(start.elapsed())))?;
    let derived = Layout::new(root).derived_dir();
    let readings = Readings::open(&derived, DERIVED_BYTES_MAX);
    let archive = Archive::new(reader, readings).with_search(SearchOptions::default());
    let start = Instant::now();
    let mut page_reader = archive.page_reader();
    archive.search().current(&mut page_reader, &mut |_| {})?;
    say(&format!("read and put into the index in {:.1} s", start.elapsed().as_secs_f64()))?;
    let mut chance = Chance(23);
    // As the archive was made: the words of its first page.
    let first = vocabulary.article(&mut chance, 150);
    let phrase = first[0].split_whitespace().skip(4).take(5).collect::<Vec<_>>().join(" ");
    say(&format!("{:<52} {:>9} {:>9} {:>9}", "asked of the archive", "median", "most", "pages"))?;
    let two = format!("{} {}", vocabulary.words[0], vocabulary.words[3]);
    for (name, phrase) in [
        ("when: a phrase of one page", phrase.clone()),
        ("when: a phrase of no page", format!("{} never said", vocabulary.words[0])),
        ("when: a rare word", vocabulary.words[100_000].clone()),
        ("when: two frequent words", two.clone()),
    ] {
        measure(name, || {
            let mut count = 0;
            let request = WhenRequest { phrase: phrase.clone(), host: None, form: None };
            when::<AnswerError>(&archive, &request, &mut |_| {}, &mut |_| {
                count += 1;
                Ok(())
            })?;
            Ok(count)
        })?;
    }
    for (name, query) in [
        ("search: a phrase of one page", format!("\"{phrase}\"")),
        ("search: a frequent word, the best 20", vocabulary.words[2].clone()),
        ("search: three words, the best 20", vocabulary.words[10..13].join(" ")),
    ] {
        let request = SearchRequest {
            query,
            host: None,
            form: None,
            period: TimeRange::ALL,
            order: Order::Relevance,
            pages_max: 20,
            now: Timestamp::from_unix_seconds(1_900_000_000),
        };
        measure(name, || Ok(search(&archive, &request, &mut |_| {})?.hits.len()))?;
    }
    let start = Instant::now();
    let phrase = Phrase::new(&phrase).ok_or("no phrase")?;
    let mut page_reader = PageReader::cached(archive.reader(), archive.readings());
    let mut count = 0;
    phrase::when::<StoreError>(&mut page_reader, &phrase, (None, None), &mut |_| {
        count += 1;
        Ok(())
    })?;
    let took = millis(start.elapsed());
    Ok(say(&format!("{:<52} {took:>9.0} {:>9} {count:>9}", "when by reading all pages, once", ""))?)
}

fn main() -> Result<(), Failed> {
    let args = args()?;
    let kept = tempfile::tempdir()?;
    let dir = args.dir.clone().unwrap_or_else(|| kept.path().to_owned());
    let vocabulary = Vocabulary::new();
    if args.versions > 0 {
        let own = tempfile::tempdir()?;
        index_alone(&args, &vocabulary, own.path())?;
    }
    if args.pages > 0 {
        std::fs::create_dir_all(&dir)?;
        whole(&args, &vocabulary, &dir)?;
    }
    Ok(())
}
