//! `recompress`: the records of any input in a new file, each packed by itself.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::json;

use super::verify::print_finding;
use crate::answers::verify::FindingJson;
use crate::base::{ByteSize, Finding};
use crate::cli::args::RecompressArgs;
use crate::cli::out_file::OutFile;
use crate::cli::output::{Format, Output};
use crate::cli::{CliError, Exit};
use crate::warc::repack::{RepackError, Repacked, compression_of, repack, train};
use crate::warc::{self, Compression, Form, Input, Packer, ReadOptions};

/// Repacks the records of an input; prints what was mended and left out.
///
/// # Errors
/// When the output's name says no packing or the file is there already, when no record can be read, or
/// the disk fails.
pub fn run(args: &RecompressArgs, out: &Output) -> Result<Exit, CliError> {
    let (form, compression) = packing_of(&args.output)?;
    if args.dictionary && !matches!(compression, Compression::Zstd(_)) {
        return Err(CliError::usage("--dictionary is for zstd")
            .hint("name an output that ends in .warc.zst"));
    }
    let file = OutFile::at(&args.output, args.force)?;
    let what = format!("recompressing {}", args.input.display());
    let spooled = (args.dictionary && args.input.as_os_str() == "-").then(spool).transpose();
    let spooled = spooled.map_err(|why| CliError::failed(&what, why))?;
    let input = spooled.as_ref().map_or(args.input.as_path(), |file| file.path());
    let failed = |why: RepackError| CliError::failed(&what, why);
    let mut packer = match (args.dictionary, compression) {
        (true, Compression::Zstd(level)) => {
            let dictionary = train(&mut open(input)?).map_err(failed)?;
            Packer::with_dictionary(level, dictionary)
        }
        _ => Packer::new(compression),
    };
    let mut findings = Findings::new(out);
    let mut found = |finding: Finding| findings.add(finding);
    let repacked = file.write(|path| {
        let repacked = write(input, &mut packer, path, &what, &mut found)?;
        fits(&repacked, form, &what)?;
        Ok(repacked)
    })?;
    findings.tell(&repacked, &args.output)?;
    Ok(if repacked.is_whole() { Exit::Done } else { Exit::Findings })
}

/// What the ending of a name says.
pub(super) fn packing_of(path: &Path) -> Result<(Form, Compression), CliError> {
    compression_of(&path.to_string_lossy()).ok_or_else(|| {
        let name = path.display();
        CliError::usage(format!("{name}: unknown file extension"))
            .hint("use a name that ends in .warc, .warc.gz, .warc.zst, .arc or .arc.gz")
    })
}

/// Opens an input.
pub(super) fn open(path: &Path) -> Result<Input, CliError> {
    warc::open(path, &ReadOptions::default())
        .map_err(|why| CliError::failed(&format!("opening {}", path.display()), why))
}

/// Standard input as a file, to be read twice.
pub(super) fn spool() -> std::io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new()?;
    std::io::copy(&mut std::io::stdin().lock(), &mut file)?;
    Ok(file)
}

/// Writes the records to `path`, and makes them durable.
pub(super) fn write(
    input: &Path,
    packer: &mut Packer,
    path: &Path,
    what: &str,
    found: &mut dyn FnMut(Finding),
) -> Result<Repacked, CliError> {
    let mut input = open(input)?;
    let file = File::create_new(path).map_err(|why| CliError::failed(what, why))?;
    let mut writer = BufWriter::with_capacity(256 * 1024, file);
    let repacked = repack(&mut input, packer, &mut writer, found)
        .map_err(|why| CliError::failed(what, why))?;
    writer
        .flush()
        .and_then(|()| writer.get_ref().sync_all())
        .map_err(|why| CliError::failed(what, why))?;
    if repacked.records == 0 && repacked.bytes_in > 0 {
        return Err(CliError::failed(what, "no complete record can be read"));
    }
    Ok(repacked)
}

/// Whether the records are of the format that the output's name says.
pub(super) fn fits(repacked: &Repacked, form: Form, what: &str) -> Result<(), CliError> {
    if repacked.records == 0 || repacked.arc == (form == Form::Arc) {
        return Ok(());
    }
    let (is, end) = if repacked.arc { ("ARC", ".arc.gz") } else { ("WARC", ".warc.gz") };
    Err(CliError::failed(what, format!("its records are {is}, and are not converted"))
        .hint(format!("use an output name that ends in {end}")))
}

/// The findings of an input: lines as they are found for people, one object at the end for programs.
pub(super) struct Findings<'a> {
    out: &'a Output,
    printed: std::io::Result<()>,
    kept: Vec<FindingJson>,
}

/// The most findings that the object for programs holds.
const FINDINGS_MAX: usize = 10_000;

impl<'a> Findings<'a> {
    pub(super) fn new(out: &'a Output) -> Self {
        Self { out, printed: Ok(()), kept: Vec::new() }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.out.format() == Format::Json {
            if self.kept.len() < FINDINGS_MAX {
                self.kept.push(FindingJson::from(finding));
            }
        } else if self.printed.is_ok() {
            self.printed = print_finding(finding, self.out);
        }
    }

    /// Says what was done.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(super) fn tell(self, repacked: &Repacked, output: &Path) -> Result<(), CliError> {
        self.printed?;
        if self.out.format() == Format::Json {
            let gaps = repacked
                .gaps
                .iter()
                .map(|gap| json!({ "file": gap.file, "offset": gap.offset, "length": gap.length }));
            self.out.json(&json!({
                "out": output.display().to_string(),
                "records": repacked.records,
                "left_out": repacked.left_out,
                "unreadable": repacked.unreadable,
                "bytes_in": repacked.bytes_in,
                "bytes_out": repacked.bytes_out,
                "gaps": gaps.collect::<Vec<_>>(),
                "findings": self.kept,
            }))?;
        }
        let bytes: u64 = repacked.gaps.iter().map(|gap| gap.length).sum();
        self.out.say(&format!(
            "{} records: {} became {}{}",
            repacked.records,
            ByteSize(repacked.bytes_in),
            ByteSize(repacked.bytes_out),
            match bytes {
                0 => String::new(),
                n => format!("; {n} bytes in {} places hold no complete record", repacked.gaps.len()),
            }
        ));
        Ok(())
    }
}
