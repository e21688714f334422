//! The counts of the server, in Prometheus' text exposition format 0.0.4. Described one by one in
//! `docs/reference/metrics.md`.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// Which part of the server answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// TimeGate, TimeMaps and mementos.
    Web,
    /// Both CDX servers and the availability API.
    Cdx,
    /// WARC files.
    Warc,
    /// The JSON API.
    Api,
    /// Pages of the web reader, health and counts.
    Pages,
}

impl Area {
    const ALL: [Self; 5] = [Self::Web, Self::Cdx, Self::Warc, Self::Api, Self::Pages];

    /// The area of a path.
    pub fn of(path: &str) -> Self {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        match first {
            "web" => Self::Web,
            "cdx" | "wayback" => Self::Cdx,
            "warc" => Self::Warc,
            "api" | "peer" => Self::Api,
            _ => Self::Pages,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Cdx => "cdx",
            Self::Warc => "warc",
            Self::Api => "api",
            Self::Pages => "pages",
        }
    }
}

/// Upper bounds of the buckets of times to the first byte, in seconds.
const BUCKETS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

#[derive(Debug, Default)]
struct OfArea {
    classes: [AtomicU64; CLASSES.len()],
    buckets: [AtomicU64; BUCKETS.len()],
    times: AtomicU64,
    micros: AtomicU64,
    bytes: AtomicU64,
}

/// The counts.
#[derive(Debug, Default)]
pub struct Counts {
    areas: [OfArea; Area::ALL.len()],
    connections: AtomicU64,
    open: AtomicI64,
    refused: AtomicU64,
}

impl Counts {
    /// A connection was taken.
    pub fn opened(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection ended.
    pub fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// A request was refused because of load.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was answered with that status, after that time.
    pub fn answered(&self, area: Area, status: u16, after: Duration) {
        let of = &self.areas[area as usize];
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        of.classes[class].fetch_add(1, Ordering::Relaxed);
        for (bound, bucket) in BUCKETS.iter().zip(&of.buckets) {
            if after.as_secs_f64() <= *bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
        of.times.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        of.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// This many bytes of a body were sent.
    pub fn sent(&self, area: Area, bytes: u64) {
        self.areas[area as usize].bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// All counts.
    pub fn render(&self) -> String {
        let mut out = String::with_capacity(4096);
        // Writing to a String cannot fail.
        let head = |out: &mut String, name: &str, kind: &str, what: &str| {
            let _ = writeln!(out, "# HELP {name} {what}\n# TYPE {name} {kind}");
        };
        let name = "pressmark_http_requests_total";
        head(&mut out, name, "counter", "Answered requests, by area and status class.");
        for (area, of) in Area::ALL.iter().zip(&self.areas) {
            for (class, count) in CLASSES.iter().zip(&of.classes) {
                let (area, count) = (area.label(), count.load(Ordering::Relaxed));
                let _ = writeln!(out, "{name}{{area=\"{area}\",class=\"{class}\"}} {count}");
            }
        }
        let name = "pressmark_http_first_byte_seconds";
        head(&mut out, name, "histogram", "Time from the request to the response head.");
        for (area, of) in Area::ALL.iter().zip(&self.areas) {
            let area = area.label();
            for (bound, bucket) in BUCKETS.iter().zip(&of.buckets) {
                let count = bucket.load(Ordering::Relaxed);
                let _ = writeln!(out, "{name}_bucket{{area=\"{area}\",le=\"{bound}\"}} {count}");
            }
            let times = of.times.load(Ordering::Relaxed);
            #[expect(clippy::cast_precision_loss, reason = "a sum of seconds needs no last digit")]
            let seconds = of.micros.load(Ordering::Relaxed) as f64 / 1e6;
            let _ = writeln!(out, "{name}_bucket{{area=\"{area}\",le=\"+Inf\"}} {times}");
            let _ = writeln!(out, "{name}_sum{{area=\"{area}\"}} {seconds}");
            let _ = writeln!(out, "{name}_count{{area=\"{area}\"}} {times}");
        }
        let name = "pressmark_http_sent_bytes_total";
        head(&mut out, name, "counter", "Bytes of response bodies sent, by area.");
        for (area, of) in Area::ALL.iter().zip(&self.areas) {
            let bytes = of.bytes.load(Ordering::Relaxed);
            let _ = writeln!(out, "{name}{{area=\"{}\"}} {bytes}", area.label());
        }
        for (name, kind, what, value) in [
            (
                "pressmark_http_connections_total",
                "counter",
                "Accepted connections.",
                self.connections.load(Ordering::Relaxed),
            ),
            (
                "pressmark_http_connections",
                "gauge",
                "Open connections.",
                u64::try_from(self.open.load(Ordering::Relaxed)).unwrap_or(0),
            ),
            (
                "pressmark_http_refused_total",
                "counter",
                "Requests refused because too many were waiting.",
                self.refused.load(Ordering::Relaxed),
            ),
        ] {
            head(&mut out, name, kind, what);
            let _ = writeln!(out, "{name} {value}");
        }
        out
    }
}
