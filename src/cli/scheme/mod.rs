//! `bole scheme …`: the payout engine on files, without a database.
//!
//! # Why
//! A scheme can be read, checked, tried and argued about before anybody installs anything.

mod diff;
mod library;
mod list;
mod paint;
mod run;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::run::Refusal;

/// Read, check, run and explain pay schemes.
#[derive(Debug, Args)]
pub struct SchemeCommand {
    #[command(flatten)]
    from: From,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the schemes.
    List(list::List),
    /// Show a scheme: parameters, facts, attributes, steps, curves, examples.
    Show(show::Show),
    /// Check documents; exit 1 with file, line and column of every fault.
    Check(list::Check),
    /// Run the examples of one scheme, or of all.
    Test(list::Test),
    /// Run a scheme on an input file (`-` reads stdin).
    #[command(
        after_help = "Input: {\"period\":{\"from\":\"2026-10-01\",\"to\":\"2026-11-01\"},\"params\":{},\
        \"roster\":[{\"id\":\"li\"}],\"facts\":[{\"kind\":\"…\",\"occurred\":\"2026-10-09\"}]}\n\
        `to` is the day after the last. Amounts and rates are text: \"1234.50\", \"3%\", \"1/3\".\n\
        Example: bole scheme run 07-new-customers --input october.json --json"
    )]
    Run(run::Run),
    /// Say how somebody's amount came about.
    Explain(run::Explain),
    /// Compare two documents, and with an input what they pay.
    Diff(diff::Diff),
}

/// Where documents come from; said before or after the subcommand.
#[derive(Debug, Args)]
pub struct From {
    /// Folder of documents that add to or replace the built-in ones.
    #[arg(long, value_name = "DIR", global = true)]
    schemes: Option<PathBuf>,
}

/// Language of names and sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The side of a label.
    fn of(self, label: &crate::payout::Label) -> &str {
        match self {
            Self::Zh => &label.zh,
            Self::En => &label.en,
        }
    }

    /// One of two texts.
    fn say<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

impl SchemeCommand {
    /// Runs the command.
    pub fn run(self) -> Result<(), Refusal> {
        let from = &self.from;
        match self.what {
            What::List(c) => c.run(from),
            What::Show(c) => c.run(from),
            What::Check(c) => c.run(),
            What::Test(c) => c.run(from),
            What::Run(c) => c.run(from),
            What::Explain(c) => c.run(from),
            What::Diff(c) => c.run(from),
        }
    }
}
