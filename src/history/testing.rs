//! A small archive for the tests of this module: one uncompressed WARC file, written by hand.

use std::fmt::Write as _;
use std::path::Path;

use super::changes::ArchiveChange;
use crate::base::{DigestAlgorithm, Timestamp};
use crate::diff::ChangeKind;
use crate::diff::json::JsonChange;
use crate::store::{Layout, Reader};

/// An archive in a directory of its own.
pub(crate) struct Archive {
    root: tempfile::TempDir,
    records: String,
    count: u32,
}

impl Archive {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        Layout::new(root.path()).create().unwrap();
        Self { root, records: String::new(), count: 0 }
    }

    /// The hour `n` of the archive's time.
    pub(crate) fn at(hour: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_900_000_000 + hour * 3600)
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// A page of these paragraphs.
    pub(crate) fn page(&mut self, url: &str, hour: i64, paragraphs: &[&str]) {
        let mut body = String::from(
            "<!doctype html><html lang=\"en\"><body><article><h1>The harbour and its boats</h1>",
        );
        for paragraph in paragraphs {
            write!(body, "<p>{paragraph}</p>").unwrap();
        }
        self.response(url, hour, "200 OK", "", &body);
    }

    /// An answer without a page.
    pub(crate) fn status(&mut self, url: &str, hour: i64, status: u16) {
        self.response(url, hour, &format!("{status} CapturedPage"), "", "<p>Nothing here.</p>");
    }

    pub(crate) fn response(
        &mut self,
        url: &str,
        hour: i64,
        status: &str,
        fields: &str,
        body: &str,
    ) {
        let block = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n{fields}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.count += 1;
        write!(
            self.records,
            "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{:012}>\r\n\
             WARC-Date: {}\r\nWARC-Target-URI: {url}\r\nWARC-Payload-Digest: {}\r\n\
             Content-Type: application/http;msgtype=response\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
            self.count,
            Self::at(hour).to_warc_date(),
            DigestAlgorithm::Sha256.digest(body.as_bytes()),
            block.len()
        )
        .unwrap();
    }

    /// What a browser made of the page that was captured last: a document of these paragraphs.
    pub(crate) fn rendering(&mut self, url: &str, hour: i64, paragraphs: &[&str]) {
        let page_id =
            format!("WARC-Page-ID: urn:uuid:00000000-0000-4000-9000-{:012}\r\n", self.count);
        self.made(url, hour, &page_id, paragraphs);
    }

    /// The same as another program has converted it.
    pub(crate) fn conversion(&mut self, url: &str, hour: i64, paragraphs: &[&str]) {
        self.made(url, hour, "", paragraphs);
    }

    fn made(&mut self, url: &str, hour: i64, fields: &str, paragraphs: &[&str]) {
        let body: String = paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect();
        let block = format!(
            "<!doctype html><html lang=en><body><article><h1>The harbour and its boats</h1>{body}</article></body></html>"
        );
        // The last record of this page.
        let (before, _) = self.records.rsplit_once(&format!("WARC-Target-URI: {url}\r\n")).unwrap();
        let (_, from) = before.rsplit_once("WARC-Record-ID: ").unwrap();
        let from = from.lines().next().unwrap().to_owned();
        self.count += 1;
        write!(
            self.records,
            "WARC/1.1\r\nWARC-Type: conversion\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{:012}>\r\n\
             WARC-Date: {}\r\nWARC-Target-URI: {url}\r\n{fields}\
             WARC-Refers-To: {from}\r\nWARC-Block-Digest: {}\r\n\
             Content-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
            self.count,
            Self::at(hour).plus(std::time::Duration::from_secs(60)).to_warc_date(),
            DigestAlgorithm::Sha256.digest(block.as_bytes()),
            block.len()
        )
        .unwrap();
    }

    /// A page without its text, which scripts are to bring.
    pub(crate) fn shell(&mut self, url: &str, hour: i64, head: &str) {
        let body = format!(
            "<!doctype html><html lang=en><head><title>Harbour</title>{head}</head><body><div id=root></div>\
             <script src=/app.js></script></body></html>"
        );
        self.response(url, hour, "200 OK", "", &body);
    }

    /// A report of a failure.
    pub(crate) fn failure(&mut self, url: &str, hour: i64, reason: &str, detail: &str) {
        let block = format!("outcome: failed\r\nreason: {reason}\r\ndetail: {detail}\r\n");
        self.count += 1;
        write!(
            self.records,
            "WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{:012}>\r\n\
             WARC-Date: {}\r\nWARC-Target-URI: {url}\r\nContent-Type: application/warc-fields\r\n\
             Content-Length: {}\r\n\r\n{block}\r\n\r\n",
            self.count,
            Self::at(hour).to_warc_date(),
            block.len()
        )
        .unwrap();
    }

    /// The archive with what was added so far.
    pub(crate) fn reader(&self) -> Reader {
        std::fs::write(self.root.path().join("warc/a.warc"), &self.records).unwrap();
        Reader::open(self.root.path(), 8 << 20).unwrap().0
    }
}

/// A change without anything that a test has not asked for.
pub(crate) fn archive_change(url: &str, at: Timestamp) -> ArchiveChange {
    ArchiveChange {
        url: url.to_owned(),
        timestamp: at.to_stamp14(),
        date: at.to_warc_date(),
        before_timestamp: Timestamp::from_unix_seconds(0).to_stamp14(),
        number: 1,
        stealth: false,
        rendering: false,
        headline: None,
        change: JsonChange {
            kind: ChangeKind::TextEdited,
            before: None,
            after: None,
            speaker: None,
            old_range: None,
            new_range: None,
            about: None,
            words: Vec::new(),
            notation: false,
            weight: 1,
        },
    }
}
