//! Where the key of packages lies: a file of its own beside the key of the log, readable by its
//! owner alone.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{P384Key, WaczError};
use crate::evidence::Options;
use crate::store::Layout;

/// The longest key file that is read.
const KEY_FILE_MAX: u64 = 4096;

/// Where it lies: the name of the log's key with another ending.
#[must_use]
pub fn key_path(options: &Options, layout: &Layout) -> PathBuf {
    options.key_path(layout).with_extension("wacz.pem")
}

/// The key at `path`; one is made where there is no file.
///
/// # Errors
/// When others may read it, it is no P-384 key in PEM, or it cannot be read or made.
pub fn key_at(path: &Path) -> Result<P384Key, WaczError> {
    let fail = |why: std::io::Error| WaczError::Key(format!("{}: {why}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == ErrorKind::NotFound => return make(path),
        Err(why) => return Err(fail(why)),
    };
    let mode = file.metadata().map_err(fail)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let path = path.display();
        return Err(WaczError::Key(format!(
            "{path} may be read by others ({mode:o}): chmod 600, or take it away for a new one"
        )));
    }
    let mut text = String::new();
    file.take(KEY_FILE_MAX).read_to_string(&mut text).map_err(fail)?;
    P384Key::from_pem(&text).map_err(|why| WaczError::Key(format!("{}: {why}", path.display())))
}

fn make(path: &Path) -> Result<P384Key, WaczError> {
    let key = P384Key::generate()?;
    let pem = key.to_pem()?;
    let write = || {
        if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            std::fs::create_dir_all(dir)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|why| WaczError::Key(format!("{}: {why}", path.display())))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::super::{Signer, is_signature};
    use super::*;

    #[test]
    fn a_key_is_made_once_kept_for_its_owner_and_refused_when_others_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("evidence/log.wacz.pem");
        let made = key_at(&path).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        let signature = key_at(&path).unwrap().sign(b"a text").unwrap();
        assert!(is_signature(b"a text", &signature, &made.public_key().unwrap()));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(key_at(&path).err().unwrap().to_string().contains("(640)"));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, "no key").unwrap();
        assert!(key_at(&path).is_err());
    }
}
