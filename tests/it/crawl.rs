//! Whole crawls on a manual clock against the scripted web, which logs the time of each request by the
//! same clock.
//!
//! - `connections`: what a lookup and a kept connection cost
//! - `pace`: no host is asked sooner than its pace, over restarts too
//! - `robots`: what robots.txt forbids is never requested
//! - `reach`: redirects, requisites, depth, limits
//! - `repeat`: what is requested again, and what is stored of it
//! - `stop`: an orderly stop loses nothing

mod connections;
mod pace;
mod reach;
mod repeat;
mod robots;
mod stop;

use std::sync::Arc;

use pressmark::base::Clock;

use crate::support::archive::Archive;
use crate::support::web::{Reply, Web};

/// An archive and a web on its clock; these hosts resolve to the web.
fn web(archive: &mut Archive, hosts: &[&str]) -> Web {
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(hosts);
    web
}

/// The targets that `host` was asked for, in order.
fn targets(web: &Web, host: &str) -> Vec<String> {
    web.asked().into_iter().filter(|a| a.host == host).map(|a| a.target).collect()
}

fn reply(head: &str, body: &str) -> Reply {
    Reply::Bytes(
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes(),
    )
}

fn text(web: &Web, host: &str, target: &str, body: &str) {
    web.on(host, target, reply("200 OK\r\nContent-Type: text/plain", body));
}

/// A page that links to these.
fn links(web: &Web, host: &str, target: &str, to: &[String]) {
    let links: String = to.iter().map(|l| format!("<p><a href=\"{l}\">{l}</a></p>")).collect();
    web.page(host, target, &format!("<title>{target}</title><body>{links}</body>"));
}

fn redirect(web: &Web, host: &str, target: &str, status: u16, to: &str) {
    web.on(host, target, reply(&format!("{status} Moved\r\nLocation: {to}"), &format!("to {to}")));
}
