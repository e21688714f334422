//! How long a comparison takes: two versions of an article, of a long live blog, of a text rewritten
//! from end to end, and from two payloads to the finished diff. Beside them, in the same run and on
//! the same texts, Python's difflib, and web-monitoring-diff where it is installed.
//!
//! `cargo bench --bench diff [-- --pages DIR]`; with a directory of HTML pages also how long it takes
//! from two stored payloads to the finished diff, for every page of 64 to 256 kB and the same with three
//! sentences changed. web-monitoring-diff is run when `PRESSMARK_BENCH_PYTHON` names a Python that has
//! it (`python3 -m venv V && V/bin/pip install --no-binary lxml,html5-parser web-monitoring-diff`, which builds
//! both against one libxml2; `python3` otherwise). Prints
//! milliseconds of CPU time on one thread, which other work on the machine hardly changes: the median
//! and the spread. The texts are made from a seed, so every run measures the same.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use pressmark::diff::json;
use pressmark::diff::{CompareOptions, compare};
use pressmark::extract::page::Page;
use pressmark::extract::{Hints, extract};

/// A small generator, so that texts do not depend on anything but their seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % most
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.below(words.len())).copied().unwrap_or("")
    }
}

const WHO: [&str; 10] = [
    "the harbour board",
    "the union",
    "a spokeswoman for the ministry",
    "Anna Roe",
    "the mayor",
    "the coast guard",
    "a group of engineers",
    "the owner of the ferry",
    "Piet Hals",
    "the region",
];
const DID: [&str; 10] = [
    "rejected",
    "welcomed",
    "postponed",
    "published",
    "defended",
    "questioned",
    "paid for",
    "withdrew",
    "supported",
    "inspected",
];
const WHAT: [&str; 12] = [
    "a plan for the old pier",
    "the report on the collision",
    "new rules for night traffic",
    "the budget of the coming year",
    "a second inquiry",
    "the sale of the shipyard",
    "the tender for two tugs",
    "the offer of the insurers",
    "a ban on heavy fuel",
    "the timetable of the islands",
    "the pay of the crews",
    "the closure of the lighthouse",
];
const WHEN: [&str; 8] = [
    "on Monday",
    "after a long debate",
    "in spite of protests",
    "before the end of the month",
    "at a meeting in Ostby",
    "by letter",
    "for the third time",
    "without giving a reason",
];

fn sentence(chance: &mut Chance) -> String {
    let (who, did) = (chance.pick(&WHO), chance.pick(&DID));
    let (what, when) = (chance.pick(&WHAT), chance.pick(&WHEN));
    let number = chance.below(9000) + 10;
    let mut text = match chance.below(4) {
        0 => format!(
            "“We {did} {what} {when},” said {}.",
            chance.pick(&["Anna Roe", "Piet Hals", "Ida Holm"])
        ),
        1 => {
            format!("{who} {did} {what} {when}, and {number} people signed a petition against it.")
        }
        2 => format!("{when}, {who} {did} {what}, which will cost {number} euros a day."),
        _ => format!(
            "{who} {did} {what} {when}, while {} {} {}.",
            chance.pick(&WHO),
            chance.pick(&DID),
            chance.pick(&WHAT)
        ),
    };
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// Paragraphs of sentences, `words` words in all.
fn article(seed: u64, words: usize) -> Vec<Vec<String>> {
    let mut chance = Chance(seed);
    let mut paragraphs = Vec::new();
    let mut count = 0;
    while count < words {
        let sentences: Vec<String> =
            (0..2 + chance.below(3)).map(|_| sentence(&mut chance)).collect();
        count += sentences.iter().map(|s| s.split(' ').count()).sum::<usize>();
        paragraphs.push(sentences);
    }
    paragraphs
}

/// The article as editors leave it: figures corrected, sentences added, cut, moved and reworded.
fn revised(old: &[Vec<String>], seed: u64, edits: usize) -> Vec<Vec<String>> {
    let mut chance = Chance(seed);
    let mut new = old.to_vec();
    for edit in 0..edits {
        let at = chance.below(new.len());
        match edit % 5 {
            0 => new.insert(at, vec![sentence(&mut chance)]),
            1 => drop(new.remove(at)),
            2 => {
                let moved = new.remove(at);
                let to = chance.below(new.len() + 1);
                new.insert(to, moved);
            }
            _ => {
                if let Some(first) = new.get_mut(at).and_then(|p| p.first_mut()) {
                    *first = first.replacen(" the ", " the whole ", 1).replace("9", "8");
                }
            }
        }
    }
    new
}

fn html(paragraphs: &[Vec<String>]) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><head><title>Harbour</title></head><body><nav><a href=\"/\">Home</a></nav><main><article><h1>Harbour</h1>\n",
    );
    for paragraph in paragraphs {
        let _ = writeln!(out, "<p>{}</p>", paragraph.join(" "));
    }
    out.push_str("</article></main></body></html>\n");
    out
}

fn page(paragraphs: &[Vec<String>]) -> Page {
    extract(html(paragraphs).as_bytes(), &Hints::default()).page
}

/// The CPU time of this thread in milliseconds, so that other work on the machine does not count; wall
/// time where the system does not report it. The kernel updates it only every few milliseconds,
/// so short work is measured many times over.
fn cpu_ms() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(
        || {
            static BEGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
            BEGIN.elapsed().as_secs_f64() * 1000.0
        },
        |nanos| nanos / 1e6,
    )
}

/// Runs `work` in batches of a tenth of a second, and prints the median batch, for one round of work.
fn measure(name: &str, batches: usize, mut work: impl FnMut()) {
    let start = cpu_ms();
    let mut rounds = 0_u32;
    while cpu_ms() - start < 100.0 {
        work();
        rounds += 1;
    }
    let mut times: Vec<f64> = (0..batches)
        .map(|_| {
            let start = cpu_ms();
            for _ in 0..rounds {
                work();
            }
            (cpu_ms() - start) / f64::from(rounds)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (share * (times.len() - 1) as f64).round();
        times.get(place as usize).copied().unwrap_or(0.0)
    };
    println!("{name:<58} {:>9.3} ms  ({:.3}–{:.3})", at(0.5), at(0.0), at(1.0));
}

fn main() {
    let options = CompareOptions::default();
    let old = article(1, 1000);
    let new = revised(&old, 7, 10);
    let (a, b) = (page(&old), page(&new));
    let found = compare(&a, &b, &options);
    println!(
        "1,000 words: {} sentences, {} bytes, {} operations, {} changes",
        found.old_sentences.len(),
        a.text.len(),
        found.ops.len(),
        found.changes.len()
    );
    measure("1,000 words, ten edits: aligned and typed", 15, || {
        black_box(compare(&a, &b, &options));
    });
    measure("1,000 words, nothing changed", 15, || {
        black_box(compare(&a, &a, &options));
    });
    let other = page(&article(99, 1000));
    measure("1,000 words, rewritten from end to end", 9, || {
        black_box(compare(&a, &other, &options));
    });
    let (x, y) = (html(&old), html(&new));
    measure("two payloads to the finished diff in JSON", 9, || {
        let a = extract(x.as_bytes(), &Hints::default()).page;
        let b = extract(y.as_bytes(), &Hints::default()).page;
        let found = compare(&a, &b, &options);
        let written = serde_json::to_string(&json::comparison(&found, &a, &b));
        let _ = black_box(written);
    });
    let long = article(3, 100_000);
    let grown = revised(&long, 5, 200);
    let (c, d) = (page(&long), page(&grown));
    measure("100,000 words, two hundred edits", 5, || {
        black_box(compare(&c, &d, &options));
    });
    let stranger = page(&article(4, 100_000));
    measure("100,000 words, rewritten from end to end", 3, || {
        black_box(compare(&c, &stranger, &options));
    });
    python(&a.text, &b.text, &x, &y);
    if let Some(dir) = pages_dir() {
        stored(Path::new(&dir));
    }
}

fn pages_dir() -> Option<String> {
    let mut args = std::env::args().skip_while(|arg| arg != "--pages");
    args.nth(1)
}

/// The page with three of its sentences changed: a figure, a word, a sentence more.
fn edited(page: &str) -> Option<String> {
    let mut out = String::with_capacity(page.len() + 100);
    let mut rest = page;
    let mut done = 0;
    while let Some(at) = rest.find("</p>") {
        let (paragraph, tail) = rest.split_at(at);
        let text = paragraph.rsplit("<p").next().unwrap_or_default();
        let long = text.len() > 120 && text.ends_with('.');
        match (long, done) {
            (true, 0) => {
                out.push_str(paragraph.strip_suffix('.').unwrap_or(paragraph));
                out.push_str(", which cost 4,711 crowns.");
                done = 1;
            }
            (true, 1) => {
                out.push_str(paragraph);
                out.push_str(" Nobody at the ministry could be reached on Sunday.");
                done = 2;
            }
            (true, 2) if paragraph.contains(" the ") => {
                let cut = paragraph.rfind(" the ").unwrap_or(0);
                out.push_str(&paragraph[..cut]);
                out.push_str(" the former ");
                out.push_str(&paragraph[cut + 5..]);
                done = 3;
            }
            _ => out.push_str(paragraph),
        }
        out.push_str("</p>");
        rest = &tail[4..];
    }
    out.push_str(rest);
    (done == 3).then_some(out)
}

/// From two payloads to the diff in JSON, over pages as they were captured.
fn stored(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        println!("{}: no such directory", dir.display());
        return;
    };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let options = CompareOptions::default();
    let (mut read, mut typed, mut written) = (0.0, 0.0, 0.0);
    let (mut count, mut bytes, mut told) = (0_u32, 0, 0);
    for file in files {
        let Ok(payload) = std::fs::read(&file) else { continue };
        let Ok(old) = String::from_utf8(payload) else { continue };
        if !(64_000..256_000).contains(&old.len()) {
            continue;
        }
        let Some(new) = edited(&old) else { continue };
        let start = cpu_ms();
        let a = extract(old.as_bytes(), &Hints::default()).page;
        let b = extract(new.as_bytes(), &Hints::default()).page;
        let extracted = cpu_ms();
        let found = compare(&a, &b, &options);
        let compared = cpu_ms();
        let _ = black_box(serde_json::to_string(&json::comparison(&found, &a, &b)));
        read += extracted - start;
        typed += compared - extracted;
        written += cpu_ms() - compared;
        told += u32::from(!found.changes.is_empty());
        bytes += old.len();
        count += 1;
    }
    let each = f64::from(count.max(1));
    println!(
        "{count} stored pages of {} kB on average, three sentences changed ({} % told a change); means:",
        bytes / count.max(1) as usize / 1000,
        told * 100 / count.max(1)
    );
    for (name, sum) in [
        ("both payloads extracted", read),
        ("aligned and typed", typed),
        ("written as JSON", written),
        ("two stored payloads to the finished diff", read + typed + written),
    ] {
        println!("{name:<58} {:>9.3} ms", sum / each);
    }
}

/// The same pairs through Python, where there is one.
fn python(old: &str, new: &str, old_html: &str, new_html: &str) {
    let code = r#"
import difflib, json, re, sys, time
a, b, x, y = json.load(sys.stdin)
def measure(name, work, rounds):
    times = []
    for _ in range(rounds):
        start = time.thread_time(); work(); times.append((time.thread_time() - start) * 1000)
    times.sort()
    print(f"{name:<58} {times[len(times) // 2]:>9.3f} ms  ({times[0]:.3f}–{times[-1]:.3f})")
words = lambda t: re.findall(r"\w+|\W", t)
p, q = words(a), words(b)
measure("Python difflib, words", lambda: difflib.SequenceMatcher(None, p, q, autojunk=False).get_opcodes(), 5)
measure("Python difflib, words, autojunk", lambda: difflib.SequenceMatcher(None, p, q).get_opcodes(), 5)
try:
    from web_monitoring_diff import html_text_diff, html_diff_render
    measure("web-monitoring-diff, text", lambda: html_text_diff(x, y), 5)
    measure("web-monitoring-diff, rendered", lambda: html_diff_render(x, y), 5)
except (ImportError, RuntimeError) as why:
    print(f"web-monitoring-diff is not installed: {why}")
"#;
    let program = std::env::var_os("PRESSMARK_BENCH_PYTHON").unwrap_or_else(|| "python3".into());
    let child = Command::new(program).args(["-c", code]).stdin(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        println!("no Python here");
        return;
    };
    if let Some(mut stdin) = child.stdin.take()
        && let Ok(input) = serde_json::to_vec(&[old, new, old_html, new_html])
    {
        let _ = stdin.write_all(&input);
    }
    let _ = child.wait();
}
