//! `repair`: the whole records of a damaged file in a new one, and the rest next to it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::recompress::{Findings, fits, open, packing_of, spool, write};
use crate::base::Finding;
use crate::cli::args::RepairArgs;
use crate::cli::out_file::OutFile;
use crate::cli::output::Output;
use crate::cli::{CliError, Exit};
use crate::warc::Packer;
use crate::warc::repack::{Gap, Repacked};

/// Writes every whole record of an input to a new file, and every part of it that holds none to a
/// file next to that one. The input is only read.
///
/// # Errors
/// When a file to be made is there already, no record can be read, or the disk fails.
pub fn run(args: &RepairArgs, out: &Output) -> Result<Exit, CliError> {
    let (form, compression) = packing_of(&args.output)?;
    let file = OutFile::at(&args.output, false).map_err(|mut error| {
        // There is no such flag here.
        error.hint = Some("choose a file that does not exist yet".to_owned());
        error
    })?;
    let what = format!("repairing {}", args.input.display());
    let spooled = (args.input.as_os_str() == "-").then(spool).transpose();
    let spooled = spooled.map_err(|why| CliError::failed(&what, why))?;
    let input = spooled.as_ref().map_or(args.input.as_path(), |file| file.path());
    let mut findings = Findings::new(out);
    let mut found = |finding: Finding| findings.add(finding);
    let mut packer = Packer::new(compression);
    let repacked = file.write(|path| {
        let repacked = write(input, &mut packer, path, &what, &mut found)?;
        fits(&repacked, form, &what)?;
        set_aside(input, &repacked, &args.output)
            .map_err(|why| CliError::failed(&what, format!("setting aside: {why}")))?;
        Ok(repacked)
    })?;
    for (number, gap) in repacked.gaps.iter().enumerate() {
        let name = aside_of(&args.output, number, gap, &repacked);
        out.say(&format!("{} bytes at {} are in {}", gap.length, gap.offset, name.display()));
    }
    findings.tell(&repacked, &args.output)?;
    Ok(if repacked.is_whole() { Exit::Done } else { Exit::Findings })
}

/// Where a gap goes: by its offset, and by its number too where there are several files.
fn aside_of(output: &Path, number: usize, gap: &Gap, repacked: &Repacked) -> PathBuf {
    let several = repacked.gaps.iter().any(|other| other.file != gap.file);
    let mut name = output.as_os_str().to_owned();
    name.push(format!(".aside-{}", gap.offset));
    if several {
        name.push(format!("-{number}"));
    }
    name.into()
}

/// Copies the bytes of every gap, as they are, to a file of its own; replaces none.
fn set_aside(input: &Path, repacked: &Repacked, output: &Path) -> io::Result<()> {
    for (number, gap) in repacked.gaps.iter().enumerate() {
        let path = aside_of(output, number, gap, repacked);
        let mut bytes = bytes_of(input, gap)?;
        let mut aside = File::create_new(&path)
            .map_err(|why| io::Error::new(why.kind(), format!("{}: {why}", path.display())))?;
        io::copy(&mut bytes, &mut aside)?;
        aside.sync_all()?;
    }
    Ok(())
}

/// The bytes of a gap.
fn bytes_of(input: &Path, gap: &Gap) -> io::Result<impl Read> {
    let mut input = open(input).map_err(|error| io::Error::other(error.message))?;
    let gone = || io::Error::other(format!("{} no longer exists", gap.file));
    let mut bytes = match input.package() {
        Some(package) => package.bytes_at(&gap.entry).map_err(io::Error::other)?,
        None => {
            let file = input.next_file().map_err(io::Error::other)?;
            file.and_then(|file| file.bytes_at(0, u64::MAX)).ok_or_else(gone)?
        }
    };
    if bytes.can_seek() {
        bytes.seek(SeekFrom::Start(gap.offset))?;
    } else {
        io::copy(&mut (&mut bytes).take(gap.offset), &mut io::sink())?;
    }
    Ok(bytes.take(gap.length))
}
