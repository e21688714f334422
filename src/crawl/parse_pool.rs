//! The threads on which captured pages are read: as many as there are cores, for as long as the crawl
//! lives.
//!
//! Reading a page (unpacking, parsing, comparing) is work of the processor, so more threads read
//! nothing sooner; but each would have an allocator's arena of its own, which keeps the most that was
//! ever taken from it. tokio's pool for what blocks has a thread for every task that finds none idle,
//! which with sixty pages in flight is eighty of them and a third of the crawl's memory. What this
//! deliberately does not do: wait for a disk or a network; that is left to tokio's pool.
//!
//! What reads a page counts its steps and ends; should it not, the page is given up after a while and
//! another thread takes the place of the one that is still at it, since no thread can be ended from
//! outside. The number of such places is bounded; past that, pages are kept unread until a thread is free
//! again.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::outcome::Unread;
use super::stop::Stop;
use super::timer::Timer;

/// This many threads that are still at pages that were given up are replaced.
const REPLACED_MAX: usize = 8;
/// The same of those that take much memory.
const REPLACED_ALONE_MAX: usize = 2;
/// After a stop was asked for, a page may be read for this long.
const STOP_GRACE: Duration = Duration::from_secs(1);

type Work = Box<dyn FnOnce() -> Thread + Send>;

/// What becomes of a thread that has done its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thread {
    GoesOn,
    /// Another one has its place.
    Ends,
}

/// How long the caller waits for a reading. A time that stands still while work is under way
/// bounds nothing.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    /// Time.
    pub timer: Arc<dyn Timer>,
    /// How long one page may take.
    pub most: Duration,
    /// The wish to stop.
    pub stop: Stop,
}

/// The threads; they end when the last handle is gone and what was handed to them is done. What waits
/// for them is bounded by the caller: a crawl has no more pages in flight than `hosts_max`.
#[derive(Debug, Clone)]
pub struct ParsePool(Arc<Pools>);

#[derive(Debug)]
struct Pools {
    beside: Pool,
    /// The one thread for what takes much memory, so that what one such page took serves the next.
    alone: Pool,
    /// Under what names something was given up that is still being read.
    stuck: Arc<Mutex<HashSet<String>>>,
}

/// Threads that take the same work.
#[derive(Debug)]
struct Pool {
    name: &'static str,
    /// None where the system gave no thread: then the caller does the work.
    send: Option<Sender<Work>>,
    receive: Arc<Mutex<Receiver<Work>>>,
    /// How much work was begun.
    begun: Arc<AtomicU64>,
    /// How many places were taken over, and may be.
    replaced: Arc<AtomicUsize>,
    replaced_max: usize,
}

/// How far a piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waits,
    Begun,
    GivenUp(Thread),
    Done,
}

impl ParsePool {
    /// One thread a core, and two at least, so that one long page does not hold up all others.
    #[must_use]
    pub fn per_core() -> Self {
        Self::new(std::thread::available_parallelism().map_or(2, usize::from).max(2))
    }

    fn new(count: usize) -> Self {
        Self(Arc::new(Pools {
            beside: Pool::new("page-reader", count, REPLACED_MAX),
            alone: Pool::new("large-page-reader", count.min(1), REPLACED_ALONE_MAX),
            stuck: Arc::default(),
        }))
    }

    /// How many pages were given up and are still being read.
    #[must_use]
    pub fn stuck(&self) -> usize {
        lock(&self.0.stuck).len()
    }

    /// Runs `task` on one of the threads when its turn has come, in the order of arrival. `name`
    /// identifies what is read: what was given up and is still being read is not begun a second time.
    ///
    /// # Errors
    /// Why there is no answer: it panicked, took too long, or a stop was asked for.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        name: &str,
        patience: &Patience,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unread> {
        self.hand_to(&self.0.beside, name, patience, task).await
    }

    /// Runs `task` on a thread of its own for such tasks, one at a time.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(super) async fn run_alone<T: Send + 'static>(
        &self,
        name: &str,
        patience: &Patience,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unread> {
        self.hand_to(&self.0.alone, name, patience, task).await
    }

    async fn hand_to<T: Send + 'static>(
        &self,
        pool: &Pool,
        name: &str,
        patience: &Patience,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unread> {
        if lock(&self.0.stuck).contains(name) {
            return Err(Unread::TooLong);
        }
        let (answer, mut answered) = oneshot::channel();
        let (begins, begun) = oneshot::channel::<()>();
        let stage = Arc::new(Mutex::new(Stage::Waits));
        let (own, stuck, owned) = (Arc::clone(&stage), Arc::clone(&self.0.stuck), name.to_owned());
        let (count, replaced) = (Arc::clone(&pool.begun), Arc::clone(&pool.replaced));
        let work = move || {
            {
                let mut stage = lock(&own);
                if *stage != Stage::Waits {
                    return Thread::GoesOn;
                }
                *stage = Stage::Begun;
            }
            count.fetch_add(1, Ordering::SeqCst);
            // The caller may have stopped waiting, here and below.
            let _ = begins.send(());
            let done = catch_unwind(AssertUnwindSafe(task)).map_err(|panic| said(&*panic));
            let stage = std::mem::replace(&mut *lock(&own), Stage::Done);
            drop(answer.send(done));
            let Stage::GivenUp(thread) = stage else { return Thread::GoesOn };
            lock(&stuck).remove(&owned);
            if thread == Thread::Ends {
                replaced.fetch_sub(1, Ordering::SeqCst);
            }
            thread
        };
        let left = match &pool.send {
            Some(send) => send.send(Box::new(work)).map_err(|left| left.0),
            None => Err(Box::new(work) as Work),
        };
        if let Err(work) = left {
            work();
        }
        let why = tokio::select! {
            biased;
            done = &mut answered => return result_of(done),
            why = patience.ends(begun, &pool.begun) => why,
        };
        if self.give_up(pool, name, &stage) { Err(why) } else { result_of(answered.await) }
    }

    /// Gives up what is not done yet, and puts another thread in the place of one that is at it. False
    /// where it is done.
    fn give_up(&self, pool: &Pool, name: &str, stage: &Mutex<Stage>) -> bool {
        let mut stage = lock(stage);
        match *stage {
            Stage::Done => return false,
            Stage::Waits | Stage::GivenUp(_) => *stage = Stage::GivenUp(Thread::GoesOn),
            Stage::Begun => {
                lock(&self.0.stuck).insert(name.to_owned());
                let thread = if pool.replace_one() { Thread::Ends } else { Thread::GoesOn };
                *stage = Stage::GivenUp(thread);
            }
        }
        true
    }
}

impl Pool {
    fn new(name: &'static str, count: usize, replaced_max: usize) -> Self {
        let (send, receive) = channel();
        let (begun, replaced) = (Arc::default(), Arc::default());
        let receive = Arc::new(Mutex::new(receive));
        let mut pool = Self { name, send: None, receive, begun, replaced, replaced_max };
        let threads = (0..count).filter(|_| pool.begin()).count();
        pool.send = (threads > 0).then_some(send);
        pool
    }

    /// Begins a thread; false where the system gives none.
    fn begin(&self) -> bool {
        let receive = Arc::clone(&self.receive);
        let thread = std::thread::Builder::new().name(self.name.to_owned());
        thread.spawn(move || serve(&receive)).is_ok()
    }

    /// Begins one in the place of one that is stuck; false where there are enough of these.
    fn replace_one(&self) -> bool {
        let may = self.replaced.load(Ordering::SeqCst) < self.replaced_max;
        let is_replaced = may && self.begin();
        self.replaced.fetch_add(usize::from(is_replaced), Ordering::SeqCst);
        is_replaced
    }
}

impl Patience {
    /// Returns when the task is no longer waited for, and says why. `begun` signals that the page has
    /// its turn, `others` counts those that had theirs.
    async fn ends(&self, begun: oneshot::Receiver<()>, others: &AtomicU64) -> Unread {
        if self.timer.stands_still() {
            return std::future::pending().await;
        }
        let after = |time: Duration| {
            let at = self.timer.clock().now().plus(time);
            async move { self.timer.wait_until(at).await }
        };
        // Waiting for a turn counts for nothing as long as others get theirs.
        let no_turn = async {
            loop {
                let before = others.load(Ordering::SeqCst);
                after(self.most).await;
                if others.load(Ordering::SeqCst) == before {
                    return;
                }
            }
        };
        let too_long = async {
            tokio::select! {
                biased;
                Ok(()) = begun => after(self.most).await,
                () = no_turn => {}
            }
            Unread::TooLong
        };
        let stopped = async {
            self.stop.wait().await;
            after(STOP_GRACE).await;
            Unread::Stopped
        };
        tokio::select! {
            why = too_long => why,
            why = stopped => why,
        }
    }
}

/// A lock whose owner broke holds nothing that is half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn result_of<T>(done: Result<Result<T, String>, oneshot::error::RecvError>) -> Result<T, Unread> {
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(why)) => Err(Unread::Broken(why)),
        Err(_) => Err(Unread::Broken("it was never started".to_owned())),
    }
}

fn serve(receive: &Mutex<Receiver<Work>>) {
    loop {
        // The lock is held while waiting: the others wait for the lock instead.
        let work = lock(receive).recv();
        match work.map(|work| work()) {
            Ok(Thread::GoesOn) => {}
            Ok(Thread::Ends) | Err(_) => return,
        }
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, Timestamp};
    use crate::crawl::{ManualTimer, RealTimer};

    /// Patience without an end.
    fn patience() -> Patience {
        let clock = Arc::new(ManualClock::new(Timestamp::from_unix_seconds(0)));
        Patience {
            timer: Arc::new(ManualTimer(clock)),
            most: Duration::ZERO,
            stop: Stop::default(),
        }
    }

    /// Patience that ends after this many milliseconds of the machine's clock.
    fn impatience(most: u64) -> Patience {
        let clock = Arc::new(crate::base::SystemClock);
        let most = Duration::from_millis(most);
        Patience { timer: Arc::new(RealTimer(clock)), most, stop: Stop::default() }
    }

    #[tokio::test]
    async fn all_work_is_done_and_on_no_more_threads_than_there_are() {
        let readers = ParsePool::new(3);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..300_u32 {
            let readers = readers.clone();
            tasks.spawn(async move {
                readers.run("", &patience(), move || (n, std::thread::current().id())).await
            });
        }
        let done: Vec<_> = tasks.join_all().await.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().map(|(n, _)| *n).collect::<HashSet<_>>().len(), 300);
        assert!(done.iter().map(|(_, thread)| *thread).collect::<HashSet<_>>().len() <= 3);
    }

    #[tokio::test]
    async fn work_that_panics_is_reported_and_the_thread_goes_on() {
        let readers = ParsePool::new(1);
        for (say, want) in [("a word", "a word"), ("and 2", "and 2")] {
            let result: Result<(), Unread> =
                readers.run("", &patience(), move || panic!("{say}")).await;
            assert_eq!(result, Err(Unread::Broken(want.to_owned())));
        }
        assert_eq!(readers.run("", &patience(), || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn what_is_to_be_alone_is_alone_and_holds_up_nothing() {
        let readers = ParsePool::new(3);
        let (go, wait) = channel::<()>();
        let slow = readers.clone();
        let slow =
            tokio::spawn(async move { slow.run_alone("", &patience(), move || wait.recv()).await });
        let here = |readers: ParsePool| async move {
            readers.run_alone("", &patience(), || std::thread::current().id()).await
        };
        let (one, other) =
            (tokio::spawn(here(readers.clone())), tokio::spawn(here(readers.clone())));
        for n in 0..10 {
            let beside = readers.run("", &patience(), move || n).await;
            assert_eq!(beside, Ok(n), "those beside go on");
        }
        go.send(()).unwrap();
        slow.await.unwrap().unwrap().unwrap();
        assert_eq!(one.await.unwrap(), other.await.unwrap(), "one thread");
    }

    #[tokio::test]
    async fn work_without_a_waiter_is_done_all_the_same() {
        let readers = ParsePool::new(1);
        let (sender, receiver) = channel();
        let patience = patience();
        let task = readers.run("", &patience, move || sender.send(1));
        drop(tokio::time::timeout(Duration::ZERO, task).await);
        let value = tokio::task::spawn_blocking(move || receiver.recv()).await;
        assert_eq!(value.unwrap(), Ok(1));
    }

    #[tokio::test]
    async fn without_a_thread_the_one_who_asks_does_the_work() {
        let readers = ParsePool::new(0);
        assert_eq!(readers.run("", &patience(), || 7).await, Ok(7));
        assert_eq!(readers.run_alone("", &patience(), || 7).await, Ok(7));
    }

    #[tokio::test]
    async fn what_takes_too_long_is_given_up_and_its_place_is_taken() {
        for (is_alone, replaced_max) in [(false, REPLACED_MAX), (true, REPLACED_ALONE_MAX)] {
            let readers = ParsePool::new(1);
            let mut held = Vec::new();
            // More of them than places that are taken over.
            for n in 0..replaced_max + 3 {
                let (lets_go, held_up) = channel::<()>();
                held.push(lets_go);
                let (name, patience) = (n.to_string(), impatience(20));
                let result = match is_alone {
                    false => readers.run(&name, &patience, move || held_up.recv()).await,
                    true => readers.run_alone(&name, &patience, move || held_up.recv()).await,
                };
                assert_eq!(result, Err(Unread::TooLong));
            }
            // The last ones found no thread, and were not begun.
            assert_eq!(readers.stuck(), replaced_max + 1);
            let again = readers.run("0", &impatience(60_000), || 7).await;
            assert_eq!(again, Err(Unread::TooLong), "it is not begun while it goes on");
            drop(held);
            // Each thread that is released ends; the one place that is left continues reading.
            while readers.stuck() > 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(readers.run_alone("0", &patience(), || 7).await, Ok(7));
            assert_eq!(readers.run("0", &patience(), || 7).await, Ok(7));
            for pool in [&readers.0.beside, &readers.0.alone] {
                assert_eq!(pool.replaced.load(Ordering::SeqCst), 0);
            }
        }
    }

    #[tokio::test]
    async fn a_long_queue_is_no_reason_to_give_up() {
        let readers = ParsePool::new(1);
        let patience = Arc::new(impatience(1_000));
        let mut tasks = tokio::task::JoinSet::new();
        // Together they take twice as long as one may.
        for n in 0..20_u32 {
            let (readers, patience) = (readers.clone(), Arc::clone(&patience));
            let task = || std::thread::sleep(Duration::from_millis(100));
            tasks.spawn(async move { readers.run_alone(&n.to_string(), &patience, task).await });
        }
        assert!(tasks.join_all().await.into_iter().all(|done| done == Ok(())));
    }

    #[tokio::test]
    async fn a_stop_waits_for_no_page() {
        let readers = ParsePool::new(1);
        let (lets_go, held_up) = channel::<()>();
        let patience = impatience(60_000);
        patience.stop.ask();
        let result = readers.run("a", &patience, move || held_up.recv()).await;
        assert_eq!(result, Err(Unread::Stopped));
        drop(lets_go);
    }
}
