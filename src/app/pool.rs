//! Threads for work that blocks (the index, WARC files, extraction), for callers in async code.
//!
//! A pool runs a bounded number of jobs at once and lets a bounded number wait; further jobs are
//! refused at once, so that load shows as refusals and never as memory. A job cannot be interrupted: one
//! whose caller went away runs to its end.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Why a job gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// The maximum number of jobs is waiting.
    #[error("too many requests are waiting")]
    Full,
    /// The job panicked.
    #[error("the work was aborted")]
    Broken,
}

/// Runs jobs that block. Clones share the threads.
#[derive(Debug, Clone)]
pub struct Pool {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Pool {
    /// A pool that runs at most `threads` jobs at once, while at most `waiting_max` more wait.
    #[must_use]
    pub fn new(threads: usize, waiting_max: usize) -> Self {
        let threads = threads.clamp(1, 256);
        let admitted = threads.saturating_add(waiting_max).min(Semaphore::MAX_PERMITS);
        Self {
            running: Arc::new(Semaphore::new(threads)),
            admitted: Arc::new(Semaphore::new(admitted)),
        }
    }

    /// The result of the job.
    ///
    /// # Errors
    /// When too many jobs wait, or the job panics.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned();
        let admitted = admitted.map_err(|_| PoolError::Full)?;
        self.run_admitted(job, admitted).await
    }

    /// The same for a job that continues one that was admitted before: it is never refused.
    ///
    /// # Errors
    /// When the job panics.
    pub async fn go_on<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolError> {
        self.run_admitted(job, ()).await
    }

    async fn run_admitted<T: Send + 'static, P: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
        admitted: P,
    ) -> Result<T, PoolError> {
        // The semaphore is never closed.
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.map_err(|_| PoolError::Broken)?;
        let done = tokio::task::spawn_blocking(move || {
            // Both are released when the job is done, and not when its caller goes away.
            let _permits = (running, admitted);
            job()
        });
        done.await.map_err(|_| PoolError::Broken)
    }

    /// How many jobs run or wait.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.running.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn what_is_too_much_is_refused_and_a_broken_job_breaks_nothing_else() {
        let pool = Pool::new(1, 1);
        let (release, released) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move || released.recv().is_ok()).await }
        });
        while pool.idle() > 0 {
            tokio::task::yield_now().await;
        }
        let second = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(|| panic!("broken")).await }
        });
        while pool.admitted.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|| 3).await, Err(PoolError::Full));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(true));
        let broken: Result<(), PoolError> = second.await.unwrap();
        assert_eq!(broken, Err(PoolError::Broken));
        assert_eq!(pool.run(|| 3).await, Ok(3));
    }
}
