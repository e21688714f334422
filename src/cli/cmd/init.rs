//! `init`

use std::path::{Path, PathBuf};

use crate::cli::args::{Global, InitArgs};
use crate::cli::context::{archive_root, load_settings};
use crate::cli::output::Output;
use crate::cli::{CliError, Exit};
use crate::store::layout::Layout;

/// Lays out an archive root and, where there is none yet, a commented config.
///
/// # Errors
/// When the root already holds an archive or anything else, or cannot be written.
pub fn run(args: &InitArgs, global: &Global, out: &Output) -> Result<Exit, CliError> {
    let root = match &args.dir {
        Some(dir) => dir.clone(),
        None => {
            let (settings, _) =
                load_settings(global).map_err(super::super::context::config_error)?;
            archive_root(global, &settings)
        }
    };
    let what = format!("laying out an archive in {}", root.display());
    let layout = Layout::new(&root);
    if layout.format_file().exists() {
        return Err(CliError::failed(&what, "an archive already exists there")
            .hint(format!("use it with --archive {}", root.display())));
    }
    if is_occupied(&root) {
        return Err(CliError::failed(&what, "the directory holds other content")
            .hint("choose a new or empty directory"));
    }
    let (settings, _) = load_settings(global).map_err(super::super::context::config_error)?;
    layout.create().map_err(|e| CliError::failed(&what, e))?;
    crate::evidence::log::prepare(&layout, &crate::app::evidence::options(&settings))
        .map_err(|e| CliError::failed(&what, e))?;
    out.say(&format!("archive laid out in {}", root.display()));
    let config: PathBuf =
        global.config.clone().unwrap_or_else(|| PathBuf::from("config/pressmark.toml"));
    if !config.exists() {
        let text = crate::config::example::render();
        let write = || -> std::io::Result<()> {
            if let Some(parent) = config.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&config, text)
        };
        write().map_err(|e| CliError::failed(&format!("writing {}", config.display()), e))?;
        out.say(&format!("settings to review: {}", config.display()));
    }
    Ok(Exit::Done)
}

/// Whether a directory holds anything that an archive should not be laid out beside.
pub(super) fn is_occupied(root: &Path) -> bool {
    // A README and the like are no reason to refuse; records of another program are.
    std::fs::read_dir(root).is_ok_and(|entries| {
        entries.flatten().any(|e| {
            let name = e.file_name();
            let name = name.to_string_lossy();
            !(name.starts_with("README") || name.starts_with('.') || name == "sample")
        })
    })
}
