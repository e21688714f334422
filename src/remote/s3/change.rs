//! Objects that are replaced and removed: what is derived, and what is removed by order.

use super::request::{Ask, Body};
use super::signed::Verb;
use super::{S3Objects, SHA256, answer, completed, tagged};
use crate::archive::{
    ChangeableObjects, Erased, FilePart, ObjectError, ObjectErrorKind, Objects, Over,
};

impl ChangeableObjects for S3Objects {
    fn write(
        &self,
        key: &str,
        bytes: &[u8],
        sha256: &str,
        over: Over<'_>,
    ) -> Result<String, ObjectError> {
        let mut ask = Ask::of(Verb::Put, Some(self.key(key))).signed(SHA256, sha256);
        ask.body = Body::Bytes(bytes.into());
        let conditional = match over {
            Over::Nothing => ask.clone().with("if-none-match", "*"),
            Over::This(etag) => ask.clone().with("if-match", &format!("\"{etag}\"")),
        };
        let named = key.to_owned();
        let asked = self.ask(conditional, move |got| tagged(&named, got.etag));
        let failed = match asked {
            Err(why) if is_condition(why.kind) => why,
            done => return done,
        };
        // The content of a request whose answer was lost is there already; a server that does not know the condition
        // is asked what is there.
        let there = self.head(key)?;
        if let Some(there) = &there
            && there.sha256.as_deref() == Some(sha256)
            && there.bytes == bytes.len() as u64
        {
            return Ok(there.etag.clone());
        }
        let holds = match (over, &there) {
            (Over::Nothing, None) => true,
            (Over::This(etag), Some(there)) => there.etag == etag,
            _ => false,
        };
        if holds && failed.kind == ObjectErrorKind::Unsupported {
            let named = key.to_owned();
            return self.ask(ask, move |got| tagged(&named, got.etag));
        }
        let kind = match over {
            Over::Nothing => ObjectErrorKind::Exists,
            Over::This(_) => ObjectErrorKind::Changed,
        };
        Err(ObjectError::new(kind, failed.why))
    }

    fn put_over(&self, key: &str, part: FilePart, sha256: &str) -> Result<String, ObjectError> {
        let mut ask = Ask::of(Verb::Put, Some(self.key(key))).signed(SHA256, sha256);
        ask.body = Body::Part(part);
        let named = key.to_owned();
        self.ask(ask, move |got| tagged(&named, got.etag))
    }

    fn complete_over(
        &self,
        key: &str,
        upload: &str,
        etags: &[String],
    ) -> Result<String, ObjectError> {
        let named = key.to_owned();
        self.ask(self.completing(key, upload, etags), move |got| completed(&named, &got))
    }

    fn remove(&self, key: &str) -> Result<(), ObjectError> {
        self.delete(Ask::of(Verb::Delete, Some(self.key(key))))
    }

    fn erase(&self, key: &str) -> Result<Erased, ObjectError> {
        let whole = self.key(key);
        let query = [("prefix", whole.clone()), ("versions", String::new())];
        let mut versions = Vec::new();
        let listed = self.pages(&query, answer::versions, &mut |(key, version)| {
            if key == whole {
                versions.push(version);
            }
            std::ops::ControlFlow::Continue(())
        });
        match listed {
            Ok(()) => {}
            Err(why) if knows_no_versions(why.kind) => {
                let versions = usize::from(self.head(key)?.is_some());
                self.remove(key)?;
                return Ok(Erased { versions, knows_versions: false });
            }
            Err(why) => return Err(why),
        }
        for version in &versions {
            self.delete(Ask::of(Verb::Delete, Some(whole.clone())).query("versionId", version))?;
        }
        // One without versions may be listed without a name for its one content.
        if self.head(key)?.is_some() {
            self.remove(key)?;
        }
        match self.head(key)? {
            None => Ok(Erased { versions: versions.len(), knows_versions: true }),
            Some(_) => Err(ObjectError::new(
                ObjectErrorKind::Away,
                format!("{key}: it still exists after it was deleted"),
            )),
        }
    }
}

impl S3Objects {
    fn delete(&self, ask: Ask) -> Result<(), ObjectError> {
        match self.ask(ask, |_| Ok(())) {
            Err(why) if why.kind == ObjectErrorKind::Missing => Ok(()),
            done => done,
        }
    }
}

/// Whether a request failed for its condition, or because the server does not know it.
fn is_condition(kind: ObjectErrorKind) -> bool {
    matches!(
        kind,
        ObjectErrorKind::Exists
            | ObjectErrorKind::Changed
            | ObjectErrorKind::Missing
            | ObjectErrorKind::Unsupported
    )
}

/// Whether a server that answers so has no listing of versions: it says so, or it answers with another listing.
fn knows_no_versions(kind: ObjectErrorKind) -> bool {
    matches!(kind, ObjectErrorKind::Unsupported | ObjectErrorKind::Other)
}
