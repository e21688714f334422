//! The life of pages, as tables of looks and verdicts.

use proptest::prelude::*;

use super::*;

fn sight(letter: char) -> Observation {
    match letter {
        'p' => Observation::Page,
        'n' => Observation::NotFound,
        'g' => Observation::GoneForGood,
        'f' => Observation::MovedToFront,
        'a' => Observation::Moved { to: "http://a.org/a".to_owned() },
        'b' => Observation::Moved { to: "http://a.org/b".to_owned() },
        'c' => Observation::Blocked(Block::Captcha),
        's' => Observation::Blocked(Block::SoftNotFound),
        'e' => Observation::ServerError,
        _ => Observation::NoAnswer,
    }
}

fn event_letter(event: &Event) -> char {
    match event {
        Event::Gone => 'G',
        Event::Restored => 'R',
        Event::Moved { .. } => 'M',
        Event::Blocked(_) => 'B',
        Event::Unblocked => 'U',
        Event::Unreachable => 'X',
    }
}

/// Plays looks at hours and gives back the events with their hours, and the last standing.
fn play(looks: &[(u32, char)]) -> (Vec<(u32, char)>, Standing) {
    let mut life = Life::new();
    let mut events = Vec::new();
    for (hour, letter) in looks {
        let at = Timestamp::from_unix_seconds(i64::from(*hour) * 3_600);
        let verdict = life.look(at, &sight(*letter), &LifeRules::default());
        assert_eq!(verdict.may_compare, *letter == 'p');
        assert_eq!(verdict.retry.is_none(), *letter == 'p');
        events.extend(verdict.event.map(|event| (*hour, event_letter(&event))));
        life = Life::of_bytes(&life.to_bytes()).expect("its own bytes");
    }
    (events, life.standing())
}

#[test]
fn a_verdict_needs_several_looks_over_time() {
    use Standing::{Alive, Blocked, Doubtful, Gone, Moved};
    type Case<'a> = (&'a str, &'a [(u32, char)], &'a [(u32, char)], Standing);
    let cases: &[Case] = &[
        ("one 404", &[(0, 'p'), (1, 'n')], &[], Doubtful),
        ("three in a row at once", &[(0, 'n'), (0, 'n'), (0, 'n')], &[], Doubtful),
        ("three in a day", &[(0, 'n'), (12, 'n'), (24, 'n')], &[], Doubtful),
        ("two over a week", &[(0, 'n'), (168, 'n')], &[], Doubtful),
        ("three over three days", &[(0, 'n'), (12, 'n'), (72, 'n')], &[(72, 'G')], Gone),
        ("410 is quicker", &[(0, 'g'), (24, 'g')], &[(24, 'G')], Gone),
        ("a page between clears it", &[(0, 'n'), (12, 'p'), (24, 'n'), (72, 'n')], &[], Doubtful),
        (
            "an error between does not",
            &[(0, 'n'), (12, 'e'), (24, 'n'), (72, 'n')],
            &[(72, 'G')],
            Gone,
        ),
        ("nor does it add", &[(0, 'n'), (12, 'e'), (24, 'e'), (72, 'n')], &[], Doubtful),
        ("gone only once", &[(0, 'g'), (24, 'g'), (300, 'g'), (400, 'n')], &[(24, 'G')], Gone),
        ("back again", &[(0, 'g'), (24, 'g'), (300, 'p')], &[(24, 'G'), (300, 'R')], Alive),
        ("to the front page", &[(0, 'f'), (12, 'n'), (72, 'f')], &[(72, 'G')], Gone),
        ("moved", &[(0, 'a'), (24, 'a'), (48, 'a')], &[(24, 'M')], Moved),
        ("moved about", &[(0, 'a'), (24, 'b'), (25, 'a'), (48, 'b')], &[], Doubtful),
        ("moved on", &[(0, 'a'), (24, 'a'), (48, 'b'), (72, 'b')], &[(24, 'M'), (72, 'M')], Moved),
        ("moved back", &[(0, 'a'), (24, 'a'), (48, 'p')], &[(24, 'M'), (48, 'R')], Alive),
        ("one CAPTCHA", &[(0, 'p'), (1, 'c'), (2, 'p')], &[], Alive),
        ("blocked", &[(0, 'c'), (6, 'c'), (18, 'c')], &[(6, 'B')], Blocked),
        ("the wall goes", &[(0, 'c'), (6, 'c'), (18, 'p')], &[(6, 'B'), (18, 'U')], Alive),
        (
            "blocked for months is not gone",
            &[(0, 'c'), (6, 'c'), (3_000, 'c')],
            &[(6, 'B')],
            Blocked,
        ),
        (
            "a wall over a gone page",
            &[(0, 'g'), (24, 'g'), (30, 'c'), (40, 'c')],
            &[(24, 'G')],
            Gone,
        ),
        (
            "soft 404 takes a week",
            &[(0, 's'), (24, 's'), (96, 's'), (168, 's')],
            &[(168, 'G')],
            Gone,
        ),
        ("a bad day", &[(0, 'e'), (1, 't'), (3, 'e'), (9, 'p')], &[], Alive),
        ("errors for a week", &[(0, 'e'), (24, 'e'), (100, 'e'), (168, 'e')], &[], Doubtful),
    ];
    for (name, looks, events, standing) in cases {
        assert_eq!(play(looks), (events.to_vec(), *standing), "{name}");
    }
}

#[test]
fn two_weeks_without_an_answer_make_it_unreachable_and_never_gone() {
    let looks: Vec<(u32, char)> = (0..15).map(|day| (day * 24, 't')).collect();
    assert_eq!(play(&looks), (vec![(14 * 24, 'X')], Standing::Unreachable));
}

#[test]
fn following_its_own_retries_a_removed_page_is_gone_within_four_days() {
    let mut life = Life::new();
    let mut at = Timestamp::from_unix_seconds(0);
    for look in 1.. {
        let verdict = life.look(at, &Observation::NotFound, &LifeRules::default());
        if verdict.event == Some(Event::Gone) {
            assert!(look <= 5 && at.unix_micros() < 4 * 86_400 * 1_000_000, "{look} at {at}");
            break;
        }
        at = verdict.retry.unwrap().0;
    }
}

#[test]
fn failures_back_off_to_a_day_and_no_further() {
    let mut life = Life::new();
    let at = Timestamp::from_unix_seconds(0);
    let waits: Vec<u64> = (0..12)
        .map(|_| {
            let verdict = life.look(at, &Observation::ServerError, &LifeRules::default());
            verdict.retry.unwrap().0.since(at).as_secs() / 60
        })
        .collect();
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440, 1_440]);
}

proptest! {
    #[test]
    fn gone_is_never_said_on_the_strength_of_errors_or_walls(
        looks in proptest::collection::vec((0..200_u32, "[pcetab]"), 1..40)
    ) {
        let mut hour = 0;
        let looks: Vec<(u32, char)> = looks
            .iter()
            .map(|(ahead, letter)| {
                hour += ahead;
                (hour, letter.chars().next().unwrap())
            })
            .collect();
        let (events, standing) = play(&looks);
        prop_assert!(events.iter().all(|(_, event)| *event != 'G'));
        prop_assert!(standing != Standing::Gone);
    }

    #[test]
    fn any_bytes_are_no_life_or_one(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut versioned = vec![VERSION];
        versioned.extend_from_slice(&bytes);
        let _ = Life::of_bytes(&versioned);
    }
}
