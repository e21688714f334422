//! The frontier against a kill: a child process that is ended in the middle of its work.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::tests::{at, found, open, take, visit_at};
use crate::base::TargetUri;

const VICTIM: &str = "PRESSMARK_TEST_VICTIM";

/// Not a test of its own: what the killed process runs. Says on stdout what was acknowledged.
#[test]
#[ignore = "runs as the child of the test below"]
fn victim() {
    let Some(dir) = std::env::var_os(VICTIM) else { return };
    let (mut frontier, _) = open(Path::new(&dir));
    let start = i64::try_from(frontier.counts().total()).unwrap();
    for n in start.. {
        let urls = (0..5).map(|k| found(&format!("http://h{}.org/{n}/{k}", n % 50), n));
        frontier.add_all(urls, at(n)).unwrap();
        println!("A {n}");
        for _ in 0..3 {
            let Some(claim) = take(&mut frontier, n) else { break };
            let url = claim.uri().as_str().to_owned();
            println!("C {url}");
            frontier.finish(claim, visit_at(n + 1_000_000), at(n)).unwrap();
            println!("F {url}");
        }
    }
}

#[test]
fn a_kill_at_any_moment_loses_no_url_and_repeats_at_most_what_was_in_flight() {
    let dir = tempfile::tempdir().unwrap();
    let (mut added, mut finished) = (Vec::new(), Vec::new());
    for lines in [1, 700, 40, 1_501, 333] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "schedule::frontier::kill_tests::victim", "--ignored", "--nocapture"])
            .env(VICTIM, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut flying = Vec::new();
        let out = BufReader::new(child.stdout.take().unwrap());
        for (count, line) in out.lines().map_while(Result::ok).enumerate() {
            // What was said before the kill counts too, so the pipe is read to its end.
            if count == lines {
                child.kill().unwrap();
            }
            // The test harness writes its own words on the first line.
            let line = line.rsplit("... ").next().unwrap_or_default();
            match line.split_once(' ') {
                Some(("A", n)) => added.push(n.parse::<i64>().unwrap()),
                Some(("C", url)) => flying.push(url.to_owned()),
                Some(("F", url)) => {
                    flying.retain(|other| other != url);
                    assert!(!finished.contains(&url.to_owned()), "{url} was visited twice");
                    finished.push(url.to_owned());
                }
                _ => {}
            }
        }
        child.wait().unwrap();
        let (frontier, opened) = open(dir.path());
        assert_eq!(frontier.check().unwrap(), []);
        let known = |url: &str| frontier.get(&TargetUri::parse(url).unwrap()).unwrap();
        for n in &added {
            for k in 0..5 {
                let url = format!("http://h{}.org/{n}/{k}", n % 50);
                assert!(known(&url).is_some(), "{url} was lost");
            }
        }
        for url in &finished {
            assert_eq!(known(url).unwrap().0.visits, 1, "{url} would be repeated");
        }
        assert!(flying.len() <= 1);
        assert!(opened.requeued.len() <= 1);
        // A visit that was written and not yet said may be on either side.
        for url in flying {
            if known(&url).unwrap().0.visits == 1 {
                finished.push(url);
            }
        }
    }
    assert!(finished.len() > 500, "{}", finished.len());
}
