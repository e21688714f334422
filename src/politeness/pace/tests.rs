use super::*;

const NOON: Timestamp = Timestamp::from_unix_seconds(1_762_344_000);

fn host() -> HostKey {
    HostKey::new("a.test")
}

fn pace() -> PaceOptions {
    PaceOptions { backoff_jitter: 0.0, ..PaceOptions::default() }
}

fn reply(status: u16, retry_after: Option<&str>, ms: u64) -> Reply<'_> {
    Reply { status, retry_after, took: Duration::from_millis(ms) }
}

/// The pause in seconds after one reply, and its reason.
fn after(status: u16, retry_after: Option<&str>, ms: u64, pace: &PaceOptions) -> (f64, String) {
    let mut facts = HostFacts::default();
    facts.began(NOON.minus(Duration::from_millis(ms)));
    facts.ended(&host(), reply(status, retry_after, ms), NOON, pace, 1);
    said(&facts, None, pace, NOON)
}

fn said(
    facts: &HostFacts,
    delay: Option<Duration>,
    pace: &PaceOptions,
    now: Timestamp,
) -> (f64, String) {
    let next = next_at(facts, delay, pace, now);
    (next.at.since(now).as_secs_f64(), next.because.to_string())
}

#[test]
fn the_fact_that_sets_the_time_is_named() {
    for (status, field, ms, seconds, words) in [
        (200, None, 10, 2.0, "delay_min 2 s"),
        (200, None, 812, 4.06, "5.0 × last response 812 ms"),
        (200, None, 60_000, 30.0, "5.0 × last response 60000 ms capped at 30 s"),
        (404, None, 10, 2.0, "delay_min 2 s"),
        (429, Some("120"), 10, 120.0, "Retry-After 120 (429 at 2025-11-05T12:00:00Z)"),
        (503, Some(" 120 "), 10, 120.0, "Retry-After 120 (503 at 2025-11-05T12:00:00Z)"),
        (302, Some("90"), 10, 90.0, "Retry-After 90 (302 at 2025-11-05T12:00:00Z)"),
        (200, Some("90"), 10, 2.0, "delay_min 2 s"),
        (429, Some("1"), 10, 2.0, "delay_min 2 s"),
        (
            503,
            Some("Wed, 05 Nov 2025 12:10:00 GMT"),
            10,
            600.0,
            "Retry-After Wed, 05 Nov 2025 12:10:00 GMT (503 at 2025-11-05T12:00:00Z)",
        ),
        (
            503,
            Some("99999999999999999999999"),
            10,
            86_400.0,
            "Retry-After 99999999999999999999999 capped at 24 h (503 at 2025-11-05T12:00:00Z)",
        ),
        (429, None, 10, 60.0, "back-off 60 s after 1 × 429"),
        (503, None, 10, 60.0, "back-off 60 s after 1 × 503"),
        (503, Some("soon"), 10, 60.0, "back-off 60 s after 1 × 503"),
        (503, Some("0"), 10, 60.0, "back-off 60 s after 1 × 503"),
        (503, Some("-5"), 10, 60.0, "back-off 60 s after 1 × 503"),
        (503, Some("1.5"), 10, 60.0, "back-off 60 s after 1 × 503"),
        (503, Some("Wed, 05 Nov 2025 11:00:00 GMT"), 10, 60.0, "back-off 60 s after 1 × 503"),
        (500, None, 10, 2.0, "delay_min 2 s"),
    ] {
        let got = after(status, field, ms, &pace());
        assert_eq!(got, (seconds, words.to_owned()), "{status} {field:?} {ms} ms");
    }
}

#[test]
fn a_crawl_delay_is_obeyed_up_to_its_cap_and_the_cap_is_said() {
    let mut facts = HostFacts::default();
    facts.ended(&host(), reply(200, None, 10), NOON, &pace(), 1);
    for (asked, seconds, words) in [
        (10.0, 10.0, "Crawl-delay 10 (robots.txt)"),
        (2.5, 2.5, "Crawl-delay 2.5 (robots.txt)"),
        (0.5, 2.0, "delay_min 2 s"),
        (600.0, 60.0, "Crawl-delay 600 capped at 60 s (robots.txt)"),
    ] {
        let asked = Some(Duration::from_secs_f64(asked));
        assert_eq!(said(&facts, asked, &pace(), NOON), (seconds, words.to_owned()));
        let mut facts = facts.clone();
        facts.set_crawl_delay(asked);
        assert_eq!(said(&facts, None, &pace(), NOON), (seconds, words.to_owned()));
    }
}

#[test]
fn a_host_never_asked_is_held_by_nothing() {
    let got = said(&HostFacts::default(), Some(Duration::from_secs(9)), &pace(), NOON);
    assert_eq!(got, (0.0, "nothing holds it".to_owned()));
}

#[test]
fn the_pause_counts_from_the_end_and_one_connection_is_open_at_a_time() {
    let mut facts = HostFacts::default();
    facts.began(NOON);
    let later = NOON.plus(Duration::from_secs(100));
    let next = next_at(&facts, None, &pace(), later);
    assert_eq!(next.because.to_string(), "one connection at a time, and one is open");
    assert!(next.at > later);
    facts.ended(&host(), reply(200, None, 1), later, &pace(), 1);
    assert_eq!(next_at(&facts, None, &pace(), later).at, later.plus(Duration::from_secs(2)));
}

#[test]
fn back_off_doubles_to_a_day_and_eases_step_by_step() {
    let mut facts = HostFacts::default();
    let mut now = NOON;
    let mut pauses = Vec::new();
    for _ in 0..13 {
        facts.ended(&host(), reply(503, None, 1), now, &pace(), 1);
        let next = next_at(&facts, None, &pace(), now);
        pauses.push(next.at.since(now).as_secs() / 60);
        now = next.at;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440, 1440]);
    assert_eq!(said(&facts, None, &pace(), now).1, "back-off 24 h after 13 × 503");
    for _ in 0..10 {
        facts.ended(&host(), reply(200, None, 1), now, &pace(), 1);
        assert_eq!(said(&facts, None, &pace(), now), (2.0, "delay_min 2 s".to_owned()));
    }
    assert_eq!(facts.level(), 3);
    facts.ended(&host(), reply(429, None, 1), now, &pace(), 1);
    assert_eq!(
        said(&facts, None, &pace(), now),
        (480.0, "back-off 8 min after 1 × 429".to_owned())
    );
}

#[test]
fn failed_connections_back_off_too_and_what_we_gave_up_does_not() {
    let mut facts = HostFacts::default();
    for _ in 0..3 {
        facts.failed(&host(), "timeout", NOON, &pace(), 1);
    }
    let got = said(&facts, None, &pace(), NOON);
    assert_eq!(got, (240.0, "back-off 4 min after 3 × timeout".to_owned()));
    let mut facts = HostFacts::default();
    facts.began(NOON);
    facts.abandoned(NOON);
    assert_eq!(said(&facts, None, &pace(), NOON).1, "delay_min 2 s");
}

#[test]
fn a_second_refusal_in_a_row_backs_off_whatever_it_asks_for() {
    let mut facts = HostFacts::default();
    facts.ended(&host(), reply(429, Some("3"), 1), NOON, &pace(), 1);
    assert_eq!(said(&facts, None, &pace(), NOON).0, 3.0);
    facts.ended(&host(), reply(429, Some("3"), 1), NOON, &pace(), 1);
    let got = said(&facts, None, &pace(), NOON);
    assert_eq!(got, (120.0, "back-off 2 min after 2 × 429".to_owned()));
    facts.ended(&host(), reply(429, Some("600"), 1), NOON, &pace(), 1);
    assert_eq!(said(&facts, None, &pace(), NOON).0, 600.0, "the longer of the two");
}

#[test]
fn jitter_only_ever_lengthens_and_is_the_same_for_the_same_seed() {
    let options = PaceOptions::default();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..100 {
        let pause = |seed| {
            let mut facts = HostFacts::default();
            facts.ended(&host(), reply(503, None, 1), NOON, &options, seed);
            next_at(&facts, None, &options, NOON).at.since(NOON)
        };
        assert!((60..=75).contains(&pause(seed).as_secs()), "{:?}", pause(seed));
        assert_eq!(pause(seed), pause(seed));
        seen.insert(pause(seed));
    }
    assert!(seen.len() > 90, "{}", seen.len());
}

#[test]
fn a_floor_of_zero_lets_a_server_of_ones_own_be_asked_at_once() {
    let options =
        PaceOptions { delay_min: Duration::ZERO, delay_factor: 0.0, ..PaceOptions::default() };
    assert_eq!(after(200, None, 5, &options).0, 0.0);
    assert_eq!(after(503, None, 5, &options).1.split(' ').next(), Some("back-off"));
}

fn busy_facts() -> HostFacts {
    let mut facts = HostFacts::default();
    facts.began(NOON);
    facts.set_crawl_delay(Some(Duration::from_secs(7)));
    facts.failed(&host(), "reset", NOON, &pace(), 3);
    facts.ended(&host(), reply(503, Some("120"), 812), NOON, &pace(), 3);
    facts
}

#[test]
fn facts_survive_a_restart() {
    for facts in [HostFacts::default(), busy_facts()] {
        let read = HostFacts::from_bytes(&facts.to_bytes()).unwrap();
        assert_eq!(read, facts);
        assert_eq!(next_at(&read, None, &pace(), NOON), next_at(&facts, None, &pace(), NOON));
    }
    let mut open = HostFacts::default();
    open.began(NOON);
    let read = HostFacts::from_bytes(&open.to_bytes()).unwrap();
    let next = next_at(&read, None, &pace(), NOON);
    assert_eq!(
        (next.at, next.because.to_string()),
        (NOON.plus(Duration::from_secs(2)), "delay_min 2 s".to_owned())
    );
}

/// The first format, byte for byte: it must stay readable.
#[test]
fn format_1_is_read() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&busy_facts().to_bytes()), GOLDEN);
    let golden: Vec<u8> = (0..GOLDEN.len() / 2)
        .map(|at| u8::from_str_radix(&GOLDEN[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    assert_eq!(HostFacts::from_bytes(&golden), Ok(busy_facts()));
}

const GOLDEN: &str = "\
    0101009017b0d742060001009017b0d742060001e0630c000000000001c0cf6a0000000000020000\
    0001009e3eb7d7420600009017b0d7420600f7010000000300000031323001009e3eb7d742060000\
    0e2707000000000100000003000000353033";

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let bytes = busy_facts().to_bytes();
    for end in 0..bytes.len() {
        assert!(HostFacts::from_bytes(&bytes[..end]).is_err(), "{end}");
    }
    let mut newer = bytes.clone();
    newer[0] = 2;
    assert_eq!(
        HostFacts::from_bytes(&newer).unwrap_err().to_string(),
        "the record of a host's pace is of format 2; this version reads up to 1"
    );
}

#[test]
fn a_clock_that_was_set_back_does_not_hold_a_host_for_years() {
    let mut facts = busy_facts();
    facts.ended(
        &host(),
        reply(503, Some("86400"), 1),
        NOON.plus(Duration::from_hours(99_999)),
        &pace(),
        1,
    );
    let next = next_at(&facts.settled(NOON, &pace()), None, &pace(), NOON);
    assert!(next.at <= NOON.plus(Duration::from_hours(24)), "{next:?}");
}

#[test]
fn a_pause_noted_under_a_clock_that_was_ahead_is_as_long_as_it_was_meant_to_be() {
    let ahead = NOON.plus(Duration::from_hours(99_999));
    for (reply, longest) in [
        (reply(429, Some("3600"), 1), 3_600),
        (reply(503, None, 1), 400),
        (reply(200, None, 1), 10),
    ] {
        let mut facts = busy_facts();
        facts.ended(&host(), reply, ahead, &pace(), 1);
        for seconds in [0, 60, 120] {
            facts.mind_clock(NOON.plus(Duration::from_secs(seconds)));
        }
        let next = next_at(&facts, None, &pace(), NOON).at.since(NOON).as_secs();
        assert!(next <= longest && next > longest / 10, "{next} of {longest}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(0u8..4, 0..90)) {
        if let Ok(facts) = HostFacts::from_bytes(&bytes) {
            let _ = next_at(&facts.settled(NOON, &pace()), None, &pace(), NOON);
        }
    }

    #[test]
    fn any_retry_after_is_read_or_left(value in "\\PC{0,40}|[0-9]{0,25}", status in 0u16..1000) {
        let (seconds, _) = after(status, Some(&value), 1, &pace());
        proptest::prop_assert!((2.0..=86_400.0).contains(&seconds));
    }
}
