//! Parts of pages that are rendered, beside the URLs of a shared queue.

use super::*;
use crate::schedule::PartTurn;

fn is_elsewhere(turn: PartTurn) -> bool {
    matches!(turn, PartTurn::Elsewhere(_))
}

#[test]
fn a_part_of_a_page_is_asked_for_under_a_lease_of_its_host_beside_the_page_itself() {
    let Some(cluster) = shared() else { return };
    let schema = fresh_schema();
    let options = || SharedOptions {
        write_every: Duration::from_millis(50),
        ..SharedOptions::new("renders")
    };
    let mut renders = worker(cluster, &schema, options());
    let mut other = worker(cluster, &schema, SharedOptions::new("other"));
    let urls = vec![found("http://page.example/1", 0), found("http://parts.example/1", 100_000)];
    renders.add_all(urls, second(0)).unwrap();
    renders.checkpoint(second(0)).unwrap();
    let claim = take(&mut renders, 0).unwrap();
    let (own, parts) = (claim.host.clone(), HostKey::new("parts.example"));
    // Beside the page that is in flight, which its own turn does not wait for.
    let turn = |queue: &mut SharedFrontier, host: &HostKey| {
        Queue::turn_of_part(queue, host, second(0)).unwrap()
    };
    assert_eq!(turn(&mut renders, &own), PartTurn::Go);
    assert!(is_elsewhere(turn(&mut other, &own)));
    // A host that no worker holds is leased for it, whatever is due of it.
    assert_eq!(turn(&mut renders, &parts), PartTurn::Go);
    assert!(renders.guard(&parts).unwrap().holds());
    assert!(is_elsewhere(turn(&mut other, &parts)));
    Queue::begin_part(&mut renders, &parts);
    // While it is asked for, the host stays: for longer than what is kept for the next part of the page.
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2_600) {
        renders.mind(second(0)).unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(renders.guard(&parts).unwrap().holds(), "it is being asked");
    assert!(is_elsewhere(turn(&mut other, &parts)));
    // Its pause stays with it for the next worker that leases it.
    renders.pace_host(&parts, second(0).plus(Duration::from_secs(20)), second(0)).unwrap();
    Queue::end_part(&mut renders, &parts);
    assert!(matches!(turn(&mut renders, &parts), PartTurn::Wait(_)), "it is paced");
    let began = Instant::now();
    let last = loop {
        // As the loop of a crawl does: asking for the next URL gives back hosts that are not needed.
        assert!(!matches!(renders.next(second(0), &mut |_| false).unwrap(), Next::Ready(_)));
        let turn = turn(&mut other, &parts);
        if !is_elsewhere(turn) {
            break turn;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "it is given back when it is of no use");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(matches!(last, PartTurn::Wait(_)), "{last:?}");
    // The page's own host is held as long as the page is rendered.
    assert!(renders.is_held(&claim));
    renders.finish(claim, retired(), second(0)).unwrap();
}

#[test]
fn a_host_that_was_lost_while_a_part_was_asked_for_is_not_asked_beside_it() {
    let Some(cluster) = shared() else { return };
    let schema = fresh_schema();
    let mut renders = worker(cluster, &schema, short("renders"));
    let parts = HostKey::new("parts.example");
    let turn = |queue: &mut SharedFrontier| Queue::turn_of_part(queue, &parts, second(0)).unwrap();
    assert_eq!(turn(&mut renders), PartTurn::Go);
    Queue::begin_part(&mut renders, &parts);
    let before = renders.guard(&parts).unwrap();
    let epoch = renders.epoch_of(&parts);
    // Paused for longer than the lease, and meanwhile another one had it and gave it back.
    std::thread::sleep(Duration::from_millis(1_000));
    assert!(!before.lasts(), "what is under way is cut off");
    let mut other = worker(cluster, &schema, SharedOptions::new("other"));
    assert_eq!(turn(&mut other), PartTurn::Go);
    other.checkpoint(second(0)).unwrap();
    renders.pace_host(&parts, second(0), second(0)).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    renders.mind(second(0)).unwrap();
    assert_eq!(renders.epoch_of(&parts), None, "it was lost");
    // It comes back with the next part, which waits for the one before to end.
    assert!(matches!(turn(&mut renders), PartTurn::Wait(_)));
    assert!(renders.epoch_of(&parts) > epoch);
    assert!(!before.lasts());
    Queue::end_part(&mut renders, &parts);
    assert_eq!(turn(&mut renders), PartTurn::Go);
}
