//! The sample job and the reference page of the job file, both made from the table of its keys.

use super::example::wrap;
use super::job_keys::JOB_KEYS;
use super::value::{Kind, Value};

/// What stands for the part of a key that the writer chooses.
const HEADER_NAME: &str = "Accept-Language";

/// The sample job: every key with its default, each commented out but for a name and a seed.
#[must_use]
pub fn sample() -> String {
    let mut out = String::from(
        "# A job of Pressmark. Copy this file to NAME.toml in this folder, and remove the # from the\n\
         # keys that you set; every key is listed with its default. `pressmark config check` reports mistakes.\n",
    );
    let mut section = "";
    for key in JOB_KEYS {
        let (head, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if head != section {
            section = head;
            out.push_str(&format!("\n[{head}]\n"));
        }
        out.push('\n');
        for line in wrap(key.doc, 96) {
            out.push_str(&format!("# {line}\n"));
        }
        if let Kind::Choice(_) = key.kind {
            out.push_str(&format!("# ({})\n", key.kind.label()));
        }
        out.push_str(&match key.path {
            "name" => "name = \"example\"\n".to_owned(),
            "seeds" => "seeds = [\"https://www.example.org/\"]\n".to_owned(),
            "headers.*" => format!("# {HEADER_NAME} = \"\"\n"),
            _ => format!("# {name} = {}\n", default_of(key.kind, key.default)),
        });
    }
    out
}

fn default_of(kind: Kind, text: &str) -> Value {
    kind.parse(text).unwrap_or(Value::Text(String::new()))
}

/// The reference page.
#[must_use]
pub fn page() -> String {
    let mut out = String::from(
        "# The job file\n\n\
         A job is one TOML file, usually in `config/jobs/`: where pages come from, which of them are in scope, how\n\
         often they are visited, and when to stop. `pressmark crawl --job FILE` runs it once, and\n\
         `pressmark config check` reports every mistake with file, line and key. All of `config/jobs/*.toml` is read\n\
         if no file is named; `config/jobs/example.toml.sample` is not, and lists every key with its default.\n\n\
         This page is made from the table the program reads job files with, and a test compares them.\n\n\
         ## Credentials\n\n\
         Cookies, passwords and keys are in a separate file, named by `credentials_file`. On Unix it must be\n\
         readable by its owner only (`chmod 600`), or it is refused. Its contents are sent only to the scheme,\n\
         host and port they are listed under, and written neither to a log nor to a warcinfo record. A host alone is https on\n\
         port 443, and `in_clear = true` adds http on port 80, where it can be read in transit;\n\
         `www.example.org:8443` is another port, and `https://…` or `http://…` (with `in_clear = true`) one scheme only.\n\n\
         A user and a password in a URL of the job (`https://user:password@www.example.org/feed`) are removed from the URL, which\n\
         is captured and listed without them, and are sent to that URL only; restrict who can read the job file then.\n\n\
         Requests are archived as sent. A WARC file into which a request with credentials is written can be read by its\n\
         owner only.\n\n\
         ```toml\n\
         [\"www.example.org\"]          # this host; \".example.org\" is the domain with every host below\n\
         basic = \"user:password\"      # an Authorization field\n\
         cookies = [\"session=abc\"]    # one Cookie field\n\
         headers = [\"X-Key: abc\"]     # further fields\n\
         in_clear = false\n\
         ```\n\n\
         ## Keys\n",
    );
    let mut section = None;
    for key in JOB_KEYS {
        let (head, _) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if section != Some(head) {
            section = Some(head);
            let title =
                if head.is_empty() { "Top of the file".to_owned() } else { format!("`[{head}]`") };
            out.push_str(&format!(
                "\n### {title}\n\n| key | kind | default | what it does |\n|---|---|---|---|\n"
            ));
        }
        let kind = key.kind.label().replace('|', "\\|");
        let default = if key.default.is_empty() {
            String::new()
        } else {
            format!("`{}`", default_of(key.kind, key.default))
        };
        let doc = key.doc.replace('|', "\\|").replace('*', "\\*");
        out.push_str(&format!("| `{}` | {kind} | {default} | {doc} |\n", key.path));
    }
    out
}

#[cfg(test)]
mod tests {
    fn compare(path: &str, rendered: &str) {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let on_disk = std::fs::read_to_string(&file).unwrap_or_default();
        if on_disk != rendered {
            let fresh = std::env::temp_dir().join(file.file_name().unwrap());
            std::fs::write(&fresh, rendered).unwrap();
            panic!("{path} is out of date; a fresh one is at {}", fresh.display());
        }
    }

    #[test]
    fn the_sample_job_lists_every_key_with_its_default() {
        compare("config/jobs/example.toml.sample", &super::sample());
    }

    #[test]
    fn the_reference_page_lists_every_key() {
        compare("docs/reference/job-file.md", &super::page());
    }
}
