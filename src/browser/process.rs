//! The browser's processes: started with nothing of ours, watched, and ended together.
//!
//! The debugging pipe is the pair of file descriptors 3 and 4. A shell makes them of its own standard input and
//! output before it becomes the browser: nothing else passes them on without unsafe code. All processes are one
//! group, which is killed when this is dropped, whatever became of the rendering.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, getuid};
use serde_json::json;
use tokio::sync::mpsc::Receiver;

use super::devtools::{Connection, Event, Questions};
use super::guard::Guard;
use super::options::{BrowserOptions, Sandbox};
use super::profile::Profile;

/// The heap that scripts of one page may have, in mebibytes.
const SCRIPT_HEAP_MIB: u32 = 512;
/// How a program that does not exist ended.
const NO_PROGRAM: &str = "there is no such program";
/// From the shell to the browser: no core files, its pipes, and nothing else of ours.
const BECOME: &str = "ulimit -c 0; exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null";

/// What a browser without a window has besides.
const HEADLESS: &[&str] =
    &["--headless", "--force-device-scale-factor=1", "--hide-scrollbars", "--mute-audio"];

/// What reaches a screen, by its environment.
const SCREEN: [&str; 4] = ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR"];

/// Whether a person sees the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// No one does.
    None,
    /// On the screen that the environment names.
    Shown,
}

/// What keeps the browser from connecting to any host by itself, and makes it the same every time.
const ARGUMENTS: &[&str] = &[
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-component-extensions-with-background-pages",
    "--disable-client-side-phishing-detection",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-dev-shm-usage",
    "--disable-notifications",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,InterestFeedContentSuggestions,\
     CertificateTransparencyComponentUpdater,AutofillServerCommunication,SpareRendererForSitePerProcess",
    // Scripts reach peers through the proxy or not at all. Chromium has had two names for it, and passes over the other one.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--password-store=basic",
    "--use-mock-keychain",
    "--metrics-recording-only",
    "--no-pings",
    "--lang=en-US",
    // What it requests by itself goes to a port where nothing answers; pages have a proxy of their own.
    "--proxy-server=http://127.0.0.1:1",
    "--proxy-bypass-list=<-loopback>",
    // No name is looked up here.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// A running browser; it ends when dropped.
#[derive(Debug)]
pub(super) struct Chromium {
    child: Child,
    /// What ends it when it takes too much.
    pub guard: Guard,
    /// The way to it.
    pub connection: Connection,
    /// What it is: "Chrome/131.0.6778.85".
    pub product: String,
    /// Whether it is sandboxed.
    pub is_sandboxed: bool,
    profile: Profile,
}

impl Chromium {
    /// Starts one that knows no way out, and takes the key with this digest for that of any host.
    ///
    /// # Errors
    /// When it cannot be started, or does not answer; as text that says what to do.
    pub async fn start(
        options: &BrowserOptions,
        key_digest: &str,
        window: Window,
    ) -> Result<(Self, Receiver<Event>), String> {
        let command = options.command.display();
        let is_sandboxed = match options.sandbox {
            Sandbox::Never => false,
            Sandbox::Auto => !getuid().is_root(),
            Sandbox::Always if getuid().is_root() => {
                return Err("Chromium is not sandboxed for root: run as another user, or set browser.sandbox to auto or never".to_owned());
            }
            Sandbox::Always => true,
        };
        let profile = Profile::new(&std::env::temp_dir())?;
        let (width, height) = options.viewport;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", BECOME, "sh"]).arg(&options.command).args(ARGUMENTS);
        if !is_sandboxed {
            shell.arg("--no-sandbox");
        }
        shell
            .arg(format!("--ignore-certificate-errors-spki-list={key_digest}"))
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--js-flags=--max-old-space-size={SCRIPT_HEAP_MIB}"))
            .arg(format!("--user-data-dir={}", profile.path().display()));
        match window {
            Window::None => shell.args(HEADLESS).arg("about:blank"),
            // The page gets a window of its own, with a way out of its own.
            Window::Shown => shell.arg("--no-startup-window"),
        };
        // What it needs to be found and to find its fonts; no proxy and no secret of ours.
        shell.env_clear();
        for name in ["PATH", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                shell.env(name, value);
            }
        }
        for name in SCREEN.iter().filter(|_| window == Window::Shown) {
            if let Some(value) = std::env::var_os(name) {
                shell.env(name, value);
            }
        }
        shell.env("HOME", profile.path()).env("TMPDIR", profile.path());
        shell.env("TZ", "UTC").env("LANG", "C.UTF-8");
        shell.current_dir(profile.path());
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        shell.process_group(0);
        let mut child = shell.spawn().map_err(|why| format!("starting /bin/sh: {why}"))?;
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the browser has no pipes".to_owned());
        };
        // A person decides how long a page is shown, and answers its questions.
        let (questions, bounds) = match window {
            Window::None => (Questions::Refused, Some(options.bounds())),
            Window::Shown => (Questions::Shown, None),
        };
        let guard = Guard::of(group, bounds);
        let (connection, events) = Connection::new(input, output, questions);
        let product = String::new();
        let mut browser = Self { child, guard, connection, product, is_sandboxed, profile };
        let version =
            browser.connection.call(None, "Browser.getVersion", json!({}), options.start_max).await;
        match version {
            Ok(version) => {
                browser.product = version["product"].as_str().unwrap_or_default().to_owned();
                Ok((browser, events))
            }
            Err(_) => {
                if let Some(why) = browser.guard.why_ended() {
                    return Err(why);
                }
                let ended = browser.ended();
                Err(format!("{command} cannot be used ({}", advice(ended, is_sandboxed)))
            }
        }
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(Some(status)) if status.code() == Some(127) => Some(NO_PROGRAM.to_owned()),
            Ok(Some(status)) => Some(format!("it ended with {status}")),
            _ => None,
        }
    }

    /// Ends all its processes, and waits until the first of them is gone.
    fn end(&mut self) {
        self.guard.end();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.end();
        // The folder goes with the field; what a dying process still writes there is tried again.
        let _ = std::fs::remove_dir_all(self.profile.path());
    }
}

/// How a browser that cannot be used ended, and what to do about it.
fn advice(ended: Option<String>, is_sandboxed: bool) -> String {
    let install = "install Chromium, or set browser.command";
    match ended {
        // It ends at once where the system refuses what its sandbox is made of.
        Some(how) if is_sandboxed && how != NO_PROGRAM => format!(
            "{how}): {install}; if it is installed, its sandbox may be denied here (user namespaces, for example by RestrictNamespaces of a systemd unit): allow it, or set browser.sandbox to never if something else confines it"
        ),
        Some(how) => format!("{how}): {install}"),
        None => format!("it does not answer): {install}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_is_not_there_is_said() {
        let options =
            BrowserOptions { command: "/nowhere/chromium".into(), ..BrowserOptions::default() };
        let why = Chromium::start(&options, "x", Window::None).await.unwrap_err();
        assert!(why.contains("/nowhere/chromium") && why.contains("browser.command"), "{why}");
    }

    #[test]
    fn a_browser_that_ends_in_its_sandbox_is_said_to_have_one() {
        let exit = || Some("it ended with exit status: 1".to_owned());
        assert!(advice(exit(), true).contains("browser.sandbox"));
        assert!(advice(exit(), true).contains("RestrictNamespaces"));
        assert!(!advice(exit(), false).contains("browser.sandbox"));
        assert!(!advice(Some(NO_PROGRAM.to_owned()), true).contains("browser.sandbox"));
        assert!(!advice(None, true).contains("browser.sandbox"));
    }

    #[tokio::test]
    async fn a_program_that_is_no_browser_is_ended() {
        let options = BrowserOptions { command: "/bin/true".into(), ..BrowserOptions::default() };
        let why = Chromium::start(&options, "x", Window::None).await.unwrap_err();
        assert!(why.contains("cannot be used"), "{why}");
    }
}
