//! URLs handed to a process that watches the archive, through a folder: `state/inbox`.
//!
//! ```text
//! owner              locked by the process that takes requests, which writes its number in it
//! ID.ask.json        a request, put in place by a rename
//! ID.taken.json      the same, once it is worked on
//! ID.told.jsonl      the result of each URL, one per line; the last line says that it is over
//! ```
//!
//! Only its owner may access the folder. A request that was not taken, or whose taker died, is withdrawn by
//! the process that made it; one that was taken when the taker died is taken again by the next. Deliberately
//! small: any transport that carries a [`HandOver`] and returns lines of [`HandedOver`] can replace it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;

use crate::base::TargetUri;
use crate::crawl::{Answer, HandOver, HandedOver, Order};
use crate::store::layout::Layout;
use crate::warc::{RandomIds, RecordIds};

/// How often the folder is checked.
const CHECKED_EVERY: Duration = Duration::from_millis(200);
/// The longest request that is read, in bytes.
const REQUEST_BYTES_MAX: u64 = 64 << 20;
/// Results that are not collected are deleted after this time.
const KEPT: Duration = Duration::from_hours(24);

/// A request, as it is in the folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// What to capture.
    pub urls: Vec<String>,
    /// How many links away from them pages are followed.
    pub depth: u32,
    /// Whether what pages need is captured with them.
    pub requisites: bool,
    /// No more pages than this.
    pub pages_max: Option<u64>,
}

/// A line of the results.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// What became of a URL.
    Url(Box<HandedOver>),
    /// There are no more results; why, where it ended early.
    Over(Option<String>),
}

fn folder(layout: &Layout) -> PathBuf {
    layout.state_dir().join("inbox")
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    if !fs::symlink_metadata(path)?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is not a directory"));
    }
    // A folder that others may enter would let them have anything captured.
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The folder, held by the process that takes requests.
#[derive(Debug)]
pub struct Inbox {
    folder: PathBuf,
    _owner: File,
}

impl Inbox {
    /// Prepares the folder and announces that requests are taken. Requests that a process left when it died
    /// are taken again; old results that were not read are deleted.
    ///
    /// # Errors
    /// When the folder cannot be made, or another process takes requests.
    pub fn open(layout: &Layout) -> io::Result<Self> {
        let folder = folder(layout);
        make_folder(&folder)?;
        let mut owner = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("owner"))?;
        // A process that checks for an owner holds the lock for a moment.
        for attempt in 0.. {
            match owner.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < 20 => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::other("another process accepts requests"));
                }
                Err(TryLockError::Error(why)) => return Err(why),
            }
        }
        owner.set_len(0)?;
        write!(owner, "{}", std::process::id())?;
        for path in files(&folder)? {
            match (id_of(&path, ".taken.json"), id_of(&path, ".told.jsonl")) {
                (Some(id), _) => fs::rename(&path, folder.join(format!("{id}.ask.json")))?,
                (_, Some(_)) if is_old(&path) => fs::remove_file(&path)?,
                _ => {}
            }
        }
        Ok(Self { folder, _owner: owner })
    }

    /// Takes requests until it is dropped: each becomes an order, and its results are written.
    pub async fn serve(self, orders: UnboundedSender<Order>) {
        loop {
            for path in files(&self.folder).unwrap_or_default() {
                if let Some(id) = id_of(&path, ".ask.json")
                    && let Err(why) = self.take(&id, &orders)
                {
                    tracing::warn!(%why, request = %id, "cannot accept a request");
                    let _ = fs::remove_file(&path);
                }
            }
            tokio::time::sleep(CHECKED_EVERY).await;
        }
    }

    fn take(&self, id: &str, orders: &UnboundedSender<Order>) -> io::Result<()> {
        let place = |end: &str| self.folder.join(format!("{id}.{end}"));
        let taken = place("taken.json");
        fs::rename(place("ask.json"), &taken)?;
        let results = place("told.jsonl");
        let mut out = new_file(&results)?;
        let read = read_request(&taken);
        let (request, uris) = match read {
            Ok(read) => read,
            Err(why) => {
                say(&mut out, &Message::Over(Some(why)))?;
                return fs::remove_file(&taken);
            }
        };
        let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
        tracing::info!(urls = uris.len(), "another process hands over URLs to capture");
        let order = HandOver {
            uris,
            depth: request.depth,
            requisites: request.requisites,
            pages_max: request.pages_max,
            reports: send,
        };
        // If the receiver is gone, the crawl has ended: the request stays for the next.
        if orders.send(Order::Capture(order)).is_err() {
            return Ok(());
        }
        tokio::spawn(async move {
            let end = loop {
                match receive.recv().await {
                    Some(Answer::Url(one)) => {
                        if let Err(why) = say(&mut out, &Message::Url(one)) {
                            tracing::warn!(%why, "cannot report the result of a URL that was handed over");
                        }
                    }
                    Some(Answer::Complete) => break None,
                    None => {
                        break Some(
                            "it ended before all URLs were captured; the rest stays queued"
                                .to_owned(),
                        );
                    }
                }
            };
            let _ = say(&mut out, &Message::Over(end));
            let _ = fs::remove_file(&taken);
        });
        Ok(())
    }
}

fn read_request(path: &Path) -> Result<(Request, Vec<TargetUri>), String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|why| why.to_string())?;
    file.take(REQUEST_BYTES_MAX).read_to_string(&mut text).map_err(|why| why.to_string())?;
    let request: Request = serde_json::from_str(&text).map_err(|why| why.to_string())?;
    let parsed =
        request.urls.iter().map(|url| TargetUri::parse(url).map_err(|why| why.to_string()));
    let uris = parsed.collect::<Result<Vec<_>, _>>()?;
    Ok((request, uris))
}

fn say(out: &mut File, message: &Message) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    out.write_all(&line)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    Ok(files)
}

fn id_of(path: &Path, end: &str) -> Option<String> {
    path.file_name()?.to_str()?.strip_suffix(end).map(str::to_owned)
}

fn is_old(path: &Path) -> bool {
    let changed = fs::metadata(path).and_then(|meta| meta.modified());
    changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > KEPT))
}

/// A request that was made, for the process that waits for its end.
#[derive(Debug)]
pub struct Asked {
    folder: PathBuf,
    id: String,
    /// How much of the results was read, in bytes.
    read: u64,
    /// The process that takes requests.
    pub process: String,
}

/// The state of a request.
#[derive(Debug)]
pub enum Standing {
    /// It is in progress.
    Open,
    /// It is over; why, where it ended early.
    Over(Option<String>),
    /// The process that took requests is gone, and the request was withdrawn.
    Withdrawn,
}

impl Asked {
    /// Hands a request to the process that watches the archive; `None` where none takes requests.
    ///
    /// # Errors
    /// When the request cannot be written.
    pub fn of(layout: &Layout, request: &Request) -> io::Result<Option<Self>> {
        let folder = folder(layout);
        let Some(process) = owner_of(&folder) else { return Ok(None) };
        // Any name that no other request has.
        let id = RandomIds.next_id().to_string();
        let id = id.rsplit(':').next().unwrap_or_default().trim_end_matches('>').to_owned();
        let asked = Self { folder, id, read: 0, process };
        let fresh = asked.place("new");
        let mut out = new_file(&fresh)?;
        out.write_all(&serde_json::to_vec(request)?)?;
        fs::rename(&fresh, asked.place("ask.json"))?;
        Ok(Some(asked))
    }

    fn place(&self, end: &str) -> PathBuf {
        self.folder.join(format!("{}.{end}", self.id))
    }

    /// Passes the results since the last call to `each`, and returns the state.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look(&mut self, each: &mut dyn FnMut(HandedOver)) -> io::Result<Standing> {
        let path = self.place("told.jsonl");
        match File::open(&path) {
            Ok(mut file) => {
                file.seek(SeekFrom::Start(self.read))?;
                let mut text = Vec::new();
                file.read_to_end(&mut text)?;
                // A line without an end is still being written.
                for line in text.split_inclusive(|b| *b == b'\n').filter(|l| l.ends_with(b"\n")) {
                    self.read += line.len() as u64;
                    match serde_json::from_slice(line)? {
                        Message::Url(one) => each(*one),
                        Message::Over(why) => {
                            fs::remove_file(&path)?;
                            return Ok(Standing::Over(why));
                        }
                    }
                }
            }
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => return Err(why),
        }
        if owner_of(&self.folder).is_some() {
            return Ok(Standing::Open);
        }
        for end in ["ask.json", "taken.json", "told.jsonl"] {
            match fs::remove_file(self.place(end)) {
                Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(why),
                _ => {}
            }
        }
        Ok(Standing::Withdrawn)
    }
}

/// The process that takes requests, as it says; `None` where there is none.
fn owner_of(folder: &Path) -> Option<String> {
    let mut file = File::open(folder.join("owner")).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            file.read_to_string(&mut process).ok()?;
            Some(process.trim().to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(urls: &[&str]) -> Request {
        Request { urls: urls.iter().map(|url| (*url).to_owned()).collect(), ..Request::default() }
    }

    fn look(asked: &mut Asked) -> (usize, Standing) {
        let mut count = 0;
        let standing = asked.look(&mut |_| count += 1).unwrap();
        (count, standing)
    }

    async fn until(mut holds: impl FnMut() -> bool) {
        for _ in 0..500 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never came");
    }

    #[tokio::test]
    async fn a_request_becomes_an_order_and_its_answers_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        assert!(Asked::of(&layout, &request(&["http://a.example/"])).unwrap().is_none());
        let inbox = Inbox::open(&layout).unwrap();
        assert!(Inbox::open(&layout).is_err(), "one process takes requests");
        let mut asked = Asked::of(&layout, &request(&["http://a.example/"])).unwrap().unwrap();
        assert_eq!(asked.process, std::process::id().to_string());
        let mut bad = Asked::of(&layout, &request(&["no url"])).unwrap().unwrap();
        fs::write(dir.path().join("state/inbox/x.ask.json"), "{").unwrap();
        let (send, mut orders) = tokio::sync::mpsc::unbounded_channel();
        let serving = tokio::spawn(inbox.serve(send));
        let Some(Order::Capture(order)) = orders.recv().await else { panic!("no order") };
        assert_eq!(order.uris.len(), 1);
        until(|| matches!(look(&mut bad).1, Standing::Over(Some(_)))).await;
        assert!(matches!(look(&mut asked), (0, Standing::Open)));
        order.reports.send(Answer::Complete).unwrap();
        until(|| matches!(look(&mut asked).1, Standing::Over(None))).await;
        // A run that ends before all results are written says so.
        let mut cut = Asked::of(&layout, &request(&["http://a.example/"])).unwrap().unwrap();
        drop(orders.recv().await);
        until(|| matches!(look(&mut cut).1, Standing::Over(Some(_)))).await;
        // The taker is gone: what was not taken is withdrawn by the process that made it.
        let mut late = Asked::of(&layout, &request(&["http://a.example/"])).unwrap().unwrap();
        serving.abort();
        let _ = serving.await;
        assert!(matches!(look(&mut late), (0, Standing::Withdrawn)));
        let left = files(&dir.path().join("state/inbox")).unwrap();
        let left: Vec<_> = left.iter().filter_map(|p| p.file_name()?.to_str()).collect();
        assert_eq!(left, ["owner", "x.told.jsonl"], "{left:?}");
    }

    #[tokio::test]
    async fn what_was_taken_by_a_process_that_died_is_taken_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let inbox = Inbox::open(&layout).unwrap();
        let asked = Asked::of(&layout, &request(&["http://a.example/"])).unwrap().unwrap();
        let (send, mut orders) = tokio::sync::mpsc::unbounded_channel();
        inbox.take(&asked.id, &send).unwrap();
        assert!(orders.recv().await.is_some());
        drop(inbox);
        // As if it had died: the request is there as taken.
        fs::write(
            asked.place("taken.json"),
            serde_json::to_vec(&request(&["http://b.example/"])).unwrap(),
        )
        .unwrap();
        let serving = tokio::spawn(Inbox::open(&layout).unwrap().serve(send));
        let Some(Order::Capture(order)) = orders.recv().await else { panic!("no order") };
        assert_eq!(order.uris[0].as_str(), "http://b.example/");
        serving.abort();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_folder() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(&Layout::new(dir.path())).unwrap();
        let mode = fs::metadata(&inbox.folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
