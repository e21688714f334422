//! Numbers that are limits of a count or a list are printed as such.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use pressmark::base::SystemClock;

use super::here;
use crate::support::cli::{crawl, json_lines, pressmark, stderr, stdout};
use crate::support::web::Web;

#[test]
fn counts_that_reach_their_limit_are_marked() {
    let (dir, root) = here();
    let web = Web::start(Arc::new(SystemClock));
    let mut seeds = String::new();
    for n in 0..1_100 {
        let _ = write!(seeds, "\"http://a.example/{n}\", ");
    }
    let job = format!("name = \"paper\"\nseeds = [{seeds}]\n");
    fs::write(dir.path().join("paper.toml"), job).unwrap();
    let mut crawling = crawl(&root, &web.resolve(&["a.example"]));
    let output = crawling.args(["--job", "paper.toml", "--pages-max", "3"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let status = pressmark(&root, &["status"]);
    assert!(stdout(&status).contains("1000 or more due now"), "{}", stdout(&status));
    let status = json_lines(&pressmark(&root, &["status", "--format", "json"])).remove(0);
    assert_eq!(
        (&status["queue"]["due"], &status["queue"]["due_is_cap"]),
        (&1_000.into(), &true.into())
    );
    let due = pressmark(&root, &["due"]);
    assert_eq!(stdout(&due).lines().count(), 51, "{}", stdout(&due));
    assert!(
        stderr(&due).contains("these are the first 50; --limit N shows more"),
        "{}",
        stderr(&due)
    );
    let all = pressmark(&root, &["due", "--limit", "3000"]);
    assert!(stdout(&all).lines().count() > 1_000);
    assert_eq!(stderr(&all), "");
}

#[test]
fn failures_that_are_not_named_are_counted() {
    let (_dir, root) = here();
    let names: Vec<String> = (0..23).map(|n| format!("shut-{n}.example")).collect();
    let urls: Vec<String> = names.iter().map(|name| format!("http://{name}/")).collect();
    let resolve: Vec<String> = names.iter().map(|name| format!("{name}:80:127.0.0.1:1")).collect();
    let mut crawling = crawl(&root, &resolve);
    let output = crawling.args(&urls).output().unwrap();
    let text = stdout(&output);
    assert_eq!(text.matches("  failed: ").count(), 20, "{text}");
    assert!(text.contains("and 3 more failures"), "{text}");
}
