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

/// Prints the manual: the page of the program, then one section for each command.
///
/// # Errors
/// When stdout cannot be written.
pub fn man(out: &Output) -> Result<Exit, CliError> {
    let mut page = Vec::new();
    let mut command = args::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
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
    out.text(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
