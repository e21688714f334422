//! Taking files in, one after the other.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::base::{DigestAlgorithm, Finding, Hasher};
use crate::store::durable::{make_dirs, sync_dir};
use crate::store::layout::is_warc;
use crate::store::{Layout, Lock, StoreError};
use crate::warc::{self, Framing, Input, Package, PackageEntry, ReadOptions};

use super::check::{Checked, check};
use super::findings::Findings;
use super::lists::Lists;
use super::origin::{Known, PackageOrigin};
use super::{ImportOptions, Origin, Outcome, Taken, plain_name};

/// What unfinished copies are called at first.
const UNFINISHED: &str = ".import-";

pub(super) struct Taking<'a, 'o> {
    layout: &'a Layout,
    options: &'a mut ImportOptions<'o>,
    dir: PathBuf,
    known: HashMap<String, Known>,
    /// Our own files by length, so that one of them is not taken a second time.
    own: HashMap<u64, Vec<PathBuf>>,
    _lock: Lock,
}

/// A file that is in the archive without its name.
struct Copied {
    file: tempfile::NamedTempFile,
    digest: String,
    bytes: u64,
}

/// The package that is imported, whatever is inside it.
struct Whole {
    name: String,
    digest: String,
    /// Its path, as it was given.
    from: String,
}

impl Whole {
    /// What a file inside it is called in the archive. Packages call their files the same; so the names
    /// of the packages go before.
    fn name_of(&self, path: &str) -> String {
        let mut name = bare(&self.name).to_owned();
        for part in path.split('/').filter(|part| is_wacz(part)) {
            name = format!("{name}-{}", bare(&plain_name(Path::new(part))));
        }
        // No longer than a name may be.
        plain_name(Path::new(&format!("{name}-{}", plain_name(Path::new(path)))))
    }
}

/// Whether a part of a path is the name of a package.
fn is_wacz(name: &str) -> bool {
    bare(name).len() < name.len()
}

/// The name of a package without its end.
fn bare(name: &str) -> &str {
    name.strip_suffix(".wacz").unwrap_or(name)
}

impl<'a, 'o> Taking<'a, 'o> {
    /// Takes the lock, and removes what an import that was killed has left.
    pub fn begin(
        layout: &'a Layout,
        options: &'a mut ImportOptions<'o>,
    ) -> Result<Self, StoreError> {
        layout.check()?;
        layout.refuse_links()?;
        let dir = layout.imported_dir();
        let fail = io_error("making", &dir);
        make_dirs(&dir).map_err(&fail)?;
        let lock = Lock::at(&dir.join(".lock"))?;
        for entry in fs::read_dir(&dir).map_err(&fail)? {
            let path = entry.map_err(&fail)?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED)) {
                fs::remove_file(&path).map_err(io_error("removing", &path))?;
            }
        }
        let known = Origin::all(&dir).map_err(io_error("reading", &dir))?;
        let mut own: HashMap<u64, Vec<PathBuf>> = HashMap::new();
        for path in layout.warc_files()? {
            if path.parent() == Some(layout.warc_dir().as_path())
                && let Ok(length) = layout.length_of(&path)
            {
                own.entry(length).or_default().push(path);
            }
        }
        Ok(Self { layout, options, dir, known, own, _lock: lock })
    }

    /// Takes the file at a path, or the files of a package.
    pub fn path(&mut self, path: &Path, found: &mut dyn FnMut(Taken)) -> Result<(), StoreError> {
        let from = path.display().to_string();
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
        match opened {
            Ok((about, _)) if !about.is_file() => found(refused(&from, "it is not a regular file")),
            Ok((about, mut file)) => {
                let length = about.len();
                match warc::open(path, &ReadOptions::default()) {
                    Ok(input) if input.package().is_some() => {
                        return self.package(path, (&input, &mut file), found);
                    }
                    Ok(_) => {}
                    Err(why) => {
                        found(refused(&from, &why.to_string()));
                        return Ok(());
                    }
                }
                match self.copy(&mut file, &from, length)? {
                    Ok(copied) => {
                        let name = plain_name(path);
                        found(self.adopt(copied, &name, &from, None)?);
                    }
                    Err(why) => found(refused(&from, &why.to_string())),
                }
            }
            Err(why) => found(refused(&from, &why.to_string())),
        }
        Ok(())
    }

    /// The files of a package, after all that is in it was compared with its list of files.
    fn package(
        &mut self,
        path: &Path,
        (input, file): (&Input, &mut File),
        found: &mut dyn FnMut(Taken),
    ) -> Result<(), StoreError> {
        let from = path.display().to_string();
        let Some(package) = input.package() else { return Ok(()) };
        let digest = match hashed(file) {
            Ok(digest) => digest,
            Err(why) => {
                found(refused(&from, &why.to_string()));
                return Ok(());
            }
        };
        let mut findings = Findings::default();
        package.check(false, &mut |finding| findings.add(finding));
        let why = match &findings.first_error {
            Some(what) if !self.options.lenient => Some(what.clone()),
            _ => None,
        };
        if let Some(why) = why {
            found(Taken { findings: findings.reported(&from), ..refused(&from, &why) });
            return Ok(());
        }
        let whole = Whole { name: plain_name(path), digest, from };
        self.parts(package, &whole, None, findings, found)
    }

    /// The files of a package, and of the packages inside it. `inside` is where it is in the outermost
    /// one, if it is inside another; the findings are with the first file that is reported.
    fn parts(
        &mut self,
        package: &Package,
        whole: &Whole,
        inside: Option<&str>,
        mut findings: Findings,
        found: &mut dyn FnMut(Taken),
    ) -> Result<(), StoreError> {
        let path_of = |part: &PackageEntry| match inside {
            Some(inside) => format!("{inside}/{}", part.path),
            None => part.path.to_string(),
        };
        let is_part = |entry: &&PackageEntry| entry.holds_records() || entry.is_package();
        if !package.entries().iter().any(|entry| is_part(&entry)) {
            let at = inside.map_or(whole.from.clone(), |inside| format!("{}/{inside}", whole.from));
            let findings = findings.reported(&at);
            found(Taken { findings, ..refused(&at, "it contains no WARC file") });
            return Ok(());
        }
        let lists = Lists::of(package, &mut |finding| findings.add(finding));
        // They are with the first file that is taken.
        let (mut lists, mut findings) = (Some(lists), Some(findings.reported(&whole.from)));
        for part in package.entries().iter().filter(is_part) {
            let path = path_of(part);
            let at = format!("{}/{path}", whole.from);
            let mut tell = |mut taken: Taken, findings: &mut Option<Vec<Finding>>| {
                taken.findings.splice(0..0, findings.take().unwrap_or_default());
                found(taken);
            };
            if part.is_package() {
                match package.nested(part) {
                    Ok(nested) => {
                        self.parts(&nested, whole, Some(&path), Findings::default(), found)?;
                    }
                    Err(why) => tell(refused(&at, &why.to_string()), &mut findings),
                }
                continue;
            }
            let copied = match package.bytes(part) {
                Ok(mut bytes) => self.copy(&mut bytes, &at, part.length)?,
                Err(why) => Err(io::Error::other(why)),
            };
            let taken = match copied {
                Ok(copied) => {
                    let name = whole.name_of(&path);
                    let origin = PackageOrigin {
                        name: whole.name.clone(),
                        digest: whole.digest.clone(),
                        path,
                        files: std::collections::BTreeMap::new(),
                    };
                    self.adopt(copied, &name, &at, Some((origin, lists.as_ref())))?
                }
                Err(why) => refused(&at, &why.to_string()),
            };
            if taken.outcome == Outcome::Imported {
                lists = None;
            }
            tell(taken, &mut findings);
        }
        Ok(())
    }

    /// Copies bytes into the archive, where they have no name yet. The inner error is one of reading them.
    fn copy(
        &mut self,
        input: &mut dyn Read,
        from: &str,
        length: u64,
    ) -> Result<io::Result<Copied>, StoreError> {
        let fail = io_error("writing", &self.dir);
        let mut file =
            tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.dir).map_err(&fail)?;
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
        let mut piece = vec![0; 256 * 1024];
        let mut bytes = 0;
        loop {
            let count = match input.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                Err(why) => return Ok(Err(why)),
            };
            hasher.update(&piece[..count]);
            file.write_all(&piece[..count]).map_err(&fail)?;
            bytes += count as u64;
            (self.options.progress)(from, bytes, length);
        }
        Ok(Ok(Copied { file, digest: hasher.finish().to_string(), bytes }))
    }

    /// Reads what was copied, and gives it its name unless it is refused.
    fn adopt(
        &mut self,
        copied: Copied,
        name: &str,
        from: &str,
        package: Option<(PackageOrigin, Option<&Lists<'_>>)>,
    ) -> Result<Taken, StoreError> {
        let taken = Taken {
            path: from.to_owned(),
            file: None,
            digest: Some(copied.digest.clone()),
            bytes: copied.bytes,
            records: 0,
            captures: 0,
            outcome: Outcome::Known,
            why: None,
            findings: Vec::new(),
        };
        if let Some(origin) = self.known.get(&copied.digest) {
            let (records, captures) = (origin.records, origin.captures);
            return Ok(Taken { file: Some(origin.name.clone()), records, captures, ..taken });
        }
        if let Some(own) = self.own_file(&copied) {
            return Ok(Taken { file: Some(own), ..taken });
        }
        let opened = copied.file.reopen().map_err(|why| why.to_string());
        let checked = match opened.and_then(|file| check(file, from)) {
            Ok(checked) => checked,
            Err(why) => return Ok(Taken { outcome: Outcome::Refused, why: Some(why), ..taken }),
        };
        let Checked { records, captures, .. } = checked;
        if let Some(why) = checked.refusal(self.options.lenient) {
            let (outcome, findings) = (Outcome::Refused, checked.findings.reported(from));
            return Ok(Taken { outcome, why: Some(why), records, captures, findings, ..taken });
        }
        let name = self.free_name(&ended(name, checked.framing), &copied.digest);
        let (package, lists) = package.unzip();
        let origin = Origin {
            from: from.to_owned(),
            imported: self.options.now.to_rfc3339(),
            records,
            captures,
            package,
            ..Origin::new(&name, &copied.digest, copied.bytes)
        };
        self.name(copied, &origin, lists.flatten())?;
        let Origin { name, digest, bytes, .. } = origin;
        let file = Some(name.clone());
        self.known.insert(digest.clone(), Known { name, digest, bytes, records, captures });
        let findings = checked.findings.reported(from);
        Ok(Taken { file, records, captures, outcome: Outcome::Imported, findings, ..taken })
    }

    /// Gives a file its name. Its bytes are durable first, then its origin, then the name.
    fn name(
        &mut self,
        copied: Copied,
        origin: &Origin,
        lists: Option<&Lists<'_>>,
    ) -> Result<(), StoreError> {
        let path = self.dir.join(&origin.name);
        let fail = io_error("writing", &path);
        copied.file.as_file().sync_all().map_err(&fail)?;
        origin.write(&self.dir, lists).map_err(&fail)?;
        copied.file.persist_noclobber(&path).map_err(|error| fail(error.error))?;
        sync_dir(&self.dir).map_err(&fail)
    }

    /// A name that no file of the archive has.
    fn free_name(&self, name: &str, digest: &str) -> String {
        let hex = digest.rsplit(':').next().unwrap_or(digest);
        let mut free = name.to_owned();
        let mut length = 8;
        // A digest is longer than any run of names that are taken.
        while self.layout.path_of(&free).is_some() && length <= hex.len() {
            free = format!("{}-{name}", &hex[..length]);
            length += 8;
        }
        free
    }

    /// Which of our own files has these bytes.
    fn own_file(&self, copied: &Copied) -> Option<String> {
        let same = |path: &&PathBuf| {
            let digest = self.layout.open_file(path).and_then(|mut file| hashed(&mut file));
            digest.is_ok_and(|digest| digest == copied.digest)
        };
        let path = self.own.get(&copied.bytes)?.iter().find(same)?;
        Some(crate::store::layout::stable_name(path))
    }
}

/// The name with an ending that says how the file is packed, where it has none of a WARC file.
fn ended(name: &str, framing: Option<Framing>) -> String {
    if is_warc(name) && !name.is_empty() {
        return name.to_owned();
    }
    let ending = match framing {
        Some(Framing::Gzip) => ".warc.gz",
        Some(Framing::Zstd) => ".warc.zst",
        _ => ".warc",
    };
    let stem = [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    format!("{}{ending}", if stem.is_empty() { "imported" } else { stem })
}

fn refused(from: &str, why: &str) -> Taken {
    Taken {
        path: from.to_owned(),
        file: None,
        digest: None,
        bytes: 0,
        records: 0,
        captures: 0,
        outcome: Outcome::Refused,
        why: Some(why.to_owned()),
        findings: Vec::new(),
    }
}

fn hashed(file: &mut impl io::Read) -> io::Result<String> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    io::copy(file, &mut hasher)?;
    Ok(hasher.finish().to_string())
}

fn io_error(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> StoreError + use<> {
    let path = path.display().to_string();
    move |why| StoreError::Io { doing, path: path.clone(), why }
}
