//! What a person is told in the app.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// What a notice is of. People opt out by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// The first valid click of all.
    ClickValid,
    /// Own claim decided, or sent back with a question. Facts: `claim`, `state`, `reason`.
    ClaimDecided,
    /// Points that will expire. Facts: `points`, `on`.
    PointsExpiring,
    /// A week's board is frozen. Facts: `period`, `rank` (of points), `of`.
    BoardFrozen,
    /// A payout with own lines was closed. Facts: `run`, `zh` and `en` (the scheme's name), `period`.
    PayoutClosed,
    /// Own objection was answered. Facts: `objection`, `state`, `reason`.
    ObjectionAnswered,
    /// An order of the points shop went on. Facts: `order`, `item`, `state`.
    OrderMoved,
    /// Points for a share, an exchange or an award were decided on. Facts: `points`, `reason`.
    PointsDecided,
    /// A lead or order one is credited with was held, released, rejected or decided again. Facts: `conversion` (its kind),
    /// `on`, `state`, `reason`.
    ConversionMoved,
    /// New rules are to be read. Facts: `version`, `on`, `reason`.
    RulesChanged,
}

impl NoticeKind {
    /// All, in the order they are listed to people.
    pub const ALL: [Self; 10] = [
        Self::ClickValid,
        Self::ClaimDecided,
        Self::PointsExpiring,
        Self::BoardFrozen,
        Self::PayoutClosed,
        Self::ObjectionAnswered,
        Self::OrderMoved,
        Self::PointsDecided,
        Self::ConversionMoved,
        Self::RulesChanged,
    ];

    /// The word of the store and of the texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClickValid => "click-valid",
            Self::ClaimDecided => "claim-decided",
            Self::PointsExpiring => "points-expiring",
            Self::BoardFrozen => "board-frozen",
            Self::PayoutClosed => "payout-closed",
            Self::ObjectionAnswered => "objection-answered",
            Self::OrderMoved => "order-moved",
            Self::PointsDecided => "points-decided",
            Self::ConversionMoved => "conversion-moved",
            Self::RulesChanged => "rules-changed",
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NoticeKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|k| k.as_str() == text).ok_or(())
    }
}

/// Something a person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is of.
    pub kind: NoticeKind,
    /// What it tells of, unique within the kind and the person (`claim 7, step 31`): told once.
    pub about: String,
    /// The values of its sentence, by name.
    pub facts: Value,
}

/// How a person can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// In the app, under the bell.
    App,
    /// In the weekly mail.
    Mail,
}

impl Channel {
    /// Both.
    pub const ALL: [Self; 2] = [Self::App, Self::Mail];

    /// The word of the store and of forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Mail => "mail",
        }
    }
}

impl FromStr for Channel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|c| c.as_str() == text).ok_or(())
    }
}
