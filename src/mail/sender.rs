//! The sender.

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::{PoolConfig, client::Tls};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::mail::{Mail, MailError, mailbox};

/// How long one command of the server may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a whole mail may take, connecting included.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(60);

/// Settings that make no sender.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The URL.
    #[error("smtp_url: {0}")]
    Url(String),
    /// The sender's address.
    #[error("mail_from: {0}")]
    From(MailError),
}

/// Sends mail. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    /// The URL may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mailer({})", self.from.email)
    }
}

impl Mailer {
    /// `url` is `smtps://user:password@host` (TLS from the start), `smtp://…?tls=required` (STARTTLS), or `smtp://host`
    /// without TLS, which takes no password unless the host is this machine. `from` is `Name <address>`.
    pub fn new(url: &str, from: &str) -> Result<Self, MailerError> {
        let from = mailbox(from).map_err(MailerError::From)?;
        let refused = |why: &str| MailerError::Url(why.to_owned());
        let parsed = url::Url::parse(url)
            .map_err(|_| refused("expected smtps://user:password@host or smtp://host"))?;
        if !matches!(parsed.scheme(), "smtp" | "smtps") || parsed.host_str().is_none() {
            return Err(refused("expected smtps://user:password@host or smtp://host"));
        }
        let is_tls = parsed.scheme() == "smtps" || parsed.query().is_some_and(|q| q.contains("tls=required"));
        let is_here = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if parsed.password().is_some() && !is_tls && !is_here {
            return Err(refused(
                "a password goes over TLS only: smtps://, or smtp://…?tls=required",
            ));
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|e| MailerError::Url(e.to_string()))?;
        let builder = if is_tls { builder } else { builder.tls(Tls::None) };
        let transport = builder
            .timeout(Some(PATIENCE))
            .pool_config(PoolConfig::new().max_size(4).min_idle(0))
            .build();
        Ok(Self { transport, from })
    }

    /// Sends a mail; when it ends well the server has taken it.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = mail.compose(&self.from)?;
        match tokio::time::timeout(PATIENCE_IN_ALL, self.transport.send(message)).await {
            Err(_) => Err(MailError::Later("the mail server took more than 60 s".to_owned())),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused(error.to_string())),
            Ok(Err(error)) => Err(MailError::Later(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn settings_that_cannot_be_right_are_refused() {
        let from = "伯乐 <bole@firm.example>";
        for url in [
            "",
            "firm.example",
            "http://firm.example",
            "smtp:///",
            "smtp://user:secret@mail.firm.example",
        ] {
            let error = Mailer::new(url, from).unwrap_err().to_string();
            assert!(error.starts_with("smtp_url: "), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(matches!(
            Mailer::new("smtp://localhost", "nobody"),
            Err(MailerError::From(_))
        ));
        for url in [
            "smtp://localhost:2525",
            "smtp://user:secret@127.0.0.1:2525",
            "smtps://user:secret@mail.firm.example",
            "smtp://user:secret@mail.firm.example:587?tls=required",
        ] {
            let mailer = Mailer::new(url, from).unwrap();
            assert_eq!(format!("{mailer:?}"), "Mailer(bole@firm.example)");
        }
    }
}
