//! Workers whose queue, captures and evidence log are all reached through pgbouncer by the transaction.

use super::*;
use crate::support::pooler::Pooler;

#[test]
fn workers_and_their_captures_reach_the_database_through_a_pooler() {
    let Some(server) = server() else { return };
    let pooler = match Pooler::before(server.port()) {
        Ok(pooler) => pooler,
        Err(why) => return skipped("pgbouncer", &why),
    };
    const HOSTS: usize = 12;
    let origin = Origin::start(HOSTS, move |host, path, port| page(HOSTS, host, path, port));
    let place = Place::new(&server, HOSTS, "");
    let through = Cluster::address_at(pooler.port());
    let seeds: Vec<String> = (0..HOSTS).map(|n| format!("{:?}", origin.url(n, "/"))).collect();
    place.job(
        "paper",
        &format!("seeds = [{}]\ndepth = 2\n[schedule]\nevery = \"30d\"\n", seeds.join(", ")),
    );
    let given = |worker: usize, args: &[&str]| {
        let mut command = command(&place.root(worker));
        command.arg("--config").arg(&place.config).args(args);
        command.env("PRESSMARK_STORE_FRONTIER", &through);
        command.env("PRESSMARK_STORE_CAPTURES", &through);
        command.env("PRESSMARK_STORE_CAPTURES_SCHEMA", format!("captures_{worker}"));
        command.env("PRESSMARK_STORE_FRONTIER_WORKER", format!("worker {worker}"));
        command
    };
    let checked = given(0, &["config", "check"]).output().unwrap();
    assert_eq!(checked.status.code(), Some(0), "{}", stderr(&checked));
    let begun = Instant::now();
    let watch = |worker: usize| {
        let log = place.dir.path().join(format!("log-{worker}"));
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let mut command = given(worker, &["watch"]);
        Worker(command.stdout(Stdio::null()).stderr(Stdio::from(log)).spawn().unwrap())
    };
    let workers: Vec<Worker> = (0..3).map(watch).collect();
    let all = HOSTS * paths().len();
    wait_for(Duration::from_secs(240), || origin.pages_seen() >= all, &place, "all pages");
    for (n, worker) in workers.into_iter().enumerate() {
        assert_eq!(worker.end(), Some(130), "{}", place.log(n));
        let log = place.log(n);
        assert!(!log.contains(" WARN ") && !log.contains(" ERROR "), "{log}");
    }
    judge(&origin.visits(begun), HOSTS, &[]);
    // Every page is found in the database of the worker that captured it, and its file is complete.
    let mut found = 0;
    for worker in 0..3 {
        let verified = given(worker, &["verify"]).output().unwrap();
        assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
        for host in 0..HOSTS {
            let url = origin.url(host, "/");
            let args = ["captures", &url, "--match", "host", "--format", "json"];
            let listed = json_lines(&given(worker, &args).output().unwrap());
            let is_page = |line: &&serde_json::Value| {
                let url = line["url"].as_str().unwrap();
                url.starts_with("http") && !url.ends_with("/robots.txt")
            };
            found += listed.iter().filter(is_page).count();
        }
    }
    assert_eq!(found, all);
    let counts = server.sql("SELECT phase, count(*) FROM pressmark_frontier.queue_url GROUP BY 1");
    assert_eq!(counts, format!("1|{all}"));
    let why = pooler.log();
    assert!(!why.contains("prepared statement"), "{why}");
}
