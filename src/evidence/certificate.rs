//! The certificate of a bundle: what is claimed, what is not, and how each step is checked by
//! someone who does not have this program. Plain HTML, no script, nothing loaded from elsewhere.
//!
//! In the spirit of the Berkeley Protocol on digital open source investigations (authenticity,
//! chain of custody, the evidentiary copy apart from working copies) and of the certificates that
//! FRE 902(13) and (14) ask of a qualified person: such a person signs it, no program does.

use super::bundle::{Bundle, Role};
use super::session::KeptPart;
use crate::base::Timestamp;
use crate::base::markup::escaped;
use crate::base::printable;

const STYLE: &str = "body{font:16px/1.5 Georgia,serif;max-width:48em;margin:2em auto;padding:0 1em;color:#111;background:#fff}\
h1{font-size:1.6em;margin-bottom:.2em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid #999}\
table{border-collapse:collapse;width:100%;font-size:.9em}td,th{border:1px solid #bbb;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
th{background:#eee;font-weight:normal;width:12em}thead th{width:auto}table{margin-bottom:1em}\
.records td:nth-child(3),.records td:nth-child(6),.records th{overflow-wrap:normal}\
pre{background:#f4f4f4;border:1px solid #ccc;padding:.6em;overflow-x:auto;font-size:.8em;line-height:1.4}code{font-size:.85em;overflow-wrap:anywhere}\
.sign td{height:2.4em}@media print{body{margin:0;max-width:none}pre{white-space:pre-wrap}}\
@media screen and (max-width:30em){body{margin:1em auto;padding:0 .7em}th{width:7em}table.records{display:block;overflow-x:auto}}\
@media screen and (prefers-color-scheme:dark){body{background:#16181a;color:#e4e4e4}a{color:#8ab4f8}th{background:#26292c}td,th{border-color:#4a4f54}pre{background:#202326;border-color:#4a4f54}h2{border-color:#666}}";

fn escape(text: &str) -> String {
    escaped(&printable::line(text))
}

fn rows(out: &mut String, rows: &[(&str, String)]) {
    out.push_str("<table>\n");
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&format!("<tr><th>{}</th><td>{}</td></tr>\n", escape(name), escape(value)));
    }
    out.push_str("</table>\n");
}

fn heading(out: &mut String, text: &str) {
    out.push_str(&format!("<h2>{}</h2>\n", escape(text)));
}

fn paragraph(out: &mut String, text: &str) {
    out.push_str(&format!("<p>{}</p>\n", escape(text)));
}

fn list(out: &mut String, items: &[&str]) {
    out.push_str("<ul>\n");
    for item in items {
        out.push_str(&format!("<li>{}</li>\n", escape(item)));
    }
    out.push_str("</ul>\n");
}

/// A step that a reader takes: what it shows, and the commands.
fn step(out: &mut String, what: &str, commands: &str) {
    let lines: Vec<String> = commands.lines().map(escape).collect();
    out.push_str(&format!("<li><p>{}</p>\n<pre>{}</pre></li>\n", escape(what), lines.join("\n")));
}

/// For another archive's copy: where and when it was fetched. It refers to a record that is younger than itself
/// (see [`crate::archive::CaptureIn::copied_from`]).
fn copy(main: &super::bundle::Piece) -> Option<(&str, &str)> {
    let (from, fetched) = &main.refers_to;
    let is_younger = Timestamp::parse(fetched)? > Timestamp::parse(&main.date)?;
    (main.kind == "revisit" && is_younger && *from != main.uri)
        .then_some((from.as_str(), fetched.as_str()))
}

/// The certificate of a bundle.
#[must_use]
pub fn render(bundle: &Bundle) -> String {
    let mut out =
        String::from("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    out.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n",
    );
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    let title = format!("Evidence of a web capture: {}", bundle.url());
    out.push_str(&format!(
        "<title>{}</title>\n<style>{STYLE}</style></head><body>\n",
        escape(&title)
    ));
    out.push_str("<h1>Evidence of a web capture</h1>\n");
    captured(&mut out, bundle);
    how(&mut out, bundle);
    when(&mut out, bundle);
    records(&mut out, bundle);
    withheld(&mut out, bundle);
    session(&mut out, bundle);
    claims(&mut out, bundle);
    steps(&mut out, bundle);
    declaration(&mut out);
    out.push_str("</body></html>\n");
    out
}

/// Where a relay attested the session: what that proves, and the trust that is left.
fn session(out: &mut String, bundle: &Bundle) {
    let is_part = |record: &super::bundle::Proved| KeptPart::of(&record.piece.media_type).is_some();
    if !bundle.records.iter().any(is_part) {
        return;
    }
    heading(out, "What the server itself attests");
    paragraph(
        out,
        "The page was fetched through a relay that another party runs. The relay saw ciphertext alone; it noted the address that it was connected to, the times, and the SHA-256 of the bytes in both directions, and signed that. The ciphertext, the relay's note and the secrets of the session (TLS 1.3) are among the records. With them anyone can decrypt the session, check the server's certificate, its signature over the handshake and the Finished messages, and compare the plaintext with the records of the request and the response.",
    );
    paragraph(
        out,
        &format!(
            "{}. The archive knows the keys of the session, so that without the relay's word the decryption would prove nothing.",
            super::check::session::TRUST
        ),
    );
    paragraph(
        out,
        "Both checks do this, pressmark prove --check and check.py, with --relay KEY for the key of the relay, and --tls-roots FILE for the list of root certificates of that day. Without them they say what they did not check.",
    );
}

/// What is said of a revisit whose content is not in the bundle.
const LACKS_CONTENT: &str = "The server sent the same content as before, or said that nothing had changed. The record of this capture names the earlier record that holds the content. That record is not in this bundle, since the archive does not have it: this bundle proves what the record of the capture says, the digest of the content among it, and not the content.";

fn captured(out: &mut String, bundle: &Bundle) {
    let texts = &bundle.texts;
    let main = bundle.main().map(|(_, r)| &r.piece);
    let text =
        |get: fn(&super::bundle::Piece) -> &String| main.map(get).cloned().unwrap_or_default();
    rows(
        out,
        &[
            ("Page", bundle.url()),
            ("Headline, as read by the program", texts.headline.clone().unwrap_or_default()),
            ("Captured (date of the request, UTC)", text(|p| &p.date)),
            ("Record", text(|p| &p.id)),
            ("Kind of record", text(|p| &p.kind)),
            ("File in the archive", text(|p| &p.file)),
            ("This bundle was made", bundle.made.to_rfc3339()),
        ],
    );
    if let Some(citation) = &texts.citation {
        heading(out, "How to cite it");
        for line in citation.lines().filter(|line| !line.is_empty()) {
            paragraph(out, line);
        }
    }
    if let Some((from, fetched)) = main.and_then(copy) {
        paragraph(
            out,
            &format!(
                "The page was captured by another archive, and not by this one. The date above is that archive's word. This archive fetched that archive's copy from {from} at {fetched}; what is proved here is what it was given then."
            ),
        );
    } else if main.is_some_and(|p| p.kind == "revisit")
        && !bundle.records.iter().any(|r| r.piece.role == Role::Payload)
    {
        paragraph(out, LACKS_CONTENT);
        if let Some(removed) = &texts.removed {
            paragraph(out, &format!("The archive says: {removed}."));
        }
    } else if main.is_some_and(|p| p.kind == "revisit") {
        paragraph(
            out,
            "The server sent the same content as before, or said that nothing had changed. The record of this capture names the earlier record that holds the content; both are in this bundle.",
        );
    }
}

fn how(out: &mut String, bundle: &Bundle) {
    heading(out, "How, and by what");
    paragraph(
        out,
        "The page was fetched over HTTP/1.1 by an archival crawler. The bytes of the request and of the response were kept as they went over the connection, after the removal of TLS and before anything was interpreted, in WARC files (ISO 28500:2017). The program states in the first record of each file:",
    );
    for record in bundle.records.iter().filter(|r| r.piece.role == Role::Warcinfo) {
        let Some(says) = &record.piece.says else { continue };
        let said = |name: &str| says.text(name).unwrap_or_default().into_owned();
        rows(
            out,
            &[
                ("File", record.piece.file.clone()),
                ("Software", said("software")),
                ("Operator", said("operator")),
                ("Machine", said("hostname")),
                ("Introduced itself as", said("http-header-user-agent")),
                ("Rule about robots.txt", said("robots")),
                ("Digest of the configuration", said("configDigest")),
                (
                    "Certificates of servers verified",
                    // Ours says where they were not; what other programs leave out says nothing.
                    match said("tlsVerified").as_str() {
                        "false" => "no".to_owned(),
                        _ if said("software").starts_with("pressmark/") => "yes".to_owned(),
                        _ => String::new(),
                    },
                ),
            ],
        );
    }
}

/// The key in force at a size, as text.
fn key_at(bundle: &Bundle, size: u64) -> String {
    let at = bundle.lineage.key_number(size).checked_sub(1);
    let named = at.and_then(|at| bundle.lineage.keys.get(at));
    named.map(|named| named.key.text()).unwrap_or_default()
}

fn when(out: &mut String, bundle: &Bundle) {
    heading(out, "When, and on whose word");
    let checkpoint = &bundle.checkpoint;
    rows(
        out,
        &[
            ("Log", checkpoint.origin.clone()),
            ("Leaves the checkpoint covers", checkpoint.size.to_string()),
            ("Root hash", checkpoint.root.to_string()),
            (
                "Checkpoint signed, by the archive's clock",
                checkpoint.time.map(Timestamp::to_rfc3339).unwrap_or_default(),
            ),
            ("Key of the log that signed it", key_at(bundle, checkpoint.size)),
        ],
    );
    paragraph(out, &format!("The record of the capture was {}.", bundle.interval.text()));
    if bundle.interval.not_before.is_some() {
        paragraph(
            out,
            "The lower bound is about the record: it was written after that time, since its header holds a random value that a group of independent operators (drand) published then. That the response in it came from the server at the date that it states, and had not been kept back before, is the archive's word.",
        );
    }
    if bundle.stamps.is_empty() {
        paragraph(
            out,
            "No time-stamp authority has stamped this checkpoint. That the records existed at the time given rests on the archive's word, and on those who kept the checkpoint since.",
        );
        return;
    }
    paragraph(
        out,
        "These time-stamp authorities, which are independent of the archive, have signed that the checkpoint existed at the time they give. So the records existed then, as they are here:",
    );
    out.push_str("<table><thead><tr><th>Authority</th><th>Time (UTC)</th><th>Serial number</th><th>Signed by</th></tr></thead>\n");
    for (label, _, _, token) in &bundle.stamps {
        out.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td><code>{}</code></td><td>{}</td></tr>\n",
            escape(label),
            escape(&token.time.to_rfc3339()),
            escape(&token.serial),
            escape(&token.signer)
        ));
    }
    out.push_str("</table>\n");
}

fn records(out: &mut String, bundle: &Bundle) {
    heading(out, "The records in this bundle");
    out.push_str("<table class=\"records\"><thead><tr><th>No.</th><th>What it is</th><th>Type</th><th>About</th><th>Date</th><th>Leaf</th></tr></thead>\n");
    for (n, record) in (1..).zip(&bundle.records) {
        let piece = &record.piece;
        let role = match piece.role {
            Role::Warcinfo => "what its file says of itself",
            Role::Capture => "the capture",
            Role::Exchange => "of the same exchange",
            Role::Payload => "holds the content",
            Role::Redirect => "a redirect on the way",
            Role::Dns => "the resolution of the host's name",
            Role::Robots => "the robots.txt in force",
            Role::Certificates => "the certificates that the server showed",
            Role::Rendering => "the page as a browser had it, or a picture of that",
        };
        out.push_str(&format!(
            "<tr><td>{n:02}</td><td>{role}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            escape(&piece.kind),
            escape(&piece.uri),
            escape(&piece.date),
            record.index
        ));
    }
    out.push_str("</table>\n");
}

fn withheld(out: &mut String, bundle: &Bundle) {
    let records = (1..).zip(&bundle.records);
    let mut items = Vec::new();
    for (n, record) in records {
        let Some(withheld) = &record.piece.withheld else { continue };
        items.push(format!(
            "Record {n:02}, the request for {}: {}. The header of its record, with the digest of the whole request, is withheld/{n:02}.header; what was asked, without the secrets, is withheld/{n:02}.txt.",
            record.piece.uri,
            withheld.names.join(", ")
        ));
    }
    if items.is_empty() {
        return;
    }
    heading(out, "What is withheld");
    paragraph(
        out,
        "These requests were sent with credentials, which are not handed over. Their leaves are in the log and in this bundle, so that a request can be proved later by showing it. What is shown of it here rests on the archive's word.",
    );
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    list(out, &items);
}

fn claims(out: &mut String, bundle: &Bundle) {
    heading(out, "What is claimed");
    let stamped = if bundle.stamps.is_empty() {
        "The records were in the log when the checkpoint was signed. Anyone who kept that checkpoint since can show that no record before it was altered, dropped or dated back."
    } else {
        "The records were in the log when the checkpoint was signed, and the checkpoint existed at the time in the time stamps."
    };
    list(
        out,
        &[
            "The records are those of the archive, byte for byte; their digests are those in the leaves of its log.",
            stamped,
            "The response record holds the bytes that came over the connection to the address it names, in answer to the request record.",
            "What could not be had in full is marked as truncated in the record itself.",
        ],
    );
    heading(out, "What is not claimed");
    list(
        out,
        &[
            "That what the page says is true, or who wrote it.",
            "That every visitor was sent the same bytes: servers may answer by place, time, cookie or chance.",
            "That the operator of the host sent them: that rests on name resolution, the network and, for https, on the server's certificate at that time. The certificates in this bundle, where there are any, are those that the server showed; that it had the key of the first was checked during the connection and cannot be shown again.",
            "That the clock of the archive was right. Without a time stamp the dates are its own; with one, the records are no younger than the stamp, with a round of drand the record of the capture is no older than that, and the dates between are still the archive's.",
            "That the operator did not make records up before they came into the log. The log shows what was not changed since.",
            "That the article text or the citation are the page: they are working copies, made from the records by a program that may err. The records are the evidence.",
            "That the page looked the same in a browser. Scripts were not run.",
        ],
    );
}

fn steps(out: &mut String, bundle: &Bundle) {
    heading(out, "How to check it");
    paragraph(
        out,
        "Unpack the zip into an empty directory and run these commands in it, with OpenSSL 3, sha256sum and a shell. Each step shows one thing, and writes nothing into the directory. check.py takes these steps and more with Python's standard library and openssl; so does the program that made the bundle: pressmark prove --check FILE.zip. Anyone who forged a bundle would have forged its check.py, too: take that from the program (pressmark evidence checker) or from where it is published. And give it what you know from elsewhere, a key of the archive (--key) or a checkpoint that somebody kept (--checkpoint): without either, all of this may agree and be made up.",
    );
    out.push_str("<ol>\n");
    step(out, "The files are those that were listed.", "sha256sum -c SHA256SUMS");
    let last = bundle.lineage.keys.len();
    step(
        out,
        "The list was signed by the last key of the log. Compare that key with what the archive's operator publishes: that it is in this bundle says nothing about whose it is.",
        &format!(
            "openssl pkeyutl -verify -pubin -inkey keys/{last:02}.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig\nsed -n 's/^key //p' keys/{last:02}.txt"
        ),
    );
    let warc = bundle.warc_name();
    let unpack = match warc {
        "capture.warc.gz" => "gzip -dc capture.warc.gz",
        "capture.warc.zst" => "zstd -dc capture.warc.zst",
        _ => "cat capture.warc",
    };
    let main = bundle.main();
    let (n, index) = main.map_or((1, 0), |(n, r)| (n, r.index));
    let (offset, length) = main.map_or((0, 0), |(_, r)| (r.offset, r.piece.member.len()));
    step(
        out,
        "Any WARC reader shows the records; they are also plain to read. A reader that checks digests (for instance warcio check) compares WARC-Block-Digest with the block of each record.",
        &format!("{unpack} | less"),
    );
    let one = match warc {
        "capture.warc.gz" => {
            format!("tail -c +{} capture.warc.gz | head -c {length} | gzip -dc", offset + 1)
        }
        "capture.warc.zst" => {
            format!("tail -c +{} capture.warc.zst | head -c {length} | zstd -dc", offset + 1)
        }
        _ => format!("tail -c +{} capture.warc | head -c {length}", offset + 1),
    };
    step(
        out,
        "The leaf of the capture says of the record what it is: the digest of its header, from WARC/1.1 to the empty line, and that of its block, which is all after that but the last four bytes. Both sums must stand in the leaf (a block digest that begins with sha1: is in base32).",
        &format!(
            "d=$(mktemp -d)\n{one} > \"$d/record\"\nn=$(LC_ALL=C awk '{{ s += length($0) + 1 }} /^\\r$/ {{ print s; exit }}' \"$d/record\")\nhead -c $n \"$d/record\" | sha256sum\ntail -c +$((n+1)) \"$d/record\" | head -c -4 | sha256sum\ncat leaves/{n:02}.txt"
        ),
    );
    step(
        out,
        &format!(
            "The leaf is number {index} of the log. Its hash, put together with those of the proof one after the other, gives the root in the third line of the checkpoint (RFC 6962, section 2.1.1). The two lines printed must be equal. The same goes for every other number in the table above."
        ),
        &format!(
            "h=$({{ printf '\\000'; openssl dgst -sha256 -binary leaves/{n:02}.txt; }} | openssl dgst -sha256 -binary | openssl base64 -A)\nwhile read -r side other; do\n  if [ $side = right ]; then a=$h b=$other; else a=$other b=$h; fi\n  h=$({{ printf '\\001'; printf %s \"$a\" | openssl base64 -d -A; printf %s \"$b\" | openssl base64 -d -A; }} | openssl dgst -sha256 -binary | openssl base64 -A)\ndone < proofs/{n:02}.path\nprintf '%s\\n' \"$h\"; sed -n 3p checkpoint"
        ),
    );
    step(
        out,
        "The checkpoint was signed by the key of the log at its time.",
        &signature("checkpoint", bundle.lineage.key_number(bundle.checkpoint.size)),
    );
    step(
        out,
        "The newest checkpoint when this bundle was made was signed by the last key. That it begins with the checkpoint above, and with others that somebody may have kept, is proved by the hashes in log/consistency (RFC 6962, section 2.1.2), which check.py puts together.",
        &signature("log/newest", last),
    );
    for n in 2..=last {
        let unsigned = bundle.lineage.keys.get(n - 1).is_some_and(|k| k.text.ends_with(" -\n"));
        let before = n - 1;
        if unsigned {
            let what =
                format!("Key {n:02} began where key {before:02} was lost: nothing signs for it.");
            out.push_str(&format!("<li><p>{}</p></li>\n", escape(&what)));
            continue;
        }
        step(
            out,
            &format!(
                "Key {before:02} of the log signed for key {n:02}. The leaf that says so is covered by the newest checkpoint (keys/{n:02}.tlog-proof)."
            ),
            &format!(
                "d=$(mktemp -d)\nk=keys/{n:02}.txt\nprintf 'pressmark/key-change/1\\n%s\\n%s\\n%s\\n' \"$(grep '^origin ' $k)\" \"$(grep '^before ' $k)\" \"$(grep '^key ' $k)\" > \"$d/change\"\nsed -n 's/^signature //p' $k | openssl base64 -d -A > \"$d/signature\"\nopenssl pkeyutl -verify -pubin -inkey keys/{before:02}.pem -rawin -in \"$d/change\" -sigfile \"$d/signature\""
            ),
        );
    }
    for (label, _, _, token) in &bundle.stamps {
        let seconds = token.time.since(Timestamp::from_unix_seconds(0)).as_secs();
        step(
            out,
            &format!(
                "The time stamp of {label} is over the checkpoint. Compare the last certificate in its chain with what the authority publishes. (-attime asks whether the certificates were valid then.)"
            ),
            &format!(
                "openssl ts -verify -data checkpoint -in timestamps/{label}.tsr -CAfile timestamps/{label}.pem -untrusted timestamps/{label}.pem -attime {seconds}\nopenssl ts -reply -in timestamps/{label}.tsr -text"
            ),
        );
    }
    out.push_str("</ol>\n");
    paragraph(
        out,
        "The whole archive is checked with: pressmark verify --checkpoint checkpoint. It proves that the log still holds what this checkpoint covers.",
    );
}

/// The commands that check the first signature of a signed note.
fn signature(note: &str, key: usize) -> String {
    format!(
        "d=$(mktemp -d)\nsed '/^$/,$d' {note} > \"$d/body\"\nsed -n '/^$/,$p' {note} | sed -n 2p | sed 's/.* //' | openssl base64 -d -A | tail -c 64 > \"$d/signature\"\nopenssl pkeyutl -verify -pubin -inkey keys/{key:02}.pem -rawin -in \"$d/body\" -sigfile \"$d/signature\""
    )
}

fn declaration(out: &mut String) {
    heading(out, "Declaration of a qualified person");
    paragraph(
        out,
        "A program certifies nothing. Where a court asks for a certification (in the United States: Federal Rules of Evidence 902(11), (13) and (14), with notice to the other side), a person who knows the process fills in and signs this. It is a draft and no legal advice.",
    );
    paragraph(
        out,
        "I am responsible for, or familiar with, the operation of the system described above. The records in this bundle were made by that system in the course of its regular operation; the process produces an accurate copy of what is received over the network; the copies in this bundle have the digests stated, which I compared with those of the archive. I declare under penalty of perjury that this is true and correct.",
    );
    out.push_str("<table class=\"sign\">\n");
    for field in [
        "Name and position",
        "What I checked, and how",
        "State of the system's clock",
        "Who had access to the archive since the capture",
        "Place and date",
        "Signature",
    ] {
        out.push_str(&format!("<tr><th>{}</th><td></td></tr>\n", escape(field)));
    }
    out.push_str("</table>\n");
}
