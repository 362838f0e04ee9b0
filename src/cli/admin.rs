//! `bole admin …`.

use std::io::BufRead;

use clap::Subcommand;

use crate::app::accounts;
use crate::cli::run::{Refusal, app};
use crate::config::Settings;

/// Create or change sign-ins.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Create an administrator's sign-in (the first one, or another); prints a password made for it.
    #[command(after_help = "Example: bole admin create --login admin@firm.example --name 王芳")]
    Create {
        /// E-mail address or name to sign in with.
        #[arg(long)]
        login: String,
        /// The person's name.
        #[arg(long)]
        name: String,
        /// Read the password from the first line of standard input instead.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give a sign-in another password.
    #[command(after_help = "Example: bole admin password --login admin@firm.example")]
    Password {
        /// Whose.
        #[arg(long)]
        login: String,
        /// Read the password from the first line of standard input instead.
        #[arg(long)]
        password_stdin: bool,
    },
}

impl AdminCommand {
    /// Does it.
    pub async fn run(self, settings: &Settings) -> Result<(), Refusal> {
        let app = app(settings).await?;
        match self {
            Self::Create {
                login,
                name,
                password_stdin,
            } => {
                let password = choose(&app, password_stdin)?;
                accounts::create_admin(&app, &login, &name, &password).await??;
                say(&login, &password, password_stdin);
            }
            Self::Password {
                login,
                password_stdin,
            } => {
                let password = choose(&app, password_stdin)?;
                accounts::set_password(&app, &login, &password).await??;
                say(&login, &password, password_stdin);
            }
        }
        Ok(())
    }
}

fn choose(app: &crate::app::App, from_stdin: bool) -> Result<String, Refusal> {
    if from_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    Ok(accounts::invent(app))
}

fn say(login: &str, password: &str, known: bool) {
    if known {
        eprintln!("{login} can sign in");
    } else {
        println!("login     {login}\npassword  {password}");
    }
}
