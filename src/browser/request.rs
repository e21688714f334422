//! A request of the browser: its head, which of its fields the page's scripts have set, and the preflights before it.

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest head of a request that is read, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// At most this many fields of a script are sent on, and at most this many bytes of them in all.
const SCRIPT_FIELDS_MAX: usize = 32;
const SCRIPT_BYTES_MAX: usize = 8 * 1024;

/// Fields that the browser adds itself, that belong to a connection, or that are sent on in their own way (`accept`,
/// `referer`, `cookie`). Scripts can set some of them, too: those are ours as well, since we ask for whole answers that
/// are not in a cache.
const NOT_OF_SCRIPTS: [&str; 44] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "alt-used",
    "available-dictionary",
    "cache-control",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "device-memory",
    "dictionary-id",
    "dnt",
    "downlink",
    "dpr",
    "early-data",
    "ect",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "last-event-id",
    "origin",
    "ping-from",
    "ping-to",
    "pragma",
    "priority",
    "purpose",
    "range",
    "referer",
    "rtt",
    "save-data",
    "service-worker",
    "service-worker-navigation-preload",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "viewport-width",
    "x-client-data",
];

/// The beginnings of names of such fields.
const NOT_OF_SCRIPTS_BEGIN: [&str; 6] =
    ["access-control-", "attribution-reporting-", "content-", "if-", "proxy-", "sec-"];

/// The head of a request.
#[derive(Debug)]
pub(super) struct Request {
    pub method: String,
    pub target: String,
    /// Names as they were sent.
    fields: Vec<(String, String)>,
}

impl Request {
    /// Reads one; none where the browser has no more, or sends what is not a request.
    pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let mut head = Vec::new();
        let mut buffer = [0; 1];
        // One byte at a time, so that nothing behind the head is taken; heads are short, and few.
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= HEAD_BYTES_MAX || stream.read(&mut buffer).await.ok()? == 0 {
                return None;
            }
            head.push(buffer[0]);
        }
        Self::parse(&String::from_utf8_lossy(&head))
    }

    /// Parses one; none for what is not a request.
    pub fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut parts = lines.next()?.split(' ');
        let (method, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        if !parts.next()?.starts_with("HTTP/1.") || target.is_empty() {
            return None;
        }
        let fields = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        Some(Self { method, target, fields: fields.collect() })
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The value of a field that is there once.
    pub fn only(&self, name: &str) -> Option<&str> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }

    fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = self.fields.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// The fields that scripts have set, in order. What cannot stand in a field is left out, and what is beyond the
    /// bounds.
    pub fn of_scripts(&self) -> Vec<(String, String)> {
        let mut left = SCRIPT_BYTES_MAX;
        let fields = self.fields.iter().filter(|(name, value)| {
            let is_of_script = is_token(name) && is_text(value) && !is_not_of_scripts(name);
            let length = name.len() + value.len();
            let fits = is_of_script && length <= left;
            left -= if fits { length } else { 0 };
            fits
        });
        fields.take(SCRIPT_FIELDS_MAX).cloned().collect()
    }
}

fn is_not_of_scripts(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NOT_OF_SCRIPTS.contains(&name.as_str())
        || NOT_OF_SCRIPTS_BEGIN.iter().any(|begin| name.starts_with(begin))
}

/// RFC 9110 section 5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Whether a value can stand in a field; what was not UTF-8 cannot be sent as it was.
fn is_text(value: &str) -> bool {
    value.chars().all(|c| c == '\t' || (!c.is_control() && c != char::REPLACEMENT_CHARACTER))
}

/// The browser's question whether a page may send a request to another origin (Fetch standard, CORS-preflight request).
#[derive(Debug)]
pub(super) struct Preflight<'a> {
    origin: &'a str,
    /// The method of the request.
    pub method: &'a str,
    headers: Option<&'a str>,
}

impl<'a> Preflight<'a> {
    /// The preflight that a request is; none where it is none.
    pub fn of(request: &'a Request) -> Option<Self> {
        let text = |name: &str| request.only(name).filter(|value| is_text(value));
        (request.method == "OPTIONS").then_some(())?;
        Some(Self {
            origin: text("origin")?,
            method: text("access-control-request-method").filter(|method| is_token(method))?,
            headers: text("access-control-request-headers"),
        })
    }

    /// Whether it is of a request that is asked for.
    pub fn reads(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }

    /// The answer that allows the request. The answer to that still says whether the page may read it.
    pub fn allowed(&self) -> Vec<u8> {
        let headers = self
            .headers
            .map_or_else(String::new, |names| format!("Access-Control-Allow-Headers: {names}\r\n"));
        let (origin, method) = (self.origin, self.method);
        format!(
            "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: {origin}\r\n\
             Access-Control-Allow-Methods: {method}\r\n{headers}\
             Access-Control-Allow-Credentials: true\r\nVary: Origin\r\nConnection: close\r\n\r\n"
        )
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(fields: &[(&str, &str)]) -> Request {
        let lines: String =
            fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Request::parse(&format!("GET /a HTTP/1.1\r\n{lines}\r\n")).unwrap()
    }

    #[test]
    fn requests_are_read_as_browsers_write_them() {
        let request = Request::parse(
            "GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nCookie: a=1; b=2\r\n\r\n",
        )
        .unwrap();
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("GET", "http://a.example/x")
        );
        assert_eq!(request.field("cookie"), Some("a=1; b=2"));
        for wrong in ["", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / SPDY/3\r\n\r\n"] {
            assert!(Request::parse(wrong).is_none(), "{wrong}");
        }
        let twice = with(&[("Range", "bytes=0-1"), ("range", "bytes=2-3")]);
        assert_eq!((twice.field("range"), twice.only("range")), (Some("bytes=0-1"), None));
    }

    #[test]
    fn fields_of_scripts_are_those_that_the_browser_does_not_add() {
        for (name, value, is_sent) in [
            ("X-Requested-With", "XMLHttpRequest", true),
            ("authorization", "Bearer abc", true),
            ("X-Api-Key", "a\tb", true),
            ("X-Inertia", "true", true),
            ("X-Straße", "a", false),
            ("", "a", false),
            ("X-A", "caf\u{e9}", true),
            ("X-A", "caf\u{fffd}", false),
            ("X-A", "a\u{1}b", false),
            ("X-A", "a\nb", false),
            ("Accept", "application/json", false),
            ("Accept-Language", "de", false),
            ("Access-Control-Request-Method", "GET", false),
            ("Cache-Control", "no-cache", false),
            ("Connection", "keep-alive", false),
            ("Content-Type", "application/json", false),
            ("Cookie", "a=1", false),
            ("DNT", "1", false),
            ("Host", "a.example", false),
            ("If-None-Match", "x", false),
            ("Origin", "https://a.example", false),
            ("Pragma", "no-cache", false),
            ("Priority", "u=1", false),
            ("Proxy-Authorization", "x", false),
            ("Range", "bytes=0-1", false),
            ("Referer", "https://a.example/", false),
            ("sec-ch-ua", "x", false),
            ("Sec-Fetch-Mode", "cors", false),
            ("TE", "trailers", false),
            ("Upgrade-Insecure-Requests", "1", false),
            ("User-Agent", "x", false),
        ] {
            let found = with(&[(name, value)]).of_scripts();
            let want = if is_sent { vec![(name.to_owned(), value.to_owned())] } else { vec![] };
            assert_eq!(found, want, "{name}: {value}");
        }
    }

    #[test]
    fn fields_of_scripts_are_bounded() {
        let (long, half) = ("x".repeat(SCRIPT_BYTES_MAX), "x".repeat(SCRIPT_BYTES_MAX / 2));
        let found = with(&[("a", &long), ("b", &half), ("c", &half), ("d", "1")]).of_scripts();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "d"]);
        let many = vec![("x", "1"); 200];
        assert_eq!(with(&many).of_scripts().len(), SCRIPT_FIELDS_MAX);
    }

    #[test]
    fn preflights_are_recognised_and_allowed() {
        let of = |method: &str, fields: &str| {
            Request::parse(&format!("{method} /a HTTP/1.1\r\n{fields}\r\n")).unwrap()
        };
        let origin = "Origin: https://a.example\r\n";
        let asks = "Access-Control-Request-Method: GET\r\n";
        let names = "Access-Control-Request-Headers: x-api-key,x-b\r\n";
        let request = of("OPTIONS", &format!("{origin}{asks}{names}"));
        let preflight = Preflight::of(&request).unwrap();
        assert!(preflight.reads());
        let answer = String::from_utf8(preflight.allowed()).unwrap();
        for line in [
            "HTTP/1.1 204 No Content",
            "Access-Control-Allow-Origin: https://a.example",
            "Access-Control-Allow-Methods: GET",
            "Access-Control-Allow-Headers: x-api-key,x-b",
            "Access-Control-Allow-Credentials: true",
        ] {
            assert!(answer.contains(&format!("{line}\r\n")), "{line}: {answer}");
        }
        assert!(answer.ends_with("\r\n\r\n"));
        let plain = of("OPTIONS", &format!("{origin}{asks}"));
        let answer = String::from_utf8(Preflight::of(&plain).unwrap().allowed()).unwrap();
        assert!(!answer.contains("Allow-Headers"), "{answer}");
        let post = of("OPTIONS", &format!("{origin}Access-Control-Request-Method: POST\r\n"));
        assert!(!Preflight::of(&post).unwrap().reads());
        for (method, fields) in [
            ("GET", format!("{origin}{asks}")),
            ("OPTIONS", origin.to_owned()),
            ("OPTIONS", asks.to_owned()),
            ("OPTIONS", format!("Origin: a\nX: b\r\n{asks}")),
        ] {
            assert!(Preflight::of(&of(method, &fields)).is_none(), "{method} {fields}");
        }
    }
}
