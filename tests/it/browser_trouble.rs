//! Programs that are not browsers, browsers that crash or hang, and hostile pages: each ends in time, with its reason, and
//! leaves neither a process nor a profile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pressmark::browser::{BrowserOptions, Part, Rendering};

use crate::rendering::{Script, assert_nothing_left, browser, rendered};

const PAGE: &str = "https://news.example/2025/weir";

/// The longest any case here takes; a machine that is busy with builds is slow.
const TIME_MAX: Duration = Duration::from_secs(90);

/// The profiles in the folder where they are made, without those of other tests' browsers, which hold their locks.
fn profiles() -> Vec<PathBuf> {
    let is_left = |path: &Path| {
        let lock = std::fs::File::open(path.join("pressmark.lock"));
        lock.is_ok_and(|lock| lock.try_lock().is_ok())
    };
    let all = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    all.map(|entry| entry.path())
        .filter(|path| path.display().to_string().contains("/pressmark-browser-"))
        .filter(|path| is_left(path))
        .collect()
}

/// The processes with these words in their command lines.
fn running(words: &str) -> usize {
    let lines = std::fs::read_dir("/proc").unwrap().flatten().map(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ")
    });
    lines.filter(|line| line.contains(words)).count()
}

/// Asserts that nothing is left of a browser shortly after it ended.
#[track_caller]
fn assert_gone(words: &str) {
    assert_nothing_left();
    for _ in 0..100 {
        if profiles().is_empty() && running(words) == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("left behind: {:?}, {} processes", profiles(), running(words));
}

/// A program that a shell runs in place of a browser: it reads commands from 3 and answers on 4.
fn program(dir: &Path, name: &str, lines: &str) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).unwrap();
    path
}

#[test]
fn a_program_that_is_not_a_browser_or_crashes_is_reported_and_ended() {
    let Some((options, _one)) = browser() else { return };
    let dir = tempfile::tempdir().unwrap();
    // A process that is recognised by its number of seconds.
    let waits = "sleep 98765.25";
    // It answers when the command has come.
    let version =
        "head -c 1 <&3 >/dev/null; printf '{\"id\":1,\"result\":{\"product\":\"None/1\"}}\\0' >&4";
    for (what, lines, words) in [
        ("exits", "exit 3".to_owned(), "ended with exit status: 3"),
        ("hangs", format!("exec {waits}"), "does not answer"),
        ("hangs behind a child", format!("{waits} & wait"), "does not answer"),
        (
            "random bytes",
            format!("head -c 300000 /dev/urandom >&4; exec {waits}"),
            "does not answer",
        ),
        // Its pipe is closed when a message is too long.
        ("no end of a message", "exec yes >&4".to_owned(), "cannot be used"),
        ("empty messages without end", "exec cat /dev/zero >&4".to_owned(), "cannot be used"),
        ("closes its pipes", format!("exec 4>&-; exec {waits}"), "does not answer"),
        ("answers once and exits", format!("{version}; exit 0"), "the browser is gone"),
        ("answers once and hangs", format!("{version}; exec {waits}"), "no answer within 10 s"),
        (
            "errors",
            // The next command has come, too.
            format!(
                "{version}; head -c 100 <&3 >/dev/null; printf '{{\"id\":2,\"error\":{{\"message\":\"no contexts\"}}}}\\0' >&4; exec {waits}"
            ),
            "no contexts",
        ),
    ] {
        let command = program(dir.path(), &what.replace(' ', "-"), &lines);
        let options =
            BrowserOptions { command, start_max: Duration::from_secs(2), ..options.clone() };
        let begun = Instant::now();
        let page = rendered(&options, PAGE, &Arc::new(Script::default()));
        let why = page.trouble.clone().unwrap_or_default();
        assert!(why.contains(words), "{what}: {why}");
        assert!(begun.elapsed() < TIME_MAX, "{what}: {:?}", begun.elapsed());
        assert_gone("98765.25");
    }
}

#[test]
fn a_browser_that_dies_in_the_middle_is_reported() {
    let Some((options, _one)) = browser() else { return };
    let dir = tempfile::tempdir().unwrap();
    let kill = "chromium=$1; shift; \"$chromium\" \"$@\" & child=$!; sleep 4; kill -9 $child; wait";
    let command = program(
        dir.path(),
        "dies",
        &format!("set -- {} \"$@\"\n{kill}", options.command.display()),
    );
    let endless = "<!doctype html><title>x</title><p>Here.</p><script>setInterval(() => fetch('/x'), 100)</script>";
    let script = Arc::new(Script::default().on(PAGE, "text/html", endless));
    let page = rendered(&BrowserOptions { command, ..options }, PAGE, &script);
    let why = page.trouble.unwrap_or_default();
    assert!(why.contains("gone") || why.contains("ended with"), "{why}");
    // On a busy machine it may not have reached its page.
    let first = page.parts.first().map(|part| part.status);
    assert!(first.is_none_or(|status| status == Some(200)), "what was had is recorded: {first:?}");
    assert_gone("sleep 4");
}

/// Renders a page with this script behind a paragraph.
fn with(options: &BrowserOptions, script: &str, more: Script) -> Rendering {
    let html =
        format!("<!doctype html><title>x</title><body><p>Here.</p><script>{script}</script>");
    rendered(options, PAGE, &Arc::new(more.on(PAGE, "text/html", &html)))
}

#[test]
fn attempts_of_pages_beyond_rendering_have_no_effect() {
    let Some((options, _one)) = browser() else { return };
    let binary = "application/octet-stream";
    for (what, script) in [
        (
            "a thousand windows",
            "for (let i = 0; i < 1000; i++) window.open('https://other.example/' + i)",
        ),
        (
            "windows by clicks",
            "const a = document.createElement('a'); a.href = 'https://other.example/'; a.target = '_blank'; \
             document.body.append(a); for (let i = 0; i < 300; i++) a.click()",
        ),
        (
            "a file",
            "const a = document.createElement('a'); a.href = '/file'; a.download = 'file'; document.body.append(a); \
             a.click(); setTimeout(() => { location = '/file' }, 100)",
        ),
        ("questions without end", "setInterval(() => alert('x'), 10)"),
        ("a hundred questions", "for (let i = 0; i < 100; i++) confirm('x')"),
        (
            "a page that may not be left",
            "onbeforeunload = (e) => { e.preventDefault(); e.returnValue = 'x'; return 'x' }; \
             setTimeout(() => { location = 'https://news.example/2025/weir#further' }, 100)",
        ),
        ("printing", "print(); setInterval(print, 100)"),
        ("a worker that stays", "navigator.serviceWorker.register('/sw.js').catch(() => {})"),
        (
            "sockets",
            "new WebSocket('wss://other.example/'); const peer = new RTCPeerConnection({iceServers: [{urls: \
             'stun:192.0.2.1:3478'}]}); peer.createDataChannel('x'); peer.createOffer().then((o) => peer.setLocalDescription(o))",
        ),
        ("files of the machine", "setTimeout(() => { location = 'file:///etc/passwd' }, 50)"),
        (
            "pages of the browser",
            "for (const to of ['chrome://version', 'chrome://crash', 'view-source:file:///etc/passwd', 'devtools://x']) \
             setTimeout(() => { location = to }, 50)",
        ),
        (
            "frames of the machine",
            "for (const to of ['file:///etc/passwd', 'chrome://version']) { const f = document.createElement('iframe'); \
             f.src = to; document.body.append(f) }",
        ),
        (
            "a name and a password",
            "const f = document.createElement('iframe'); f.src = '/locked'; document.body.append(f); fetch('/locked')",
        ),
        (
            "what is asked of a person",
            "navigator.geolocation.getCurrentPosition(() => {}, () => {}); Notification.requestPermission(); \
             navigator.mediaDevices && navigator.mediaDevices.getUserMedia({video: true}).catch(() => {}); \
             document.documentElement.requestFullscreen().catch(() => {}); document.body.requestPointerLock()",
        ),
        (
            "a page that grows as it is scrolled",
            "const more = () => { for (let i = 0; i < 50; i++) { const p = document.createElement('p'); p.textContent = 'More.'; \
             document.body.append(p) } }; more(); addEventListener('scroll', more)",
        ),
        (
            "addresses without end",
            "setInterval(() => history.pushState({}, '', '/' + Math.random()), 1)",
        ),
        (
            "errors and remarks without end",
            "setInterval(() => { console.log('x'.repeat(1000)); throw new Error('x'.repeat(1000)) }, 1)",
        ),
    ] {
        let more = Script::default()
            .on("https://news.example/file", binary, &"x".repeat(100_000))
            .on("https://news.example/sw.js", "text/javascript", "onfetch = () => {}")
            .locked("https://news.example/locked");
        let begun = Instant::now();
        let page = with(&options, script, more);
        let text = page.text.clone().unwrap_or_default();
        assert_eq!(page.trouble, None, "{what}");
        assert!(text.contains("Here.") && !text.contains("root:"), "{what}: {text}");
        assert_eq!(
            page.address.as_deref().map(|at| at.starts_with("https://news.example/")),
            Some(true),
            "{what}"
        );
        assert!(begun.elapsed() < TIME_MAX, "{what}: {:?}", begun.elapsed());
        assert_gone("pressmark-browser-");
    }
}

#[test]
fn error_pages_of_the_browser_are_not_renderings() {
    let Some((options, _one)) = browser() else { return };
    let away = "setTimeout(() => { location = 'https://other.example/' }, 100)";
    let page = with(&options, away, Script::default());
    assert_eq!(page.document, None, "{page:?}");
    let why = page.trouble.as_deref().unwrap_or_default();
    let words = "the page navigated to https://other.example/, which could not be fetched: there is no such page";
    assert_eq!(why, words, "{page:?}");
    // Of a page that leads to itself without end it is said what ended it.
    let again = "setTimeout(() => location.reload(), 20)";
    let few = BrowserOptions { parts_max: 10, ..options };
    let why = with(&few, again, Script::default()).trouble.unwrap_or_default();
    assert!(why.contains(&format!("the page navigated to {PAGE}")), "{why}");
    assert!(why.contains("browser.parts_max"), "{why}");
    assert_gone("pressmark-browser-");
}

#[test]
fn pages_that_exceed_a_limit_are_ended_with_the_reason() {
    let Some((options, _one)) = browser() else { return };
    let long = "document.body.append('x'.repeat(50e6))";
    // Not in the script heap, which has a limit of its own, and while the page does not respond.
    let eats = "const all = []; for (;;) { const a = new Uint8Array(64e6); for (let i = 0; i < a.length; i += 4096) a[i] = 1; all.push(a) }";
    let frames = "for (let i = 0; i < 20; i++) { const f = document.createElement('iframe'); f.src = 'https://frame' + i + \
        '.example/'; document.body.append(f) }";
    let busy = "<!doctype html><script>setTimeout(() => { for (;;) {} }, 300)</script>";
    let small = BrowserOptions { memory_max: 700 << 20, ..options.clone() };
    let short = BrowserOptions { time_max: Duration::from_secs(20), ..options.clone() };
    let mut more = Script::default();
    for number in 0..20 {
        more = more.on(&format!("https://frame{number}.example/"), "text/html", busy);
    }
    let flood = "for (let i = 0; i < 5000; i++) fetch('/part' + i).catch(() => {})";
    for (what, options, script, more, words) in [
        ("a long document", &options, long.to_owned(), Script::default(), ""),
        (
            "memory",
            &small,
            format!("setTimeout(() => {{ {eats} }}, 500)"),
            Script::default(),
            "browser.memory_max",
        ),
        (
            "memory of a worker",
            &small,
            format!("new Worker(URL.createObjectURL(new Blob([`{eats}`])))"),
            Script::default(),
            "",
        ),
        ("busy frames", &short, frames.to_owned(), more, ""),
        ("parts without end", &options, flood.to_owned(), Script::default(), ""),
        (
            "a page that is loaded again and again",
            &options,
            "location.reload()".to_owned(),
            Script::default(),
            "",
        ),
    ] {
        let begun = Instant::now();
        let page = with(options, &script, more);
        let why = page.trouble.clone().unwrap_or_default();
        assert!(why.contains(words), "{what}: {why:?}");
        assert!(what != "a long document" || !why.is_empty(), "{what}");
        assert!(begun.elapsed() < TIME_MAX, "{what}: {:?}", begun.elapsed());
        let is_answered = |part: &&Part| part.status.is_some();
        let answered = page.parts.iter().filter(is_answered).count();
        assert!(answered <= options.parts_max, "{what}: {answered}");
        assert_gone("pressmark-browser-");
    }
}
