//! Values the templates' macros print: icons, choices, form fields.

use std::fmt;

use crate::web::FieldError;
use crate::web::assets;

/// The icons of `static/icons.svg` that templates may name.
pub const ICONS: [&str; 28] = [
    "bole", "share", "results", "board", "income", "copy", "poster", "bell", "user", "check", "cross",
    "dash", "clock", "alert", "info", "lock", "up", "down", "open", "next", "back", "file", "clip", "flag",
    "mail", "download", "link", "plus",
];

/// An icon of the sprite, as markup. Decorative: a word stands beside it, or the control has a label.
#[derive(Clone, Copy, Debug)]
pub struct Icon {
    /// Its name in the sprite.
    pub name: &'static str,
    /// CSS class.
    pub class: &'static str,
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_assert!(ICONS.contains(&self.name), "no icon {:?}", self.name);
        let (class, sprite, name) = (self.class, assets::url("icons.svg"), self.name);
        write!(
            f,
            "<svg class=\"{class}\" aria-hidden=\"true\"><use href=\"{sprite}#{name}\"/></svg>"
        )
    }
}

// Made of our own words only.
impl askama::filters::HtmlSafe for Icon {}

/// One of several links of which one is current (`.segments`, pages of a list).
#[derive(Clone, Debug)]
pub struct Choice {
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub label: String,
    /// Whether it is where one is.
    pub current: bool,
}

impl Choice {
    /// A choice.
    pub fn new(href: impl Into<String>, label: impl fmt::Display, current: bool) -> Self {
        Self {
            href: href.into(),
            label: label.to_string(),
            current,
        }
    }
}

/// An option of a select.
#[derive(Clone, Debug)]
pub struct Opt {
    /// What is sent.
    pub value: String,
    /// What it says.
    pub label: String,
}

impl Opt {
    /// An option.
    pub fn new(value: impl fmt::Display, label: impl fmt::Display) -> Self {
        Self {
            value: value.to_string(),
            label: label.to_string(),
        }
    }
}

/// A form's field: what was typed, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Its name in the form.
    pub name: &'static str,
    /// Its id in the page; the name, unless another form of the page has a field of that name.
    pub id: &'static str,
    /// What was typed, or what stands there.
    pub value: String,
    /// What is wrong.
    pub error: Option<String>,
}

impl Field {
    /// A field with a value and nothing wrong.
    pub fn new(name: &'static str, value: impl fmt::Display) -> Self {
        Self {
            name,
            id: name,
            value: value.to_string(),
            error: None,
        }
    }

    /// An empty field.
    pub fn empty(name: &'static str) -> Self {
        Self::new(name, "")
    }

    /// The same field under another id.
    #[must_use]
    pub fn id(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    /// The same field, found wrong.
    #[must_use]
    pub fn wrong(mut self, error: impl fmt::Display) -> Self {
        self.error = Some(error.to_string());
        self
    }

    /// Whether anything is wrong.
    pub fn is_wrong(&self) -> bool {
        self.error.is_some()
    }
}

/// Puts a problem's field errors at the fields they name; returns those that name none.
pub fn place_errors(fields: &mut [&mut Field], errors: &[FieldError]) -> Vec<String> {
    let mut rest = Vec::new();
    for error in errors {
        let name = error.pointer.trim_start_matches(['/', '?']);
        let name = name.split('/').next().unwrap_or(name);
        match fields.iter_mut().find(|f| f.name == name) {
            Some(field) => field.error = Some(error.detail.clone()),
            None => rest.push(error.detail.clone()),
        }
    }
    rest
}
