//! The weekly mail.

use askama::Template;

use crate::app::digest::{DigestFacts, DigestText, DigestWords};
use crate::web::i18n::{Lang, period_words};
use crate::web::telling::{leads_to, sentence};

/// The words of mail.
pub struct MailWords {
    /// The firm's name.
    pub firm: String,
    /// The app's address without trailing slash.
    pub base: String,
}

/// A line of the mail.
struct Line {
    text: String,
    url: String,
}

/// The mail as HTML: no script, no picture, no style that a mail program would take away.
#[derive(Template)]
#[template(path = "mail/digest.html")]
struct DigestHtml<'a> {
    lang: Lang,
    subject: &'a str,
    greeting: String,
    lines: &'a [Line],
    settings: String,
    firm: &'a str,
}

impl DigestWords for MailWords {
    fn digest(&self, facts: &DigestFacts) -> Option<DigestText> {
        let lang: Lang = facts.lang.parse().unwrap_or_default();
        let week = period_words(lang, &facts.week);
        let subject = lang.t("digest-subject").with("week", &week).to_string();
        let greeting = lang.t("digest-greeting").with("name", &facts.name).to_string();
        let lines: Vec<Line> = facts
            .notices
            .iter()
            .map(|notice| Line {
                text: sentence(lang, notice.kind, &notice.facts),
                url: format!("{}{}", self.base, leads_to(notice.kind, &notice.facts)),
            })
            .collect();
        let settings = format!("{}/app/notices/settings", self.base);
        let mut text = format!("{greeting}\n\n");
        for line in &lines {
            text.push_str(&format!("- {}\n  {}\n", line.text, line.url));
        }
        text.push_str(&format!(
            "\n{}\n{settings}\n\n{}\n",
            lang.t("digest-settings"),
            self.firm
        ));
        let html = DigestHtml {
            lang,
            subject: &subject,
            greeting,
            lines: &lines,
            settings,
            firm: &self.firm,
        };
        let html = html.render().ok()?;
        Some(DigestText { subject, text, html })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Period;
    use crate::storage::notices::NoticeRow;
    use crate::tell::NoticeKind;

    #[test]
    fn a_mail_says_the_same_as_text_and_as_html_and_lets_nothing_through() {
        let words = MailWords {
            firm: "晴美美容".into(),
            base: "https://bole.example".into(),
        };
        for lang in Lang::ALL {
            let facts = DigestFacts {
                name: "<b>张三</b>".into(),
                lang: lang.as_str().into(),
                week: Period::parse("2026-W46").unwrap(),
                notices: vec![NoticeRow {
                    id: 1,
                    kind: NoticeKind::ClaimDecided,
                    facts: json!({ "claim": 7, "state": "rejected", "reason": "<script>alert(1)</script>" }),
                    at: 1,
                    read_at: None,
                }],
            };
            let mail = words.digest(&facts).unwrap();
            assert!(
                mail.text.contains("https://bole.example/app/claims/7"),
                "{}",
                mail.text
            );
            assert!(
                mail.html.contains("https://bole.example/app/claims/7"),
                "{}",
                mail.html
            );
            assert!(
                !mail.html.contains("<script>") && !mail.html.contains("<b>"),
                "{}",
                mail.html
            );
            assert!(mail.html.contains(&format!("<html lang=\"{}\"", lang.html())));
            assert!(!mail.subject.contains('\n'));
        }
    }
}
