//! `completions` and `man`: the reference, made from the same source as `--help`.

use crate::cli::args::{self, CompletionsArgs};
use crate::cli::output::Output;
use crate::cli::{CliError, Exit};

/// Prints a completion script.
///
/// # Errors
/// When stdout cannot be written.
pub fn completions(args: &CompletionsArgs, out: &Output) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "pressmark", &mut script);
    out.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// What follows the commands in the manual.
const CLOSING_SECTIONS: &str = r#".SH "EXIT STATUS"
.TP
.B 0
done
.TP
.B 1
the work failed, or none of the requested work could be done
.TP
.B 2
wrong usage or configuration
.TP
.B 3
nothing found: no such capture, no such archive
.TP
.B 4
done, with findings: damage, a failure under \-\-strict, a difference under \-\-exit\-code
.TP
.B 130
stopped by a signal, after an orderly stop
.SH FILES
.TP
.I archive/warc/
the captures, as WARC files: the primary data, from which the rest is built
.TP
.I archive/index/, archive/derived/, archive/state/
the index, data derived from pages, the queue; may be deleted while no process runs
.TP
.I archive/evidence/
the evidence log and its key
.TP
.I config/pressmark.toml
the settings; config/jobs/ beside it holds the jobs
.SH EXAMPLES
.TP
pressmark crawl https://news.example/story
capture a page; run it again later to capture the next version
.TP
pressmark history https://news.example/story
its versions, and what changed between them
.TP
pressmark cite https://news.example/story \-\-style apa
a citation of the newest capture
.TP
pressmark prove https://news.example/story \-o story.zip
evidence that can be checked without this program
"#;

/// Prints the manual: the page of the program, then one section for each command.
///
/// # Errors
/// When stdout cannot be written.
pub fn man(out: &Output) -> Result<Exit, CliError> {
    let mut page = Vec::new();
    let mut command = args::command();
    command.build();
    let whole = clap_mangen::Man::new(command.clone());
    whole.render_title(&mut page)?;
    whole.render_name_section(&mut page)?;
    whole.render_synopsis_section(&mut page)?;
    whole.render_description_section(&mut page)?;
    whole.render_options_section(&mut page)?;
    for sub in command.get_subcommands().filter(|c| c.get_name() != "help") {
        let man = clap_mangen::Man::new(
            sub.clone().display_name(format!("pressmark {}", sub.get_name())),
        );
        page.extend_from_slice(
            format!(".SH \"PRESSMARK {}\"\n", sub.get_name().to_uppercase()).as_bytes(),
        );
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
    }
    page.extend_from_slice(CLOSING_SECTIONS.as_bytes());
    out.text(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
