//! `bole admin …`.

use clap::Subcommand;

use crate::cli::run::Refusal;
use crate::config::Settings;

/// Create or change sign-ins.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Create an administrator's sign-in (the first one, or another).
    #[command(
        after_help = "Example: bole admin create --login admin@firm.example --name 王芳 < password.txt"
    )]
    Create {
        /// E-mail address or name to sign in with.
        #[arg(long)]
        login: String,
        /// The person's name.
        #[arg(long)]
        name: String,
    },
}

impl AdminCommand {
    /// Does it.
    pub async fn run(self, _settings: &Settings) -> Result<(), Refusal> {
        let Self::Create { .. } = self;
        Err("sign-ins are not there yet".into())
    }
}
