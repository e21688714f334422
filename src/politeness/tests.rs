use std::time::Duration;

use super::*;

const NOON: Timestamp = Timestamp::from_unix_seconds(1_762_344_000);

fn uri(text: &str) -> TargetUri {
    TargetUri::parse(text).unwrap()
}

fn robots(gate: &Gate, fetch: RobotsFetch<'_>, now: Timestamp) -> CachedRobots {
    CachedRobots::learn(&uri("http://a.test/"), None, fetch, now, &gate.options().robots)
}

fn rules(gate: &Gate, text: &str) -> CachedRobots {
    robots(gate, RobotsFetch::Answered { status: 200, body: text.as_bytes() }, NOON)
}

fn gate() -> Gate {
    Gate::new(Options::default())
}

fn word(answer: &Answer) -> String {
    match answer {
        Answer::Go(permit) => format!("go {}", permit.uri()),
        Answer::Wait { because, .. } => format!("wait: {because}"),
        Answer::NeedRobots(target) => format!("need {}", target.uri()),
        Answer::Refused(why) => format!("refused: {why}"),
    }
}

#[test]
fn robots_first_then_the_verdict_then_the_pace() {
    let gate = gate();
    let page = uri("http://a.test/page");
    let mut facts = HostFacts::default();
    let ask = |facts: &HostFacts, robots: Option<&CachedRobots>| {
        word(&gate.ask(&page, facts, robots, NOON))
    };
    assert_eq!(ask(&facts, None), "need http://a.test/robots.txt");

    let free = rules(&gate, "User-agent: *\nAllow: /\n");
    assert_eq!(ask(&facts, Some(&free)), "go http://a.test/page");

    facts.ended(
        &page.host_key(),
        Reply { status: 200, retry_after: None, took: Duration::ZERO },
        NOON,
        &PaceOptions::default(),
        1,
    );
    assert_eq!(ask(&facts, Some(&free)), "wait: delay_min 2 s");
    let slow = rules(&gate, "User-agent: pressmark\nCrawl-delay: 9\n");
    assert_eq!(ask(&facts, Some(&slow)), "wait: Crawl-delay 9 (robots.txt)");

    let shut = rules(&gate, "User-agent: *\nDisallow: /\n");
    assert_eq!(ask(&facts, Some(&shut)), "refused: robots.txt line 2: Disallow: /");
    let ours = rules(&gate, "User-agent: *\nDisallow: /\nUser-agent: Pressmark\nDisallow: /x\n");
    assert_eq!(ask(&facts, Some(&ours)), "wait: delay_min 2 s");
}

#[test]
fn robots_unreachable_refuses_all_but_robots_txt() {
    let gate = gate();
    let away = robots(&gate, RobotsFetch::Failed { why: "timeout" }, NOON);
    let facts = HostFacts::default();
    assert_eq!(
        word(&gate.ask(&uri("http://a.test/"), &facts, Some(&away), NOON)),
        "refused: robots.txt unreachable (timeout, 1 × since 2025-11-05T12:00:00Z); \
         asked again at 2025-11-05T12:05:00Z"
    );
    let own = uri("http://a.test/robots.txt");
    assert_eq!(word(&gate.ask(&own, &facts, Some(&away), NOON)), format!("go {own}"));
    let later = NOON.plus(Duration::from_secs(300));
    assert_eq!(
        word(&gate.ask(&uri("http://a.test/"), &facts, Some(&away), later)),
        "need http://a.test/robots.txt"
    );
}

#[test]
fn the_rules_of_another_authority_do_not_count() {
    let gate = gate();
    let free = rules(&gate, "");
    for other in ["https://a.test/x", "http://a.test:8080/x", "http://b.test/x"] {
        let answer = gate.ask(&uri(other), &HostFacts::default(), Some(&free), NOON);
        assert!(matches!(answer, Answer::NeedRobots(_)), "{other}");
    }
}

#[test]
fn robots_txt_is_paced_and_its_redirects_end_after_five() {
    let gate = gate();
    let mut target = RobotsTarget::of(&uri("http://a.test/x?y"));
    let mut facts = HostFacts::default();
    let go = gate.robots_permit(&target, &facts, NOON);
    assert_eq!(word(&go), "go http://a.test/robots.txt");
    facts.began(NOON);
    assert!(matches!(gate.robots_permit(&target, &facts, NOON), Answer::Wait { .. }));
    for hop in 1..=5 {
        target = target.redirected(uri(&format!("http://b{hop}.test/robots.txt"))).unwrap();
        assert_eq!(target.governs().as_str(), "http://a.test/robots.txt");
    }
    let go = gate.robots_permit(&target, &HostFacts::default(), NOON);
    assert_eq!(word(&go), "go http://b5.test/robots.txt");
    assert_eq!(target.redirected(uri("http://c.test/")), None);
}

#[test]
fn a_permit_names_what_and_whom_it_is_for() {
    let permit = Permit::for_test(uri("http://A.test:8080/x"));
    assert_eq!((permit.uri().as_str(), permit.host().as_str()), ("http://A.test:8080/x", "a.test"));
}

mod whole_visits {
    //! A host in simulated time: whatever happens, in whatever order, the gate keeps its word.

    use proptest::prelude::*;

    use super::*;

    /// What a server does with one request, and how long we dawdle before the next.
    #[derive(Debug, Clone)]
    struct Turn {
        path: String,
        outcome: u8,
        retry_after: Option<u16>,
        took_ms: u16,
        dawdle_ms: u32,
    }

    fn turn() -> impl Strategy<Value = Turn> {
        (
            "/(robots\\.txt|open|shut|shut/[a-z]{2}|)",
            0u8..12,
            proptest::option::of(0u16..300),
            0u16..3_000,
            prop_oneof![Just(0u32), 0u32..5_000, 0u32..100_000_000],
        )
            .prop_map(|(path, outcome, retry_after, took_ms, dawdle_ms)| Turn {
                path,
                outcome,
                retry_after,
                took_ms,
                dawdle_ms,
            })
    }

    /// The visitor: does what the gate says, and checks that the gate may say it.
    struct Visit {
        gate: Gate,
        facts: HostFacts,
        robots: Option<CachedRobots>,
        now: Timestamp,
        /// Until when no request may be made, by a reckoning of its own.
        quiet_until: Timestamp,
        asked: u32,
    }

    impl Visit {
        fn go(&mut self, permit: &Permit, turn: &Turn) -> Result<(), TestCaseError> {
            prop_assert!(self.now >= self.quiet_until, "asked {} early", self.quiet_until);
            let is_robots = permit.uri().request_target() == "/robots.txt";
            if !is_robots {
                let robots = self.robots.as_ref();
                let standing = robots.map(|r| r.standing(self.now, &self.gate.options().robots));
                match standing {
                    Some(Standing::Free(_)) => {}
                    Some(Standing::Rules(rules)) => {
                        let path = permit.uri().request_target();
                        prop_assert!(
                            rules.verdict(RobotsReading::Rfc9309, "pressmark", &path).allowed
                        );
                        prop_assert!(!path.starts_with("/shut"));
                    }
                    other => prop_assert!(false, "a page was fetched under {other:?}"),
                }
            }
            self.asked += 1;
            self.facts.began(self.now);
            let busy = self.gate.ask(permit.uri(), &self.facts, self.robots.as_ref(), self.now);
            prop_assert!(!matches!(busy, Answer::Go(_)), "a second connection");
            self.now = self.now.plus(Duration::from_millis(u64::from(turn.took_ms)));
            self.finish(permit, turn, is_robots);
            Ok(())
        }

        fn finish(&mut self, permit: &Permit, turn: &Turn, is_robots: bool) {
            let pace = self.gate.options().pace_for(&permit.host());
            let took = Duration::from_millis(u64::from(turn.took_ms));
            let status =
                [200, 200, 200, 200, 404, 500, 503, 429, 301, 403][usize::from(turn.outcome % 10)];
            let field = turn.retry_after.map(|seconds| seconds.to_string());
            let factor = (took * 5).min(Duration::from_secs(30));
            self.quiet_until = self.now.plus(Duration::from_secs(2).max(factor));
            let body = b"User-agent: *\nCrawl-delay: 6\nDisallow: /shut\n";
            let fetch = if turn.outcome >= 10 {
                self.facts.failed(&permit.host(), "timeout", self.now, &pace, 7);
                self.quiet_until = self.quiet_until.max(self.now.plus(pace.backoff_min));
                RobotsFetch::Failed { why: "timeout" }
            } else {
                let reply = Reply { status, retry_after: field.as_deref(), took };
                self.facts.ended(&permit.host(), reply, self.now, &pace, 7);
                let wait = u64::from(turn.retry_after.unwrap_or(0));
                if status >= 300 {
                    let until = self.now.plus(Duration::from_secs(wait));
                    self.quiet_until = self.quiet_until.max(until);
                }
                if matches!(status, 429 | 503) && wait == 0 {
                    self.quiet_until = self.quiet_until.max(self.now.plus(pace.backoff_min));
                }
                RobotsFetch::Answered { status, body }
            };
            if is_robots {
                let options = &self.gate.options().robots;
                let previous = self.robots.take();
                self.robots = Some(CachedRobots::learn(
                    permit.uri(),
                    previous.as_ref(),
                    fetch,
                    self.now,
                    options,
                ));
            }
            let rules = self.robots.as_ref().and_then(|r| self.gate.crawl_delay(r));
            if let Some(delay) = rules
                && !is_robots
            {
                self.quiet_until = self.quiet_until.max(self.now.plus(delay));
            }
            self.facts.set_crawl_delay(rules);
        }

        /// One page, with its robots.txt if that is asked for, in at most a few steps.
        fn take(&mut self, turn: &Turn) -> Result<(), TestCaseError> {
            let page = uri(&format!("http://a.test{}", turn.path));
            for _ in 0..6 {
                let mut answer = self.gate.ask(&page, &self.facts, self.robots.as_ref(), self.now);
                if let Answer::NeedRobots(target) = &answer {
                    answer = self.gate.robots_permit(target, &self.facts, self.now);
                }
                match answer {
                    Answer::Go(permit) => {
                        let done = permit.uri() == &page;
                        self.go(&permit, turn)?;
                        if done {
                            return Ok(());
                        }
                    }
                    Answer::Wait { until, .. } => {
                        prop_assert!(until > self.now);
                        self.now = until;
                    }
                    Answer::Refused(_) => return Ok(()),
                    Answer::NeedRobots(_) => prop_assert!(false, "robots.txt needs robots.txt"),
                }
            }
            Ok(())
        }

        fn restart(&mut self) {
            let pace = self.gate.options().pace.clone();
            let facts = HostFacts::from_bytes(&self.facts.to_bytes()).unwrap();
            self.facts = facts.settled(self.now, &pace);
            self.robots =
                self.robots.take().map(|r| CachedRobots::from_bytes(&r.to_bytes()).unwrap());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn no_page_is_asked_for_early_or_without_leave(turns in proptest::collection::vec(turn(), 1..40)) {
            let mut visit = Visit {
                gate: gate(),
                facts: HostFacts::default(),
                robots: None,
                now: NOON,
                quiet_until: NOON,
                asked: 0,
            };
            for (n, turn) in turns.iter().enumerate() {
                visit.take(turn)?;
                if n % 5 == 4 {
                    visit.restart();
                }
                visit.now = visit.now.plus(Duration::from_millis(u64::from(turn.dawdle_ms)));
            }
            prop_assert!(visit.asked > 0);
        }
    }
}
