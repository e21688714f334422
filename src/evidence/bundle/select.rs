//! Which records belong to a capture: the exchange itself, the payload that a revisit refers to,
//! the redirects that led to it or lead on, the name resolution, the server's certificates, the robots.txt that was in force,
//! the page as a browser had it with its picture, and the warcinfo of each file.

use std::collections::BTreeSet;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::super::EvidenceError;
use super::super::error::{damaged, io as disk};
use super::super::leaf::record_text;
use super::super::session::KeptPart;
use super::withheld::Withheld;
use crate::archive::Bytes;
use crate::base::{DigestAlgorithm, TargetUri, Timestamp};
use crate::store::{Loaded, Reader};
use crate::warc::{Fields, ReadError, ReadOptions, RecordId, WarcReader, name, warc_fields};

/// This many redirects are followed either way.
const HOPS_MAX: usize = 20;
/// This long after a redirect its target was asked for, at most.
const HOP_TIME_MAX: Duration = Duration::from_mins(10);
/// The longest member that goes into a bundle.
const MEMBER_BYTES_MAX: u64 = 1 << 30;
/// This many records of one exchange are looked for behind the main one.
const GROUP_MAX: usize = 64;

/// What the names of records begin with that were made of a rendered page.
pub use crate::archive::BESIDE_RENDERING as RENDERED;

/// The role of a record for the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// What its file states about itself: software, operator, configuration.
    Warcinfo,
    /// The capture.
    Capture,
    /// The request, and what else is known of the exchange.
    Exchange,
    /// The response that holds the payload of a revisit.
    Payload,
    /// A redirect on the way.
    Redirect,
    /// The name resolution.
    Dns,
    /// The robots.txt that was in force.
    Robots,
    /// The certificates that the server showed.
    Certificates,
    /// The page as a browser had it, or a picture of that.
    Rendering,
}

impl Role {
    /// All words.
    pub const LABELS: [&str; 9] = [
        "warcinfo",
        "capture",
        "exchange",
        "payload",
        "redirect",
        "dns",
        "robots",
        "certificates",
        "rendering",
    ];

    /// The word for it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Warcinfo => "warcinfo",
            Self::Capture => "capture",
            Self::Exchange => "exchange",
            Self::Payload => "payload",
            Self::Redirect => "redirect",
            Self::Dns => "dns",
            Self::Robots => "robots",
            Self::Certificates => "certificates",
            Self::Rendering => "rendering",
        }
    }
}

/// A record, as it is in the archive.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Its role for the capture.
    pub role: Role,
    /// Its file.
    pub file: String,
    /// Where its member begins.
    pub offset: u64,
    /// The member, byte for byte; empty where the record is withheld.
    pub member: Vec<u8>,
    /// What of it is withheld.
    pub withheld: Option<Withheld>,
    /// The text of its leaf.
    pub leaf: String,
    /// `WARC-Type`.
    pub kind: String,
    /// `Content-Type`; empty where there is none.
    pub media_type: String,
    /// `WARC-Target-URI`; empty where there is none.
    pub uri: String,
    /// `WARC-Date`.
    pub date: String,
    /// `WARC-Record-ID`.
    pub id: String,
    /// For a revisit: `WARC-Refers-To-Target-URI` and `WARC-Refers-To-Date`; empty where there is none.
    pub refers_to: (String, String),
    /// `WARC-Drand-Round`; empty where there is none.
    pub round: String,
    /// What its block says, where it is `application/warc-fields`.
    pub says: Option<Fields>,
}

/// The records of a capture and of what belongs to it.
///
/// # Errors
/// When one cannot be read.
pub fn gather(reader: &Reader, capture: &Loaded) -> Result<Vec<Piece>, EvidenceError> {
    let mut gathered = Gathered { reader, pieces: Vec::new(), seen: BTreeSet::new() };
    gathered.exchange(capture, Role::Capture)?;
    if let Some(original) = &capture.original {
        gathered.exchange(original, Role::Payload)?;
    }
    if let Some(exchange) = gathered.copied(capture)? {
        // Another archive was asked and not the page's host: its DNS and robots.txt are the relevant ones.
        gathered.dns(&exchange)?;
        gathered.robots(&exchange)?;
        return Ok(gathered.pieces);
    }
    gathered.led_here(capture)?;
    gathered.leads_on(capture)?;
    gathered.dns(capture)?;
    gathered.certificates(capture)?;
    gathered.robots(capture)?;
    gathered.renderings(capture)?;
    Ok(gathered.pieces)
}

struct Gathered<'a> {
    reader: &'a Reader,
    pieces: Vec<Piece>,
    seen: BTreeSet<(String, u64)>,
}

fn unreadable(file: &str) -> impl Fn(ReadError) -> EvidenceError + use<'_> {
    move |why| damaged(file, why.to_string())
}

impl Gathered<'_> {
    /// The main record of an exchange, those that were written with it, and its file's warcinfo.
    fn exchange(&mut self, main: &Loaded, role: Role) -> Result<(), EvidenceError> {
        let file = self.reader.file_name(&main.entry).to_string();
        let id = main.fields.record_id();
        let named = main.fields.concurrent_to();
        let input = self.open(&file)?;
        let options = ReadOptions { file: file.clone(), ..ReadOptions::default() };
        let mut reader = WarcReader::seekable(BufReader::with_capacity(64 * 1024, input), options);
        let mut next = Some(reader.read_at(main.entry.offset).map_err(unreadable(&file))?);
        let (first, mut lacks_a_part) = (self.pieces.len(), false);
        for n in 0..GROUP_MAX {
            let Some(mut record) = next.take() else { break };
            let header = record.take_header();
            if n > 0 && !belongs(&header.fields, id.as_ref(), &named) {
                break;
            }
            let own = if n == 0 { role } else { exchange_role(role) };
            let mut block = Vec::new();
            let is_fields = header
                .fields
                .content_type()
                .is_some_and(|t| t.trim().eq_ignore_ascii_case(warc_fields::MEDIA_TYPE));
            let counted = !header.fields.contains(name::BLOCK_DIGEST);
            let is_request = header.fields.record_kind().is_some_and(|k| k.as_str() == "request");
            if is_fields || counted || is_request {
                record
                    .by_ref()
                    .take(MEMBER_BYTES_MAX)
                    .read_to_end(&mut block)
                    .map_err(disk("reading", Path::new(&file)))?;
            }
            let located = record.finish().map_err(unreadable(&file))?;
            let Some(length) = located.length.filter(|_| located.intact) else {
                let what = format!(
                    "the record at {} has no member of its own, or is incomplete",
                    located.offset
                );
                return Err(damaged(&file, what));
            };
            let digest = counted.then(|| DigestAlgorithm::Sha256.digest(&block).to_string());
            let leaf = record_text(&header.fields, &header.raw, digest.as_deref());
            let says = is_fields.then(|| warc_fields::read(&block).ok()).flatten();
            // A record that was removed by order proves nothing any more: its leaf is in the log, and its bytes are gone.
            if says.as_ref().is_some_and(is_purged) && (n > 0 || role != Role::Capture) {
                if n == 0 {
                    return Ok(());
                }
                lacks_a_part = true;
                next = reader.next_record().map_err(unreadable(&file))?;
                continue;
            }
            let withheld = Withheld::of(&header.fields, &header.raw, &block);
            let place = (located.offset, length);
            self.add(own, &file, place, &header.fields, (leaf, says, withheld))?;
            next = reader.next_record().map_err(unreadable(&file))?;
        }
        drop(next);
        if lacks_a_part {
            // A session proves nothing without its ciphertext and secrets.
            let of_group = self.pieces.split_off(first);
            let is_left = |piece: &Piece| KeptPart::of(&piece.media_type).is_none();
            self.pieces.extend(of_group.into_iter().filter(is_left));
        }
        self.warcinfo(&file)
    }

    /// The bytes of a WARC file of the archive.
    fn open(&self, file: &str) -> Result<Box<dyn Bytes>, EvidenceError> {
        self.reader.files().open(file).map_err(|why| damaged(file, why.to_string()))
    }

    fn warcinfo(&mut self, file: &str) -> Result<(), EvidenceError> {
        let input = self.open(file)?;
        let options = ReadOptions { file: file.to_owned(), ..ReadOptions::default() };
        let mut reader = WarcReader::seekable(BufReader::new(input), options);
        let Some(mut record) = reader.next_record().map_err(unreadable(file))? else {
            return Ok(());
        };
        let header = record.take_header();
        if header.fields.text(name::TYPE).as_deref() != Some("warcinfo") {
            return Ok(());
        }
        let mut block = Vec::new();
        record
            .by_ref()
            .take(1 << 20)
            .read_to_end(&mut block)
            .map_err(disk("reading", Path::new(file)))?;
        let located = record.finish().map_err(unreadable(file))?;
        let Some(length) = located.length else { return Ok(()) };
        let counted = !header.fields.contains(name::BLOCK_DIGEST);
        let digest = counted.then(|| DigestAlgorithm::Sha256.digest(&block).to_string());
        let leaf = record_text(&header.fields, &header.raw, digest.as_deref());
        let says = warc_fields::read(&block).ok();
        let place = (located.offset, length);
        self.add(Role::Warcinfo, file, place, &header.fields, (leaf, says, None))
    }

    fn add(
        &mut self,
        role: Role,
        file: &str,
        (offset, length): (u64, u64),
        fields: &Fields,
        (leaf, says, withheld): (String, Option<Fields>, Option<Withheld>),
    ) -> Result<(), EvidenceError> {
        if !self.seen.insert((file.to_owned(), offset)) {
            return Ok(());
        }
        if length > MEMBER_BYTES_MAX {
            return Err(damaged(file, format!("the record at {offset} is too long for a bundle")));
        }
        let mut member = Vec::new();
        if withheld.is_none() {
            member = vec![0; usize::try_from(length).unwrap_or(0)];
            let mut input = self.open(file)?;
            let read = input.seek(SeekFrom::Start(offset));
            let read = read.and_then(|_| input.read_exact(&mut member));
            read.map_err(disk("reading", Path::new(file)))?;
        }
        let text = |name: &str| fields.text(name).unwrap_or_default().into_owned();
        self.pieces.push(Piece {
            role,
            file: file.to_owned(),
            offset,
            member,
            withheld,
            leaf,
            kind: text(name::TYPE),
            media_type: text(name::CONTENT_TYPE),
            uri: text(name::TARGET_URI),
            date: text(name::DATE),
            id: text(name::RECORD_ID),
            refers_to: (text(name::REFERS_TO_TARGET_URI), text(name::REFERS_TO_DATE)),
            round: text(name::DRAND_ROUND),
            says,
        });
        Ok(())
    }

    /// The newest capture of a URL that is not younger than `at`.
    fn last_before(&self, url: &str, at: Timestamp) -> Result<Option<Loaded>, EvidenceError> {
        let mut last = None;
        for entry in self.reader.captures_of(url) {
            let entry = entry?;
            if entry.date > at {
                break;
            }
            last = Some(entry);
        }
        Ok(last.map(|entry| self.reader.load(&entry)).transpose()?)
    }

    /// For another archive's copy: the exchange with that archive.
    fn copied(&mut self, capture: &Loaded) -> Result<Option<Loaded>, EvidenceError> {
        let Some(from) = capture.entry.copied_from() else { return Ok(None) };
        let date = capture.entry.refers_to.as_ref().and_then(|refers_to| refers_to.date);
        for entry in self.reader.captures_of(from) {
            let entry = entry?;
            if entry.url == from && Some(entry.date) == date {
                let exchange = self.reader.load(&entry)?;
                self.exchange(&exchange, Role::Payload)?;
                return Ok(Some(exchange));
            }
        }
        Ok(None)
    }

    /// Redirects that led to the capture, from the metadata of each exchange.
    fn led_here(&mut self, capture: &Loaded) -> Result<(), EvidenceError> {
        let mut uri = capture.entry.url.clone();
        let mut date = capture.entry.date;
        for _ in 0..HOPS_MAX {
            let said = self.pieces.iter().filter(|p| p.uri == uri).find_map(|p| {
                let says = p.says.as_ref()?;
                let path = says.text("hopsFromSeed")?;
                path.ends_with('R').then(|| says.text("via").map(|v| v.into_owned()))?
            });
            let Some(via) = said else { break };
            let Some(before) = self.last_before(&via, date)? else { break };
            if !before.entry.status.is_some_and(|s| (300..400).contains(&s)) {
                break;
            }
            (uri, date) = (before.entry.url.clone(), before.entry.date);
            self.exchange(&before, Role::Redirect)?;
        }
        Ok(())
    }

    /// Where the capture is a redirect itself: what was captured when it was followed.
    fn leads_on(&mut self, capture: &Loaded) -> Result<(), EvidenceError> {
        let (mut url, mut date) = (capture.entry.url.clone(), capture.entry.date);
        let mut target = location(capture, &url);
        for _ in 0..HOPS_MAX {
            let Some(next) = target.take() else { break };
            let mut found = None;
            for entry in self.reader.captures_of(&next) {
                let entry = entry?;
                if entry.date >= date && entry.date.since(date) <= HOP_TIME_MAX {
                    found = Some(entry);
                    break;
                }
            }
            let Some(entry) = found else { break };
            let loaded = self.reader.load(&entry)?;
            self.exchange(&loaded, Role::Redirect)?;
            if let Some(original) = &loaded.original {
                self.exchange(original, Role::Payload)?;
            }
            (url, date) = (next, entry.date);
            target = location(&loaded, &url);
        }
        Ok(())
    }

    fn dns(&mut self, capture: &Loaded) -> Result<(), EvidenceError> {
        let Ok(uri) = TargetUri::parse(&capture.entry.url) else { return Ok(()) };
        let found = self.last_before(&format!("dns:{}", uri.host()), capture.entry.date)?;
        found.map_or(Ok(()), |dns| self.exchange(&dns, Role::Dns))
    }

    /// The certificates over which the capture came; it may have been kept long before.
    fn certificates(&mut self, capture: &Loaded) -> Result<(), EvidenceError> {
        let Some(uri) = capture.fields.text(name::CERTIFICATES) else { return Ok(()) };
        for entry in self.reader.captures_of(&uri) {
            let entry = entry?;
            if entry.url == uri {
                let kept = self.reader.load(&entry)?;
                return self.exchange(&kept, Role::Certificates);
            }
        }
        Ok(())
    }

    /// The page as a browser had it, and what else was recorded of that: joined with it by the id of the page.
    fn renderings(&mut self, capture: &Loaded) -> Result<(), EvidenceError> {
        let id = capture.fields.record_id();
        let Some(document) = self.reader.rendering_of(&capture.entry)? else { return Ok(()) };
        let document = self.reader.load(&document)?;
        let page = document.fields.text(name::PAGE_ID).map(std::borrow::Cow::into_owned);
        if id.is_none() || document.fields.refers_to() != id || page.is_none() {
            return Ok(());
        }
        self.exchange(&document, Role::Rendering)?;
        for prefix in RENDERED {
            let url = format!("{prefix}{}", capture.entry.url);
            let mut of_page = self.reader.captures_of(&url).filter(|entry| {
                entry.as_ref().map_or(true, |entry| entry.date == document.entry.date)
            });
            let Some(entry) = of_page.next().transpose()? else { continue };
            let loaded = self.reader.load(&entry)?;
            if loaded.fields.text(name::PAGE_ID).as_deref() == page.as_deref() {
                self.exchange(&loaded, Role::Rendering)?;
            }
        }
        Ok(())
    }

    fn robots(&mut self, capture: &Loaded) -> Result<(), EvidenceError> {
        let Ok(uri) = TargetUri::parse(&capture.entry.url) else { return Ok(()) };
        let Some(robots) = self.last_before(uri.robots_txt().as_str(), capture.entry.date)? else {
            return Ok(());
        };
        self.exchange(&robots, Role::Robots)?;
        robots.original.as_ref().map_or(Ok(()), |original| self.exchange(original, Role::Robots))
    }
}

/// Where a redirect leads.
fn location(loaded: &Loaded, from: &str) -> Option<String> {
    if !loaded.entry.status.is_some_and(|s| (300..400).contains(&s)) {
        return None;
    }
    let head = loaded.payload_head();
    let location = head.get_text("location")?;
    let target = TargetUri::parse(from).ok()?.join(&location).ok()?;
    Some(target.without_fragment().as_str().to_owned())
}

/// Whether a record is in the place of one that was removed by order.
fn is_purged(says: &Fields) -> bool {
    says.text("outcome").as_deref() == Some("purged")
}

fn exchange_role(role: Role) -> Role {
    if role == Role::Capture { Role::Exchange } else { role }
}

/// Whether a record was written with the main one.
fn belongs(fields: &Fields, main: Option<&RecordId>, named: &[RecordId]) -> bool {
    let own = fields.record_id();
    own.is_some_and(|own| named.contains(&own))
        || main.is_some_and(|main| {
            fields.concurrent_to().contains(main) || fields.refers_to().as_ref() == Some(main)
        })
}
