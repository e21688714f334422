//! The archive for one process alone, before a record of it is removed.
//!
//! No other process writes, and none stays that answers from it: a server would go on sending what it has in memory. Commands
//! that give one answer wait for the index meanwhile.

use std::fs::File;
use std::sync::Arc;

use crate::archive::{ArchiveError, ArchiveErrorKind, CaptureStore};

use super::StoreError;
use super::catch_up::Reindexed;
use super::error::index_error;
use super::layout::Layout;
use super::lock::Lock;
use super::lookup::Reader;
use super::open::{Stay, caught_up, options, place};
use super::reindex::{rebuilt, rebuilt_given};

/// The archive for this process alone, until it is dropped.
#[derive(Debug)]
pub struct Alone {
    layout: Layout,
    writer: Lock,
    /// Where the archive keeps its index itself.
    _owner: Option<File>,
    _stay: File,
    /// Where captures are kept elsewhere.
    given: Option<Arc<dyn CaptureStore>>,
    cache_bytes: u64,
}

impl Alone {
    /// Takes the archive, its captures kept by `given` or in its own index. Nothing of it is changed.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process writes, and [`StoreError::InUse`] where one answers from it.
    pub fn take(
        layout: Layout,
        given: Option<Arc<dyn CaptureStore>>,
        cache_bytes: u64,
    ) -> Result<Self, StoreError> {
        layout.check()?;
        let writer = Lock::take(&layout)?;
        let in_use = |error: ArchiveError| match error.kind {
            ArchiveErrorKind::Busy => StoreError::InUse,
            _ => index_error("taking")(error),
        };
        let place = place(&layout);
        let stay = place.stay_alone().map_err(in_use)?;
        let owner = match given {
            Some(_) => None,
            None => Some(place.claim().map_err(in_use)?),
        };
        Ok(Self { layout, writer, _owner: owner, _stay: stay, given, cache_bytes })
    }

    /// The writer's lock.
    #[must_use]
    pub fn writer(&self) -> &Lock {
        &self.writer
    }

    /// What `ask` finds in the archive.
    ///
    /// # Errors
    /// When the captures cannot be opened.
    pub fn read<T>(&self, ask: impl FnOnce(&Reader) -> T) -> Result<T, StoreError> {
        if let Some(given) = &self.given {
            let (reader, _) =
                Reader::open_given(self.layout.clone(), Arc::clone(given), Stay::Brief)?;
            return Ok(ask(&reader));
        }
        let (index, _) = caught_up(&self.layout, &options(self.cache_bytes, Stay::Brief))
            .map_err(index_error("opening"))?;
        let index: Arc<dyn CaptureStore> = Arc::new(index);
        let answer = ask(&Reader::over(self.layout.clone(), Arc::clone(&index)));
        index.close().map_err(index_error("closing"))?;
        Ok(answer)
    }

    /// Rebuilds what is known of the captures from the WARC files alone.
    ///
    /// # Errors
    /// When the disk fails, or what keeps the captures.
    pub fn reindex(&self) -> Result<Reindexed, StoreError> {
        match &self.given {
            Some(given) => rebuilt_given(&self.layout, &**given, &mut |_| {}),
            None => rebuilt(&self.layout, self.cache_bytes, &mut |_| {}),
        }
    }

    /// Lets other processes answer from the archive again; none writes before the lock is dropped.
    #[must_use]
    pub fn share(self) -> Lock {
        self.writer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_is_alone_and_those_that_stay_keep_it_from_that() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        layout.create().unwrap();
        let take = || Alone::take(layout.clone(), None, 4 << 20);
        let read = |stay| Reader::open_for(layout.clone(), 4 << 20, stay);
        // An owner of the index, one that asks it, and one that asks where the owner has ended.
        let owner = read(Stay::Brief).unwrap();
        assert!(matches!(take(), Err(StoreError::InUse)));
        let asker = read(Stay::Long).unwrap();
        drop(owner);
        assert!(matches!(take(), Err(StoreError::InUse)));
        drop(asker);
        let writer = Lock::take(&layout).unwrap();
        assert!(matches!(take(), Err(StoreError::Locked { .. })));
        drop(writer);
        let alone = take().unwrap();
        assert_eq!(alone.read(|reader| reader.marks().unwrap().len()).unwrap(), 0);
        alone.reindex().unwrap();
        assert!(matches!(take(), Err(StoreError::Locked { .. })));
        let writer = alone.share();
        assert!(read(Stay::Long).is_ok());
        assert!(matches!(take(), Err(StoreError::Locked { .. })));
        drop(writer);
        assert!(take().is_ok());
    }
}
