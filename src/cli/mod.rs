//! The command line.
//!
//! # Why
//! Everything an operator does has a command with help, an example and `--json` where a script wants it.

/// Entry point of the `bole` command; returns the process's exit code.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
