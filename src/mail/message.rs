//! A message.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::Message;
use lettre::message::{Mailbox, MultiPart, SinglePart, header::ContentType};

/// An e-mail to one person.
#[derive(Clone, Debug)]
pub struct Mail {
    /// An address, or `Name <address>`.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML, if there is such.
    pub html: Option<String>,
    /// What it is about, unique: the same mail sent again carries the same Message-ID.
    pub id: String,
    /// When it is written.
    pub at: Timestamp,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No address, or a line that cannot be in a head.
    #[error("{0}")]
    Unwritable(String),
    /// The server will never take it.
    #[error("refused: {0}")]
    Refused(String),
    /// Not now: nobody there, too slow, or asked to come again.
    #[error("not sent: {0}")]
    Later(String),
}

/// An address that can be written to, with or without a name.
pub fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    text.trim()
        .parse()
        .map_err(|error| MailError::Unwritable(format!("{text:?} is no e-mail address: {error}")))
}

impl Mail {
    /// As it goes over the wire.
    pub(super) fn compose(&self, from: &Mailbox) -> Result<Message, MailError> {
        let unwritable = |error: lettre::error::Error| MailError::Unwritable(error.to_string());
        if self.subject.chars().any(char::is_control) {
            return Err(MailError::Unwritable("a subject is one line".to_owned()));
        }
        let id: String = self
            .id
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let builder = Message::builder()
            .from(from.clone())
            .to(mailbox(&self.to)?)
            .subject(&self.subject)
            .date(SystemTime::from(self.at))
            .message_id(Some(format!("<{id}@{}>", from.email.domain())));
        let plain = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .body(self.text.clone());
        match &self.html {
            None => builder.singlepart(plain).map_err(unwritable),
            Some(html) => {
                let html = SinglePart::builder()
                    .header(ContentType::TEXT_HTML)
                    .body(html.clone());
                let parts = MultiPart::alternative().singlepart(plain).singlepart(html);
                builder.multipart(parts).map_err(unwritable)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            to: "林晓雯 <lin@firm.example>".to_owned(),
            subject: "本周龙虎榜".to_owned(),
            text: "第 3 名".to_owned(),
            html: Some("<p>第 3 名</p>".to_owned()),
            id: "digest:7:2026-W47".to_owned(),
            at: "2026-11-18T02:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_mail_says_when_it_was_written_and_keeps_its_id() {
        let from = mailbox("伯乐 <bole@firm.example>").unwrap();
        let text = String::from_utf8(mail().compose(&from).unwrap().formatted()).unwrap();
        assert!(
            text.contains("Message-ID: <digest-7-2026-W47@firm.example>\r\n"),
            "{text}"
        );
        assert!(
            text.contains("Date: Wed, 18 Nov 2026 02:00:00 +0000\r\n"),
            "{text}"
        );
        assert!(text.contains("multipart/alternative"), "{text}");
    }

    #[test]
    fn heads_cannot_be_smuggled_in() {
        let from = mailbox("bole@firm.example").unwrap();
        let two = Mail {
            subject: "hello\r\nBcc: all@firm.example".to_owned(),
            ..mail()
        };
        assert!(matches!(two.compose(&from), Err(MailError::Unwritable(_))));
        for to in ["", "nobody", "a@b@c", "a@firm.example\r\nBcc: x@y.example"] {
            let mail = Mail {
                to: to.to_owned(),
                ..mail()
            };
            assert!(
                matches!(mail.compose(&from), Err(MailError::Unwritable(_))),
                "{to:?}"
            );
        }
    }
}
