//! Why an act on people, campaigns, links or coupons was not done; checks of fields at the door.

use std::fmt::Display;

use jiff::civil::Date;

use crate::app::Wrong;
use crate::storage::StoreError;

/// A field of a change: `None` leaves the value, `Some(None)` empties it, `Some(Some(value))` sets it.
pub type Change<T> = Option<Option<T>>;

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Fields that are wrong, all of them.
    #[error("{}", Wrong::list(.0))]
    Wrong(Vec<Wrong>),
    /// The caller may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing.
    #[error("no such {0}")]
    NotFound(String),
    /// It contradicts what is stored.
    #[error("{0}")]
    Conflict(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refused {
    /// One field that is wrong.
    pub fn at(pointer: &'static str, detail: impl Display) -> Self {
        Self::Wrong(vec![Wrong::at(pointer, detail)])
    }

    pub(in crate::app) fn is_collision(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_collision())
    }
}

/// Whether a character has no place in what people read: controls, and those that turn the direction of what follows
/// (`\u{202e}evil.exe` reads backwards wherever the name stands).
pub fn unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Looks at fields one by one and remembers what is wrong.
#[derive(Debug, Default)]
pub(in crate::app) struct Door {
    wrong: Vec<Wrong>,
}

impl Door {
    /// Notes what is wrong with a field.
    pub fn wrong(&mut self, pointer: &'static str, detail: impl Display) {
        self.wrong.push(Wrong::at(pointer, detail));
    }

    /// A parsed field; its error is noted.
    pub fn parsed<T, E: Display>(&mut self, pointer: &'static str, result: Result<T, E>) -> Option<T> {
        result.map_err(|detail| self.wrong(pointer, detail)).ok()
    }

    /// One line of text, trimmed: 1 to `most` printable characters.
    pub fn line(&mut self, pointer: &'static str, text: &str, most: usize) -> String {
        let text = text.trim();
        let length = text.chars().count();
        if !(1..=most).contains(&length) || text.chars().any(unprintable) {
            self.wrong(pointer, format!("expected 1 to {most} printable characters"));
        }
        text.to_owned()
    }

    /// The same where the field may be missing.
    pub fn line_opt(&mut self, pointer: &'static str, text: Option<&str>, most: usize) -> Option<String> {
        text.map(|text| self.line(pointer, text, most))
    }

    /// A text of several lines, at most `most` characters; it may be empty.
    pub fn text(&mut self, pointer: &'static str, text: &str, most: usize) -> String {
        let text = text.trim();
        let odd = text
            .chars()
            .any(|c| unprintable(c) && !matches!(c, '\n' | '\r' | '\t'));
        if text.chars().count() > most || odd {
            self.wrong(pointer, format!("expected at most {most} printable characters"));
        }
        text.to_owned()
    }

    /// Two days of which the first is not after the last.
    pub fn span(&mut self, pointer: &'static str, first: Option<Date>, last: Option<Date>) {
        for day in [first, last].into_iter().flatten() {
            if !(1950..=2200).contains(&day.year()) {
                self.wrong(pointer, format!("expected a year from 1950 to 2200, not {day}"));
            }
        }
        if let (Some(first), Some(last)) = (first, last)
            && last < first
        {
            self.wrong(pointer, format!("expected a day not before {first}"));
        }
    }

    /// Nothing was wrong, or everything that was.
    pub fn close(self) -> Result<(), Refused> {
        if self.wrong.is_empty() {
            Ok(())
        } else {
            Err(Refused::Wrong(self.wrong))
        }
    }
}
