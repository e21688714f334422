//! What a server of S3 answers: listings, names of uploads, errors. The one file of this module that names quick-xml.
//!
//! What it says is hostile text: codes are kept as far as they are words, messages are cut and their control
//! characters left out. A document that is not XML is an invalid answer, and no panic.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::archive::{ObjectError, ObjectErrorKind, ObjectInfo, UploadInfo};
use crate::base::Timestamp;

/// A longer message is cut.
const MESSAGE_CHARS_MAX: usize = 200;
/// Documents of S3 are not nested deeper.
const DEPTH_MAX: usize = 16;

/// Calls `each` with every text in a document, with the names of the elements around it, the root first, and without a
/// text at the end of every element.
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

/// A page of a listing: what is in it, and where the next page continues, by the parameters that it is asked with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub items: Vec<T>,
    pub next: Vec<(&'static str, String)>,
}

/// Goes through the elements right below the root. `each` is given the name of one with all texts in it, by their
/// names; the texts that are right below the root come back.
fn elements(
    xml: &str,
    root: &str,
    each: &mut dyn FnMut(&str, &HashMap<String, String>),
) -> Result<HashMap<String, String>, String> {
    let mut is_root = false;
    let (mut top, mut fields) = (HashMap::new(), HashMap::new());
    walk(xml, &mut |path, text| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        is_root |= path.first() == Some(&root);
        match (path.as_slice(), text) {
            ([_, name], Some(text)) => drop(top.insert((*name).to_owned(), text.to_owned())),
            ([_, _, name], Some(text)) => drop(fields.insert((*name).to_owned(), text.to_owned())),
            ([_, name], None) => {
                each(name, &fields);
                fields.clear();
            }
            _ => {}
        }
    })?;
    if is_root { Ok(top) } else { Err(format!("its root element is not {root}")) }
}

/// The parameters of the next page: each is sent with the value that the page gives under another name.
fn next(
    top: &HashMap<String, String>,
    names: &[(&'static str, &str)],
) -> Vec<(&'static str, String)> {
    let set = |name: &str| top.get(name).filter(|value| !value.is_empty()).cloned();
    names.iter().filter_map(|(sent, given)| Some((*sent, set(given)?))).collect()
}

/// A page of a listing of objects. Keys are as the server has them.
pub(super) fn listing(xml: &str) -> Result<Page<ObjectInfo>, String> {
    let mut items = Vec::new();
    let top = elements(xml, "ListBucketResult", &mut |name, fields| {
        let bytes = fields.get("Size").and_then(|text| text.trim().parse().ok());
        if let ("Contents", Some(key), Some(bytes)) = (name, fields.get("Key"), bytes) {
            items.push(ObjectInfo {
                key: key.clone(),
                bytes,
                etag: fields.get("ETag").map(|etag| bare(etag)).unwrap_or_default(),
                sha256: None,
                modified: fields.get("LastModified").and_then(|at| Timestamp::parse(at.trim())),
            });
        }
    })?;
    Ok(Page { items, next: next(&top, &[("continuation-token", "NextContinuationToken")]) })
}

/// A page of the versions of objects: keys and names of versions, delete markers among them.
pub(super) fn versions(xml: &str) -> Result<Page<(String, String)>, String> {
    let mut items = Vec::new();
    let top = elements(xml, "ListVersionsResult", &mut |name, fields| {
        let of = (fields.get("Key"), fields.get("VersionId"));
        if let ("Version" | "DeleteMarker", (Some(key), Some(version))) = (name, of) {
            items.push((key.clone(), version.clone()));
        }
    })?;
    let names = [("key-marker", "NextKeyMarker"), ("version-id-marker", "NextVersionIdMarker")];
    Ok(Page { items, next: next(&top, &names) })
}

/// A page of the uploads that were begun.
pub(super) fn uploads(xml: &str) -> Result<Page<UploadInfo>, String> {
    let mut items = Vec::new();
    let top = elements(xml, "ListMultipartUploadsResult", &mut |name, fields| {
        let of = (fields.get("Key"), fields.get("UploadId"));
        if let ("Upload", (Some(key), Some(upload))) = (name, of) {
            items.push(UploadInfo {
                key: key.clone(),
                upload: upload.clone(),
                begun: fields.get("Initiated").and_then(|at| Timestamp::parse(at.trim())),
            });
        }
    })?;
    // These are given on the last page as well.
    let is_cut = top.get("IsTruncated").is_some_and(|text| text.trim() == "true");
    let names = [("key-marker", "NextKeyMarker"), ("upload-id-marker", "NextUploadIdMarker")];
    Ok(Page { items, next: if is_cut { next(&top, &names) } else { Vec::new() } })
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

/// What the caller of a request can do about an answer that is not a success.
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

/// An invalid answer.
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
              <LastModified>2026-01-02T03:04:05.000Z</LastModified>
              <Owner><ID>x</ID></Owner></Contents>
            <Contents><Key>p/c</Key><Size>0</Size><ETag>"d"</ETag></Contents>
            <Contents><Key>no size</Key></Contents></ListBucketResult>"#;
        let page = listing(xml).unwrap();
        let listed: Vec<_> =
            page.items.iter().map(|o| (o.key.as_str(), o.bytes, o.etag.as_str())).collect();
        assert_eq!(listed, [("p/warc/a&b.warc.gz", 12, "ab-2"), ("p/c", 0, "d")]);
        assert_eq!(page.items[0].modified, Timestamp::parse("2026-01-02T03:04:05Z"));
        assert_eq!(page.items[1].modified, None);
        assert_eq!(page.next, [("continuation-token", "t/+=".to_owned())]);
        for broken in ["", "<a/>", "<ListBucketResult><Contents>", "no xml", "<a></b>"] {
            assert!(listing(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn versions_and_uploads_are_read_with_where_they_go_on() {
        let xml = "<ListVersionsResult><KeyMarker/><NextKeyMarker>k</NextKeyMarker>\
            <NextVersionIdMarker>v9</NextVersionIdMarker><IsTruncated>true</IsTruncated>\
            <Version><Key>p/a</Key><VersionId>v1</VersionId><Size>3</Size></Version>\
            <DeleteMarker><Key>p/a</Key><VersionId>null</VersionId></DeleteMarker>\
            <CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListVersionsResult>";
        let page = versions(xml).unwrap();
        let listed: Vec<_> = page.items.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(listed, [("p/a", "v1"), ("p/a", "null")]);
        assert_eq!(
            page.next,
            [("key-marker", "k".to_owned()), ("version-id-marker", "v9".to_owned())]
        );
        let xml = "<ListMultipartUploadsResult><NextKeyMarker>k</NextKeyMarker>\
            <IsTruncated>false</IsTruncated><Upload><Key>p/a</Key><UploadId>u1</UploadId>\
            <Initiated>2026-01-02T03:04:05Z</Initiated></Upload><Upload><Key>p/b</Key></Upload>\
            </ListMultipartUploadsResult>";
        let page = uploads(xml).unwrap();
        assert_eq!(page.items.len(), 1);
        assert_eq!(page.items[0].begun, Timestamp::parse("2026-01-02T03:04:05Z"));
        assert!(page.next.is_empty(), "it is the last page");
        assert!(uploads("<ListBucketResult></ListBucketResult>").is_err());
        assert!(versions("<a/>").is_err());
    }

    #[test]
    fn errors_are_distinguished_and_their_messages_sanitised() {
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
        let expected = Some(("InternalError".to_owned(), "m".to_owned()));
        assert_eq!(completed(failed), Err(expected));
        assert_eq!(completed(""), Err(None));
        let begun =
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
        assert_eq!(upload(begun).as_deref(), Some("u"));
        assert_eq!(upload("<a><UploadId></UploadId></a>"), None);
    }
}
