//! Servers that restart, stay down, are newer or refuse; batches that are interrupted.

use std::time::Instant;

use super::*;
use crate::archive::ArchiveErrorKind;

/// Cuts every connection but the asking one.
const CUT: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'cut me'";

fn cuttable(cluster: &Cluster) -> PostgresCaptures {
    let address = format!("{}&application_name=cut%20me", cluster.address());
    let address = Address::parse(&address, &fresh_schema()).unwrap();
    PostgresCaptures::open(address).unwrap().0
}

#[test]
fn a_batch_that_is_cut_off_before_its_commit_is_in_once() {
    // Not the shared one: cutting is for these connections alone, and its log may be inspected.
    let Some(cluster) = own("fsync = off").map(Arc::new) else { return };
    for size in [10, 800] {
        let store = cuttable(&cluster);
        let batch = CaptureBatch { captures: many(size), marks: vec![mark("file-000.warc.gz", 7)] };
        let cut = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (server, seen) = (Arc::clone(&cluster), Arc::clone(&cut));
        let schema = store.table("capture");
        store.before_commit.set(move || {
            // What was copied is not to be seen by others, and then it is gone.
            assert_eq!(server.sql(&format!("SELECT count(*) FROM {schema}")), "0");
            assert_ne!(server.sql(CUT), "0");
            seen.store(true, Ordering::Relaxed);
        });
        let applied = store.apply(batch.clone()).unwrap();
        assert!(cut.load(Ordering::Relaxed), "the connection was cut");
        assert_eq!(applied, Applied { added: size, known: 0 });
        assert_eq!(count(&store), size);
        assert_eq!(list(store.scan(&Query::everything())).len() as u64, size);
        assert_eq!(store.marks().unwrap(), batch.marks);
        assert_eq!(store.apply(batch).unwrap(), Applied { added: 0, known: size });
        assert_eq!(count(&store), size);
    }
}

#[test]
fn a_batch_that_dies_with_its_process_leaves_neither_captures_nor_marks() {
    let Some(cluster) = own("fsync = off").map(Arc::new) else { return };
    let store = cuttable(&cluster);
    let schema = store.link.address().schema().to_owned();
    let server = Arc::clone(&cluster);
    // The server goes with it, so that no second try succeeds.
    store.before_commit.set(move || server.kill());
    let address = Address::parse(&cluster.address(), &schema).unwrap();
    let (impatient, _) = PostgresCaptures::open_with(address, Duration::ZERO).unwrap();
    let impatient = PostgresCaptures { before_commit: store.before_commit.clone(), ..impatient };
    let batch = CaptureBatch { captures: many(700), marks: vec![mark("file-000.warc.gz", 7)] };
    let why = impatient.apply(batch.clone()).unwrap_err();
    assert_eq!(why.kind, ArchiveErrorKind::Away, "{why}");
    cluster.begin();
    assert_eq!(count(&impatient), 0);
    assert_eq!(impatient.mark_of("file-000.warc.gz").unwrap(), Some(mark("file-000.warc.gz", 0)));
    assert_eq!(impatient.apply(batch).unwrap().added, 700);
}

#[test]
fn a_restart_of_the_server_is_waited_for_by_scans_and_batches() {
    // With its syncs: what was answered has to be there after a crash.
    let Some(cluster) = own("").map(Arc::new) else { return };
    let store = fresh(&cluster);
    let all = many(6_000);
    for part in all[..4_000].chunks(1_000) {
        add(&store, part);
    }
    let mut scan = store.scan(&Query::everything());
    let first: Vec<Capture> = scan.by_ref().take(100).map(Result::unwrap).collect();
    cluster.kill();
    let restarting = std::thread::spawn({
        let cluster = Arc::clone(&cluster);
        move || {
            std::thread::sleep(Duration::from_millis(700));
            cluster.begin();
        }
    });
    // Both are asked for while there is no server.
    assert_eq!(add(&store, &all[4_000..4_400]).added, 400);
    restarting.join().unwrap();
    let rest: Vec<Capture> = scan.map(Result::unwrap).collect();
    let mut seen: Vec<u64> = first.iter().chain(&rest).map(|one| one.offset).collect();
    seen.sort_unstable();
    // What came behind the scan's place meanwhile may be seen or not; nothing else is missing.
    let before: Vec<u64> = seen.iter().copied().filter(|n| *n < 4_000).collect();
    assert_eq!(before, (0..4_000).collect::<Vec<u64>>());
    seen.dedup();
    assert_eq!(seen.len(), first.len() + rest.len(), "nothing comes twice");
    // Restarted again and again while batches are put in.
    let worker = std::thread::spawn(move || {
        let mut added = 0;
        for part in all[4_400..].chunks(40) {
            added += add(&store, part).added;
        }
        (store, added)
    });
    for _ in 0..3 {
        cluster.kill();
        cluster.begin();
        std::thread::sleep(Duration::from_millis(200));
    }
    let (store, added) = worker.join().unwrap();
    // A commit whose answer was lost is known at the second try.
    assert!(added <= 1_600);
    assert_eq!(count(&store), 6_000);
    assert_eq!(list(store.scan(&Query::everything())).len(), 6_000);
}

#[test]
fn a_server_that_stays_away_is_named_and_used_again_when_it_is_back() {
    let Some(cluster) = own("fsync = off") else { return };
    let patience = Duration::from_millis(1_500);
    let address = cluster.address().replace("pressmark@", "pressmark:hunter2@");
    let address = Address::parse(&address, "news").unwrap();
    let (store, notes) = PostgresCaptures::open_with(address, patience).unwrap();
    assert!(notes[0].contains("schema news"), "{notes:?}");
    add(&store, &many(3));
    cluster.kill();
    let began = Instant::now();
    let why = store.by_payload(&DigestAlgorithm::Sha1.digest(b"x")).unwrap_err();
    assert!(began.elapsed() >= Duration::from_millis(200), "it is tried for a while");
    assert_eq!(why.kind, ArchiveErrorKind::Away);
    let place = format!("127.0.0.1:{}/postgres", cluster.port());
    assert!(why.to_string().contains(&place), "{why}");
    assert!(!why.to_string().contains("hunter2"), "{why}");
    let began = Instant::now();
    assert!(store.scan(&Query::everything()).next().unwrap().is_err());
    assert!(began.elapsed() < patience, "and not again, as long as nothing was answered");
    cluster.begin();
    assert_eq!(list(store.scan(&Query::everything())).len(), 3);
}

#[test]
fn the_tables_are_made_once_however_many_begin() {
    let Some(cluster) = shared() else { return };
    let schema = fresh_schema();
    let notes: usize = std::thread::scope(|scope| {
        let open = || {
            let address = Address::parse(&cluster.address(), &schema).unwrap();
            PostgresCaptures::open(address).unwrap().1.len()
        };
        let openers: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
        openers.into_iter().map(|opener| opener.join().unwrap()).sum()
    });
    assert_eq!(notes, 1, "one made them, and said so");
    let versions =
        cluster.sql(&format!("SELECT count(*), max(version) FROM {schema}.schema_version"));
    assert_eq!(versions, "4|4");
}

#[test]
fn tables_of_a_newer_program_are_refused_by_number() {
    let Some(cluster) = shared() else { return };
    let store = fresh(cluster);
    let schema = store.link.address().schema();
    cluster.sql(&format!("INSERT INTO {schema}.schema_version VALUES (99)"));
    let address = Address::parse(&cluster.address(), schema).unwrap();
    let why = PostgresCaptures::open(address).unwrap_err();
    assert_eq!(why.kind, ArchiveErrorKind::Newer { found: 99, known: 4 }, "{why}");
}

#[test]
fn a_user_that_may_only_read_reads_and_learns_what_writing_needs() {
    let Some(cluster) = shared() else { return };
    let store = fresh(cluster);
    add(&store, &many(5));
    let schema = store.link.address().schema();
    cluster.sql(&format!(
        "CREATE ROLE reader_{schema} LOGIN; GRANT USAGE ON SCHEMA {schema} TO reader_{schema};
         GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader_{schema}"
    ));
    let text = cluster.address().replace("pressmark@", &format!("reader_{schema}@"));
    let address = Address::parse(&text, schema).unwrap();
    let (reader, notes) = PostgresCaptures::open(address.clone()).unwrap();
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!(list(reader.scan(&Query::everything())).len(), 5);
    let batch = CaptureBatch { captures: many(9), marks: Vec::new() };
    let why = reader.apply(batch).unwrap_err();
    assert_eq!(why.kind, ArchiveErrorKind::ReadOnly, "{why}");
    let rights = Rights::of(address).unwrap();
    assert!(rights.to_string().contains("have version 4"), "{rights}");
    let lacking = rights.lacking().join("\n");
    let grant = format!("GRANT INSERT ON {schema}.capture TO reader_{schema}");
    assert!(lacking.contains(&grant) && !lacking.contains("SELECT"), "{lacking}");
    let whole = Address::parse(&cluster.address(), schema).unwrap();
    assert_eq!(Rights::of(whole).unwrap().lacking(), Vec::<String>::new());
    let unknown =
        Address::parse(&cluster.address().replace("/postgres?", "/nothing?"), "a").unwrap();
    let began = Instant::now();
    let why = Rights::of(unknown).unwrap_err();
    assert!(why.to_string().contains("\"nothing\" does not exist"), "{why}");
    assert!(began.elapsed() < crate::postgres::pool::PATIENCE, "waiting does not help");
}

/// A certificate for 127.0.0.1 in `dir`, and the text of its root.
fn certificate(dir: &std::path::Path) -> String {
    let mut root = rcgen::CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root_key = rcgen::KeyPair::generate().unwrap();
    let root_pem = root.self_signed(&root_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(root, root_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    std::fs::write(dir.join("server.crt"), leaf.pem()).unwrap();
    std::fs::write(dir.join("server.key"), key.serialize_pem()).unwrap();
    root_pem
}

#[test]
fn over_tls_the_certificate_has_to_hold() {
    let Some(cluster) = own("fsync = off") else { return };
    let root = certificate(cluster.dir());
    let roots_file = cluster.dir().join("root.pem");
    std::fs::write(&roots_file, root).unwrap();
    // Written by another user than the server's; the server itself takes its own copy, with the rights
    // that it wants.
    let dir = cluster.dir().display();
    std::fs::set_permissions(
        cluster.dir().join("server.key"),
        std::os::unix::fs::PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    cluster.sql(&format!(
        "COPY (SELECT 1) TO PROGRAM 'cp {dir}/server.crt {dir}/server.key {dir}/data/ && chmod 600 {dir}/data/server.key'"
    ));
    cluster.sql("ALTER SYSTEM SET ssl = on");
    cluster.kill();
    cluster.begin();
    let text = cluster.address().replace("sslmode=disable", "sslmode=require");
    let address = Address::parse(&text, "a").unwrap();
    let (store, _) =
        PostgresCaptures::open(address.clone().with_roots(Some(roots_file.clone()))).unwrap();
    add(&store, &many(700));
    assert_eq!(count(&store), 700);
    let secured = "SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'pressmark'";
    assert_eq!(cluster.sql(secured), "t");
    let began = Instant::now();
    for text in [&*text, &text.replace("sslmode=require", "sslmode=prefer")] {
        let unknown = Address::parse(text, "a").unwrap();
        let why = PostgresCaptures::open(unknown).unwrap_err();
        assert!(why.to_string().contains("certificate"), "{why}");
    }
    let other = text.replace("127.0.0.1", "localhost");
    let other = Address::parse(&other, "a").unwrap().with_roots(Some(roots_file));
    let why = PostgresCaptures::open(other).unwrap_err();
    assert!(why.to_string().contains("certificate"), "another name: {why}");
    assert!(began.elapsed() < crate::postgres::pool::PATIENCE, "waiting does not help");
}
