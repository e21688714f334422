//! The web that is crawled.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use pressmark::base::SystemClock;

use super::{Chance, number};
use crate::support::cli::{command, crawl};
use crate::support::web::{Reply, Web, ok};

const HOSTS: usize = 4;

/// A front page that is due again in some minutes is not waited for.
const WAIT_MAX: &str = "crawl.wait_max=10s";

/// The number of pages per host.
fn pages() -> usize {
    number("PRESSMARK_POWER_PAGES", 9) as usize
}

fn host(n: usize) -> String {
    format!("h{n}.power.example")
}

/// The content of a page: some are long and incompressible, some are the same on all hosts.
fn body(host: usize, page: usize) -> Vec<u8> {
    match page {
        4 => {
            let mut chance = Chance(host as u64);
            (0..60_000).map(|_| chance.below(256) as u8).collect()
        }
        3 | 7 => format!("the same page {page} everywhere").into_bytes(),
        _ => format!("page {page} of host {host} ")
            .repeat(1 + page % 10 * 37 + host * 11)
            .into_bytes(),
    }
}

/// The web, and every URL on it with the bytes of its payload.
pub struct Site {
    web: Web,
    pub sent: BTreeMap<String, Vec<u8>>,
    job: PathBuf,
    config: PathBuf,
}

impl Site {
    pub fn new(dir: &Path) -> Self {
        let web = Web::start(Arc::new(SystemClock));
        let mut sent = BTreeMap::new();
        for n in 0..HOSTS {
            let name = host(n);
            let links: String =
                (0..pages()).map(|p| format!("<a href=\"/{p}\">{p}</a> ")).collect();
            let front =
                format!("<html><title>{name}</title><body>{links}</body></html>").into_bytes();
            web.on(&name, "/", Reply::Bytes(ok("text/html", &front)));
            sent.insert(format!("http://{name}/"), front);
            for page in 0..pages() {
                let body = body(n, page);
                web.on(&name, &format!("/{page}"), Reply::Bytes(ok("text/plain", &body)));
                sent.insert(format!("http://{name}/{page}"), body);
            }
        }
        // A job that visits some of them on its own.
        let hosts: Vec<String> = (0..HOSTS).map(host).collect();
        let rules = web.resolve(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
        let rules: Vec<String> = rules.iter().map(|rule| format!("{rule:?}")).collect();
        let config = dir.join("pressmark.toml");
        let text = format!(
            "[capture]\nallow_private = true\nresolve = [{}]\n[politeness]\ndelay_min = \"0s\"\ndelay_factor = 0.0\n",
            rules.join(", ")
        );
        fs::write(&config, text).unwrap();
        let job = dir.join("paper.toml");
        let seeds: Vec<String> = sent.keys().step_by(2).map(|url| format!("{url:?}")).collect();
        let seeds = seeds.join(", ");
        fs::write(&job, format!("name = \"paper\"\nseeds = [{seeds}]\n")).unwrap();
        Self { web, sent, job, config }
    }

    /// A crawl of all of it, by its links.
    pub fn crawling(&self, root: &Path) -> Command {
        let hosts: Vec<String> = (0..HOSTS).map(host).collect();
        let rules = self.web.resolve(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
        let mut crawling = crawl(root, &rules);
        crawling.args(["--set", "warc.file_bytes_max=90 KiB", "--set", WAIT_MAX]);
        crawling.args(["--depth", "1", "--format", "json"]);
        crawling.args(hosts.iter().map(|name| format!("http://{name}/")));
        crawling
    }

    /// A job that visits every second page.
    pub fn job(&self, root: &Path) -> Command {
        let mut job = command(root);
        job.arg("--config").arg(&self.config).args(["--quiet", "--format", "json"]);
        job.args(["--set", WAIT_MAX]);
        job.args(["crawl", "--job"]).arg(&self.job);
        job
    }
}
