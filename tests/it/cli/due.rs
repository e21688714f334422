//! `crawl --due`: what is due now, and nothing that is due later.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pressmark::base::SystemClock;

use super::here;
use crate::support::cli::{crawl, stderr, stdout};
use crate::support::web::Web;

#[test]
fn a_page_that_is_due_later_is_neither_waited_for_nor_left() {
    let web = Web::start(Arc::new(SystemClock));
    web.page("news.example", "/", "<title>x</title><p>The bridge was closed on Monday.</p>");
    let (_dir, root) = here();
    let resolve = web.resolve(&["news.example"]);
    let first = crawl(&root, &resolve).arg("http://news.example/").output().unwrap();
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    // Its first visit is due in some minutes, a time that a crawl would wait for a host.
    let mut due = crawl(&root, &resolve);
    due.args(["--due", "--set", "crawl.wait_max=1h"]);
    let mut due = due.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while due.try_wait().unwrap().is_none() {
        if began.elapsed() > Duration::from_secs(60) {
            due.kill().unwrap();
            panic!("it waits for what is not due");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = due.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let printed = stdout(&output);
    assert!(printed.contains("0 fetched") && !printed.contains("left in the queue"), "{printed}");
    assert_eq!(web.asked().iter().filter(|asked| asked.target == "/").count(), 1);
}
