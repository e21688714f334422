//! A queue's tree after a loss of power.
//!
//! The journal comes before the tree, but the system may write either to the disk first: after a
//! loss of power the tree may hold changes whose frames are gone, the last of them in part. Each
//! change stands for itself, and whichever of them are left make a queue of some earlier moment;
//! what is repaired here is a change of which only a part was written. This does not know what
//! is due.

use super::change::{ScheduleError, place_of};
use super::entry::{Entry, Place, url_digest, url_key};
use crate::kv::Tree;

/// Makes places and digests consistent again; how many had to be changed. To be called after the
/// journal was replayed. Where a URL has two places, the one that its digest names stays.
pub(super) fn mend(tree: &Tree) -> Result<u64, ScheduleError> {
    let mut mended = 0;
    for item in tree.scan_prefix(b"q") {
        let (key, value) = item?;
        let read = Place::of_key(&key).zip(Entry::of_bytes(&value));
        let Some((place, entry)) = read else {
            // Nothing that can be asked for; the journal held it, or it was never acknowledged.
            tree.remove(&key)?;
            mended += 1;
            continue;
        };
        let digest = url_digest(&entry.uri);
        let named = place_of(tree, place.host, &digest)?;
        if named == Some(place) {
            continue;
        }
        mended += 1;
        match named {
            Some(named) if tree.contains(&named.key())? => tree.remove(&key)?,
            _ => tree.insert(&url_key(place.host, &digest), &place.tail())?,
        };
    }
    for item in tree.scan_prefix(b"u") {
        let (key, tail) = item?;
        let host = key.get(1..5).and_then(|host| host.try_into().ok()).map(u32::from_be_bytes);
        let place = host.and_then(|host| Place::of_tail(host, &tail));
        if !place.map_or(Ok(false), |place| tree.contains(&place.key()))? {
            tree.remove(&key)?;
            mended += 1;
        }
    }
    Ok(mended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TargetUri;
    use crate::kv::{Kv, KvOptions};
    use crate::schedule::entry::{Lane, Phase, Priority};

    fn place(due: i64) -> Place {
        Place { host: 3, job: 0, lane: Lane::new(Phase::Queued, Priority::Normal), due, seq: 7 }
    }

    #[test]
    fn a_url_has_one_place_whichever_half_of_a_change_is_left() {
        let uri = TargetUri::parse("http://a.example/1").unwrap();
        let name = url_key(3, &url_digest(&uri));
        let entry = Entry::of_seed(uri);
        let (old, new) = (place(1), place(2));
        // The places that are there, the one that the digest names, and the one that stays.
        for (there, named, stays, changes) in [
            (vec![old], Some(old), Some(old), 0),
            (vec![old, new], Some(old), Some(old), 1),
            (vec![new], Some(old), Some(new), 1),
            (vec![new], None, Some(new), 1),
            (vec![], Some(old), None, 1),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let (kv, _) = Kv::open(dir.path(), &KvOptions::default()).unwrap();
            let tree = kv.tree("t").unwrap();
            for place in &there {
                tree.insert(&place.key(), &entry.to_bytes()).unwrap();
            }
            if let Some(named) = named {
                tree.insert(&name, &named.tail()).unwrap();
            }
            assert_eq!(mend(&tree).unwrap(), changes, "{there:?}");
            let left: Vec<Place> = tree
                .scan_prefix(b"q")
                .map(|item| Place::of_key(&item.unwrap().0).unwrap())
                .collect();
            assert_eq!(left, stays.into_iter().collect::<Vec<_>>());
            let digest: [u8; 16] = name[5..].try_into().unwrap();
            assert_eq!(place_of(&tree, 3, &digest).unwrap(), stays);
            assert_eq!(mend(&tree).unwrap(), 0, "once is enough");
        }
        // What cannot be read is not a URL.
        let dir = tempfile::tempdir().unwrap();
        let (kv, _) = Kv::open(dir.path(), &KvOptions::default()).unwrap();
        let tree = kv.tree("t").unwrap();
        tree.insert(&old.key(), b"").unwrap();
        assert_eq!(mend(&tree).unwrap(), 1);
        assert!(tree.scan_prefix(b"q").next().is_none());
    }
}
