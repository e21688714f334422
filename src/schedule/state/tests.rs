//! The tree against deaths between its writes.

use super::super::entry::{Lane, Phase, Priority, url_digest};
use super::*;
use crate::base::TargetUri;
use crate::kv::KvOptions;

/// A URL moves from place to place and is forgotten. Whichever writes of whichever change a
/// death let through, the journal's frames bring the state that they say.
#[test]
fn a_death_between_the_writes_of_a_change_is_mended_by_the_journal() {
    let uri = TargetUri::parse("http://a.org/1").unwrap();
    let digest = url_digest(&uri);
    let entry = Entry::of_seed(uri);
    let entry = entry.to_bytes();
    let place = |due| Place {
        host: 3,
        job: 0,
        lane: Lane::new(Phase::Waiting, Priority::Normal),
        due,
        seq: 7,
    };
    let put = |old: Option<i64>, new| Change::Put {
        digest,
        old: old.map(place),
        place: place(new),
        entry: entry.clone(),
    };
    let changes = [
        put(None, 10),
        put(Some(10), 20),
        put(Some(20), 10),
        put(Some(10), 10),
        put(Some(10), 30),
        Change::Remove { digest, place: place(30) },
        put(None, 5),
    ];
    for count in 1..=changes.len() {
        for cut in 0..=changes[count - 1].writes().len() {
            let dir = tempfile::tempdir().unwrap();
            let (kv, _) = Kv::open(dir.path(), &KvOptions::default()).unwrap();
            let tree = kv.tree("t").unwrap();
            for change in &changes[..count - 1] {
                change.apply_to(&tree).unwrap();
            }
            for (key, value) in changes[count - 1].writes().into_iter().take(cut) {
                match value {
                    Some(value) => tree.insert(&key, &value).unwrap(),
                    None => tree.remove(&key).unwrap(),
                };
            }
            for change in &changes[..count] {
                replay(&tree, &change.to_payload(), &mut Replaying::default()).unwrap();
            }
            let expected = match &changes[count - 1] {
                Change::Put { place, .. } => Some(*place),
                _ => None,
            };
            let places: Vec<_> = tree
                .scan_prefix(b"q")
                .map(|item| Place::of_key(&item.unwrap().0).unwrap())
                .collect();
            let known = place_of(&tree, 3, &digest).unwrap();
            assert_eq!(places, Vec::from_iter(expected), "change {count}, {cut} writes");
            assert_eq!(known, expected, "change {count}, {cut} writes");
        }
    }
}
