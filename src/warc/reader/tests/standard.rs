//! Records of each kind, after the examples in annex C of the standard.

use super::*;
use crate::base::DigestAlgorithm;
use crate::warc::{fields::name, rules};

/// A file of every kind of record, in the manner of the annex, written by hand.
fn file() -> Vec<u8> {
    let record = |head: &str, block: &str| {
        format!("WARC/1.1\r\n{head}Content-Length: {}\r\n\r\n{block}\r\n\r\n", block.len())
    };
    let id = |n: u8| format!("<urn:uuid:92283950-ef2f-4d72-b224-f54c6ec90bb{n}>");
    let http = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n\r\nJPEG";
    let digest = DigestAlgorithm::Sha1.digest(b"JPEG");
    let uri = "http://www.archive.org/images/logoc.jpg";
    [
        record(
            &format!(
                "WARC-Type: warcinfo\r\nWARC-Date: 2006-09-19T17:20:14Z\r\nWARC-Record-ID: {}\r\n\
                 Content-Type: application/warc-fields\r\nWARC-Filename: a.warc.gz\r\n",
                id(0)
            ),
            "software: Heritrix 1.12.0 http://crawler.archive.org\r\nhostname: crawling017\r\n\
             description: testcrawl with WARC\r\n output\r\n",
        ),
        record(
            &format!(
                "WARC-Type: request\r\nWARC-Target-URI: {uri}\r\nWARC-Warcinfo-ID: {}\r\n\
                 WARC-Date: 2006-09-19T17:20:24Z\r\nWARC-Record-ID: {}\r\n\
                 WARC-Concurrent-To: {}\r\nContent-Type: application/http;msgtype=request\r\n",
                id(0),
                id(1),
                id(2)
            ),
            "GET /images/logoc.jpg HTTP/1.0\r\nHost: www.archive.org\r\n\r\n",
        ),
        record(
            &format!(
                "WARC-Type: response\r\nWARC-Target-URI: {uri}\r\nWARC-Date: 2006-09-19T17:20:24Z\r\n\
                 WARC-Block-Digest: {}\r\nWARC-Payload-Digest: {digest}\r\n\
                 WARC-IP-Address: 207.241.233.58\r\nWARC-Record-ID: {}\r\n\
                 Content-Type: application/http;msgtype=response\r\n\
                 WARC-Identified-Payload-Type: image/jpeg\r\n",
                DigestAlgorithm::Sha1.digest(http.as_bytes()),
                id(2)
            ),
            http,
        ),
        record(
            &format!(
                "WARC-Type: resource\r\nWARC-Target-URI: file://var/www/htdoc/images/logoc.jpg\r\n\
                 WARC-Date: 2006-09-30T16:30:00Z\r\nWARC-Record-ID: {}\r\nContent-Type: image/jpeg\r\n",
                id(3)
            ),
            "JPEG",
        ),
        record(
            &format!(
                "WARC-Type: metadata\r\nWARC-Target-URI: {uri}\r\nWARC-Date: 2006-09-19T17:20:24Z\r\n\
                 WARC-Record-ID: {}\r\nWARC-Concurrent-To: {}\r\n\
                 Content-Type: application/warc-fields\r\n",
                id(4),
                id(2)
            ),
            "via: http://www.archive.org/\r\nhopsFromSeed: E\r\nfetchTimeMs: 565\r\n",
        ),
        record(
            &format!(
                "WARC-Type: revisit\r\nWARC-Target-URI: {uri}\r\nWARC-Date: 2007-03-06T00:43:35.5Z\r\n\
                 WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified\r\n\
                 WARC-Record-ID: {}\r\nWARC-Refers-To: {}\r\n\
                 WARC-Refers-To-Target-URI: {uri}\r\nWARC-Refers-To-Date: 2006-09-19T17:20:24Z\r\n\
                 Content-Type: message/http\r\n",
                id(5),
                id(2)
            ),
            "HTTP/1.x 304 Not Modified\r\nEtag: \"3e45-67e-2ed02ec0\"\r\n\r\n",
        ),
        record(
            &format!(
                "WARC-Type: conversion\r\nWARC-Target-URI: {uri}\r\nWARC-Date: 2016-09-19\r\n\
                 WARC-Record-ID: {}\r\nWARC-Refers-To: {}\r\nContent-Type: image/neoimg\r\n",
                id(6),
                id(2)
            ),
            "neo",
        ),
        record(
            &format!(
                "WARC-Type: continuation\r\nWARC-Target-URI: {uri}\r\n\
                 WARC-Date: 2006-09-19T17:20:24Z\r\nWARC-Record-ID: {}\r\n\
                 WARC-Segment-Origin-ID: {}\r\nWARC-Segment-Number: 2\r\n\
                 WARC-Segment-Total-Length: 1902\r\n",
                id(7),
                id(2)
            ),
            "the rest",
        ),
    ]
    .concat()
    .into_bytes()
}

#[test]
fn every_kind_of_record_is_read_and_keeps_to_the_rules() {
    let file = file();
    let mut reader = WarcReader::new(file.as_slice(), options());
    let mut kinds = Vec::new();
    let mut raw = Vec::new();
    while let Some(mut record) = reader.next_record().unwrap() {
        let header = record.header().clone();
        assert_eq!(rules::check(&header.fields, "f", 0), [], "{header:?}");
        let mut block = Vec::new();
        record.read_to_end(&mut block).unwrap();
        if let Some(digest) = header.fields.block_digest() {
            assert_eq!(digest.algorithm().digest(&block), digest);
        }
        kinds.push(header.fields.text(name::TYPE).unwrap().into_owned());
        raw.extend([header.raw, block, b"\r\n\r\n".to_vec()].concat());
    }
    assert_eq!(
        kinds.join(" "),
        "warcinfo request response resource metadata revisit conversion continuation"
    );
    assert!(raw == file, "the bytes come back as they are");
    assert_eq!(reader.take_findings(), []);
}

/// Until interim responses were put together, the main record listed each of them: up to the number
/// that a head limit of 1 MiB allowed.
#[test]
fn a_header_that_lists_all_the_interim_responses_of_a_flood_is_read() {
    let listed = "WARC-Concurrent-To: <urn:uuid:92283950-ef2f-4d72-b224-f54c6ec90bb0>\r\n";
    let listed = listed.repeat(65_537);
    let record = format!(
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\n\
         WARC-Date: 2006-09-19T17:20:24Z\r\n\
         WARC-Record-ID: <urn:uuid:92283950-ef2f-4d72-b224-f54c6ec90bb1>\r\n{listed}\
         Content-Type: application/http;msgtype=response\r\nContent-Length: 19\r\n\r\n\
         HTTP/1.1 200 OK\r\n\r\n\r\n\r\n"
    );
    let mut reader = WarcReader::new(record.as_bytes(), ReadOptions::default());
    let read = reader.next_record().unwrap().unwrap();
    assert_eq!(read.header().fields.concurrent_to().len(), 65_537);
    assert!(read.finish().unwrap().intact);
    assert_eq!(reader.take_findings(), []);
}
