use super::*;

const NOON: Timestamp = Timestamp::from_unix_seconds(1_762_344_000);
const DAY: Duration = Duration::from_hours(24);
const RULES: &[u8] = b"User-agent: *\nDisallow: /x\n";

fn uri() -> TargetUri {
    TargetUri::parse("http://a.test/page").unwrap()
}

fn learn(previous: Option<&CachedRobots>, fetch: RobotsFetch<'_>, at: Timestamp) -> CachedRobots {
    CachedRobots::learn(&uri(), previous, fetch, at, &RobotsOptions::default())
}

fn standing(robots: &CachedRobots, at: Timestamp) -> &'static str {
    match robots.standing(at, &RobotsOptions::default()) {
        Standing::Rules(_) => "rules",
        Standing::Free(_) => "free",
        Standing::StayOut(_) => "stay out",
        Standing::Expired => "expired",
    }
}

fn answered(status: u16) -> RobotsFetch<'static> {
    RobotsFetch::Answered { status, body: RULES }
}

#[test]
fn every_outcome_of_a_fetch_has_its_meaning() {
    let long = vec![b'\n'; ROBOTS_BYTES_MAX];
    for (fetch, want) in [
        (answered(200), "rules"),
        (answered(206), "rules"),
        (answered(204), "rules"),
        (RobotsFetch::Cut { status: 200, body: RULES }, "stay out"),
        (RobotsFetch::Cut { status: 200, body: &long }, "rules"),
        (RobotsFetch::Cut { status: 404, body: b"" }, "free"),
        (RobotsFetch::Cut { status: 500, body: b"" }, "stay out"),
        (RobotsFetch::RedirectedTooOften, "free"),
        (answered(302), "free"),
        (answered(304), "stay out"),
        (answered(400), "free"),
        (answered(401), "free"),
        (answered(403), "free"),
        (answered(404), "free"),
        (answered(410), "free"),
        (answered(451), "free"),
        (answered(429), "stay out"),
        (answered(500), "stay out"),
        (answered(503), "stay out"),
        (answered(599), "stay out"),
        (answered(100), "stay out"),
        (answered(0), "stay out"),
        (answered(999), "stay out"),
        (RobotsFetch::Failed { why: "dns" }, "stay out"),
        (RobotsFetch::Failed { why: "timeout" }, "stay out"),
    ] {
        assert_eq!(standing(&learn(None, fetch, NOON), NOON), want, "{fetch:?}");
    }
}

#[test]
fn a_file_holds_for_a_day_and_no_longer() {
    for fetch in [answered(200), answered(404)] {
        let robots = learn(None, fetch, NOON);
        let last = NOON.plus(DAY).minus(Duration::from_micros(1));
        assert_ne!(standing(&robots, last), "expired");
        assert_eq!(standing(&robots, NOON.plus(DAY)), "expired");
        assert_eq!(robots.holds_until(&RobotsOptions::default()), NOON.plus(DAY));
        assert_eq!(standing(&robots, NOON.minus(DAY)), "expired", "the clock was set back");
    }
}

#[test]
fn unreachable_is_asked_again_at_growing_pauses_and_stays_out_meanwhile() {
    let mut at = NOON;
    let mut robots = learn(None, answered(503), at);
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let Standing::StayOut(out) = robots.standing(at, &RobotsOptions::default()) else {
            panic!("{robots:?}")
        };
        assert_eq!(out.since, NOON);
        pauses.push(out.retry_at.since(at).as_secs() / 60);
        assert_eq!(standing(&robots, out.retry_at.minus(Duration::from_micros(1))), "stay out");
        assert_eq!(standing(&robots, out.retry_at), "expired");
        at = out.retry_at;
        robots = learn(Some(&robots), RobotsFetch::Failed { why: "timeout" }, at);
    }
    assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 360, 360]);
    assert_eq!(standing(&learn(Some(&robots), answered(200), at), at), "rules");
}

#[test]
fn an_older_copy_stands_in_while_unreachable_for_thirty_days() {
    let mut robots = learn(None, answered(200), NOON);
    let mut at = NOON.plus(DAY);
    let end = NOON.plus(30 * DAY);
    while at < end {
        robots = learn(Some(&robots), answered(500), at);
        assert_eq!(standing(&robots, at), "rules", "{at}");
        assert!(robots.rules().is_some());
        at = robots.holds_until(&RobotsOptions::default());
    }
    robots = learn(Some(&robots), answered(500), at);
    assert_eq!(standing(&robots, at), "stay out");
}

#[test]
fn that_there_was_no_file_does_not_stand_in_for_one() {
    let robots = learn(None, answered(404), NOON);
    let robots = learn(Some(&robots), answered(500), NOON.plus(DAY));
    assert_eq!(standing(&robots, NOON.plus(DAY)), "stay out");
}

#[test]
fn after_thirty_days_the_operator_may_take_it_for_unavailable() {
    let free =
        RobotsOptions { after_unreachable: AfterUnreachable::Free, ..RobotsOptions::default() };
    let robots = learn(None, answered(500), NOON);
    let late = NOON.plus(30 * DAY);
    let robots = learn(Some(&robots), answered(500), late);
    assert_eq!(standing(&robots, late), "stay out");
    assert!(matches!(robots.standing(late, &free), Standing::Free(_)));
    let early = learn(None, answered(500), late);
    assert!(matches!(early.standing(late, &free), Standing::StayOut(_)));
}

#[test]
fn not_modified_renews_the_copy() {
    let robots = learn(None, answered(200), NOON);
    let later = NOON.plus(2 * DAY);
    let renewed = learn(Some(&robots), answered(304), later);
    assert_eq!(standing(&renewed, later), "rules");
    assert!(
        !renewed
            .rules()
            .unwrap()
            .verdict(crate::politeness::RobotsReading::Rfc9309, "a", "/x")
            .allowed
    );
}

#[test]
fn another_authority_has_no_say() {
    let other = TargetUri::parse("https://a.test/").unwrap();
    let robots = learn(None, answered(200), NOON);
    let robots =
        CachedRobots::learn(&other, Some(&robots), answered(500), NOON, &RobotsOptions::default());
    assert_eq!(robots.authority(), "https://a.test");
    assert_eq!(standing(&robots, NOON), "stay out");
}

#[test]
fn why_we_stay_out_is_said() {
    let robots = learn(None, answered(503), NOON);
    let Standing::StayOut(out) = robots.standing(NOON, &RobotsOptions::default()) else {
        panic!("{robots:?}")
    };
    assert_eq!(
        out.to_string(),
        "robots.txt unreachable (503, 1 × since 2025-11-05T12:00:00Z); \
         asked again at 2025-11-05T12:05:00Z"
    );
}

fn samples() -> Vec<CachedRobots> {
    let rules = learn(None, answered(200), NOON);
    let unreachable = learn(Some(&rules), RobotsFetch::Failed { why: "dns" }, NOON.plus(DAY));
    let mut long = b"User-agent: *\nDisallow: /x\n".repeat(30_000);
    long.extend_from_slice(b"Disallow: /");
    let long = learn(None, RobotsFetch::Answered { status: 200, body: &long }, NOON);
    vec![
        rules,
        unreachable,
        long,
        learn(None, answered(404), NOON),
        learn(None, answered(500), NOON),
    ]
}

#[test]
fn what_was_written_is_read() {
    for robots in samples() {
        let bytes = robots.to_bytes();
        let read = CachedRobots::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(standing(&read, NOON.plus(DAY)), standing(&robots, NOON.plus(DAY)));
        assert_eq!(
            read.rules().map(|r| (&r.groups, &r.sitemaps)),
            robots.rules().map(|r| (&r.groups, &r.sitemaps))
        );
    }
}

/// The first format, byte for byte: it must stay readable.
#[test]
fn format_1_is_read() {
    let bytes = b"\x01\x0d\0\0\0http://a.test\0\x90\x17\xb0\xd7\x42\x06\0\x00\x1b\0\0\0User-agent: *\nDisallow: /x\n";
    let read = CachedRobots::from_bytes(bytes);
    let written = learn(None, answered(200), NOON).to_bytes();
    assert_eq!(read.map(|r| r.to_bytes()), Ok(written.clone()), "{written:?}");
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    for robots in samples() {
        let bytes = robots.to_bytes();
        for end in 0..bytes.len().min(400) {
            assert!(CachedRobots::from_bytes(&bytes[..end]).is_err(), "{end}");
        }
        let mut more = bytes.clone();
        more.push(0);
        assert!(matches!(CachedRobots::from_bytes(&more), Err(DecodeError::Damaged { .. })));
        let mut newer = bytes;
        newer[0] = 9;
        assert!(matches!(
            CachedRobots::from_bytes(&newer),
            Err(DecodeError::Newer { found: 9, .. })
        ));
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(0u8..6, 0..80)) {
        let _ = CachedRobots::from_bytes(&bytes);
    }
}
