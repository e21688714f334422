//! `--job`: from what was typed to job files to jobs.

use std::path::{Path, PathBuf};

use super::Setup;
use super::error::AppError;
use crate::config::{job_files, load_jobs};
use crate::schedule::JobSpec;

/// The jobs that were named: each a file, or a name under the folder of jobs.
///
/// # Errors
/// When there is no such file, or with every mistake of every file.
pub fn load(setup: &Setup, named: &[String]) -> Result<Vec<JobSpec>, AppError> {
    let dir = &setup.jobs_dir;
    let mut files: Vec<PathBuf> = Vec::new();
    for name in named {
        let file = file_of(dir, name)?;
        if !files.contains(&file) {
            files.push(file);
        }
    }
    read(setup, &files)
}

/// All jobs of the folder of jobs; none where there is no such folder.
///
/// # Errors
/// As [`load`].
pub fn load_all(setup: &Setup) -> Result<Vec<JobSpec>, AppError> {
    let dir = &setup.jobs_dir;
    let files = job_files(dir)
        .map_err(|why| AppError::usage(format!("reading the jobs in {}: {why}", dir.display())))?;
    read(setup, &files)
}

/// The job of this name, among those of the folder of jobs.
///
/// # Errors
/// When there is none, and as [`load`].
pub fn named(setup: &Setup, name: &str) -> Result<Vec<JobSpec>, AppError> {
    let mut jobs = load_all(setup)?;
    jobs.retain(|job| job.name == name);
    if jobs.is_empty() {
        return Err(AppError::nothing(format!("there is no job {name:?}")));
    }
    Ok(jobs)
}

fn file_of(dir: &Path, name: &str) -> Result<PathBuf, AppError> {
    let tried = [PathBuf::from(name), dir.join(name), dir.join(format!("{name}.toml"))];
    tried.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        AppError::usage(format!(
            "there is no job {name:?}, neither as a file nor in {}",
            dir.display()
        ))
        .hint("a job is a TOML file; docs/reference/job-file.md describes it")
    })
}

fn read(setup: &Setup, files: &[PathBuf]) -> Result<Vec<JobSpec>, AppError> {
    load_jobs(files, setup.clock.now()).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        AppError::usage(format!("reading the jobs:\n{}", lines.join("\n")))
            .hint("docs/reference/job-file.md describes every key")
    })
}
