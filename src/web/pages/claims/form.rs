//! A claim's form: what was typed, read into what the application takes.

use jiff::civil::Date;

use crate::app::Wrong;
use crate::app::claims::{ClaimInput, check_file};
use crate::attribution::ConversionKind;
use crate::attribution::claim::MAX_ATTACHMENTS;
use crate::domain::Money;
use crate::web::Upload;
use crate::web::i18n::Lang;
use crate::web::ui::Field;

/// The form as it is shown.
#[derive(Clone, Debug)]
pub struct ClaimForm {
    pub name: Field,
    /// Phone or e-mail.
    pub contact: Field,
    /// `sale` or `lead`.
    pub kind: Field,
    pub bought: Field,
    pub amount: Field,
    pub order: Field,
    pub day: Field,
    pub story: Field,
    /// Its error only: a browser keeps no chosen files.
    pub files: Field,
}

impl ClaimForm {
    pub fn new(today: Date) -> Self {
        Self {
            day: Field::new("day", today),
            kind: Field::new("kind", "sale"),
            ..Self::of(&Upload::default())
        }
    }

    pub fn of(sent: &Upload) -> Self {
        let field = |name: &'static str| Field::new(name, sent.text(name));
        Self {
            name: field("name"),
            contact: field("contact"),
            kind: field("kind"),
            bought: field("bought"),
            amount: field("amount"),
            order: field("order"),
            day: field("day"),
            story: field("story"),
            files: Field::empty("files"),
        }
    }

    pub fn all(&self) -> [&Field; 9] {
        [
            &self.name,
            &self.contact,
            &self.kind,
            &self.bought,
            &self.amount,
            &self.order,
            &self.day,
            &self.story,
            &self.files,
        ]
    }

    pub fn is_wrong(&self) -> bool {
        self.all().iter().any(|f| f.is_wrong())
    }

    /// Reads what was typed; what cannot be read is marked, and stands as something harmless in what is returned, so
    /// that everything else can be checked too.
    pub fn read(&mut self, lang: Lang, employee: String, today: Date) -> ClaimInput {
        let text = |f: &Field| Some(f.value.trim().to_owned()).filter(|t| !t.is_empty());
        let contact = text(&self.contact);
        let is_email = contact.as_ref().is_some_and(|c| c.contains('@'));
        let kind = match self.kind.value.as_str() {
            "lead" => ConversionKind::Lead,
            "sale" => ConversionKind::Sale,
            _ => {
                self.kind = self.kind.clone().wrong(lang.t("claim-wrong-kind"));
                ConversionKind::Sale
            }
        };
        let amount = text(&self.amount).map(|typed| {
            Money::parse(typed.trim_start_matches(['¥', '￥']).trim()).unwrap_or_else(|_| {
                self.amount = self.amount.clone().wrong(lang.t("claim-wrong-amount"));
                Money::from_minor(1)
            })
        });
        let typed = self.day.value.trim();
        let day = match typed.parse::<Date>() {
            Ok(day) if typed.len() == 10 => day,
            _ => {
                self.day = self.day.clone().wrong(lang.t("claim-wrong-day"));
                today
            }
        };
        ClaimInput {
            employee,
            kind: Some(kind),
            customer_name: text(&self.name),
            phone: contact.clone().filter(|_| !is_email),
            email: contact.filter(|_| is_email),
            customer_id: None,
            order: text(&self.order),
            bought: text(&self.bought),
            amount,
            occurred_on: day,
            story: self.story.value.clone(),
        }
    }

    /// Puts what the application refuses at its field.
    pub fn refuse(&mut self, lang: Lang, wrong: &[Wrong]) {
        for w in wrong {
            let (field, word) = match w.pointer {
                "/customer/name" => (&mut self.name, lang.t("claim-wrong-name")),
                "/bought" => (&mut self.bought, lang.t("claim-wrong-bought")),
                "/amount" if self.kind.value == "lead" => (&mut self.amount, lang.t("claim-wrong-lead")),
                "/amount" => (&mut self.amount, lang.t("claim-wrong-amount")),
                "/order" => (&mut self.order, lang.t("claim-wrong-order")),
                "/occurred_on" => (&mut self.day, lang.t("claim-wrong-day")),
                "/story" => (&mut self.story, lang.t("claim-wrong-story")),
                _ => (&mut self.contact, lang.t("claim-wrong-contact")),
            };
            if !field.is_wrong() {
                field.error = Some(word.to_string());
            }
        }
    }
}

/// What is wrong with files chosen, where `room` more may be attached.
pub fn wrong_files(lang: Lang, sent: &Upload, room: usize) -> Option<String> {
    if sent.too_large {
        return Some(lang.t("claim-wrong-large").to_string());
    }
    if sent.files.len() > room {
        let most = lang.t("claim-wrong-many").n("most", MAX_ATTACHMENTS);
        return Some(most.n("room", room).to_string());
    }
    let bad: Vec<&str> = sent
        .files
        .iter()
        .filter(|(_, bytes)| check_file(bytes).is_err())
        .map(|(name, _)| name.as_str())
        .collect();
    let list = bad.join(&lang.t("list-comma").to_string());
    (!bad.is_empty()).then(|| lang.t("claim-wrong-file").with("names", list).to_string())
}
