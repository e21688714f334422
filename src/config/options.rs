//! Settings as the `Options` of the modules: the one place where a key meets a field.

use crate::base::DigestAlgorithm;
use crate::capture::{CaptureOptions, CaptureRequest, Proxy, ResolveRule, RootSource};
use crate::crawl::CrawlOptions;
use crate::politeness::agent::token_of;
use crate::politeness::{AfterUnreachable, HostOptions, Options as PolitenessOptions};
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

    fn usize(&self, key: &str) -> usize {
        usize::try_from(self.integer(key)).unwrap_or(usize::MAX)
    }

    fn bytes_usize(&self, key: &str) -> usize {
        usize::try_from(self.bytes(key)).unwrap_or(usize::MAX)
    }

    /// The limits and permissions of exchanges. `resolve` holds further pins, which go first.
    ///
    /// # Errors
    /// When a pin or the proxy cannot be read.
    pub fn capture_options(&self, resolve: &[String]) -> Result<CaptureOptions, Problem> {
        let key = "capture.resolve";
        let rules = resolve
            .iter()
            .chain(self.list(key))
            .map(|text| text.parse::<ResolveRule>().map_err(|e| self.problem(key, e)))
            .collect::<Result<Vec<_>, _>>()?;
        let proxy = match self.text("capture.proxy") {
            "" => None,
            text => Some(Proxy::parse(text).map_err(|e| self.problem("capture.proxy", e))?),
        };
        let roots = match self.text("tls.roots_file") {
            "" => Vec::new(),
            path => vec![RootSource::File(path.into())],
        };
        Ok(CaptureOptions {
            response_bytes_max: self.bytes("capture.response_bytes_max"),
            header_bytes_max: self.bytes_usize("capture.header_bytes_max"),
            surplus_bytes_max: self.bytes_usize("capture.surplus_bytes_max"),
            surplus_wait: self.duration("capture.surplus_wait"),
            dns_age_max: self.duration("capture.dns_age_max"),
            connect_timeout: self.duration("capture.connect_timeout"),
            first_byte_timeout: self.duration("capture.first_byte_timeout"),
            total_timeout: self.duration("capture.total_timeout"),
            bytes_per_second_min: self.bytes("capture.bytes_per_second_min"),
            bytes_per_second_window: self.duration("capture.bytes_per_second_window"),
            spool_memory_bytes_max: self.bytes_usize("capture.spool_threshold"),
            spool_dir: None,
            connections_max: self.usize("capture.connections_max"),
            connections_per_address_max: self.usize("capture.connections_per_address_max"),
            idle_per_host_max: self.usize("capture.idle_per_host_max"),
            idle_timeout: self.duration("capture.idle_timeout"),
            tls_verify: self.bool("tls.verify"),
            extra_roots: roots,
            allow_private: self.bool("capture.allow_private"),
            resolve: rules,
            proxy,
        })
    }

    /// How hosts are treated.
    #[must_use]
    pub fn politeness_options(&self) -> PolitenessOptions {
        let mut options = PolitenessOptions {
            product_token: self.robots_token(&self.user_agent()),
            requests_per_second_max: self.float("politeness.requests_per_second_max"),
            address_delay_min: self.duration("politeness.address_delay_min"),
            ..PolitenessOptions::default()
        };
        let pace = &mut options.pace;
        pace.delay_min = self.duration("politeness.delay_min");
        pace.delay_max = self.duration("politeness.delay_max");
        pace.delay_factor = self.float("politeness.delay_factor");
        pace.crawl_delay_max = self.duration("politeness.crawl_delay_max");
        pace.retry_after_max = self.duration("politeness.retry_after_max");
        pace.backoff_min = self.duration("politeness.backoff_min");
        pace.backoff_max = self.duration("politeness.backoff_max");
        let robots = &mut options.robots;
        robots.age_max = self.duration("politeness.robots_age_max");
        robots.retry_min = self.duration("politeness.robots_retry_min");
        robots.retry_max = self.duration("politeness.robots_retry_max");
        robots.unreachable_max = self.duration("politeness.robots_unreachable_max");
        robots.after_unreachable = match self.text("politeness.robots_after_unreachable") {
            "free" => AfterUnreachable::Free,
            _ => AfterUnreachable::StayOut,
        };
        for host in self.hosts() {
            let own = HostOptions {
                delay_min: self.host_duration(&host, "delay_min"),
                delay_max: self.host_duration(&host, "delay_max"),
                delay_factor: self.host_float(&host, "delay_factor"),
                crawl_delay_max: self.host_duration(&host, "crawl_delay_max"),
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
        let product = self.text("identity.product");
        token_of(user_agent, product)
            .filter(|token| !token.eq_ignore_ascii_case(product))
            .unwrap_or_else(|| product.to_owned())
    }

    /// What is no mistake and should be known: a User-Agent, of the settings or of a job, that names
    /// another product than `identity.product`; what a job names and excludes.
    #[must_use]
    pub fn warnings(&self, jobs: &[JobSpec]) -> Vec<Problem> {
        let product = self.text("identity.product");
        let differs = |agent: &str| {
            let token = self.robots_token(agent);
            (token != product).then(|| {
                format!(
                    "robots.txt is asked for the group of {token:?}, which the User-Agent names, and not of {product:?} (identity.product)"
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
                said.push(format!("and so are {} more", count - said.len()));
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
        let set = self.text("identity.user_agent");
        if !set.is_empty() {
            return set.to_owned();
        }
        let product = self.text("identity.product");
        let version = env!("CARGO_PKG_VERSION");
        match self.text("identity.contact") {
            "" => format!("{product}/{version}"),
            contact => format!("{product}/{version} (+{contact})"),
        }
    }

    /// The User-Agent of a job, where it says something of its own.
    #[must_use]
    pub fn user_agent_of(&self, job: &JobSpec) -> Option<String> {
        let (product, version) = (self.text("identity.product"), env!("CARGO_PKG_VERSION"));
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
        let language = self.text("capture.accept_language");
        request.accept_language = (!language.is_empty()).then(|| language.to_owned());
        let hops = self.integer("capture.redirect_hops_max");
        CrawlOptions {
            hosts_max: self.usize("crawl.hosts_max"),
            redirect_hops_max: u32::try_from(hops).unwrap_or(u32::MAX),
            stop_deadline: self.duration("crawl.stop_deadline"),
            wait_max: self.duration("crawl.wait_max"),
            decoded_bytes_max: self.bytes_usize("capture.decoded_bytes_max"),
            request,
            revisit: AdaptiveParams {
                interval_min: self.duration("schedule.interval_min"),
                interval_max: self.duration("schedule.interval_max"),
                ..AdaptiveParams::default()
            },
            looks_per_day: self.float("schedule.looks_per_day"),
            disk_free_min: self.bytes("store.disk_free_min"),
            stall_after: self.duration("watch.stall_after"),
            seed: 0,
        }
    }

    /// How records are packed.
    #[must_use]
    pub fn compression(&self) -> Compression {
        let level = u8::try_from(self.integer("warc.level")).unwrap_or(12);
        match self.text("warc.compression") {
            "none" => Compression::None,
            "zstd" => Compression::Zstd(i32::from(level)),
            _ => Compression::Gzip(level),
        }
    }

    /// How the archive is written, and what its files say of themselves.
    #[must_use]
    pub fn store_options(&self) -> StoreOptions {
        let text = |key: &str| Some(self.text(key).to_owned()).filter(|t| !t.is_empty());
        let host = machine_name();
        let robots = "RFC 9309: rules obeyed; 4xx is free, unreachable is closed";
        let warcinfo = Warcinfo {
            software: SOFTWARE.to_owned(),
            operator: text("identity.operator"),
            hostname: Some(host.clone()),
            robots: Some(robots.to_owned()),
            user_agent: Some(self.user_agent()),
            from: text("identity.contact"),
            config_digest: Some(
                DigestAlgorithm::Sha256.digest(self.identity().as_bytes()).to_string(),
            ),
            tls_verified: self.bool("tls.verify"),
            ..Warcinfo::default()
        };
        StoreOptions {
            prefix: self.text("warc.prefix").to_owned(),
            host,
            digest: self.text("warc.digest").parse().unwrap_or_default(),
            compression: self.compression(),
            file_bytes_max: self.bytes("warc.file_bytes_max"),
            file_age_max: self.duration("warc.file_age_max"),
            index_cache_bytes: self.bytes("store.index_cache_bytes"),
            warcinfo,
            certificates: self.bool("warc.certificates"),
            ..StoreOptions::default()
        }
    }
}

/// The machine's name, as the system tells it.
fn machine_name() -> String {
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
