//! How many edits of synthetic news each revisit policy catches, at the same number of fetches.
//!
//! The news is made by its own rules and not by the policy's model: some articles are never
//! edited, some a few times soon after publication, some in a burst while their story develops,
//! some once after weeks, some in a late burst; outlets differ in how much they edit and in what
//! their lastmod shows (nothing, most edits, or also moves without an edit). An edit that another
//! one follows before we look is missed for ever.
//!
//! Run with `cargo bench --bench revisit`, or with `-- tune` for the seeds that the defaults were
//! chosen on. Prints the tables of `docs/revisit-policy.md`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use pressmark::base::Timestamp;
use pressmark::schedule::revisit::{
    AdaptiveParams, HostHistory, Observation, PageHistory, Shape, adaptive,
};

const HOUR: i64 = 3_600_000_000;
const MINUTE: i64 = HOUR / 60;
const DAY: i64 = 24 * HOUR;
const HORIZON: i64 = 30 * DAY;
const HOSTS: usize = 10;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    fn normal(&mut self) -> f64 {
        let u = self.unit().max(1e-12);
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    /// 0, 1, 2 … with this mean.
    fn geometric(&mut self, mean: f64) -> usize {
        let stop = 1.0 / (1.0 + mean);
        (0..60).take_while(|_| !self.chance(stop)).count()
    }
}

struct Article {
    host: usize,
    born: i64,
    first_look: i64,
    edits: Vec<i64>,
    /// When its lastmod is seen to have moved.
    signals: Vec<i64>,
}

struct World {
    articles: Vec<Article>,
    edits: usize,
    edited: usize,
    per_host: [usize; HOSTS],
}

fn hours(h: f64) -> i64 {
    (h * HOUR as f64) as i64
}

fn edits_of(dice: &mut Dice, habit: f64) -> Vec<f64> {
    let mut at = Vec::new();
    if !dice.chance((0.25 * habit).clamp(0.05, 0.7)) {
        return at;
    }
    let burst = |dice: &mut Dice, from: f64, count: usize| {
        let mut h = from;
        (0..count)
            .map(|_| {
                h += dice.lognormal(0.6, 0.8);
                h
            })
            .collect::<Vec<_>>()
    };
    match dice.unit() {
        kind if kind < 0.60 => {
            for _ in 0..=dice.geometric(0.8) {
                at.push(dice.lognormal(1.5, 1.5));
            }
        }
        kind if kind < 0.85 => {
            let count = 3 + dice.geometric(6.0);
            at = burst(dice, 0.0, count);
        }
        kind if kind < 0.95 => {
            for _ in 0..=usize::from(dice.chance(0.3)) {
                at.push(24.0 * 30.0_f64.powf(dice.unit()));
            }
        }
        _ => {
            let (start, count) = (24.0 * (2.0 + 18.0 * dice.unit()), 3 + dice.geometric(3.0));
            at = burst(dice, start, count);
        }
    }
    at
}

fn world(seed: u64) -> World {
    let mut dice = Dice(seed.wrapping_mul(0x1234_5678_9abc_def1) ^ 0xfeed);
    let mut articles = Vec::new();
    let mut per_host = [0; HOSTS];
    for (host, articles_of_host) in per_host.iter_mut().enumerate() {
        let habit = dice.lognormal(1.0, 0.6);
        let (told, lies) = match dice.unit() {
            kind if kind < 0.4 => (0.0, 0.0),
            kind if kind < 0.8 => (0.6 + 0.35 * dice.unit(), 0.0),
            _ => (0.7, 2.0),
        };
        let count = (200.0 * dice.lognormal(1.0, 0.4)) as usize;
        for _ in 0..count {
            let born = (dice.unit() * 25.0 * DAY as f64) as i64;
            let first_look = born + (dice.unit() * 15.0 * MINUTE as f64) as i64;
            let mut edits: Vec<i64> = edits_of(&mut dice, habit)
                .into_iter()
                .map(|h| born + hours(h))
                .filter(|at| *at > first_look && *at < HORIZON)
                .collect();
            edits.sort_unstable();
            let mut signals = Vec::new();
            for at in &edits {
                if dice.chance(told) {
                    signals.push(at + (dice.unit() * 15.0 * MINUTE as f64) as i64);
                }
            }
            for _ in 0..dice.geometric(lies) {
                signals.push(first_look + hours(dice.lognormal(6.0, 1.5)));
            }
            signals.sort_unstable();
            *articles_of_host += 1;
            articles.push(Article { host, born, first_look, edits, signals });
        }
    }
    let edits = articles.iter().map(|a| a.edits.len()).sum();
    let edited = articles.iter().filter(|a| !a.edits.is_empty()).count();
    World { articles, edits, edited, per_host }
}

/// Decides, after each look, how long to wait.
trait Policy {
    fn wait(&mut self, article: usize, look: Look) -> i64;
}

#[derive(Clone, Copy)]
struct Look {
    at: i64,
    first: bool,
    changed: bool,
    signalled: bool,
}

struct Fixed(i64);

impl Policy for Fixed {
    fn wait(&mut self, _: usize, _: Look) -> i64 {
        self.0
    }
}

/// StormCrawler's and Nutch's habit: longer by half when unchanged, a fifth shorter when changed.
struct Multiplicative {
    start: i64,
    now: Vec<i64>,
}

impl Policy for Multiplicative {
    fn wait(&mut self, article: usize, look: Look) -> i64 {
        let wait = &mut self.now[article];
        *wait = match (look.first, look.changed) {
            (true, _) => self.start,
            (_, true) => (*wait as f64 * 0.8) as i64,
            (_, false) => (*wait as f64 * 1.5) as i64,
        };
        *wait = (*wait).clamp(5 * MINUTE, 60 * DAY);
        *wait
    }
}

/// newsdiffs' table: by age alone.
struct AgeTable<'a> {
    scale: f64,
    world: &'a World,
}

impl Policy for AgeTable<'_> {
    fn wait(&mut self, article: usize, look: Look) -> i64 {
        let age = look.at - self.world.articles[article].born;
        let wait = match age {
            age if age < 3 * HOUR => 15 * MINUTE,
            age if age < DAY => HOUR,
            age if age < 7 * DAY => 3 * HOUR,
            age if age < 30 * DAY => 3 * DAY,
            _ => 30 * DAY,
        };
        ((wait as f64 * self.scale) as i64).max(5 * MINUTE)
    }
}

struct Ours<'a> {
    world: &'a World,
    params: AdaptiveParams,
    hosts: Vec<HostHistory>,
    pages: Vec<Option<PageHistory>>,
}

impl<'a> Ours<'a> {
    fn new(world: &'a World, params: &AdaptiveParams, looks_per_article: f64) -> Self {
        let hosts = world.per_host.iter().map(|count| {
            let per_day = looks_per_article * *count as f64 / 27.0;
            HostHistory::new(per_day, Timestamp::from_unix_micros(0))
        });
        Self {
            world,
            params: params.clone(),
            hosts: hosts.collect(),
            pages: world.articles.iter().map(|_| None).collect(),
        }
    }
}

impl Policy for Ours<'_> {
    fn wait(&mut self, article: usize, look: Look) -> i64 {
        let one = &self.world.articles[article];
        let host = &mut self.hosts[one.host];
        let at = Timestamp::from_unix_micros(look.at);
        let page = self.pages[article].get_or_insert_with(|| {
            let born = Timestamp::from_unix_micros(one.born);
            PageHistory::new(Shape::Article, born, at, &self.params.prior)
        });
        if !look.first {
            let seen = Observation {
                at,
                text_changed: look.changed,
                bytes_changed: true,
                signalled: look.signalled,
            };
            page.observe(&seen, host, &self.params.prior);
            host.spend(at, (self.params.value_min, self.params.value_max));
        }
        adaptive(page, host, &self.params, at, article as u64).at.unix_micros() - look.at
    }
}

#[derive(Clone, Copy, Default)]
struct Score {
    looks: usize,
    caught: usize,
    median_delay_h: f64,
}

/// Plays a policy over a world.
fn play(world: &World, policy: &mut dyn Policy, with_signals: bool) -> Score {
    // Of each article: the number of its next planned look (older plans are stale), the time of
    // its last look, and how many signals were acted on.
    let mut plan = vec![0_u32; world.articles.len()];
    let mut last = vec![i64::MIN; world.articles.len()];
    let mut queue = BinaryHeap::new();
    for (index, article) in world.articles.iter().enumerate() {
        queue.push(Reverse((article.first_look, index, 0, false)));
        if with_signals {
            for at in &article.signals {
                queue.push(Reverse((*at, index, u32::MAX, true)));
            }
        }
    }
    let mut score = Score::default();
    let mut delays = Vec::new();
    while let Some(Reverse((at, index, number, signalled))) = queue.pop() {
        if at >= HORIZON || (!signalled && number != plan[index]) {
            continue;
        }
        let article = &world.articles[index];
        let first = last[index] == i64::MIN;
        if signalled && (first || at <= last[index]) {
            continue;
        }
        let unseen = article.edits.iter().filter(|e| **e > last[index] && **e <= at);
        let newest = unseen.max().copied().filter(|_| !first);
        last[index] = at;
        if !first {
            score.looks += 1;
        }
        if let Some(edit) = newest {
            score.caught += 1;
            delays.push(at - edit);
        }
        let look = Look { at, first, changed: newest.is_some(), signalled };
        plan[index] += 1;
        let next = at + policy.wait(index, look).max(MINUTE);
        queue.push(Reverse((next, index, plan[index], false)));
    }
    delays.sort_unstable();
    score.median_delay_h = delays.get(delays.len() / 2).map_or(0.0, |d| *d as f64 / HOUR as f64);
    score
}

/// Knows every edit, and looks just after those that it can afford.
fn oracle(world: &World, budget: usize) -> Score {
    let caught = world.edits.min(budget);
    Score { looks: caught, caught, median_delay_h: 0.0 }
}

/// Finds the scale at which a policy makes as many looks as the budget allows.
fn at_budget(budget: usize, more_is_fewer: bool, mut run: impl FnMut(f64) -> Score) -> Score {
    let (mut low, mut high) = (1e-3_f64, 1e3_f64);
    let mut best: Option<Score> = None;
    for _ in 0..13 {
        let middle = (low * high).sqrt();
        let score = run(middle);
        let off = score.looks.abs_diff(budget);
        if best.is_none_or(|b| off < b.looks.abs_diff(budget)) {
            best = Some(score);
        }
        if off * 100 < budget {
            break;
        }
        if (score.looks > budget) == more_is_fewer {
            low = middle;
        } else {
            high = middle;
        }
    }
    best.unwrap_or_default()
}

const NAMES: [&str; 7] = [
    "fixed interval",
    "x1.5 / x0.8",
    "newsdiffs' age table",
    "ours",
    "x1.5 / x0.8, with signals",
    "ours, with signals",
    "oracle (knows every edit)",
];

fn run_all(
    world: &World,
    per_article: usize,
    params: &AdaptiveParams,
    only_ours: bool,
) -> [Score; 7] {
    let budget = per_article * world.articles.len();
    let count = world.articles.len();
    let multiplicative = |scale: f64| Multiplicative { start: hours(scale), now: vec![0; count] };
    let mut scores = [Score::default(); 7];
    if !only_ours {
        scores[0] = at_budget(budget, true, |s| play(world, &mut Fixed(hours(s * 24.0)), false));
        scores[1] = at_budget(budget, true, |s| play(world, &mut multiplicative(s), false));
        scores[2] =
            at_budget(budget, true, |scale| play(world, &mut AgeTable { scale, world }, false));
        scores[4] = at_budget(budget, true, |s| play(world, &mut multiplicative(s), true));
        scores[6] = oracle(world, budget);
    }
    scores[3] = at_budget(budget, false, |s| play(world, &mut Ours::new(world, params, s), false));
    scores[5] = at_budget(budget, false, |s| play(world, &mut Ours::new(world, params, s), true));
    scores
}

fn table(seeds: std::ops::Range<u64>, params: &AdaptiveParams, only_ours: bool) {
    let worlds: Vec<World> = seeds.clone().map(world).collect();
    let articles: usize = worlds.iter().map(|w| w.articles.len()).sum();
    let edits: usize = worlds.iter().map(|w| w.edits).sum();
    let edited: usize = worlds.iter().map(|w| w.edited).sum();
    println!(
        "seeds {seeds:?}: {articles} articles, {edits} edits, {:.1} % of articles edited",
        100.0 * edited as f64 / articles as f64
    );
    for per_article in [3, 8, 20] {
        println!(
            "\n| policy, {per_article} looks an article | looks | caught per 1000 looks | share of edits caught | spread over seeds | median delay |"
        );
        println!("|---|---|---|---|---|---|");
        let scores: Vec<[Score; 7]> =
            worlds.iter().map(|w| run_all(w, per_article, params, only_ours)).collect();
        for (row, name) in NAMES.iter().enumerate() {
            let looks: usize = scores.iter().map(|s| s[row].looks).sum();
            if looks == 0 {
                continue;
            }
            let caught: usize = scores.iter().map(|s| s[row].caught).sum();
            let shares = scores
                .iter()
                .zip(&worlds)
                .map(|(s, w)| 100.0 * s[row].caught as f64 / w.edits.max(1) as f64);
            let (low, high) =
                shares.fold((100.0_f64, 0.0_f64), |(l, h), share| (l.min(share), h.max(share)));
            let mut delays: Vec<f64> = scores.iter().map(|s| s[row].median_delay_h).collect();
            delays.sort_by(f64::total_cmp);
            println!(
                "| {name} | {looks} | {:.0} | {:.1} % | {low:.0} to {high:.0} % | {:.1} h |",
                1_000.0 * caught as f64 / looks as f64,
                100.0 * caught as f64 / edits as f64,
                delays[delays.len() / 2]
            );
        }
    }
}

/// `KEY=VALUE` arguments change the parameters, for tuning.
fn tuned(args: &[String]) -> AdaptiveParams {
    let mut params = AdaptiveParams::default();
    for (key, value) in args.iter().filter_map(|arg| arg.split_once('=')) {
        let value: f64 = value.parse().unwrap_or(0.0);
        let prior = &mut params.prior;
        match key {
            "patience_h" => params.patience = Duration::from_secs_f64(value * 3_600.0),
            "edits" => prior.article_edits = value,
            "shape" => prior.factor_shape = value,
            "burst" => prior.burst_edits = value,
            "burst_h" => prior.burst_half_life_h = value,
            "drift" => prior.drift = value,
            "floor" => prior.article_floor_per_h = value,
            "value_min" => params.value_min = value,
            "share0" => prior.article_parts[0].share = value,
            "share1" => prior.article_parts[1].share = value,
            "share2" => prior.article_parts[2].share = value,
            _ => println!("unknown key {key}"),
        }
    }
    params
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let params = tuned(&args);
    if args.iter().any(|arg| arg == "tune") {
        table(0..4, &params, args.iter().any(|arg| arg == "ours"));
    } else {
        table(100..110, &params, false);
    }
}
