//! An archive whose captures are kept in PostgreSQL: every command answers as it does with the local index,
//! and a server that restarts or stays away loses nothing.

use std::sync::Arc;
use std::time::Duration;

use pressmark::crawl::{Job, Stop};

use crate::support::archive::{Archive, job};
use crate::support::cli::{command, crawl, json_lines, stderr, stdout};
use crate::support::postgres::Cluster;
use crate::support::skip::skipped;
use crate::support::web::{Reply, Web, ok};

const HOST: &str = "news.example";

/// A server; `None` where the tests are skipped.
fn server() -> Option<Cluster> {
    Cluster::start("fsync = off").map_err(|why| skipped("postgres", &why)).ok()
}

/// A site of some pages, one of which changes each time, and an archive in `schema` of the server.
fn site(server: &Cluster, schema: &str) -> (Archive, Web) {
    let mut archive = Archive::new().in_a_hurry().set("warc.file_bytes_max=20 KiB");
    archive = archive
        .set(&format!("store.captures={}", server.address()))
        .set(&format!("store.captures_schema={schema}"));
    let web = Web::start(archive.clock.clone());
    archive.resolve = web.resolve(&[HOST]);
    let links: String = (0..30).map(|n| format!("<a href=\"/p/{n}\">{n}</a>")).collect();
    web.page(HOST, "/", &format!("<title>front</title><body>{links}</body>"));
    for n in 0..30 {
        let text = if n % 3 == 0 { "the same".to_owned() } else { format!("page {n}") };
        web.page(HOST, &format!("/p/{n}"), &format!("<title>{n}</title><p>{text}</p>"));
    }
    web.on(HOST, "/picture", Reply::Bytes(ok("image/png", &[7; 3000])));
    (archive, web)
}

fn look(archive: &Archive) {
    let (front, picture) = (format!("http://{HOST}/"), format!("http://{HOST}/picture"));
    archive.run(&Job { depth: 1, ..job(&[&front, &picture]) }, &Stop::default());
    archive.later(Duration::from_secs(30 * 3600));
}

/// What a command answers, with the captures in the database or in the archive itself.
fn answer(
    archive: &Archive,
    place: Option<(&Cluster, &str)>,
    args: &[&str],
) -> (Option<i32>, String) {
    let mut command = command(&archive.root());
    if let Some((server, schema)) = place {
        command.env("PRESSMARK_STORE_CAPTURES", server.address());
        command.env("PRESSMARK_STORE_CAPTURES_SCHEMA", schema);
    }
    let output = command.args(args).output().unwrap();
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    (output.status.code(), stdout(&output))
}

const QUERIES: &[&[&str]] = &[
    &["captures", "http://news.example/", "--format", "json"],
    &["captures", "http://news.example/p/", "--match", "prefix", "--format", "cdxj"],
    &["captures", "http://news.example/", "--match", "domain", "--format", "cdx"],
    &["captures", "http://news.example/", "--match", "host", "--filter", "!=status:200"],
    &["captures", "http://news.example/", "--match", "host", "--limit", "7", "--format", "json"],
    &["show", "http://news.example/p/3", "--at", "20251106", "--as", "http"],
    &["show", "http://news.example/p/3", "--as", "record"],
    &["history", "http://news.example/p/1", "--format", "json"],
    &["verify", "--format", "json"],
    &["captures", "http://nowhere.example/"],
];

#[test]
fn every_command_answers_as_with_the_index_of_the_archive() {
    let Some(server) = server() else { return };
    let (archive, _web) = site(&server, "news");
    look(&archive);
    look(&archive);
    let place = Some((&server, "news"));
    let captures = server.sql("SELECT count(*) FROM news.capture").parse::<u64>().unwrap();
    assert!(captures > 60, "{captures}");
    let own = std::fs::read_dir(archive.root().join("index")).map_or(0, Iterator::count);
    assert_eq!(own, 0, "no index of its own was made");
    let asked: Vec<_> = QUERIES.iter().map(|args| answer(&archive, place, args)).collect();
    for (args, asked) in QUERIES.iter().zip(&asked) {
        assert_eq!(answer(&archive, None, args), *asked, "{args:?}");
    }
    // Rebuilt from the files, also after rows were lost and changed.
    server.sql(
        "DELETE FROM news.capture WHERE \"offset\" % 2 = 0; UPDATE news.host SET captures = 7",
    );
    let (code, _) = answer(&archive, place, &["verify"]);
    assert_eq!(code, Some(4), "it is seen");
    let (code, _) = answer(&archive, place, &["reindex"]);
    assert_eq!(code, Some(0));
    assert_eq!(server.sql("SELECT sum(captures) FROM news.host"), captures.to_string());
    for (args, asked) in QUERIES.iter().zip(&asked) {
        assert_eq!(answer(&archive, place, args), *asked, "{args:?} after reindex");
    }
    // Missing rows are added when the archive is next opened.
    server.sql("TRUNCATE news.capture, news.host; UPDATE news.file SET indexed_to = 0");
    assert_eq!(answer(&archive, place, QUERIES[0]), asked[0]);
}

/// An archive that moves into a database and back: after each step every command answers as before, and the WARC
/// files are not read again.
#[test]
fn captures_are_moved_to_the_database_and_back() {
    let Some(server) = server() else { return };
    let web_archive = Archive::new().in_a_hurry().set("warc.file_bytes_max=20 KiB");
    let mut archive = web_archive;
    let web = Web::start(archive.clock.clone());
    archive.resolve = web.resolve(&[HOST]);
    let links: String = (0..30).map(|n| format!("<a href=\"/p/{n}\">{n}</a>")).collect();
    web.page(HOST, "/", &format!("<title>front</title><body>{links}</body>"));
    for n in 0..30 {
        web.page(HOST, &format!("/p/{n}"), &format!("<title>{n}</title><p>page {}</p>", n / 3));
    }
    look(&archive);
    look(&archive);
    let dir = tempfile::tempdir().unwrap();
    let config = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let there =
        format!("[store]\ncaptures = \"{}\"\ncaptures_schema = \"moved\"\n", server.address());
    let there = config("there.toml", &there);
    let back = config("back.toml", "[store]\ncaptures = \"\"\n");
    let asked: Vec<_> = QUERIES.iter().map(|args| answer(&archive, None, args)).collect();
    let place = Some((&server, "moved"));
    let migrate =
        |place, to: &str| answer(&archive, place, &["migrate", "--to", to, "--format", "json"]);
    let schemas = crate::schemas::schemas();
    let check = |(code, line): (Option<i32>, String), copied: bool| {
        assert_eq!(code, Some(0), "{line}");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(schemas.problems("migrate.json", &line), Vec::<String>::new());
        assert!(line["captures"].as_u64().unwrap() > 60, "{line}");
        assert_eq!(line["copied"].as_u64().unwrap() > 0, copied, "{line}");
        line["captures"].clone()
    };
    let moved = check(migrate(None, &there), true);
    for (args, asked) in QUERIES.iter().zip(&asked) {
        assert_eq!(answer(&archive, place, args), *asked, "{args:?} in the database");
    }
    // Again: nothing to copy, and the same result.
    assert_eq!(check(migrate(None, &there), false), moved);
    std::fs::remove_dir_all(archive.root().join("index")).unwrap();
    assert_eq!(check(migrate(place, &back), true), moved);
    for (args, asked) in QUERIES.iter().zip(&asked) {
        assert_eq!(answer(&archive, None, args), *asked, "{args:?} back");
    }
    assert_eq!(migrate(None, &back).0, Some(2), "to where they are");
    let missing = dir.path().join("none.toml");
    assert_eq!(migrate(None, missing.to_str().unwrap()).0, Some(2));
    // Rows that the database has beyond the archive are reported.
    server.sql(
        "CREATE TEMP TABLE one AS SELECT * FROM moved.capture LIMIT 1; UPDATE one SET key = 'zz)/'; \
         INSERT INTO moved.capture SELECT * FROM one",
    );
    assert_eq!(migrate(None, &there).0, Some(1));
}

/// A schema that another archive uses is refused before anything of this archive gets in, and captures of files that
/// the archive does not have are removed by `reindex`.
#[test]
fn a_schema_of_another_archive_is_refused_and_captures_of_lost_files_are_removed() {
    let Some(server) = server() else { return };
    let (first, _web) = site(&server, "news");
    look(&first);
    let captures = || server.sql("SELECT count(*) FROM news.capture");
    let before = captures();
    let place = Some((&server, "news"));
    let (own, _own_web) = site(&server, "own");
    // Its files have names of their own.
    own.later(Duration::from_secs(3600));
    look(&own);
    let there = own.root().join("there.toml").to_string_lossy().into_owned();
    let text =
        format!("[store]\ncaptures = \"{}\"\ncaptures_schema = \"news\"\n", server.address());
    std::fs::write(&there, text).unwrap();
    let run = |place: Option<(&Cluster, &str)>, args: &[&str]| {
        let mut command = command(&own.root());
        if let Some((server, schema)) = place {
            command.env("PRESSMARK_STORE_CAPTURES", server.address());
            command.env("PRESSMARK_STORE_CAPTURES_SCHEMA", schema);
        }
        command.args(args).output().unwrap()
    };
    let refused = run(None, &["migrate", "--to", &there]);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("nothing was copied"), "{}", stderr(&refused));
    let refused = run(place, &["crawl", "--due"]);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("captures_schema"), "{}", stderr(&refused));
    run(place, &["status"]);
    assert_eq!(captures(), before, "nothing got in");
    // A file of the first archive is lost.
    let name = server.sql("SELECT convert_from(name, 'UTF8') FROM news.file ORDER BY id LIMIT 1");
    std::fs::remove_file(first.root().join("warc").join(name.trim())).unwrap();
    let (code, found) = answer(&first, place, &["verify"]);
    assert_eq!(code, Some(4));
    assert!(found.contains("drops it from the index"), "{found}");
    assert_eq!(answer(&first, place, &["reindex"]).0, Some(0));
    let (_, found) = answer(&first, place, &["verify"]);
    assert!(!found.contains("drops it from the index"), "{found}");
    let of_it = format!(
        "SELECT count(*) FROM news.capture JOIN news.file ON id = file WHERE name = '{}'",
        name.trim()
    );
    assert_eq!(server.sql(&of_it), "0");
}

#[test]
fn a_crawl_goes_on_while_the_server_restarts_and_all_is_found_afterwards() {
    let Some(server) = server().map(Arc::new) else { return };
    let (archive, web) = site(&server, "news");
    look(&archive);
    // The server stops during the crawl, and comes back.
    let (restarting, seen) = (Arc::clone(&server), Arc::new(std::sync::Once::new()));
    let going = Arc::clone(&seen);
    let page = Reply::Made(Arc::new(move |_: &str, _: usize| {
        going.call_once(|| {
            restarting.kill();
            let server = Arc::clone(&restarting);
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(800));
                server.begin();
            });
        });
        ok("text/html", b"<title>restart</title><p>now</p>")
    }));
    web.on(HOST, "/p/2", page);
    look(&archive);
    assert!(seen.is_completed(), "the server was restarted");
    let place = Some((&*server, "news"));
    for args in QUERIES {
        assert_eq!(answer(&archive, place, args), answer(&archive, None, args), "{args:?}");
    }
}

#[test]
fn a_crawl_waits_for_a_server_that_is_away_for_long_and_misses_nothing() {
    let Some(server) = server().map(Arc::new) else { return };
    let (archive, web) = site(&server, "news");
    let crawl = |more: &[&str]| {
        let mut crawl = crawl(&archive.root(), &web.resolve(&[HOST]));
        crawl.env("PRESSMARK_STORE_CAPTURES", server.address());
        crawl.env("PRESSMARK_STORE_CAPTURES_SCHEMA", "news");
        crawl.args(["--depth", "1", &format!("http://{HOST}/")]).args(more).output().unwrap()
    };
    assert_eq!(crawl(&[]).status.code(), Some(0));
    // The server stops during the crawl, and stays away for longer than a request is retried.
    let (leaving, seen) = (Arc::clone(&server), Arc::new(std::sync::Once::new()));
    let going = Arc::clone(&seen);
    let page = Reply::Made(Arc::new(move |_: &str, _: usize| {
        going.call_once(|| {
            leaving.kill();
            let server = Arc::clone(&leaving);
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_secs(40));
                server.begin();
            });
        });
        let links: String = (0..30).map(|n| format!("<a href=\"/p/{n}\">{n}</a>")).collect();
        ok("text/html", format!("<title>gone for long</title><body>{links}</body>").as_bytes())
    }));
    web.on(HOST, "/", page);
    let begun = std::time::Instant::now();
    let output = crawl(&[]);
    assert!(seen.is_completed(), "the server went away");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(begun.elapsed() > Duration::from_secs(35), "its pages waited for the server");
    let place = Some((&*server, "news"));
    for args in QUERIES {
        assert_eq!(answer(&archive, place, args), answer(&archive, None, args), "{args:?}");
    }
    // A run with an end does not wait forever.
    server.kill();
}

#[test]
fn config_check_reports_whether_the_server_answers_and_what_its_user_lacks() {
    let Some(server) = server() else { return };
    let root = tempfile::tempdir().unwrap();
    let check = |address: &str, more: &[(&str, &str)]| {
        let mut command = command(&root.path().join("archive"));
        command.env("PRESSMARK_STORE_CAPTURES", address).envs(more.iter().copied());
        let output = command.args(["config", "check"]).output().unwrap();
        let said = stdout(&output) + &stderr(&output);
        assert!(!said.contains("hunter2"), "{said}");
        (output.status.code(), said)
    };
    let (code, said) = check(&server.address(), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("schema pressmark has no tables yet"), "{said}");
    server.sql("CREATE ROLE guest LOGIN PASSWORD 'hunter2'");
    let guest = server.address().replace("pressmark@", "guest:hunter2@");
    let (code, said) = check(&guest, &[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("GRANT CREATE ON DATABASE postgres TO guest"), "{said}");
    let missing = server.address().replace("/postgres", "/nothing_there");
    let (code, said) = check(&missing, &[]);
    assert!(code == Some(2) && said.contains("nothing_there"), "{code:?} {said}");
    assert!(!said.contains("no problem found"), "{said}");
    let (code, said) = check("postgres://ann:hunter2@127.0.0.1/d?sslmode=often", &[]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) =
        check(&server.address(), &[("PRESSMARK_STORE_CAPTURES_PASSWORD_FILE", "/nowhere")]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("/nowhere"), "{said}");
    server.kill();
    let (code, said) = check(&guest, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("does not answer") && said.contains("start it or restore"), "{said}");
    let away = [
        ("PRESSMARK_STORE_REMOTE", "s3://bucket/news"),
        ("PRESSMARK_STORE_REMOTE_ENDPOINT", "http://127.0.0.1:9"),
        ("PRESSMARK_STORE_REMOTE_TIME_MAX", "300ms"),
        ("AWS_ACCESS_KEY_ID", "someone0001"),
        ("AWS_SECRET_ACCESS_KEY", "something0001"),
    ];
    let (code, said) = check("", &away);
    assert_eq!(code, Some(1), "a storage that is away is as a database that is: {said}");
    // A wrong setting does not keep the others from being tried, and each error is a line of its own.
    let mut command = command(&root.path().join("archive"));
    command
        .env("PRESSMARK_STORE_CAPTURES", "mysql://host/name")
        .env("PRESSMARK_STORE_REMOTE", "s3://bucket/news");
    command
        .env("PRESSMARK_STORE_REMOTE_ENDPOINT", "http://127.0.0.1:9")
        .env("PRESSMARK_STORE_FRONTIER", &guest);
    command.env("AWS_ACCESS_KEY_ID", "someone0001").env("AWS_SECRET_ACCESS_KEY", "something0001");
    let output = command.args(["config", "check", "--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let keys: Vec<String> =
        json_lines(&output).iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys, ["store.captures", "store.frontier", "store.remote"], "{}", stdout(&output));
}
