//! The threads on which captured pages are read: as many as there are cores, for as long as the crawl
//! lives.
//!
//! Reading a page (unpacking, parsing, comparing) is work of the processor, so more threads read
//! nothing sooner; but each would have an allocator's arena of its own, which keeps the most that was
//! ever taken from it. tokio's pool for what blocks has a thread for every task that finds none idle,
//! which with sixty pages in flight is eighty of them and a third of the crawl's memory. What this
//! deliberately does not do: wait for a disk or a network; that is left to tokio's pool.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// The threads; they end when the last handle is gone and what was handed to them is done. What waits
/// for them is bounded by whoever asks: a crawl has no more pages in flight than `hosts_max`.
#[derive(Debug, Clone)]
pub struct Readers {
    /// None where the system gave no thread: then whoever asks does the work.
    send: Option<Sender<Work>>,
    /// The one thread for what takes much memory, so that what one such page took serves the next.
    alone: Option<Sender<Work>>,
}

impl Readers {
    /// One thread a core, and two at least, so that one long page does not hold up all others.
    #[must_use]
    pub fn one_a_core() -> Self {
        Self::new(std::thread::available_parallelism().map_or(2, usize::from).max(2))
    }

    fn new(count: usize) -> Self {
        let send = begin("page-reader", count);
        let alone = begin("large-page-reader", count.min(1));
        Self { send, alone }
    }

    /// Does `task` on one of the threads when its turn has come; those who came first go first.
    ///
    /// # Errors
    /// When it panicked: what it said.
    pub async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        Self::hand_to(self.send.as_ref(), task).await
    }

    /// Does `task` on a thread of its own for such tasks, one at a time.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_alone<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        Self::hand_to(self.alone.as_ref(), task).await
    }

    async fn hand_to<T: Send + 'static>(
        send: Option<&Sender<Work>>,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        let (answer, answered) = oneshot::channel();
        let work = move || {
            let done = catch_unwind(AssertUnwindSafe(task)).map_err(|panic| said(&*panic));
            // Whoever asked may have stopped waiting.
            drop(answer.send(done));
        };
        let left = match send {
            Some(send) => send.send(Box::new(work)).map_err(|left| left.0),
            None => Err(Box::new(work) as Work),
        };
        if let Err(work) = left {
            work();
        }
        answered.await.unwrap_or_else(|_| Err("it was never begun".to_owned()))
    }
}

/// Begins so many threads that take work; `None` where there is none.
fn begin(name: &str, count: usize) -> Option<Sender<Work>> {
    let (send, receive) = channel();
    let receive = Arc::new(Mutex::new(receive));
    let begun = (0..count).filter(|_| {
        let receive = Arc::clone(&receive);
        let thread = std::thread::Builder::new().name(name.to_owned());
        thread.spawn(move || serve(&receive)).is_ok()
    });
    (begun.count() > 0).then_some(send)
}

fn serve(receive: &Mutex<Receiver<Work>>) {
    loop {
        // The lock is held while waiting: the others wait for the lock instead.
        let work = receive.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match work {
            Ok(work) => work(),
            Err(_) => return,
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
    use std::collections::HashSet;

    #[tokio::test]
    async fn all_work_is_done_and_on_no_more_threads_than_there_are() {
        let readers = Readers::new(3);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..300_u32 {
            let readers = readers.clone();
            tasks.spawn(async move { readers.run(move || (n, std::thread::current().id())).await });
        }
        let done: Vec<_> = tasks.join_all().await.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().map(|(n, _)| *n).collect::<HashSet<_>>().len(), 300);
        assert!(done.iter().map(|(_, thread)| *thread).collect::<HashSet<_>>().len() <= 3);
    }

    #[tokio::test]
    async fn work_that_panics_is_told_and_the_thread_goes_on() {
        let readers = Readers::new(1);
        for (say, want) in [("a word", "a word"), ("and 2", "and 2")] {
            let told: Result<(), String> = readers.run(move || panic!("{say}")).await;
            assert_eq!(told, Err(want.to_owned()));
        }
        assert_eq!(readers.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn what_is_to_be_alone_is_alone_and_holds_up_nothing() {
        let readers = Readers::new(3);
        let (go, wait) = channel::<()>();
        let slow = readers.clone();
        let slow = tokio::spawn(async move { slow.run_alone(move || wait.recv()).await });
        let here = |readers: Readers| async move {
            readers.run_alone(|| std::thread::current().id()).await
        };
        let (one, other) =
            (tokio::spawn(here(readers.clone())), tokio::spawn(here(readers.clone())));
        for n in 0..10 {
            assert_eq!(readers.run(move || n).await, Ok(n), "those beside go on");
        }
        go.send(()).unwrap();
        slow.await.unwrap().unwrap().unwrap();
        assert_eq!(one.await.unwrap(), other.await.unwrap(), "one thread");
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_done_all_the_same() {
        let readers = Readers::new(1);
        let (told, hears) = channel();
        let task = readers.run(move || told.send(1));
        drop(tokio::time::timeout(std::time::Duration::ZERO, task).await);
        let heard = tokio::task::spawn_blocking(move || hears.recv()).await;
        assert_eq!(heard.unwrap(), Ok(1));
    }

    #[tokio::test]
    async fn without_a_thread_the_one_who_asks_does_the_work() {
        assert_eq!(Readers::new(0).run(|| 7).await, Ok(7));
    }
}
