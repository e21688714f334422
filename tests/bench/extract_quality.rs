//! Quality of extraction on public sets, with one scorer for all of them.
//!
//! The sets are given on the command line and are not part of this repository:
//!
//! ```text
//! cargo bench --bench extract_quality -- --scrapinghub DIR --wcxb DIR/dev [--worst N] [--show ID] [--parts] [--dump DIR] [--changes DIR]
//! ```
//!
//! `--scrapinghub` is a copy of the article-extraction-benchmark: `ground-truth.json` and
//! `html/*.html.gz`; scored as its `evaluate.py` does (shingles of four words, mean precision and
//! recall, F1 of the means). `--wcxb` is the dev folder of WCXB: `ground-truth/*.json` and
//! `html/*.html.gz`; articles only, scored as its `evaluate.py` does (mean F1 of bags of words).
//! False changes: each page is read again after the links around the article have changed places
//! and the counters have moved on (`perturb.rs`); its text must be the same.

#![allow(missing_docs)]

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::{Path, PathBuf};

use pressmark::extract::{Hints, extract};

#[path = "extract_quality/perturb.rs"]
mod perturb;
#[path = "extract_quality/score.rs"]
mod score;

struct Case {
    id: String,
    url: Option<String>,
    html: Vec<u8>,
    gold: String,
    title: Option<String>,
    date: Option<String>,
}

#[derive(Default)]
struct Options {
    scrapinghub: Option<PathBuf>,
    wcxb: Option<PathBuf>,
    worst: usize,
    show: Vec<String>,
    dump: Option<PathBuf>,
    /// Where both texts of every page that changed are written, beside the page as it was changed.
    changes: Option<PathBuf>,
    only_text: bool,
    /// List every standfirst and caption, with whether the gold text has it.
    parts: bool,
}

fn main() {
    let options = read_options();
    if options.scrapinghub.is_none() && options.wcxb.is_none() {
        println!("no sets given: --scrapinghub DIR and --wcxb DIR name them");
        return;
    }
    for (name, cases) in [
        ("scrapinghub", options.scrapinghub.as_deref().map(scrapinghub)),
        ("wcxb", options.wcxb.as_deref().map(wcxb)),
    ] {
        if let Some(cases) = cases {
            run(name, &cases, &options);
        }
    }
}

fn read_options() -> Options {
    let mut options = Options::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_default();
        match arg.as_str() {
            "--scrapinghub" => options.scrapinghub = Some(value().into()),
            "--wcxb" => options.wcxb = Some(value().into()),
            "--worst" => options.worst = value().parse().unwrap_or(20),
            "--show" => options.show.push(value()),
            "--dump" => options.dump = Some(value().into()),
            "--changes" => options.changes = Some(value().into()),
            "--parts" => options.parts = true,
            "--only-text" => options.only_text = true,
            // Cargo's own.
            "--bench" => {}
            other => eprintln!("unknown argument {other}"),
        }
    }
    options
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        let _ = flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes);
    }
    bytes
}

fn json(path: &Path) -> serde_json::Value {
    std::fs::read(path).ok().and_then(|b| serde_json::from_slice(&b).ok()).unwrap_or_default()
}

fn text_of(value: &serde_json::Value) -> Option<String> {
    value.as_str().filter(|s| !s.trim().is_empty()).map(str::to_owned)
}

fn scrapinghub(dir: &Path) -> Vec<Case> {
    let truth = json(&dir.join("ground-truth.json"));
    let mut cases: Vec<Case> = truth
        .as_object()
        .into_iter()
        .flatten()
        .map(|(id, gold)| Case {
            id: id.clone(),
            url: text_of(&gold["url"]),
            html: unpacked(&dir.join("html").join(format!("{id}.html.gz"))),
            gold: text_of(&gold["articleBody"]).unwrap_or_default(),
            title: None,
            date: None,
        })
        .collect();
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    cases
}

fn wcxb(dir: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(dir.join("ground-truth")).into_iter().flatten().flatten() {
        let gold = json(&entry.path());
        let kind = &gold["_internal"]["page_type"];
        let kind = kind["primary"].as_str().or(kind.as_str()).unwrap_or("article");
        let Some(id) = entry.path().file_stem().map(|s| s.to_string_lossy().into_owned()) else {
            continue;
        };
        if kind != "article" {
            continue;
        }
        let truth = &gold["ground_truth"];
        cases.push(Case {
            url: text_of(&gold["url"]),
            html: unpacked(&dir.join("html").join(format!("{id}.html.gz"))),
            gold: text_of(&truth["main_content"]).unwrap_or_default(),
            title: text_of(&truth["title"]),
            date: text_of(&truth["publish_date"]),
            id,
        });
    }
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    cases
}

fn run(name: &str, cases: &[Case], options: &Options) {
    let mut rows: Vec<(score::Score, &Case, String)> = Vec::new();
    // The same over the whole text, as `show --as text` prints it.
    let mut whole: Vec<(score::Score, &Case, score::Score)> = Vec::new();
    let (mut false_changes, mut perturbed, mut changed) = (0, 0, Vec::new());
    let mut tally = Tally::default();
    let mut seconds = 0.0;
    let mut dump = serde_json::Map::new();
    for (case, read) in cases.iter().zip(read_all(name, cases, options)) {
        let text = body_of(&read.page);
        seconds += read.seconds;
        if options.dump.is_some() {
            dump.insert(case.id.clone(), serde_json::json!({ "articleBody": text }));
        }
        let measure = if name == "wcxb" { score::bag_of_words } else { score::shingles };
        let scored = measure(&text, &case.gold);
        whole.push((measure(&read.page.text, &case.gold), case, scored));
        perturbed += u32::from(!options.only_text);
        if let Some(what) = read.changed {
            false_changes += 1;
            changed.push((case.id.clone(), what));
        }
        tally.add(case, &read.page);
        if options.show.contains(&case.id) || options.show.iter().any(|s| s == name) {
            show(case, &read.page);
        }
        if options.parts {
            show_parts(case, &read.page);
        }
        rows.push((scored, case, text));
    }
    let is_bag = name == "wcxb";
    let (f1, p, r) = if is_bag { score::mean_of_f1(&rows) } else { score::f1_of_means(&rows) };
    println!("{name}: {} pages, body alone F1 {f1:.4}, P {p:.4}, R {r:.4}", cases.len());
    let (f1, p, r) = if is_bag { score::mean_of_f1(&whole) } else { score::f1_of_means(&whole) };
    println!(
        "{name}: whole text F1 {f1:.4}, P {p:.4}, R {r:.4}, {:.2} CPU ms a page ({:.0} pages/CPU-s)",
        seconds * 1000.0 / cases.len().max(1) as f64,
        cases.len() as f64 / seconds.max(1e-9),
    );
    if perturbed > 0 {
        println!(
            "{name}: false changes {false_changes} of {perturbed} ({:.1} %)",
            100.0 * f64::from(false_changes) / f64::from(perturbed)
        );
        for (id, what) in changed.iter().take(options.worst) {
            println!("  changed {id}: {what}");
        }
    }
    tally.print(name, options);
    rows.sort_by(|a, b| a.0.f1.total_cmp(&b.0.f1));
    for (scored, case, _) in rows.iter().take(options.worst) {
        println!(
            "  {} F1 {:.3} P {:.3} R {:.3} {}",
            case.id,
            scored.f1,
            scored.p,
            scored.r,
            case.url.as_deref().unwrap_or("")
        );
    }
    whole.sort_by(|a, b| (a.0.f1 - a.2.f1).total_cmp(&(b.0.f1 - b.2.f1)));
    for (scored, case, body) in whole.iter().take(options.worst) {
        println!("  {} whole F1 {:.3}, body alone {:.3}", case.id, scored.f1, body.f1);
    }
    if let Some(path) = &options.dump {
        let file = path.join(format!("{name}.json"));
        let _ = std::fs::write(file, serde_json::Value::Object(dump).to_string());
    }
}

/// The text without standfirst and captions: the gold texts of the sets leave them out, and the
/// other extractors that were scored on them too.
fn body_of(page: &pressmark::extract::page::Page) -> String {
    use pressmark::extract::page::BlockKind;
    let is_body = |kind: &BlockKind| !matches!(kind, BlockKind::Standfirst | BlockKind::Caption);
    let body = page.blocks.iter().filter(|block| is_body(&block.kind));
    body.map(|block| &page.text[block.range.clone()]).collect::<Vec<_>>().join("\n\n")
}

/// The results of one page.
struct Reading {
    page: pressmark::extract::page::Page,
    seconds: f64,
    /// Where the text of the page as changed differs from that of the page as it was.
    changed: Option<String>,
}

/// Reads all pages, one thread for each processor; times are those of the thread.
fn read_all(name: &str, cases: &[Case], options: &Options) -> Vec<Reading> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = cases.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let readers: Vec<_> = cases
            .chunks(share)
            .map(|part| {
                scope.spawn(|| part.iter().map(|c| read_one(name, c, options)).collect::<Vec<_>>())
            })
            .collect();
        readers.into_iter().filter_map(|reader| reader.join().ok()).flatten().collect()
    })
}

fn read_one(name: &str, case: &Case, options: &Options) -> Reading {
    let hints = Hints {
        url: case.url.as_deref(),
        content_type: (name == "wcxb").then_some("text/html; charset=utf-8"),
        ..Hints::default()
    };
    let start = cpu_seconds();
    let page = extract(&case.html, &hints).page;
    let seconds = cpu_seconds() - start;
    if options.only_text {
        return Reading { page, seconds, changed: None };
    }
    let again = perturb::perturb(&String::from_utf8_lossy(&case.html), &case.gold);
    let before = if perturb::is_utf8(&case.html) {
        page.text.clone()
    } else {
        extract(String::from_utf8_lossy(&case.html).as_bytes(), &utf8(&hints)).page.text
    };
    let after = extract(again.as_bytes(), &utf8(&hints)).page.text;
    let changed = (after != before).then(|| first_difference(&before, &after));
    if let Some(dir) = options.changes.as_ref().filter(|_| changed.is_some()) {
        for (kind, text) in [("before.txt", &before), ("after.txt", &after), ("html", &again)] {
            let _ = std::fs::write(dir.join(format!("{}.{kind}", case.id)), text);
        }
    }
    Reading { page, seconds, changed }
}

/// Time this thread has spent on a processor, where the system reports it (Linux); 0 elsewhere.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

fn utf8<'a>(hints: &Hints<'a>) -> Hints<'a> {
    Hints { content_type: Some("text/html; charset=utf-8"), ..*hints }
}

fn first_difference(a: &str, b: &str) -> String {
    let (mut left, mut right) = (a.split("\n\n"), b.split("\n\n"));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return String::new(),
            (x, y) if x == y => {}
            (x, y) => {
                let short =
                    |s: Option<&str>| s.unwrap_or("-").chars().take(110).collect::<String>();
                return format!("{:?} / {:?}", short(x), short(y));
            }
        }
    }
}

#[derive(Default)]
struct Tally {
    dated: usize,
    date_right: usize,
    date_said: usize,
    /// Wrong days that are the day the page declares as that of its last change.
    date_modified: usize,
    /// Days said and right, by where they were found.
    by_origin: BTreeMap<&'static str, (usize, usize)>,
    titled: usize,
    title_right: usize,
    title_near: usize,
    wrong_dates: Vec<String>,
    wrong_titles: Vec<String>,
}

impl Tally {
    fn add(&mut self, case: &Case, page: &pressmark::extract::page::Page) {
        if let Some(date) = &case.date {
            self.dated += 1;
            let said =
                page.published.as_ref().map(|f| f.value.text.chars().take(10).collect::<String>());
            self.date_said += usize::from(said.is_some());
            // A gold of a month has no more to compare.
            let right = said.as_deref() == Some(date.get(..10).unwrap_or(date));
            self.date_right += usize::from(right);
            if let Some(fact) = &page.published {
                let (said, hit) = self.by_origin.entry(fact.origin.label()).or_default();
                *said += 1;
                *hit += usize::from(right);
            }
            let modified = page.modified.as_ref().and_then(|f| f.value.text.get(..10));
            self.date_modified += usize::from(!right && modified == date.get(..10));
            if !right {
                let origin = page.published.as_ref().map_or("-", |f| f.origin.label());
                self.wrong_dates.push(format!("{} gold {date} said {said:?} {origin}", case.id));
            }
        }
        if let Some(title) = &case.title {
            self.titled += 1;
            let said = page.headline.as_ref().map(|f| f.value.clone()).unwrap_or_default();
            let (a, b) = (score::words(title).join(" "), score::words(&said).join(" "));
            self.title_right += usize::from(a == b);
            let near = !b.is_empty() && (a.contains(&b) || b.contains(&a));
            self.title_near += usize::from(near);
            if a != b {
                self.wrong_titles.push(format!("{} gold {title:?} said {said:?}", case.id));
            }
        }
    }

    fn print(&self, name: &str, options: &Options) {
        if self.dated > 0 {
            let of = self.dated as f64;
            println!(
                "{name}: published day right {:.3}, said {:.3}, of {} that state one",
                self.date_right as f64 / of,
                self.date_said as f64 / of,
                self.dated
            );
            println!(
                "{name}: {} of the wrong days are those of the last change as declared; by origin, \
                 right of said: {:?}",
                self.date_modified,
                self.by_origin.iter().map(|(o, (n, r))| format!("{o} {r}/{n}")).collect::<Vec<_>>()
            );
            self.wrong_dates.iter().take(options.worst).for_each(|line| println!("  date {line}"));
        }
        if self.titled > 0 {
            println!(
                "{name}: headline exact {:.3}, one within the other {:.3}, of {}",
                self.title_right as f64 / self.titled as f64,
                self.title_near as f64 / self.titled as f64,
                self.titled
            );
            self.wrong_titles
                .iter()
                .take(options.worst)
                .for_each(|line| println!("  title {line}"));
        }
    }
}

/// The blocks of one page against its gold text: `+` is kept and not gold, `-` gold and not kept.
fn show(case: &Case, page: &pressmark::extract::page::Page) {
    println!("==== {} {}", case.id, case.url.as_deref().unwrap_or(""));
    println!("headline {:?}", page.headline.as_ref().map(|f| &f.value));
    let gold: HashMap<String, usize> = score::counts(score::words(&case.gold));
    let kept: HashMap<String, usize> = score::counts(score::words(&page.text));
    let share = |text: &str, other: &HashMap<String, usize>| {
        let words = score::words(text);
        let known = words.iter().filter(|w| other.contains_key(*w)).count();
        known as f64 / words.len().max(1) as f64
    };
    let gold_flat = score::words(&case.gold).join(" ");
    let kept_flat = score::words(&page.text).join(" ");
    for block in &page.blocks {
        let text = &page.text[block.range.clone()];
        let inside = gold_flat.contains(&score::words(text).join(" "));
        let mark = if inside { " " } else { "+" };
        println!("{mark} {:?} {:.2} {}", block.kind, share(text, &gold), text.replace('\n', "⏎"));
    }
    let dom =
        pressmark::extract::dom::Dom::parse(&String::from_utf8_lossy(&case.html), &mut Vec::new());
    let mut last = String::new();
    for line in case.gold.split('\n').filter(|l| !l.trim().is_empty()) {
        if !kept_flat.contains(&score::words(line).join(" ")) {
            let path = path_of(&dom, line);
            println!("- {:.2} {line}", share(line, &kept));
            if path != last {
                println!("      {path}");
            }
            last = path;
        }
    }
}

/// What stands beside the prose, with how much of its words' sequences the gold text has.
fn show_parts(case: &Case, page: &pressmark::extract::page::Page) {
    use pressmark::extract::page::BlockKind;
    for block in &page.blocks {
        if matches!(block.kind, BlockKind::Standfirst | BlockKind::Caption) {
            let text = &page.text[block.range.clone()];
            let known = score::shingles(text, &case.gold).p;
            println!("part {} {:?} {known:.2} {}", case.id, block.kind, text.replace('\n', "⏎"));
        }
    }
}

/// The elements around the words of a line, outermost first.
fn path_of(dom: &pressmark::extract::dom::Dom, line: &str) -> String {
    use pressmark::extract::dom::{Dom, Step};
    let wanted: String = score::words(line).into_iter().take(6).collect::<Vec<_>>().join(" ");
    for step in dom.walk(Dom::ROOT) {
        if let Step::Text(id) = step
            && dom.text(id).len() < 20_000
            && score::words(dom.text(id)).join(" ").contains(&wanted)
        {
            let mut path: Vec<String> = dom
                .ancestors(id)
                .map(|up| {
                    let name =
                        |key| dom.attr(up, key).unwrap_or("").chars().take(70).collect::<String>();
                    format!("{:?}.{}#{}[{}]", dom.tag(up), name("class"), name("id"), name("style"))
                })
                .collect();
            path.reverse();
            return path.join(" > ");
        }
    }
    "not found".to_owned()
}
