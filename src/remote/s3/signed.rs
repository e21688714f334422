//! Addresses that are signed: the one file that names rusty-s3, which computes Signature Version 4 and sends nothing.
//!
//! The signature is in the address (a presigned URL), so that an address is never logged, and no header but
//! those that are named has to be as it was signed. The time is handed in: where the server's clock
//! differs, the server's time counts.

use rusty_s3::signing::sign;
use rusty_s3::{Bucket, Method, UrlStyle};
use url::Url;

use super::credentials::Credentials;
use crate::base::Timestamp;

/// For how long an address is good. A request that waits longer than this is signed again.
const GOOD_FOR_SECONDS: u64 = 900;

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Head,
    Put,
    Post,
    Delete,
}

impl Verb {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::Get,
            Self::Head => Method::Head,
            Self::Put => Method::Put,
            Self::Post => Method::Post,
            Self::Delete => Method::Delete,
        }
    }

    pub fn name(self) -> &'static str {
        self.method().to_str()
    }
}

/// A bucket at its server.
#[derive(Debug, Clone)]
pub(super) struct Place(Bucket);

impl Place {
    /// The bucket at `endpoint`; without one at Amazon's in its region.
    pub fn new(endpoint: &str, region: &str, bucket: &str) -> Result<Self, String> {
        let at = if endpoint.is_empty() {
            // Two names of one host; the second would not be covered by its certificate.
            format!("https://s3.{region}.amazonaws.com")
        } else {
            endpoint.to_owned()
        };
        let url = Url::parse(&at).map_err(|why| format!("{at:?} is not an address: {why}"))?;
        let in_host = endpoint.is_empty() && !bucket.contains('.');
        let style = if in_host { UrlStyle::VirtualHost } else { UrlStyle::Path };
        Bucket::new(url, style, bucket.to_owned(), region.to_owned())
            .map(Self)
            .map_err(|why| format!("{at:?} is not an address of a server: {why}"))
    }

    /// A signed address of an object, or of the bucket without a key. `query` and `headers` come sorted by name, and
    /// the request has to have these headers.
    pub fn address(
        &self,
        (verb, key): (Verb, Option<&str>),
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<Url, String> {
        let url = key.map_or_else(|| self.0.base_url().clone(), |key| self.0.object_url(key));
        let time = jiff::Timestamp::from_microsecond(now.unix_micros())
            .map_err(|_| "the time of the clock cannot be signed".to_owned())?;
        Ok(sign(
            &time,
            verb.method(),
            url,
            &credentials.id,
            &credentials.secret,
            credentials.token.as_deref(),
            self.0.region(),
            GOOD_FOR_SECONDS,
            query.iter().copied(),
            headers.iter().copied(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_amazons_example() {
        // "Authenticating Requests: Using Query Parameters", the example of the documentation of S3, but for its
        // time, which is 86,400 seconds there: the canonical request and the key are the same.
        let place = Place::new("", "us-east-1", "examplebucket").unwrap();
        let credentials = Credentials {
            id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            token: None,
        };
        let now = Timestamp::parse("2013-05-24T00:00:00Z").unwrap();
        let asked = (Verb::Get, Some("test.txt"));
        let url = place.address(asked, &[], &[], &credentials, now).unwrap();
        assert_eq!(url.host_str(), Some("examplebucket.s3.us-east-1.amazonaws.com"));
        let query: Vec<_> = url.query_pairs().into_owned().collect();
        let of = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        assert_eq!(of("X-Amz-Date").as_deref(), Some("20130524T000000Z"));
        assert_eq!(
            of("X-Amz-Credential").as_deref(),
            Some("AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request")
        );
        assert_eq!(of("X-Amz-Signature").map(|s| s.len()), Some(64));
        let later = place
            .address(asked, &[], &[], &credentials, now.plus(std::time::Duration::from_secs(1)))
            .unwrap();
        assert_ne!(url, later, "the time is signed");
    }

    #[test]
    fn a_server_of_ones_own_has_the_bucket_in_its_path() {
        let cases = [
            ("http://127.0.0.1:9000", "b", "http://127.0.0.1:9000/b/warc/a"),
            ("https://s3.example.org/x", "b.c", "https://s3.example.org/x/b.c/warc/a"),
            ("", "b.c", "https://s3.eu-west-1.amazonaws.com/b.c/warc/a"),
            ("", "b", "https://b.s3.eu-west-1.amazonaws.com/warc/a"),
        ];
        let credentials = Credentials { id: "i".to_owned(), secret: "s".to_owned(), token: None };
        for (endpoint, bucket, expected) in cases {
            let place = Place::new(endpoint, "eu-west-1", bucket).unwrap();
            let now = Timestamp::from_unix_seconds(0);
            let mut url =
                place.address((Verb::Put, Some("warc/a")), &[], &[], &credentials, now).unwrap();
            url.set_query(None);
            assert_eq!(url.as_str(), expected);
        }
        assert!(Place::new("ftp://x", "r", "b").is_err());
        assert!(Place::new("nothing", "r", "b").is_err());
    }
}
