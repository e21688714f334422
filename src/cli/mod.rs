//! What a person sees: flags in, library calls, output.
//!
//! The only place that knows flags, the environment, colours and exit codes.

mod answer;
pub mod args;
pub mod cmd;
pub mod context;
pub mod exit;
mod handover;
pub mod local;
pub mod out_file;
pub mod output;
mod panics;
pub mod progress;
mod removed;
mod saved;
mod watcher;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::FromArgMatches;

pub use exit::{CliError, Exit};

use args::{Cli, Command};
use context::Context;
use output::Output;

/// Runs the command line of this process and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    panics::install();
    let line = args::settings_first(std::env::args_os());
    let parsed = args::command().try_get_matches_from(line).and_then(|matches| {
        let name = matches.subcommand_name().unwrap_or_default().to_owned();
        Ok((Cli::from_arg_matches(&matches)?, name))
    });
    let (cli, name) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error),
    };
    // A bug ends the command as any other failure does; the panic hook has reported it.
    let done = catch_unwind(AssertUnwindSafe(|| run(cli, &name)));
    let Ok(done) = done else { return Exit::Failed.into() };
    match done {
        Ok(exit) => exit.into(),
        // The reader of the output closed it early, as `head` does: that is success.
        Err(error) if error.broken_pipe => Exit::Done.into(),
        Err(error) => {
            output::tell(&error.to_string());
            error.exit.into()
        }
    }
}

fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Help and version were asked for; a closed pipe is fine here too.
        let _ = error.print();
        return Exit::Done.into();
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    output::tell(&format!("pressmark: {}", text.trim_end()));
    Exit::Usage.into()
}

fn run(cli: Cli, name: &str) -> Result<Exit, CliError> {
    let out = Output::new(&cli.global, name)?;
    match cli.command {
        Command::Robots(args) => return cmd::robots::run(&args, &out),
        Command::Surt(args) => return cmd::surt::run(&args, &out),
        Command::Index(args) => return cmd::index::run(&args, &out),
        Command::Recompress(args) => return cmd::recompress::run(&args, &out),
        Command::Repair(args) => return cmd::repair::run(&args, &out),
        Command::Completions(args) => return cmd::reference::completions(&args, &out),
        Command::Man => return cmd::reference::man(&out),
        Command::Config(args) => return cmd::config::run(&args, &cli.global, &out),
        Command::Init(args) => return cmd::init::run(&args, &cli.global, &out),
        _ => {}
    }
    let context = Context::load(&cli.global, out)?;
    match cli.command {
        Command::Crawl(args) => cmd::crawl::run(&args, context),
        Command::Watch(args) => cmd::watch::run(&args, context),
        Command::Serve(args) => cmd::serve::run(&args, context),
        Command::View(args) => cmd::view::run(&args, &context),
        Command::Due(args) => cmd::due::run(&args, &context),
        Command::Status => cmd::status::run(&context),
        Command::Import(args) => cmd::import::run(&args, context),
        Command::Export(args) => cmd::export::run(&args, &context),
        Command::Migrate(args) => cmd::migrate::run(&args, &context),
        Command::Tables(args) => cmd::tables::run(&args, &context),
        Command::Captures(args) => cmd::captures::run(&args, &context),
        Command::Show(args) => cmd::show::run(&args, &context),
        Command::History(args) => cmd::history::run(&args, &context),
        Command::Diff(args) => cmd::diff::run(&args, &context),
        Command::Quotes(args) => cmd::quotes::run(&args, &context),
        Command::Story(args) => cmd::story::run(&args, &context),
        Command::Blame(args) => cmd::blame::run(&args, &context),
        Command::Changes(args) => cmd::changes::run(&args, &context),
        Command::Search(args) => cmd::search::run(&args, &context),
        Command::When(args) => cmd::when::run(&args, &context),
        Command::Cite(args) => cmd::cite::run(&args, &context),
        Command::Verify(args) => cmd::verify::run(&args, &context),
        Command::Reindex => cmd::reindex::run(&context),
        Command::Prove(args) => cmd::prove::run(&args, &context),
        Command::Evidence(args) => cmd::evidence::run(&args, &context),
        Command::Purge(args) => cmd::purge::run(&args, &context),
        Command::Witness(args) => cmd::witness::run(&args, &context),
        Command::Relay(args) => cmd::relay::run(&args, &context),
        Command::Peer(args) => cmd::peer::run(&args, &context),
        Command::Demo(args) => cmd::demo::run(&args, context),
        // Handled above: they need no settings, or load them in their own way.
        Command::Robots(_)
        | Command::Surt(_)
        | Command::Index(_)
        | Command::Recompress(_)
        | Command::Repair(_)
        | Command::Completions(_)
        | Command::Man
        | Command::Config(_)
        | Command::Init(_) => Ok(Exit::Done),
    }
}
