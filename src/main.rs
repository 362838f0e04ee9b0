//! The `bole` command.

fn main() -> std::process::ExitCode {
    bole::cli::main()
}
