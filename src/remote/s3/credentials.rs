//! Credentials: keys from the environment, or from the files that other tools of S3 read as well.
//!
//! The environment is handed in; the files are read again each time the keys are needed, so that keys that are replaced while a
//! process runs are taken up. What holds keys has no printed form but a masked one.

use std::fmt;
use std::path::PathBuf;

/// Keys of an account.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(•••)")
    }
}

impl Credentials {
    /// The text with every part of the keys masked: a server may repeat what it was sent.
    pub fn masked(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for part in [Some(&self.id), Some(&self.secret), self.token.as_ref()].into_iter().flatten()
        {
            if !part.is_empty() {
                out = out.replace(part.as_str(), "•••");
            }
        }
        out
    }
}

/// Where keys are looked for: the variables and files of AWS's command line.
#[derive(Clone, Default)]
pub struct KeySources {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    pub keys: Option<(String, String, Option<String>)>,
    /// Files of profiles, in the order in which they are read: `~/.aws/credentials`, `~/.aws/config`.
    pub files: Vec<PathBuf>,
    /// The profile in them: `AWS_PROFILE`, or `default`.
    pub profile: String,
}

impl fmt::Debug for KeySources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySources")
            .field("in_environment", &self.keys.is_some())
            .field("files", &self.files)
            .field("profile", &self.profile)
            .finish()
    }
}

impl KeySources {
    /// The keys as they are now. The error says where they were looked for.
    pub(super) fn keys(&self) -> Result<Credentials, String> {
        if let Some((id, secret, token)) = self.keys.clone() {
            return Ok(Credentials { id, secret, token });
        }
        let mut looked = Vec::new();
        for file in &self.files {
            match std::fs::read_to_string(file) {
                Ok(text) => match in_profile(&text, &self.profile) {
                    Some(found) => return Ok(found),
                    None => looked.push(format!(
                        "{} has no keys for the profile {:?}",
                        file.display(),
                        self.profile
                    )),
                },
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                    looked.push(format!("there is no {}", file.display()));
                }
                Err(why) => looked.push(format!("{}: {why}", file.display())),
            }
        }
        let files =
            if looked.is_empty() { String::new() } else { format!(", {}", looked.join(", ")) };
        Err(format!("no keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set{files}"))
    }
}

/// The keys of a profile in the text of a file: `[NAME]`, or `[profile NAME]` as `~/.aws/config` has it.
fn in_profile(text: &str, profile: &str) -> Option<Credentials> {
    let (mut is_in, mut id, mut secret, mut token) = (false, None, None, None);
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = name.trim();
            is_in =
                name == profile || name.strip_prefix("profile ").map(str::trim) == Some(profile);
            continue;
        }
        let Some((name, value)) =
            line.split_once('=').filter(|_| is_in && !line.starts_with(['#', ';']))
        else {
            continue;
        };
        let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        match name.trim() {
            "aws_access_key_id" => id = value,
            "aws_secret_access_key" => secret = value,
            "aws_session_token" => token = value,
            _ => {}
        }
    }
    Some(Credentials { id: id?, secret: secret?, token })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read_as_other_tools_write_them() {
        let text = "# keys\n[default]\naws_access_key_id = A\naws_secret_access_key=s/+=\n\
                    region = x\n\n[ profile other ]\naws_access_key_id=B\naws_secret_access_key = t\n\
                    aws_session_token = tok=\n[half]\naws_access_key_id = C\n";
        let of = |profile| in_profile(text, profile).map(|c| (c.id, c.secret, c.token));
        let made = |id: &str, secret: &str, token: Option<&str>| {
            Some((id.to_owned(), secret.to_owned(), token.map(str::to_owned)))
        };
        assert_eq!(of("default"), made("A", "s/+=", None));
        assert_eq!(of("other"), made("B", "t", Some("tok=")));
        assert_eq!(of("half"), None);
        assert_eq!(of("none"), None);
    }

    #[test]
    fn keys_are_not_printed() {
        let keys = Credentials {
            id: "AKIAX".to_owned(),
            secret: "hunter2".to_owned(),
            token: Some("tok".to_owned()),
        };
        assert_eq!(format!("{keys:?}"), "Credentials(•••)");
        assert_eq!(keys.masked("AKIAX has hunter2 and tok"), "••• has ••• and •••");
        let sources = KeySources {
            keys: Some(("AKIAX".to_owned(), "hunter2".to_owned(), None)),
            ..KeySources::default()
        };
        assert!(!format!("{sources:?}").contains("hunter2"));
    }

    #[test]
    fn a_file_that_is_replaced_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("credentials");
        let sources =
            KeySources { keys: None, files: vec![file.clone()], profile: "default".to_owned() };
        let why = sources.keys().unwrap_err();
        assert!(why.contains("there is no"), "{why}");
        for key in ["one", "two"] {
            let text = format!("[default]\naws_access_key_id={key}\naws_secret_access_key=s\n");
            std::fs::write(&file, text).unwrap();
            assert_eq!(sources.keys().unwrap().id, key);
        }
    }
}
