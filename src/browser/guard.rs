//! What ends a browser that takes too much memory or time, whatever it is being asked at that moment.
//!
//! Owns the measuring of its processes and the end of them. A page may keep every command waiting while it grows, so
//! this is a task of its own.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::task::JoinHandle;

/// How often the memory of the processes is measured.
const EVERY: Duration = Duration::from_millis(250);
/// A page is taken down when its time is over; the browser is kept for this much longer to do that.
const TAKE_DOWN_MAX: Duration = Duration::from_secs(30);

/// What a browser may take in all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The memory of its processes, in bytes.
    pub memory_max: u64,
    /// The time of its page, taking it down left out.
    pub time_max: Duration,
}

/// Watches the processes of a browser; ends them when dropped.
#[derive(Debug)]
pub(super) struct Guard {
    group: Option<Pid>,
    seen: Arc<Seen>,
    task: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Seen {
    memory: AtomicU64,
    why: OnceLock<String>,
}

impl Guard {
    /// Watches the processes of a group from now on, within bounds where there are some.
    pub fn of(group: Option<Pid>, bounds: Option<Bounds>) -> Self {
        let seen = Arc::<Seen>::default();
        let task = group
            .zip(bounds)
            .map(|(group, bounds)| tokio::spawn(watch(group, bounds, Arc::clone(&seen))));
        Self { group, seen, task }
    }

    /// The most memory that was measured, in bytes.
    pub fn memory_seen(&self) -> u64 {
        self.seen.memory.load(Ordering::Relaxed)
    }

    /// Why the browser was ended; `None` where it was not.
    pub fn why_ended(&self) -> Option<String> {
        self.seen.why.get().cloned()
    }

    /// Ends all processes of the group.
    pub fn end(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        if let Some(group) = self.group.take() {
            // A group that is gone already needs no end.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.end();
    }
}

async fn watch(group: Pid, bounds: Bounds, seen: Arc<Seen>) {
    let began = Instant::now();
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tick.tick().await;
        let memory = memory_of_group(Path::new("/proc"), group.as_raw_nonzero().get()).unwrap_or(0);
        seen.memory.fetch_max(memory, Ordering::Relaxed);
        let why = if memory > bounds.memory_max {
            format!("the page needs more memory than browser.memory_max: {memory} bytes")
        } else if began.elapsed() > bounds.time_max + TAKE_DOWN_MAX {
            "the page could not be saved when browser.time_max ended".to_owned()
        } else {
            continue;
        };
        // Set before it is killed, so that the reason is there when its end is noticed.
        let _ = seen.why.set(why);
        let _ = kill_process_group(group, Signal::KILL);
        return;
    }
}

/// The memory that the processes of a group have to themselves, in bytes.
fn memory_of_group(proc: &Path, group: i32) -> Option<u64> {
    let page = rustix::param::page_size() as u64;
    let mut pages = 0;
    for process in std::fs::read_dir(proc).ok()?.flatten() {
        let Ok(stat) = std::fs::read_to_string(process.path().join("stat")) else { continue };
        // "pid (name) state ppid pgrp …"; the name may hold anything.
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let mut fields = rest.split(' ');
        if fields.nth(2).and_then(|text| text.parse::<i32>().ok()) != Some(group) {
            continue;
        }
        // Resident less shared: of what they have in common each would count all.
        let Ok(statm) = std::fs::read_to_string(process.path().join("statm")) else { continue };
        let mut sizes = statm.split(' ').skip(1).filter_map(|text| text.trim().parse::<u64>().ok());
        let (resident, shared) = (sizes.next().unwrap_or(0), sizes.next().unwrap_or(0));
        pages += resident.saturating_sub(shared);
    }
    Some(pages * page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_group_is_that_of_its_processes() {
        let proc = tempfile::tempdir().unwrap();
        for (pid, group, resident) in [(10, 10, 300), (11, 10, 50), (12, 7, 1_000)] {
            let dir = proc.path().join(pid.to_string());
            std::fs::create_dir(&dir).unwrap();
            std::fs::write(dir.join("stat"), format!("{pid} (a) b) S 1 {group} 0 0")).unwrap();
            std::fs::write(dir.join("statm"), format!("9999 {resident} 50 1 0 1 0")).unwrap();
        }
        std::fs::create_dir(proc.path().join("self")).unwrap();
        let page = rustix::param::page_size() as u64;
        assert_eq!(memory_of_group(proc.path(), 10), Some(250 * page));
        assert_eq!(memory_of_group(proc.path(), 99), Some(0));
    }
}
