//! The thin binary: parse, run, map the error to an exit code.

fn main() -> std::process::ExitCode {
    pressmark::cli::main()
}
