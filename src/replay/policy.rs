//! What a replayed answer may do in a reader's browser: the headers sent with each of them.
//!
//! Archived pages are considered hostile. Rewriting makes them work; these headers make them harmless,
//! even where a page confuses the rewriting. Scripts do not run, nothing is requested from any host but
//! replay, no form is sent, no worker starts, no cookie is set.
//!
//! | place | [`Scripts::Never`] | [`Scripts::InFrames`], inside a frame |
//! |---|---|---|
//! | scripts | none | those of replay, and inline ones |
//! | origin | that of replay if it is one of its own, else an opaque one | an opaque one |
//! | windows | links may open one | none |
//! | what it may ask for | parts, of replay | parts and data, of replay |
//!
//! A page whose scripts run could navigate its own window anywhere, and no policy forbids that for the page
//! of a window: so scripts run only inside a frame, where the page around it restricts where the frame may
//! go ([`frame_policy`]).

use super::Site;

/// Whether scripts of archived pages may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scripts {
    /// Not at all.
    #[default]
    Never,
    /// Inside a frame that confines them (see [`frame_policy`]), in an opaque origin.
    InFrames,
}

impl Scripts {
    /// The setting for one request: scripts run only if the request declares that a frame sends it. A
    /// browser that does not declare it is not trusted to keep a page in its frame.
    #[must_use]
    pub fn for_request(self, sec_fetch_dest: Option<&str>) -> Self {
        match (self, sec_fetch_dest) {
            (Self::InFrames, Some("iframe" | "frame" | "script" | "worker")) => Self::InFrames,
            _ => Self::Never,
        }
    }
}

/// Whose origin replay answers on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Replay has an origin of its own, with archived pages only.
    Own,
    /// The web reader answers on the same origin: archived pages must not belong to it.
    Shared,
}

/// What kind of answer the headers are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Anything that a browser shows or a page embeds.
    Sandboxed,
    /// A PDF. Browsers show none inside a sandbox; their viewers run no script that could harm the reader.
    Pdf,
}

/// The `Content-Security-Policy` of a replayed answer.
#[must_use]
pub fn content_security_policy(
    site: &Site,
    origin: Origin,
    scripts: Scripts,
    guard: Guard,
) -> String {
    let replay = site.source_expression();
    let mut policy = format!(
        "default-src 'none'; img-src {replay} data: blob:; style-src {replay} 'unsafe-inline' data:; \
         font-src {replay} data:; media-src {replay} data: blob:; frame-src {replay}; \
         object-src {replay}; manifest-src {replay}; base-uri {replay}; form-action 'none'"
    );
    policy += &match scripts {
        Scripts::Never => "; script-src 'none'; connect-src 'none'; worker-src 'none'".to_owned(),
        Scripts::InFrames => format!(
            "; script-src {replay} 'unsafe-inline' 'unsafe-eval' data: blob:; \
             connect-src {replay} data: blob:; worker-src {replay} data: blob:; webrtc 'block'"
        ),
    };
    match (guard, scripts, origin) {
        (Guard::Pdf, ..) => {}
        (_, Scripts::InFrames, _) => policy += "; sandbox allow-scripts",
        // Without scripts a page cannot misuse an origin; with it the page can load its fonts and sprites.
        (_, Scripts::Never, Origin::Own) => {
            policy += "; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox \
                       allow-top-navigation-by-user-activation";
        }
        (_, Scripts::Never, Origin::Shared) => {
            policy += "; sandbox allow-popups allow-popups-to-escape-sandbox \
                       allow-top-navigation-by-user-activation";
        }
    }
    policy
}

/// The `Content-Security-Policy` of a page of the reader that holds a replayed page in a frame: the frame
/// may show only replay, wherever its scripts navigate it. The page around it has no script,
/// and its styles are inline.
#[must_use]
pub fn frame_policy(replay: &Site) -> String {
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; frame-src {}; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        replay.source_expression()
    )
}

/// The headers that every replayed answer has besides its policy: name and value.
#[must_use]
pub fn headers() -> Vec<(&'static str, &'static str)> {
    vec![
        ("X-Content-Type-Options", "nosniff"),
        // The address of a page in the archive is sent to replay only.
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", PERMISSIONS),
        ("X-DNS-Prefetch-Control", "off"),
        ("X-Robots-Tag", "noindex, nofollow, noarchive"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
}

/// Every feature that accesses a device, an identity, a sensor, payments, or a third party.
const PERMISSIONS: &str = "accelerometer=(), ambient-light-sensor=(), attribution-reporting=(), autoplay=(), \
    bluetooth=(), browsing-topics=(), camera=(), clipboard-read=(), clipboard-write=(), \
    compute-pressure=(), display-capture=(), encrypted-media=(), gamepad=(), geolocation=(), \
    gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), join-ad-interest-group=(), \
    local-fonts=(), magnetometer=(), microphone=(), midi=(), otp-credentials=(), payment=(), \
    private-state-token-issuance=(), private-state-token-redemption=(), \
    publickey-credentials-create=(), publickey-credentials-get=(), run-ad-auction=(), \
    screen-wake-lock=(), serial=(), shared-storage=(), speaker-selection=(), storage-access=(), \
    sync-xhr=(), usb=(), web-share=(), window-management=(), xr-spatial-tracking=()";

/// Whether a request asks for the script of a service worker (Service Workers, section "Service-Worker
/// header"): it must be refused, since a worker would answer instead of replay.
#[must_use]
pub fn is_service_worker(service_worker: Option<&str>, sec_fetch_dest: Option<&str>) -> bool {
    service_worker.is_some_and(|value| value.trim().eq_ignore_ascii_case("script"))
        || sec_fetch_dest.is_some_and(|dest| dest.trim().eq_ignore_ascii_case("serviceworker"))
}

/// Whether a request would run its answer as a script, a worker or a worklet (Fetch standard,
/// destinations that are "script-like").
#[must_use]
pub fn is_script_like(sec_fetch_dest: Option<&str>) -> bool {
    let script_like =
        ["audioworklet", "paintworklet", "script", "serviceworker", "sharedworker", "worker"];
    sec_fetch_dest.is_some_and(|dest| script_like.contains(&dest.trim()))
}

/// The `Access-Control-Allow-Origin` of an answer, where the request may have one: fonts and modules
/// of a page in an opaque origin are requested with `Origin: null`, which any page of the web can send,
/// too; only a page of replay has replay as its `Referer`.
#[must_use]
pub fn allowed_origin(site: &Site, origin: Option<&str>, referer: Option<&str>) -> Option<String> {
    let origin = origin?;
    if origin == site.origin() {
        return Some(site.origin().to_owned());
    }
    let from_replay = referer?.strip_prefix(site.origin())?.starts_with(&site.prefix());
    (origin == "null" && from_replay).then(|| "null".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site::new("http://127.0.0.1:8080", "/a").unwrap()
    }

    #[test]
    fn no_source_but_replay_is_named() {
        for origin in [Origin::Own, Origin::Shared] {
            for scripts in [Scripts::Never, Scripts::InFrames] {
                let policy = content_security_policy(&site(), origin, scripts, Guard::Sandboxed);
                for directive in policy.split(';').filter(|d| d.contains("-src")) {
                    for source in directive.split_whitespace().skip(1) {
                        let is_known = source == "http://127.0.0.1:8080/a/web/"
                            || source == "data:"
                            || source == "blob:"
                            || ["'none'", "'unsafe-inline'", "'unsafe-eval'"].contains(&source);
                        assert!(is_known, "{directive}");
                    }
                }
                assert!(policy.contains("sandbox"));
                assert!(!policy.contains("allow-forms") && !policy.contains("allow-modals"));
                let both = policy.contains("allow-scripts") && policy.contains("allow-same-origin");
                assert!(!both, "{policy}");
                assert_eq!(policy.contains("allow-scripts"), scripts == Scripts::InFrames);
                assert_eq!(policy.contains("script-src 'none'"), scripts == Scripts::Never);
            }
        }
    }

    #[test]
    fn scripts_run_only_where_a_frame_asks() {
        let cases = [
            (Some("iframe"), Scripts::InFrames),
            (Some("document"), Scripts::Never),
            (Some("object"), Scripts::Never),
            (None, Scripts::Never),
        ];
        for (dest, expected) in cases {
            assert_eq!(Scripts::InFrames.for_request(dest), expected, "{dest:?}");
            assert_eq!(Scripts::Never.for_request(dest), Scripts::Never);
        }
    }

    #[test]
    fn only_pages_of_replay_read_what_replay_answers() {
        let allowed = |origin, referer| allowed_origin(&site(), origin, referer);
        let page = Some("http://127.0.0.1:8080/a/web/2025/http://x/");
        assert_eq!(allowed(Some("null"), page).as_deref(), Some("null"));
        assert_eq!(
            allowed(Some("http://127.0.0.1:8080"), None).as_deref(),
            Some("http://127.0.0.1:8080")
        );
        assert_eq!(allowed(Some("null"), None), None);
        assert_eq!(allowed(Some("null"), Some("http://127.0.0.1:8080/other")), None);
        assert_eq!(allowed(Some("null"), Some("http://127.0.0.1:80801/a/web/")), None);
        assert_eq!(allowed(Some("http://evil.example"), page), None);
        assert_eq!(allowed(None, page), None);
    }
}
