//! Who owns a URL: jobs that come, go, are renamed and name the same pages, while visits are under way
//! and over deaths.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::tests::{at, found, open, take, visit_at};
use super::*;
use crate::base::TargetUri;
use crate::schedule::discovery::DiscoveryPath;

const URL: &str = "http://a.org/1";

fn of(job: &str, url: &str, due: i64) -> Found {
    Found { job: job.to_owned(), ..found(url, due) }
}

fn owners(frontier: &Frontier, url: &str) -> Vec<String> {
    let known = frontier.known(&TargetUri::parse(url).unwrap()).unwrap().unwrap();
    known.named_by.iter().map(|one| one.job.to_string()).collect()
}

fn phase(frontier: &Frontier, url: &str) -> Phase {
    frontier.get(&TargetUri::parse(url).unwrap()).unwrap().unwrap().1
}

fn leave(frontier: &mut Frontier, job: &str) -> u64 {
    frontier.disown(job, &mut |_, _| Some(format!("left by {job}")), at(0)).unwrap()
}

#[test]
fn a_url_of_two_jobs_is_served_for_either_and_each_keeps_how_it_came_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    assert_eq!(frontier.add(of("x", URL, 50), at(0)).unwrap(), Added::Added);
    let path = DiscoveryPath::parse("ML").unwrap();
    let via = Some("http://a.org/feed".to_owned());
    let second = Found { path, via: via.clone(), settings: "w".to_owned(), ..of("y", URL, 70) };
    assert_eq!(frontier.add(second.clone(), at(0)).unwrap(), Added::Joined);
    assert_eq!(frontier.add(second, at(0)).unwrap(), Added::Known);
    drop(frontier);
    let (mut frontier, _) = open(dir.path());
    assert_eq!(frontier.check().unwrap(), []);
    for served in [["x"], ["y"]] {
        frontier.serve_jobs(Some(&served));
        let item = frontier.due().next().unwrap().unwrap();
        assert_eq!((item.due, item.jobs.len()), (at(50), 2));
        let claim = take(&mut frontier, 50).unwrap();
        assert_eq!(claim.named_by.len(), 2);
        assert_eq!((&*claim.named_by[1].job, &claim.named_by[1].via), ("y", &via));
        assert_eq!(claim.named_by[1].path.to_string(), "ML");
        frontier.release(claim).unwrap();
    }
    frontier.serve_jobs(Some(&["z"]));
    assert!(take(&mut frontier, 99).is_none());
    assert_eq!((frontier.counts_of_job("x").queued, frontier.counts_of_job("y").queued), (1, 1));
    assert_eq!(frontier.counts().total(), 1);
    let host = HostKey::new("a.org");
    let of_y: Vec<_> = frontier.entries_of(&host, "y").map(Result::unwrap).collect();
    assert_eq!((of_y.len(), of_y[0].1.settings.as_str()), (1, "w"));
}

#[test]
fn the_first_job_to_go_leaves_the_page_to_the_second_and_the_last_one_retires_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    frontier
        .add_all([of("x", URL, 5), of("y", URL, 5), of("x", "http://a.org/2", 5)], at(0))
        .unwrap();
    assert_eq!(leave(&mut frontier, "x"), 2);
    assert_eq!(owners(&frontier, URL), ["y"]);
    assert_eq!(phase(&frontier, "http://a.org/2"), Phase::Retired);
    assert_eq!(leave(&mut frontier, "y"), 1);
    assert_eq!(leave(&mut frontier, "y"), 0);
    let (entry, phase, _) = frontier.get(&TargetUri::parse(URL).unwrap()).unwrap().unwrap();
    assert_eq!((entry.because.as_str(), phase), ("left by y", Phase::Retired));
    assert_eq!(frontier.counts(), Counts { retired: 2, ..Counts::default() });
    assert_eq!(frontier.check().unwrap(), []);
    drop(frontier);
    // A job that names it again finds it, with what is known of it.
    let (mut frontier, _) = open(dir.path());
    frontier.serve_jobs(Some(&["z"]));
    assert!(take(&mut frontier, 1_000).is_none());
    assert_eq!(frontier.add(of("z", URL, 9), at(9)).unwrap(), Added::Joined);
    let claim = take(&mut frontier, 9).unwrap();
    assert_eq!((&*claim.job, claim.phase), ("z", Phase::Queued));
    frontier.finish(claim, visit_at(50), at(9)).unwrap();
    assert_eq!(frontier.check().unwrap(), []);
}

#[test]
fn what_a_job_joins_is_due_when_it_asks_but_for_parts_of_pages() {
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    for (n, (url, retires)) in
        [("http://a.org/p", false), ("http://b.org/p", true), ("http://c.org/i", true)]
            .iter()
            .enumerate()
    {
        frontier.add(of("x", url, 0), at(0)).unwrap();
        let claim = take(&mut frontier, 0).unwrap();
        let mut end = visit_at(500);
        if *retires {
            end.next = NextVisit::Retire { why: "captured".to_owned() };
        }
        frontier.finish(claim, end, at(0)).unwrap();
        let path = DiscoveryPath::parse(if n == 2 { "LE" } else { "L" }).unwrap();
        let second = Found { path, via: Some("http://a.org/".to_owned()), ..of("y", url, 30) };
        assert_eq!(frontier.add(second, at(20)).unwrap(), Added::Joined, "{url}");
        assert_eq!(owners(&frontier, url), ["x", "y"]);
    }
    let due: Vec<_> = frontier.due().map(|i| i.unwrap()).map(|i| (i.due, i.phase)).collect();
    assert_eq!(due, [(at(30), Phase::Waiting), (at(30), Phase::Waiting)]);
    assert_eq!(phase(&frontier, "http://c.org/i"), Phase::Retired);
}

#[test]
fn jobs_come_and_go_while_a_visit_is_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    frontier.add(of("x", URL, 0), at(0)).unwrap();
    let claim = take(&mut frontier, 0).unwrap();
    assert_eq!(frontier.add(of("y", URL, 7), at(1)).unwrap(), Added::Joined);
    assert_eq!(leave(&mut frontier, "x"), 1);
    frontier.finish(claim, visit_at(100), at(2)).unwrap();
    // What the newcomer asked for is remembered.
    let item = frontier.due().next().unwrap().unwrap();
    assert_eq!((&*item.job, item.jobs.len(), item.due), ("y", 1, at(7)));
    // All leave while it flies; it is given back, and one comes again.
    let claim = take(&mut frontier, 7).unwrap();
    leave(&mut frontier, "y");
    frontier.release(claim).unwrap();
    assert_eq!(phase(&frontier, URL), Phase::Retired);
    frontier.add(of("y", URL, 8), at(8)).unwrap();
    let claim = take(&mut frontier, 8).unwrap();
    leave(&mut frontier, "y");
    assert_eq!(frontier.add(of("y", URL, 9), at(9)).unwrap(), Added::Joined);
    frontier.finish(claim, visit_at(100), at(9)).unwrap();
    assert_eq!((owners(&frontier, URL), phase(&frontier, URL)), (vec!["y".into()], Phase::Waiting));
    let claim = take(&mut frontier, 9).unwrap();
    frontier.give_up(claim, "nobody wants it", at(9)).unwrap();
    assert_eq!(owners(&frontier, URL), Vec::<String>::new());
    assert_eq!(frontier.get(&TargetUri::parse(URL).unwrap()).unwrap().unwrap().0.visits, 2);
    assert_eq!(frontier.check().unwrap(), []);
}

#[test]
fn a_renamed_job_keeps_its_pages_and_two_of_one_name_are_one() {
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    let all = [
        of("x", URL, 0),
        of("y", "http://b.org/", 0),
        of("x", "http://c.org/", 0),
        of("y", "http://c.org/", 0),
    ];
    frontier.add_all(all, at(0)).unwrap();
    assert!(frontier.rename_job("x", "new").unwrap());
    assert!(!frontier.rename_job("x", "other").unwrap());
    drop(frontier);
    let (mut frontier, _) = open(dir.path());
    frontier.serve_jobs(Some(&["x"]));
    assert!(take(&mut frontier, 0).is_none());
    frontier.serve_jobs(Some(&["new"]));
    assert_eq!(frontier.due().count(), 2);
    // A job called as the other was before is another job.
    assert_eq!(frontier.add(of("x", URL, 0), at(0)).unwrap(), Added::Joined);
    assert_eq!(owners(&frontier, URL), ["new", "x"]);
    // Two jobs become one, and back again in the tables' eyes.
    assert!(frontier.rename_job("y", "new").unwrap());
    drop(frontier);
    let (mut frontier, _) = open(dir.path());
    assert_eq!(frontier.counts_of_job("new").queued, 3);
    assert_eq!(frontier.check().unwrap(), []);
    assert!(frontier.rename_job("new", "x").unwrap());
    frontier.serve_jobs(Some(&["x"]));
    assert_eq!((frontier.due().count(), frontier.counts_of_job("x").queued), (3, 3));
    drop(frontier);
    let (mut frontier, _) = open(dir.path());
    assert_eq!(frontier.check().unwrap(), []);
    assert_eq!(leave(&mut frontier, "x"), 3);
    assert_eq!(frontier.counts(), Counts { retired: 3, ..Counts::default() });
}

#[test]
fn a_job_names_by_its_file_what_it_had_found_by_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (mut frontier, _) = open(dir.path());
    let path = DiscoveryPath::parse("L").unwrap();
    let linked = Found { path, via: Some("http://a.org/".to_owned()), ..of("x", URL, 90) };
    frontier.add(linked.clone(), at(0)).unwrap();
    let named = Found { settings: "tags=feed".to_owned(), ..of("x", URL, 10) };
    assert_eq!(frontier.add(named, at(0)).unwrap(), Added::Sooner);
    frontier.add(Found { due: at(5), ..linked }, at(0)).unwrap();
    let known = frontier.known(&TargetUri::parse(URL).unwrap()).unwrap().unwrap();
    assert_eq!((known.entry.via, known.entry.settings.as_str()), (None, "tags=feed"));
}

#[derive(Debug, Clone)]
enum Op {
    Add { url: u8, job: u8 },
    Leave { job: u8 },
    Rename { job: u8, to: u8 },
    Take,
    End { how: u8 },
    Reopen,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => (0..6_u8, 0..4_u8).prop_map(|(url, job)| Op::Add { url, job }),
        2 => (0..4_u8).prop_map(|job| Op::Leave { job }),
        2 => (0..4_u8, 0..4_u8).prop_map(|(job, to)| Op::Rename { job, to }),
        3 => Just(Op::Take),
        3 => (0..3_u8).prop_map(|how| Op::End { how }),
        1 => Just(Op::Reopen),
    ];
    proptest::collection::vec(op, 1..50)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn when_jobs_come_and_go_every_page_is_of_those_that_named_it(ops in ops()) {
        let dir = tempfile::tempdir().unwrap();
        let (mut frontier, _) = open(dir.path());
        let mut model: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut claims: Vec<Claim> = Vec::new();
        let name = |job: u8| format!("job{job}");
        for op in ops {
            match op {
                Op::Add { url, job } => {
                    let url = format!("http://h{}.org/{url}", url % 3);
                    frontier.add(of(&name(job), &url, 0), at(0)).unwrap();
                    model.entry(url).or_default().insert(name(job));
                }
                Op::Leave { job } => {
                    leave(&mut frontier, &name(job));
                    model.values_mut().for_each(|owners| { owners.remove(&name(job)); });
                }
                Op::Rename { job, to } => {
                    frontier.rename_job(&name(job), &name(to)).unwrap();
                    for owners in model.values_mut() {
                        if owners.remove(&name(job)) {
                            owners.insert(name(to));
                        }
                    }
                }
                Op::Take => claims.extend(take(&mut frontier, 1_000)),
                Op::End { how } => {
                    let Some(claim) = claims.pop() else { continue };
                    match how {
                        0 => frontier.finish(claim, visit_at(10), at(0)).unwrap(),
                        1 => frontier.release(claim).unwrap(),
                        _ => frontier.snooze(claim, at(20), "later", at(0)).unwrap(),
                    }
                }
                Op::Reopen => {
                    // What is in flight comes back first: a death forgets which jobs left meanwhile,
                    // and the next process asks them again.
                    for claim in claims.drain(..) {
                        frontier.release(claim).unwrap();
                    }
                    drop(frontier);
                    frontier = open(dir.path()).0;
                }
            }
            prop_assert_eq!(frontier.check().unwrap(), vec![]);
        }
        for claim in claims.drain(..) {
            frontier.release(claim).unwrap();
        }
        for (url, wanted) in &model {
            let is: BTreeSet<String> = owners(&frontier, url).into_iter().collect();
            prop_assert_eq!(&is, wanted, "{}", url);
            prop_assert_eq!(phase(&frontier, url) == Phase::Retired, wanted.is_empty());
        }
        prop_assert_eq!(frontier.check().unwrap(), vec![]);
    }
}
