//! Captures become articles, and articles find their stories, from the marks on.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::log::{Block, ClusterArticle, ClusterError, Log};
use crate::archive::{
    ArchiveError, ArchiveErrorKind, Capture, FileMark, Follower, Form, RecordKind, Seen,
};
use crate::history::PageReader;
use crate::readings::derivation;
use crate::store::{FollowError, follow};
use crate::story::{Clusters, signature};

/// The form of what is kept; another one is derived again.
const LAYOUT: u32 = 1;

/// The state of the code that computes signatures of articles: a hash of its sources without their comments.
const CODE: &str = env!("PRESSMARK_STORIES");

/// Articles and their stories.
#[derive(Debug, Default)]
pub struct Articles {
    articles: Vec<ClusterArticle>,
    by_key: HashMap<String, usize>,
    clusters: Clusters,
    marks: HashMap<String, u64>,
}

impl Articles {
    /// The stories, each as its articles in the order in which they came.
    pub fn stories(&self) -> impl Iterator<Item = Vec<&ClusterArticle>> {
        self.clusters
            .stories()
            .map(|story| story.iter().filter_map(|&at| self.articles.get(at)).collect())
    }

    fn take(&mut self, block: Block) {
        for article in block.articles {
            self.put(article);
        }
        self.marks.extend(block.marks);
    }

    fn put(&mut self, mut article: ClusterArticle) {
        let known = self.by_key.get(&article.urlkey).copied();
        // Only the clusters ask for it from here on.
        let at = self.clusters.put(known, std::mem::take(&mut article.signature));
        match self.articles.get_mut(at) {
            Some(old) => {
                article.first = old.first.min(article.first);
                *old = article;
            }
            None => {
                self.by_key.insert(article.urlkey.clone(), at);
                self.articles.push(article);
            }
        }
    }
}

/// The stories of an archive, kept in memory from one question to the next.
pub struct Stories {
    dir: PathBuf,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    log: Log,
    articles: Articles,
}

impl fmt::Debug for Stories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stories").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Stories {
    /// Those that are kept in the directory for what is derived. Nothing is read or made yet.
    #[must_use]
    pub fn at(derived: &Path) -> Self {
        Self { dir: derived.join("stories"), kept: Mutex::default() }
    }

    /// Brings what is kept in line with the WARC files and asks it. `progress` gets how many records were read
    /// for that.
    ///
    /// # Errors
    /// When the archive cannot be read, or what is kept cannot be read or written.
    pub fn ask<T>(
        &self,
        page_reader: &mut PageReader<'_>,
        progress: &mut dyn FnMut(u64),
        question: impl FnOnce(&Articles) -> T,
    ) -> Result<T, ClusterError> {
        let mut held = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out: after a failure it is read again from the file.
        let mut kept = match held.take() {
            Some(kept) => kept,
            None => Kept::open(&self.dir)?,
        };
        kept.catch_up(page_reader, progress)?;
        let answer = question(&kept.articles);
        *held = Some(kept);
        Ok(answer)
    }
}

impl Kept {
    fn open(dir: &Path) -> Result<Self, ClusterError> {
        let name: String = format!("{}-{CODE}-{LAYOUT}", derivation())
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' })
            .collect();
        let (log, blocks) = Log::open(dir, &name)?;
        let mut articles = Articles::default();
        blocks.into_iter().for_each(|block| articles.take(block));
        Ok(Self { log, articles })
    }

    fn catch_up(
        &mut self,
        page_reader: &mut PageReader<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ClusterError> {
        let reader = page_reader.reader().clone();
        let marks: HashMap<_, _> =
            reader.marks()?.into_iter().map(|mark| (mark.file, mark.indexed_to)).collect();
        // A file that is gone or shorter than it was: the archive is another one.
        let are_the_same = self.articles.marks.iter().all(|(name, reached)| {
            marks.get(&**name).is_some_and(|indexed_to| reached <= indexed_to)
        });
        if !are_the_same {
            self.log.clear()?;
            self.articles = Articles::default();
        }
        let path = self.log.path().to_owned();
        let mut following = Following {
            page_reader,
            articles: &mut self.articles,
            log: &mut self.log,
            waiting: Vec::new(),
            failed: None,
        };
        match follow(&reader, &mut following, progress) {
            Ok(()) => Ok(()),
            Err(FollowError::File(why)) => Err(why.into()),
            Err(FollowError::Follower(why)) => {
                let failed = following.failed.take();
                Err(failed.unwrap_or_else(|| ClusterError::Io {
                    path,
                    why: std::io::Error::other(why.to_string()),
                }))
            }
        }
    }
}

struct Following<'f, 's> {
    page_reader: &'f mut PageReader<'s>,
    articles: &'f mut Articles,
    log: &'f mut Log,
    /// Captures of pages since the last commit.
    waiting: Vec<Capture>,
    failed: Option<ClusterError>,
}

impl Follower for Following<'_, '_> {
    fn mark(&self, file: &str) -> Result<u64, ArchiveError> {
        Ok(self.articles.marks.get(file).copied().unwrap_or(0))
    }

    fn record(&mut self, record: Seen<'_>) -> Result<(), ArchiveError> {
        let is_page = |capture: &Capture| {
            let is_sent = capture.kind == RecordKind::Response
                && capture.status == Some(200)
                && matches!(capture.mime.as_str(), "text/html" | "application/xhtml+xml");
            is_sent || capture.form() == Some(Form::Rendered)
        };
        self.waiting.extend(record.capture.filter(is_page));
        Ok(())
    }

    fn commit(&mut self, mark: &FileMark) -> Result<(), ArchiveError> {
        let mut block = Block::default();
        for capture in std::mem::take(&mut self.waiting) {
            block.articles.extend(self.article(&capture));
        }
        block.marks.push((mark.file.to_string(), mark.indexed_to));
        if let Err(why) = self.log.append(&block) {
            let error = ArchiveError::new(ArchiveErrorKind::System, why.to_string());
            self.failed = Some(why);
            return Err(error);
        }
        self.articles.take(block);
        Ok(())
    }
}

impl Following<'_, '_> {
    /// The article of a capture, where it is one. A capture that cannot be read is not; `verify` reports it. The
    /// rendering of a page that was sent with its text is not another article.
    fn article(&mut self, capture: &Capture) -> Option<ClusterArticle> {
        let is_rendering = capture.form() == Some(Form::Rendered);
        if is_rendering && !self.page_reader.stands_in(capture).ok()? {
            return None;
        }
        let page = self.page_reader.read(capture).ok()?.page;
        let micros = capture.date.unix_micros();
        let signature = signature(&page, micros.div_euclid(86_400_000_000))?;
        Some(ClusterArticle {
            urlkey: capture.urlkey.clone(),
            url: capture.url.clone(),
            headline: page.headline.as_ref().map(|fact| fact.value.clone()).unwrap_or_default(),
            publisher: page.publisher.as_ref().map(|fact| fact.value.clone()),
            published: page.published.as_ref().map(|fact| fact.value.text.clone()),
            first: micros,
            last: micros,
            signature,
        })
    }
}
