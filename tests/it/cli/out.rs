//! The file that `-o` names: what it may replace, and when it is reported that it cannot be written.

use std::fs;

use super::{STORY, archive, here};
use crate::support::cli::{pressmark, stderr};

#[test]
fn a_bundle_replaces_only_a_regular_file_and_only_with_force() {
    let archive = archive();
    let root = archive.root();
    for ending in ["zip", "wacz"] {
        let name = format!("story.{ending}");
        let path = root.parent().unwrap().join(&name);
        fs::write(&path, "precious").unwrap();
        let refused = pressmark(&root, &["prove", STORY, "-o", &name]);
        assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
        assert!(
            stderr(&refused).contains("hint: use --force to replace it"),
            "{}",
            stderr(&refused)
        );
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        let forced = pressmark(&root, &["prove", STORY, "-o", &name, "--force"]);
        assert_eq!(forced.status.code(), Some(0), "{}", stderr(&forced));
        assert!(fs::read(&path).unwrap().starts_with(b"PK"));
        // A link, a folder and a device are left alone, forced or not.
        let link = root.parent().unwrap().join(format!("link.{ending}"));
        fs::remove_file(&path).unwrap();
        fs::write(&path, "precious").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let folder = root.parent().unwrap().join(format!("folder.{ending}"));
        fs::create_dir(&folder).unwrap();
        for target in [link.to_str().unwrap(), folder.to_str().unwrap(), "/dev/null", "/dev/stdout"]
        {
            for force in [&[][..], &["--force"]] {
                let args = [&["prove", STORY, "-o", target], force].concat();
                let refused = pressmark(&root, &args);
                assert_eq!(refused.status.code(), Some(1), "{args:?}: {}", stderr(&refused));
                assert!(stderr(&refused).contains("regular file"), "{}", stderr(&refused));
            }
        }
        assert!(link.is_symlink() && folder.is_dir());
        assert_eq!(fs::read(&path).unwrap(), b"precious");
    }
}

#[test]
fn a_missing_folder_is_reported_before_the_archive_is_opened() {
    let (_dir, nowhere) = here();
    let output = pressmark(&nowhere, &["prove", STORY, "-o", "none/story.zip"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("there is no folder none"), "{}", stderr(&output));
    let output = pressmark(&nowhere, &["prove", STORY, "-o", "story.zip"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(fs::read_dir(nowhere.parent().unwrap()).unwrap().count(), 0, "nothing is left");
}
