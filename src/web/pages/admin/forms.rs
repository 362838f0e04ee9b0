//! The form of a person's record, for new and known people.

use jiff::civil::Date;
use serde::Deserialize;

use crate::app::people::{EmployeeChanges, NewEmployee};
use crate::app::{Refused, Wrong};
use crate::storage::employees::Employee;
use crate::web::Problem;
use crate::web::i18n::Lang;
use crate::web::ui::Field;

/// As it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct SentPerson {
    pub code: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub nickname: String,
    pub team: String,
    pub effective_on: String,
    pub hired_on: String,
    pub left_on: String,
}

/// As it is shown.
#[derive(Clone, Debug)]
pub struct PersonForm {
    pub code: Field,
    pub name: Field,
    pub email: Field,
    pub phone: Field,
    pub nickname: Field,
    pub team: Field,
    pub effective_on: Field,
    pub hired_on: Field,
    pub left_on: Field,
    pub others: Vec<String>,
}

fn day_text(day: Option<Date>) -> String {
    day.map(|d| d.to_string()).unwrap_or_default()
}

impl PersonForm {
    /// As it was typed.
    pub fn of(sent: &SentPerson) -> Self {
        Self {
            code: Field::new("code", sent.code.trim()),
            name: Field::new("name", sent.name.trim()),
            email: Field::new("email", sent.email.trim()),
            phone: Field::new("phone", sent.phone.trim()),
            nickname: Field::new("nickname", sent.nickname.trim()),
            team: Field::new("team", sent.team.trim()),
            effective_on: Field::new("effective_on", sent.effective_on.trim()),
            hired_on: Field::new("hired_on", sent.hired_on.trim()),
            left_on: Field::new("left_on", sent.left_on.trim()),
            others: Vec::new(),
        }
    }

    /// As the record stands.
    pub fn known(employee: &Employee) -> Self {
        let facts = &employee.facts;
        Self::of(&SentPerson {
            code: employee.code.clone(),
            name: facts.name.clone(),
            email: facts.email.clone().unwrap_or_default(),
            phone: facts.phone.clone().unwrap_or_default(),
            nickname: facts.nickname.clone().unwrap_or_default(),
            team: employee.team.clone().unwrap_or_default(),
            effective_on: String::new(),
            hired_on: day_text(facts.hired_on),
            left_on: day_text(facts.left_on),
        })
    }

    /// Every field, for the summary of what is wrong.
    pub fn all(&self) -> [&Field; 9] {
        [
            &self.code,
            &self.name,
            &self.email,
            &self.phone,
            &self.nickname,
            &self.team,
            &self.effective_on,
            &self.hired_on,
            &self.left_on,
        ]
    }

    /// Whether anything is wrong.
    pub fn is_wrong(&self) -> bool {
        !self.others.is_empty() || self.all().iter().any(|f| f.is_wrong())
    }

    fn days(&mut self, lang: Lang) -> [Option<Date>; 3] {
        [&mut self.hired_on, &mut self.left_on, &mut self.effective_on].map(|field| {
            let text = field.value.clone();
            if text.is_empty() {
                return None;
            }
            match text.parse() {
                Ok(day) if text.len() == 10 => Some(day),
                _ => {
                    field.error = Some(lang.t("form-date").to_string());
                    None
                }
            }
        })
    }

    /// Somebody new; `None` when a day is none.
    pub fn new_employee(&mut self, lang: Lang) -> Option<NewEmployee> {
        let [hired_on, ..] = self.days(lang);
        let text = |f: &Field| Some(f.value.clone()).filter(|t| !t.is_empty());
        (!self.is_wrong()).then(|| NewEmployee {
            code: self.code.value.clone(),
            name: self.name.value.clone(),
            email: text(&self.email),
            phone: text(&self.phone),
            nickname: text(&self.nickname),
            team: text(&self.team),
            hired_on,
        })
    }

    /// What is to change; `None` when a day is none. The team only where it is another one.
    pub fn changes(&mut self, lang: Lang, known: &Employee) -> Option<EmployeeChanges> {
        let [hired_on, left_on, effective_on] = self.days(lang);
        let text = |f: &Field| Some(f.value.clone()).filter(|t| !t.is_empty());
        let team = text(&self.team);
        let moves = team != known.team;
        (!self.is_wrong()).then(|| EmployeeChanges {
            name: Some(self.name.value.clone()),
            email: Some(text(&self.email)),
            phone: Some(text(&self.phone)),
            nickname: Some(text(&self.nickname)),
            hired_on: Some(hired_on),
            left_on: Some(left_on),
            team: moves.then_some(team),
            effective_on: effective_on.filter(|_| moves),
        })
    }

    /// Puts what was refused at its fields; what is no field's fault is a problem.
    pub fn refuse(&mut self, lang: Lang, refused: Refused) -> Result<(), Problem> {
        match refused {
            Refused::Wrong(wrong) => self.place(lang, &wrong),
            Refused::Conflict(_) => self.code.error = Some(lang.word("person-wrong", "taken").to_string()),
            other => return Err(other.into()),
        }
        Ok(())
    }

    pub fn place(&mut self, lang: Lang, wrong: &[Wrong]) {
        for w in wrong {
            let name = w.pointer.trim_start_matches('/');
            let field = [
                &mut self.code,
                &mut self.name,
                &mut self.email,
                &mut self.phone,
                &mut self.nickname,
                &mut self.team,
                &mut self.effective_on,
                &mut self.hired_on,
                &mut self.left_on,
            ]
            .into_iter()
            .find(|f| f.name == name);
            match field {
                Some(field) => field.error = Some(lang.word("person-wrong", name).to_string()),
                None => self.others.push(w.detail.clone()),
            }
        }
    }
}
