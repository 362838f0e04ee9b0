//! `bole demo`.

use std::path::{Path, PathBuf};

use crate::boot::{Nature, Server};
use crate::cli::run::Refusal;
use crate::cli::serve::{listen, stop_signal};
use crate::config::Settings;
use crate::demo;

/// Builds the demo and serves it until SIGTERM or Ctrl-C.
pub async fn run(mut settings: Settings) -> Result<(), Refusal> {
    // A real installation's folder is never a demo's.
    if settings.data_dir == Path::new("bole-data") {
        settings.data_dir = PathBuf::from("bole-demo");
    }
    settings.firm_name = demo::FIRM.to_owned();
    let listener = listen(&settings).await?;
    let nature = Nature::of_system()?;
    demo::build(&settings, nature.clock.now(), &mut |line| eprintln!("  {line}")).await?;
    let server = Server::prepare(&settings, nature).await?;
    let stop = stop_signal()?;
    println!("\n  {}\n", server.app.urls.base);
    for (login, what, _) in demo::SIGN_INS {
        println!("  {login:<12} {:<14} {what}", demo::PASSWORD);
    }
    println!(
        "\n  Ctrl-C ends it; the data stays in {}",
        settings.data_dir.display()
    );
    Ok(server.start().serve(listener, stop).await?)
}
