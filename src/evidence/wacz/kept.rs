//! Where the key of packages is: a file of its own next to the key of the log, readable by its
//! owner alone.

use std::path::{Path, PathBuf};

use super::{P384Key, WaczError};
use crate::evidence::Options;
use crate::evidence::files::{PrivateError, read_private, write_private};
use crate::store::Layout;

/// Where it is: the name of the log's key with another ending.
#[must_use]
pub fn key_path(options: &Options, layout: &Layout) -> PathBuf {
    options.key_path(layout).with_extension("wacz.pem")
}

/// The key at `path`; one is made where there is no file.
///
/// # Errors
/// When others may read it, it is no P-384 key in PEM, or it cannot be read or made.
pub fn key_at(path: &Path) -> Result<P384Key, WaczError> {
    let fail = |why: &dyn std::fmt::Display| WaczError::Key(format!("{}: {why}", path.display()));
    match read_private(path) {
        Ok(Some(text)) => P384Key::from_pem(&text).map_err(|why| fail(&why)),
        Ok(None) => {
            let key = P384Key::generate()?;
            write_private(path, key.to_pem()?.as_bytes()).map_err(|why| fail(&why))?;
            Ok(key)
        }
        Err(PrivateError::Io(why)) => Err(fail(&why)),
        Err(PrivateError::Exposed(mode)) => Err(WaczError::Key(format!(
            "{} may be read by others ({mode:o}): chmod 600 it, or remove it to get a new one",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::evidence::wacz::is_signature;
    use crate::wacz::Signer;

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
