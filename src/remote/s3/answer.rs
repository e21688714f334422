//! What a server of S3 answers: listings, names of uploads, errors. The one file of this room that names quick-xml.
//!
//! What it says is hostile text: codes are kept as far as they are words, messages are cut and their control
//! characters left out. A document that is no XML is an answer that makes no sense, and no panic.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::archive::{ObjectError, ObjectErrorKind, ObjectInfo};

/// A longer message is cut.
const MESSAGE_CHARS_MAX: usize = 200;
/// A document that is nested deeper is none of S3.
const DEPTH_MAX: usize = 16;

/// Tells of every text in a document, with the names of the elements around it, the root first, and of the end of
/// every element with an empty text.
fn walk(xml: &str, each: &mut dyn FnMut(&[String], Option<&str>)) -> Result<(), String> {
    let mut reader = Reader::from_str(xml);
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                text.clear();
                if path.len() >= DEPTH_MAX {
                    return Err("it is nested too deeply".to_owned());
                }
                path.push(start.local_name().as_ref().to_owned());
            }
            Ok(Event::Text(part)) => text.push_str(&part),
            Ok(Event::CData(part)) => text.push_str(&part),
            Ok(Event::GeneralRef(name)) => {
                let written = format!("&{};", &*name);
                match quick_xml::escape::unescape(&written) {
                    Ok(resolved) => text.push_str(&resolved),
                    Err(why) => return Err(why.to_string()),
                }
            }
            Ok(Event::End(_)) => {
                each(&path, Some(&text));
                each(&path, None);
                text.clear();
                path.pop();
            }
            Ok(Event::Eof) if path.is_empty() => return Ok(()),
            Ok(Event::Eof) => return Err("it ends in the middle".to_owned()),
            Ok(_) => {}
            Err(why) => return Err(why.to_string()),
        }
    }
}

/// The text of the first element of this name below the root.
fn first(xml: &str, name: &str) -> Option<String> {
    let mut found = None;
    let mut each = |path: &[String], text: Option<&str>| {
        if let ([_, last], Some(text), None) = (path, text, &found)
            && last == name
        {
            found = Some(text.to_owned());
        }
    };
    walk(xml, &mut each).ok()?;
    found
}

/// A page of a listing, and where the next one goes on. Keys are as the server has them.
pub(super) fn listing(xml: &str) -> Result<(Vec<ObjectInfo>, Option<String>), String> {
    let mut objects = Vec::new();
    let mut next = None;
    let (mut key, mut bytes, mut etag) = (None, None, String::new());
    let mut is_listing = false;
    let mut each = |path: &[String], text: Option<&str>| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        is_listing |= path.first() == Some(&"ListBucketResult");
        match (path.as_slice(), text) {
            ([_, "Contents", "Key"], Some(text)) => key = Some(text.to_owned()),
            ([_, "Contents", "Size"], Some(text)) => bytes = text.trim().parse::<u64>().ok(),
            ([_, "Contents", "ETag"], Some(text)) => etag = bare(text),
            ([_, "NextContinuationToken"], Some(text)) => next = Some(text.to_owned()),
            ([_, "Contents"], None) => {
                if let (Some(key), Some(bytes)) = (key.take(), bytes.take()) {
                    let etag = std::mem::take(&mut etag);
                    objects.push(ObjectInfo { key, bytes, etag, sha256: None });
                }
            }
            _ => {}
        }
    };
    walk(xml, &mut each)?;
    if !is_listing {
        return Err("it is no listing".to_owned());
    }
    Ok((objects, next.filter(|next| !next.is_empty())))
}

/// The name of an upload that was begun.
pub(super) fn upload(xml: &str) -> Option<String> {
    first(xml, "UploadId").filter(|id| !id.is_empty())
}

/// The entity tag of an object that was made of parts; the code and message where that failed in spite of the
/// status.
pub(super) fn completed(xml: &str) -> Result<String, Option<(String, String)>> {
    match first(xml, "ETag") {
        Some(etag) => Ok(bare(&etag)),
        None => Err(error(xml)),
    }
}

/// An entity tag without its quotes.
pub(super) fn bare(etag: &str) -> String {
    etag.trim().trim_matches('"').to_owned()
}

/// The code and the message of an error.
pub(super) fn error(xml: &str) -> Option<(String, String)> {
    let code: String =
        first(xml, "Code")?.chars().filter(|c| c.is_ascii_alphanumeric()).take(60).collect();
    let message = first(xml, "Message").unwrap_or_default();
    let message = message.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARS_MAX).collect();
    (!code.is_empty()).then_some((code, message))
}

/// What the caller of a request can do about an answer that is none it hoped for.
pub(super) fn kind_of(status: u16, code: &str) -> ObjectErrorKind {
    match (status, code) {
        (
            _,
            "SlowDown"
            | "RequestTimeout"
            | "InternalError"
            | "ServiceUnavailable"
            | "Throttling"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "TooManyRequests"
            | "ConditionalRequestConflict"
            | "OperationAborted",
        ) => ObjectErrorKind::Away,
        (507, _)
        | (
            _,
            "QuotaExceeded"
            | "InsufficientStorage"
            | "XMinioStorageFull"
            | "XMinioAdminBucketQuotaExceeded"
            | "EntityTooLarge",
        ) => ObjectErrorKind::Full,
        (_, "ExpiredToken" | "InvalidToken" | "RequestTimeTooSkewed")
        | (301 | 307 | 401 | 403, _) => ObjectErrorKind::Refused,
        (501, _) => ObjectErrorKind::Unsupported,
        (404, _) => ObjectErrorKind::Missing,
        (412, _) => ObjectErrorKind::Exists,
        (416, _) => ObjectErrorKind::Changed,
        (408 | 409 | 429 | 500..=599, _) => ObjectErrorKind::Away,
        _ => ObjectErrorKind::Other,
    }
}

/// An answer that makes no sense.
pub(super) fn nonsense(what: &str, why: &str) -> ObjectError {
    ObjectError::new(ObjectErrorKind::Other, format!("{what}: the answer cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_gives_its_objects_and_where_it_goes_on() {
        let xml = r#"<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <Name>b</Name><IsTruncated>true</IsTruncated><NextContinuationToken>t/+=</NextContinuationToken>
            <Contents><Key>p/warc/a&amp;b.warc.gz</Key><Size>12</Size><ETag>&quot;ab-2&quot;</ETag>
              <Owner><ID>x</ID></Owner></Contents>
            <Contents><Key>p/c</Key><Size>0</Size><ETag>"d"</ETag></Contents>
            <Contents><Key>no size</Key></Contents></ListBucketResult>"#;
        let (objects, next) = listing(xml).unwrap();
        let told: Vec<_> =
            objects.iter().map(|o| (o.key.as_str(), o.bytes, o.etag.as_str())).collect();
        assert_eq!(told, [("p/warc/a&b.warc.gz", 12, "ab-2"), ("p/c", 0, "d")]);
        assert_eq!(next.as_deref(), Some("t/+="));
        for broken in ["", "<a/>", "<ListBucketResult><Contents>", "no xml", "<a></b>"] {
            assert!(listing(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn errors_are_told_apart_and_their_words_are_tamed() {
        let xml = "<Error><Code>Slow\u{1b}Down</Code><Message>a\u{7}b &lt;c&gt;</Message></Error>";
        assert_eq!(error(xml), Some(("SlowDown".to_owned(), "ab <c>".to_owned())));
        assert_eq!(error("<html>"), None);
        let cases = [
            (503, "SlowDown", ObjectErrorKind::Away),
            (400, "RequestTimeout", ObjectErrorKind::Away),
            (409, "ConditionalRequestConflict", ObjectErrorKind::Away),
            (502, "", ObjectErrorKind::Away),
            (403, "AccessDenied", ObjectErrorKind::Refused),
            (400, "ExpiredToken", ObjectErrorKind::Refused),
            (403, "RequestTimeTooSkewed", ObjectErrorKind::Refused),
            (301, "PermanentRedirect", ObjectErrorKind::Refused),
            (507, "", ObjectErrorKind::Full),
            (403, "QuotaExceeded", ObjectErrorKind::Full),
            (404, "NoSuchKey", ObjectErrorKind::Missing),
            (412, "PreconditionFailed", ObjectErrorKind::Exists),
            (416, "InvalidRange", ObjectErrorKind::Changed),
            (501, "NotImplemented", ObjectErrorKind::Unsupported),
            (400, "InvalidArgument", ObjectErrorKind::Other),
        ];
        for (status, code, kind) in cases {
            assert_eq!(kind_of(status, code), kind, "{status} {code}");
        }
    }

    #[test]
    fn completing_may_fail_with_status_200() {
        let done = "<CompleteMultipartUploadResult><ETag>&quot;x-3&quot;</ETag></CompleteMultipartUploadResult>";
        assert_eq!(completed(done), Ok("x-3".to_owned()));
        let failed = "<Error><Code>InternalError</Code><Message>m</Message></Error>";
        let told = Some(("InternalError".to_owned(), "m".to_owned()));
        assert_eq!(completed(failed), Err(told));
        assert_eq!(completed(""), Err(None));
        let begun =
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
        assert_eq!(upload(begun).as_deref(), Some("u"));
        assert_eq!(upload("<a><UploadId></UploadId></a>"), None);
    }
}
