//! `bole serve`.

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::boot::{Nature, ServeError, Server};
use crate::cli::run::Refusal;
use crate::config::Settings;

/// Runs the server until SIGTERM or Ctrl-C.
pub async fn run(settings: &Settings) -> Result<(), Refusal> {
    let server = Server::prepare(settings, Nature::of_system()?).await?;
    let (listener, stop) = (listen(settings).await?, stop_signal()?);
    tracing::info!(base_url = %server.app.urls.base, short_url = %server.app.urls.short, "serving");
    Ok(server.start().serve(listener, stop).await?)
}

/// Takes the address.
pub async fn listen(settings: &Settings) -> Result<TcpListener, ServeError> {
    let addr = settings.listen;
    TcpListener::bind(addr)
        .await
        .map_err(|source| ServeError::Listen { addr, source })
}

/// Ends with SIGTERM or Ctrl-C.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}
