//! The environment variables of S3 tools, kept with the settings: keys, where files of keys are, the region.
//!
//! These are no settings of this program: they are not shown, checked or written anywhere.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The variables of AWS's command line that count here.
const NAMES: [&str; 10] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
];

/// Those variables, and where the user's home is. Its `Debug` form shows none of their values.
#[derive(Clone, Default)]
pub struct AwsEnvironment(BTreeMap<String, String>);

impl fmt::Debug for AwsEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl AwsEnvironment {
    /// Takes a variable where it counts.
    pub(super) fn take(&mut self, name: &str, value: &str) {
        if (NAMES.contains(&name) || name == "HOME") && !value.is_empty() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The keys and the token, where both keys are set.
    #[must_use]
    pub fn keys(&self) -> Option<(String, String, Option<String>)> {
        let own = |name| self.get(name).map(str::to_owned);
        Some((own("AWS_ACCESS_KEY_ID")?, own("AWS_SECRET_ACCESS_KEY")?, own("AWS_SESSION_TOKEN")))
    }

    /// The files of keys, whether or not they are there.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let home = self.get("HOME").map(Path::new);
        let file = |name, below: &str| {
            self.get(name).map(PathBuf::from).or_else(|| Some(home?.join(".aws").join(below)))
        };
        [file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), file("AWS_CONFIG_FILE", "config")]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The profile in these files.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.get("AWS_PROFILE").unwrap_or("default")
    }

    /// The address of the server; empty for Amazon's.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        let set = self.get("AWS_ENDPOINT_URL_S3").or_else(|| self.get("AWS_ENDPOINT_URL"));
        set.unwrap_or_default()
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        let set = self.get("AWS_REGION").or_else(|| self.get("AWS_DEFAULT_REGION"));
        set.unwrap_or("us-east-1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_taken_as_awss_tools_take_them() {
        let mut aws = AwsEnvironment::default();
        assert_eq!((aws.keys(), aws.region(), aws.profile()), (None, "us-east-1", "default"));
        for (name, value) in [
            ("HOME", "/home/a"),
            ("AWS_ACCESS_KEY_ID", "AKIAX"),
            ("AWS_SECRET_ACCESS_KEY", "hunter2"),
            ("AWS_SESSION_TOKEN", ""),
            ("AWS_DEFAULT_REGION", "eu-west-1"),
            ("AWS_CONFIG_FILE", "/etc/aws"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
            ("PATH", "/bin"),
        ] {
            aws.take(name, value);
        }
        assert_eq!(aws.keys(), Some(("AKIAX".to_owned(), "hunter2".to_owned(), None)));
        assert_eq!(aws.region(), "eu-west-1");
        assert_eq!(aws.endpoint(), "http://127.0.0.1:9");
        aws.take("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:8");
        assert_eq!(aws.endpoint(), "http://127.0.0.1:8", "the one of S3 alone counts first");
        let files = ["/home/a/.aws/credentials", "/etc/aws"].map(PathBuf::from);
        assert_eq!(aws.files(), files);
        let shown = format!("{aws:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("AKIAX"), "{shown}");
    }
}
