//! WARC files written by hand, record by record.

use std::io::Write;
use std::path::Path;

use pressmark::base::DigestAlgorithm;

/// A file that is being written.
pub struct Warc {
    bytes: Vec<u8>,
    number: u32,
    /// The id of the record that was written last.
    last: String,
}

impl Warc {
    pub fn new() -> Self {
        Self { bytes: Vec::new(), number: 0, last: String::new() }
    }

    /// Writes a record; its id.
    fn record(&mut self, kind: &str, url: &str, date: &str, fields: &str, block: &[u8]) -> String {
        self.number += 1;
        // Files differ in their first record, so that ids do.
        let id = DigestAlgorithm::Sha256.digest(format!("{url} {date} {}", self.number).as_bytes());
        let hex: String = id.as_bytes()[..16].iter().map(|b| format!("{b:02x}")).collect();
        let id = format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        );
        let media_type = match kind {
            "metadata" => "application/warc-fields",
            "request" => "application/http; msgtype=request",
            "conversion" => "text/html; charset=utf-8",
            "resource" => "text/plain; charset=utf-8",
            _ => "application/http; msgtype=response",
        };
        let head = format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n\
             WARC-Record-ID: <urn:uuid:{id}>\r\nContent-Type: {media_type}\r\n{fields}Content-Length: {}\r\n\r\n",
            block.len()
        );
        self.bytes.extend_from_slice(head.as_bytes());
        self.bytes.extend_from_slice(block);
        self.bytes.extend_from_slice(b"\r\n\r\n");
        self.last.clone_from(&id);
        id
    }

    /// A whole response as received, from its first byte.
    pub fn raw(mut self, url: &str, date: &str, block: &[u8]) -> Self {
        self.record("response", url, date, "", block);
        self
    }

    /// A response and, before or behind it, the request that it answers.
    pub fn exchange(
        mut self,
        url: &str,
        date: &str,
        request: &str,
        response: &str,
        request_first: bool,
    ) -> Self {
        let request = request.replace('\n', "\r\n");
        let response = response.replace('\n', "\r\n");
        if request_first {
            let id = self.record("request", url, date, "", request.as_bytes());
            let fields = format!("WARC-Concurrent-To: <urn:uuid:{id}>\r\n");
            self.record("response", url, date, &fields, response.as_bytes());
        } else {
            let id = self.record("response", url, date, "", response.as_bytes());
            let fields = format!("WARC-Concurrent-To: <urn:uuid:{id}>\r\n");
            self.record("request", url, date, &fields, request.as_bytes());
        }
        self
    }

    /// A response; `head` is its status line and fields, without an empty line.
    pub fn response(mut self, url: &str, date: &str, head: &str, body: &[u8]) -> Self {
        let digest = DigestAlgorithm::Sha256.digest(body);
        let fields = format!("WARC-Payload-Digest: {digest}\r\n");
        let head = head.replace('\n', "\r\n");
        let block =
            [format!("{head}\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
        self.record("response", url, date, &fields, &block);
        self
    }

    /// An ordinary page.
    pub fn page(self, url: &str, date: &str, body: &str) -> Self {
        self.response(url, date, "HTTP/1.1 200 OK\nContent-Type: text/html", body.as_bytes())
    }

    /// A revisit of the capture of `of` at that date, with this body.
    pub fn revisit(mut self, url: &str, date: &str, of: (&str, &str), body: &str) -> Self {
        let digest = DigestAlgorithm::Sha256.digest(body.as_bytes());
        let fields = format!(
            "WARC-Payload-Digest: {digest}\r\nWARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n\
             WARC-Refers-To-Target-URI: {}\r\nWARC-Refers-To-Date: {}\r\n",
            of.0, of.1
        );
        let block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Own: revisit\r\n\r\n";
        self.record("revisit", url, date, &fields, block);
        self
    }

    /// A browser's rendering of the page that was written last: the document, and its text under a name of its own.
    pub fn rendering(mut self, url: &str, date: &str, document: &str, text: &str) -> Self {
        let of = self.last.clone();
        let fields = format!("WARC-Refers-To: <urn:uuid:{of}>\r\nWARC-Page-ID: urn:uuid:{of}\r\n");
        self.record("conversion", url, date, &fields, document.as_bytes());
        let digest = DigestAlgorithm::Sha256.digest(text.as_bytes());
        let fields = format!("WARC-Payload-Digest: {digest}\r\nWARC-Page-ID: urn:uuid:{of}\r\n");
        self.record("resource", &format!("urn:text:{url}"), date, &fields, text.as_bytes());
        self
    }

    /// A report of a fetch that failed.
    pub fn failure(mut self, url: &str, date: &str) -> Self {
        self.record(
            "metadata",
            url,
            date,
            "",
            b"outcome: failed\r\nreason: connect\r\ndetail: refused\r\n",
        );
        self
    }

    pub fn write(self, archive: &Path, name: &str) {
        let mut file = std::fs::File::create(archive.join("warc").join(name)).unwrap();
        file.write_all(&self.bytes).unwrap();
    }
}
