//! Settings as the `Options` of the modules: the one place where a key meets a field.

use std::sync::Arc;

use crate::base::DigestAlgorithm;
use crate::browser::{BrowserOptions, Sandbox};
use crate::capture::{CaptureOptions, CaptureRequest, Proxy, ResolveRule, RootSource};
use crate::config::keys;
use crate::crawl::CrawlOptions;
use crate::politeness::agent::token_of;
use crate::politeness::{
    AfterUnreachable, HostOptions, Options as PolitenessOptions, RobotsReading,
};
use crate::schedule::JobSpec;
use crate::schedule::revisit::AdaptiveParams;
use crate::store::StoreOptions;
use crate::warc::{Compression, Warcinfo};

use super::jobs::excluded;
use super::settings::{Problem, Settings, Source};

/// The name and version of this program, as records name it.
pub const SOFTWARE: &str = concat!("pressmark/", env!("CARGO_PKG_VERSION"));

impl Settings {
    fn problem(&self, key: &str, what: impl ToString) -> Problem {
        Problem { source: self.source(key), key: key.to_owned(), what: what.to_string() }
    }

    fn usize(&self, key: keys::IntegerKey) -> usize {
        usize::try_from(self.integer(key)).unwrap_or(usize::MAX)
    }

    fn bytes_usize(&self, key: keys::BytesKey) -> usize {
        usize::try_from(self.bytes(key)).unwrap_or(usize::MAX)
    }

    /// The limits and permissions of exchanges. `resolve` holds further pins, which go first.
    ///
    /// # Errors
    /// When a pin or the proxy cannot be read.
    pub fn capture_options(&self, resolve: &[String]) -> Result<CaptureOptions, Problem> {
        let key = keys::CAPTURE_RESOLVE;
        let rules = resolve
            .iter()
            .chain(self.list(key))
            .map(|text| text.parse::<ResolveRule>().map_err(|e| self.problem(key.path(), e)))
            .collect::<Result<Vec<_>, _>>()?;
        let proxy = match self.text(keys::CAPTURE_PROXY) {
            "" => None,
            text => {
                Some(Proxy::parse(text).map_err(|e| self.problem(keys::CAPTURE_PROXY.path(), e))?)
            }
        };
        let roots = match self.text(keys::TLS_ROOTS_FILE) {
            "" => Vec::new(),
            path => vec![RootSource::File(path.into())],
        };
        Ok(CaptureOptions {
            response_bytes_max: self.bytes(keys::CAPTURE_RESPONSE_BYTES_MAX),
            header_bytes_max: self.bytes_usize(keys::CAPTURE_HEADER_BYTES_MAX),
            surplus_bytes_max: self.bytes_usize(keys::CAPTURE_SURPLUS_BYTES_MAX),
            surplus_wait: self.duration(keys::CAPTURE_SURPLUS_WAIT),
            dns_age_max: self.duration(keys::CAPTURE_DNS_AGE_MAX),
            connect_timeout: self.duration(keys::CAPTURE_CONNECT_TIMEOUT),
            first_byte_timeout: self.duration(keys::CAPTURE_FIRST_BYTE_TIMEOUT),
            total_timeout: self.duration(keys::CAPTURE_TOTAL_TIMEOUT),
            bytes_per_second_min: self.bytes(keys::CAPTURE_BYTES_PER_SECOND_MIN),
            bytes_per_second_window: self.duration(keys::CAPTURE_BYTES_PER_SECOND_WINDOW),
            spool_memory_bytes_max: self.bytes_usize(keys::CAPTURE_SPOOL_THRESHOLD),
            spool_dir: None,
            connections_max: self.usize(keys::CAPTURE_CONNECTIONS_MAX),
            connections_per_address_max: self.usize(keys::CAPTURE_CONNECTIONS_PER_ADDRESS_MAX),
            idle_per_host_max: self.usize(keys::CAPTURE_IDLE_PER_HOST_MAX),
            idle_timeout: self.duration(keys::CAPTURE_IDLE_TIMEOUT),
            tls_verify: self.bool(keys::TLS_VERIFY),
            extra_roots: roots,
            allow_private: self.bool(keys::CAPTURE_ALLOW_PRIVATE),
            resolve: rules,
            proxy,
        })
    }

    /// How hosts are treated.
    #[must_use]
    pub fn politeness_options(&self) -> PolitenessOptions {
        let mut options = PolitenessOptions {
            product_token: self.robots_token(&self.user_agent()),
            requests_per_second_max: self.float(keys::POLITENESS_REQUESTS_PER_SECOND_MAX),
            address_delay_min: self.duration(keys::POLITENESS_ADDRESS_DELAY_MIN),
            ..PolitenessOptions::default()
        };
        let pace = &mut options.pace;
        pace.delay_min = self.duration(keys::POLITENESS_DELAY_MIN);
        pace.delay_max = self.duration(keys::POLITENESS_DELAY_MAX);
        pace.delay_factor = self.float(keys::POLITENESS_DELAY_FACTOR);
        pace.crawl_delay_max = self.duration(keys::POLITENESS_CRAWL_DELAY_MAX);
        pace.retry_after_max = self.duration(keys::POLITENESS_RETRY_AFTER_MAX);
        pace.backoff_min = self.duration(keys::POLITENESS_BACKOFF_MIN);
        pace.backoff_max = self.duration(keys::POLITENESS_BACKOFF_MAX);
        let robots = &mut options.robots;
        robots.age_max = self.duration(keys::POLITENESS_ROBOTS_AGE_MAX);
        robots.retry_min = self.duration(keys::POLITENESS_ROBOTS_RETRY_MIN);
        robots.retry_max = self.duration(keys::POLITENESS_ROBOTS_RETRY_MAX);
        robots.unreachable_max = self.duration(keys::POLITENESS_ROBOTS_UNREACHABLE_MAX);
        robots.after_unreachable = match self.text(keys::POLITENESS_ROBOTS_AFTER_UNREACHABLE) {
            "free" => AfterUnreachable::Free,
            _ => AfterUnreachable::StayOut,
        };
        let reading = self.text(keys::POLITENESS_ROBOTS_READING);
        robots.reading = RobotsReading::of_name(reading).unwrap_or_default();
        for host in self.hosts() {
            let own = HostOptions {
                delay_min: self.host_duration(&host, keys::HOST_DELAY_MIN),
                delay_max: self.host_duration(&host, keys::HOST_DELAY_MAX),
                delay_factor: self.host_float(&host, keys::HOST_DELAY_FACTOR),
                crawl_delay_max: self.host_duration(&host, keys::HOST_CRAWL_DELAY_MAX),
                connections_max: None,
            };
            options.hosts.insert(host, own);
        }
        options
    }

    /// The product token by which robots.txt groups are looked up for a User-Agent: the one in it, so
    /// that a site's owner who reads the User-Agent in a log can address it; else `identity.product`.
    #[must_use]
    pub fn robots_token(&self, user_agent: &str) -> String {
        let product = self.text(keys::IDENTITY_PRODUCT);
        token_of(user_agent, product)
            .filter(|token| !token.eq_ignore_ascii_case(product))
            .unwrap_or_else(|| product.to_owned())
    }

    /// Warnings, which are not mistakes: a User-Agent, of the settings or of a job, that names
    /// another product than `identity.product`; what a job names and excludes.
    #[must_use]
    pub fn warnings(&self, jobs: &[JobSpec]) -> Vec<Problem> {
        let product = self.text(keys::IDENTITY_PRODUCT);
        let differs = |agent: &str| {
            let token = self.robots_token(agent);
            (token != product).then(|| {
                format!(
                    "robots.txt groups are matched against {token:?}, which the User-Agent names, not {product:?} (identity.product)"
                )
            })
        };
        let own = differs(&self.user_agent()).map(|what| self.problem("identity.user_agent", what));
        let of_jobs = jobs.iter().filter_map(|job| {
            let what = differs(job.user_agent.as_ref()?)?;
            let file = job.file.clone().unwrap_or_default();
            let what = format!("the job {}: {what}", job.name);
            Some(Problem { source: Source::File(file, 1), key: "user_agent".to_owned(), what })
        });
        let excluded = jobs.iter().flat_map(|job| {
            let (mut said, count) = excluded(job);
            if count > said.len() {
                said.push(format!("and {} more are excluded", count - said.len()));
            }
            let file = job.file.clone().unwrap_or_default();
            said.into_iter().map(move |what| Problem {
                source: Source::File(file.clone(), 1),
                key: String::new(),
                what,
            })
        });
        own.into_iter().chain(of_jobs).chain(excluded).collect()
    }

    /// The User-Agent: the one that is set, or product, version and contact.
    #[must_use]
    pub fn user_agent(&self) -> String {
        let set = self.text(keys::IDENTITY_USER_AGENT);
        if !set.is_empty() {
            return set.to_owned();
        }
        let product = self.text(keys::IDENTITY_PRODUCT);
        let version = env!("CARGO_PKG_VERSION");
        match self.text(keys::IDENTITY_CONTACT) {
            "" => format!("{product}/{version}"),
            contact => format!("{product}/{version} (+{contact})"),
        }
    }

    /// The User-Agent of a job, where it sets its own.
    #[must_use]
    pub fn user_agent_of(&self, job: &JobSpec) -> Option<String> {
        let (product, version) = (self.text(keys::IDENTITY_PRODUCT), env!("CARGO_PKG_VERSION"));
        match (&job.user_agent, &job.contact) {
            (Some(agent), _) => Some(agent.clone()),
            (None, Some(contact)) => Some(format!("{product}/{version} (+{contact})")),
            (None, None) => None,
        }
    }

    /// How a crawl runs.
    #[must_use]
    pub fn crawl_options(&self) -> CrawlOptions {
        let mut request = CaptureRequest::new(self.user_agent());
        let language = self.text(keys::CAPTURE_ACCEPT_LANGUAGE);
        request.accept_language = (!language.is_empty()).then(|| language.to_owned());
        let hops = self.integer(keys::CAPTURE_REDIRECT_HOPS_MAX);
        CrawlOptions {
            hosts_max: self.usize(keys::CRAWL_HOSTS_MAX),
            redirect_hops_max: u32::try_from(hops).unwrap_or(u32::MAX),
            stop_deadline: self.duration(keys::CRAWL_STOP_DEADLINE),
            wait_max: self.duration(keys::CRAWL_WAIT_MAX),
            decoded_bytes_max: self.bytes_usize(keys::CAPTURE_DECODED_BYTES_MAX),
            reading_max: self.duration(keys::CRAWL_READING_MAX),
            request,
            revisit: AdaptiveParams {
                interval_min: self.duration(keys::SCHEDULE_INTERVAL_MIN),
                interval_max: self.duration(keys::SCHEDULE_INTERVAL_MAX),
                ..AdaptiveParams::default()
            },
            browser: Arc::new(self.browser_options()),
            browsers_max: self.usize(keys::BROWSER_AT_ONCE).max(1),
            looks_per_day: self.float(keys::SCHEDULE_LOOKS_PER_DAY),
            disk_free_min: self.bytes(keys::STORE_DISK_FREE_MIN),
            stall_after: self.duration(keys::WATCH_STALL_AFTER),
            seed: 0,
        }
    }

    /// How pages are rendered.
    #[must_use]
    pub fn browser_options(&self) -> BrowserOptions {
        let scrolls = self.integer(keys::BROWSER_SCROLLS_MAX);
        BrowserOptions {
            command: self.text(keys::BROWSER_COMMAND).into(),
            sandbox: match self.text(keys::BROWSER_SANDBOX) {
                "always" => Sandbox::Always,
                "never" => Sandbox::Never,
                _ => Sandbox::Auto,
            },
            time_max: self.duration(keys::BROWSER_TIME_MAX),
            memory_max: self.bytes(keys::BROWSER_MEMORY_MAX),
            parts_max: self.usize(keys::BROWSER_PARTS_MAX),
            bytes_max: self.bytes(keys::BROWSER_BYTES_MAX),
            scrolls_max: u32::try_from(scrolls).unwrap_or(u32::MAX),
            ..BrowserOptions::default()
        }
    }

    /// How records are packed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        let level = u8::try_from(self.integer(keys::WARC_LEVEL)).unwrap_or(12);
        match self.text(keys::WARC_COMPRESSION) {
            "none" => Compression::None,
            "zstd" => Compression::Zstd(i32::from(level)),
            _ => Compression::Gzip(level),
        }
    }

    /// How the archive is written, and what its files say of themselves.
    #[must_use]
    pub fn store_options(&self) -> StoreOptions {
        let text = |key: keys::TextKey| Some(self.text(key).to_owned()).filter(|t| !t.is_empty());
        let host = machine_name();
        let robots = "RFC 9309: rules obeyed; 4xx is free, unreachable is closed";
        let warcinfo = Warcinfo {
            software: SOFTWARE.to_owned(),
            operator: text(keys::IDENTITY_OPERATOR),
            hostname: Some(host.clone()),
            robots: Some(robots.to_owned()),
            user_agent: Some(self.user_agent()),
            from: text(keys::IDENTITY_CONTACT),
            config_digest: Some(
                DigestAlgorithm::Sha256.digest(self.identity().as_bytes()).to_string(),
            ),
            tls_verified: self.bool(keys::TLS_VERIFY),
            ..Warcinfo::default()
        };
        StoreOptions {
            prefix: self.text(keys::WARC_PREFIX).to_owned(),
            host,
            digest: self.text(keys::WARC_DIGEST).parse().unwrap_or_default(),
            compression: self.compression(),
            file_bytes_max: self.bytes(keys::WARC_FILE_BYTES_MAX),
            file_age_max: self.duration(keys::WARC_FILE_AGE_MAX),
            index_cache_bytes: self.bytes(keys::STORE_INDEX_CACHE_BYTES),
            warcinfo,
            certificates: self.bool(keys::WARC_CERTIFICATES),
            ..StoreOptions::default()
        }
    }
}

/// The machine's name, as the system reports it.
#[must_use]
pub fn machine_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_the_table_are_the_defaults_of_the_modules() {
        let settings = Settings::default();
        assert_eq!(settings.capture_options(&[]).unwrap(), CaptureOptions::default());
        assert_eq!(settings.politeness_options(), PolitenessOptions::default());
        let crawl = settings.crawl_options();
        let default = CrawlOptions::default();
        assert_eq!(crawl.hosts_max, default.hosts_max);
        assert_eq!(crawl.redirect_hops_max, default.redirect_hops_max);
        assert_eq!(crawl.stop_deadline, default.stop_deadline);
        assert_eq!(crawl.wait_max, default.wait_max);
        assert_eq!(crawl.decoded_bytes_max, default.decoded_bytes_max);
        assert_eq!(crawl.revisit, default.revisit);
        assert_eq!(crawl.looks_per_day, default.looks_per_day);
        assert_eq!(crawl.disk_free_min, default.disk_free_min);
        assert_eq!(crawl.stall_after, default.stall_after);
        assert_eq!(crawl.reading_max, default.reading_max);
        assert_eq!(crawl.browser, default.browser);
        assert_eq!(crawl.browsers_max, default.browsers_max);
        let store = settings.store_options();
        let default = StoreOptions::default();
        assert_eq!(store.digest, default.digest);
        assert_eq!(store.compression, default.compression);
        assert_eq!(store.file_bytes_max, default.file_bytes_max);
        assert_eq!(store.file_age_max, default.file_age_max);
        assert_eq!(store.index_cache_bytes, default.index_cache_bytes);
    }

    #[test]
    fn the_user_agent_decides_which_group_of_a_robots_txt_holds() {
        let with = |key: &str, value: &str| {
            let flag = (key.to_owned(), value.to_owned(), "--set".to_owned());
            Settings::load(None, std::iter::empty(), &[flag]).unwrap()
        };
        for (agent, token, warns) in [
            ("", "pressmark", false),
            ("pressmark/9 (+https://a.org/)", "pressmark", false),
            ("Mozilla/5.0 (compatible; PressMark/9)", "pressmark", false),
            ("FooBot/1.0", "FooBot", true),
            ("Mozilla/5.0 (compatible; Foo-Bot/1.0; +http://a.org)", "Foo-Bot", true),
        ] {
            let settings = with("identity.user_agent", agent);
            assert_eq!(settings.politeness_options().product_token, token, "{agent}");
            let warnings = settings.warnings(&[]);
            assert_eq!(!warnings.is_empty(), warns, "{agent}: {warnings:?}");
        }
        let mut job = JobSpec::new("paper");
        job.user_agent = Some("Reader/1".to_owned());
        let warnings = Settings::default().warnings(&[job]);
        assert!(warnings[0].to_string().contains("\"Reader\""), "{warnings:?}");
    }

    #[test]
    fn a_pin_that_cannot_be_read_is_named() {
        let error = Settings::default().capture_options(&["nonsense".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("nonsense"), "{error}");
    }
}
