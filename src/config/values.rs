//! Values a setting can have beyond the standard types.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// How a click is kept before it is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// Written before the answer, on disk within 20 ms: survives `kill -9`.
    #[default]
    Group,
    /// On disk before the answer: survives a power cut too.
    Strict,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Which touch is credited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// The last touch before the conversion.
    #[default]
    Last,
    /// The first touch in the window.
    First,
}

/// How long a customer stays with who brought them: days, or `forever`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding(pub Option<u32>);

impl FromStr for Binding {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "forever" {
            return Ok(Self(None));
        }
        text.parse()
            .map(|n| Self(Some(n)))
            .map_err(|_| "expected a whole number of days, or forever".to_owned())
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(days) => days.fmt(f),
            None => f.write_str("forever"),
        }
    }
}

impl<'de> Deserialize<'de> for Binding {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Days(u32),
            Word(String),
        }
        match Either::deserialize(d)? {
            Either::Days(n) => Ok(Self(Some(n))),
            Either::Word(word) => word.parse().map_err(serde::de::Error::custom),
        }
    }
}
