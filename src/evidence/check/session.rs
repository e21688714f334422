//! A session that a relay attested, from the records that are kept of it with the capture.

use std::io::{Cursor, Read};

use super::records::Seen;
use super::{CheckResult, Files, Known, absent, holds};
use crate::base::Timestamp;
use crate::evidence::bundle::{Description, unbracketed};
use crate::evidence::session::{Claimed, Kept, KeptPart, verify};
use crate::warc::compose::IDENTICAL_PAYLOAD_DIGEST;
use crate::warc::{Fields, ReadOptions, WarcReader, name};

/// The longest block that is read, in bytes.
const BLOCK_BYTES_MAX: u64 = 256 << 20;

/// What a session proves, as text: the trust that is left belongs to it.
pub const TRUST: &str = "This rests on the relay's not working together with the archive, and on the way from the relay to the server, its name service among it: anyone who holds both the session's keys and that way could have sent the bytes";

/// Whether a record is a part of a session.
fn part_of(seen: &Seen) -> Option<KeptPart> {
    KeptPart::of(&seen.fields.content_type()?)
}

/// The step, where there is a session.
pub(super) fn step(
    files: &Files<'_>,
    description: &Description,
    records: &[Seen],
    known: &Known,
) -> Option<CheckResult> {
    // What is next to the payload of a revisit is of an earlier session.
    let beside =
        description.records.iter().zip(records).filter(|(said, _)| said.role == "exchange");
    let has_part = beside.map(|(_, record)| part_of(record)).any(|part| part.is_some());
    has_part.then(|| check(files, description, records, known))
}

fn check(
    files: &Files<'_>,
    description: &Description,
    records: &[Seen],
    known: &Known,
) -> CheckResult {
    let described = || description.records.iter().zip(records);
    let (said, main) = described()
        .find(|(said, _)| said.role == "capture")
        .ok_or("bundle.json names no record as the capture")?;
    let block = |seen: &Seen| block(files, description, seen);
    let mut kept = Kept::default();
    let (mut interim, mut request, mut parts) = (Vec::new(), None, 0);
    for (said, seen) in described().filter(|(said, _)| said.role == "exchange") {
        if said.kind == "request" {
            request = Some(seen);
            continue;
        }
        let Some(part) = part_of(seen) else {
            let is_response =
                seen.fields.content_type().is_some_and(|t| t.starts_with("application/http"));
            if is_response {
                interim.extend(block(seen)?);
            }
            continue;
        };
        let slot = match part {
            KeptPart::Note => &mut kept.note,
            KeptPart::Sent => &mut kept.sent,
            KeptPart::Received => &mut kept.received,
            KeptPart::Secrets => &mut kept.secrets,
        };
        if !slot.is_empty() {
            return Err("a part of the session stands twice".to_owned());
        }
        *slot = block(seen)?;
        parts += 1;
    }
    if parts != 4 {
        return Err(format!("of the four parts of a session {parts} are beside the capture"));
    }
    let request = request.ok_or("the request of the session is missing")?;
    if request.place.is_none() {
        return Err("the request of the session is withheld".to_owned());
    }
    let is_duplicate =
        main.fields.text(name::PROFILE).is_some_and(|profile| profile == IDENTICAL_PAYLOAD_DIGEST);
    let payload = match is_duplicate {
        true => Some(main.fields.payload_digest().ok_or("the revisit states no payload digest")?),
        false => None,
    };
    let (request, response) = (block(request)?, block(main)?);
    let claimed = Claimed {
        url: unbracketed(&said.uri),
        date: Timestamp::parse(&said.date).ok_or("the date of the capture is none")?,
        request: &request,
        response: &response,
        payload,
        truncated: is_cut(&main.fields, is_duplicate),
        interim: &interim,
    };
    let found = verify(&kept, &claimed, &known.relays, &known.roots)?;
    let attestation = &found.attestation;
    let cut = match claimed.truncated {
        true => ", which says itself that it was cut",
        false => "",
    };
    let what = format!(
        "{} bytes came from {} at {} between {} and {}, under {} and the certificate of that host, and are those of the record{cut}",
        found.plaintext,
        attestation.host,
        attestation.peer,
        attestation.begin.to_warc_date(),
        attestation.end.to_warc_date(),
        found.suite
    );
    match found.relay_is_known {
        true => holds(format!("{what}, by the word of the relay {}. {TRUST}", found.relay)),
        false => absent(format!(
            "{what}, by the word of a relay that calls itself {}; give its key (--relay), since anyone can sign under a name",
            found.relay
        )),
    }
}

/// The block of a record where its place says that it is; that it is whole was checked.
fn block(files: &Files<'_>, description: &Description, seen: &Seen) -> Result<Vec<u8>, String> {
    let bytes = files.get(&description.warc)?;
    let place = seen.place.and_then(|(offset, length)| {
        let start = usize::try_from(offset).ok()?;
        bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    });
    let member = place.ok_or("a record is not where its description says")?;
    let options = ReadOptions { file: description.warc.clone(), ..ReadOptions::default() };
    let mut reader = WarcReader::seekable(Cursor::new(member), options);
    let record =
        reader.next_record().map_err(|why| why.to_string())?.ok_or("a record is missing")?;
    let mut block = Vec::new();
    record.take(BLOCK_BYTES_MAX + 1).read_to_end(&mut block).map_err(|why| why.to_string())?;
    if block.len() as u64 > BLOCK_BYTES_MAX {
        return Err(format!("a record of a session is longer than {BLOCK_BYTES_MAX} bytes"));
    }
    Ok(block)
}

/// Whether the record of a capture says that the response was cut. A revisit leaves the payload out by its length: that is not said
/// of the response, which was whole.
fn is_cut(fields: &Fields, is_duplicate: bool) -> bool {
    fields.truncated().is_some_and(|why| !(is_duplicate && why == "length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_that_a_revisit_leaves_out_is_no_cut_response() {
        for (truncated, is_duplicate, expected) in [
            (Some("length"), true, false),
            (Some("disconnect"), true, true),
            (Some("length"), false, true),
            (Some("disconnect"), false, true),
            (None, true, false),
            (None, false, false),
        ] {
            let mut fields = Fields::new();
            if let Some(why) = truncated {
                fields.push(name::TRUNCATED, why);
            }
            assert_eq!(is_cut(&fields, is_duplicate), expected, "{truncated:?} {is_duplicate}");
        }
    }
}
