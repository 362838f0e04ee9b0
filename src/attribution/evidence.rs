//! What a decision is made from: everything the store knows, as values (attribution.md §5).

use jiff::civil::Date;

use crate::attribution::{ConversionKind, Step};
use crate::domain::{
    AttributionModel, CampaignId, Class, ClickId, CouponId, EmployeeId, LinkId, Precedence, Programme,
};

/// Clocks of shops and ours differ: a conversion may lie this much before its click or after now, milliseconds.
pub const SKEW_MS: i64 = 5 * 60 * 1000;
/// A day of 24 hours, milliseconds.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Forms sent back faster than this are looked at by a person, milliseconds.
pub const FORM_MIN_MS: i64 = 800;

/// An employee who might be credited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The row.
    pub id: EmployeeId,
    /// What people call them by.
    pub code: String,
    /// Last working day, inclusive.
    pub left_on: Option<Date>,
    /// Whether the customer's phone, e-mail or id is this employee's own.
    pub is_customer: bool,
}

/// How far a link is from its employee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// The employee's own link.
    Own,
    /// A visitor's, minted from the employee's.
    Child,
    /// Minted from a visitor's link, or further down.
    Deeper,
}

/// A click that led to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Which.
    pub click: ClickId,
    /// When, milliseconds UTC.
    pub at_ms: i64,
    /// What it was, overruling included.
    pub class: Class,
    /// Through which link.
    pub link: LinkId,
    /// Of which campaign.
    pub campaign: CampaignId,
    /// Posted where.
    pub channel: String,
    /// The campaign's own window, days; `None`: the programme's.
    pub window_days: Option<i64>,
    /// Own link, visitor's link, or further down.
    pub generation: Generation,
    /// Whose link; of a visitor's link the employee at the root.
    pub person: Person,
    /// When the firm last knew the customer before this click (order, lead, import), milliseconds UTC.
    pub known_before_ms: Option<i64>,
}

/// Why a coupon could not be redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CouponRefusal {
    /// No such code.
    Unknown,
    /// Before its first day.
    NotStarted,
    /// After its last day.
    Expired,
    /// Turned off.
    Disabled,
    /// Used up.
    Exhausted,
    /// Its employee's last working day is over.
    OwnerLeft,
}

impl CouponRefusal {
    const WORDS: [(Self, &'static str); 6] = [
        (Self::Unknown, "unknown"),
        (Self::NotStarted, "not_started"),
        (Self::Expired, "expired"),
        (Self::Disabled, "disabled"),
        (Self::Exhausted, "exhausted"),
        (Self::OwnerLeft, "owner_left"),
    ];

    /// The word kept in the store.
    pub fn as_str(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(r, _)| *r == self)
            .map_or("unknown", |(_, word)| word)
    }

    /// The refusal with this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, w)| *w == word).map(|(r, _)| *r)
    }
}

/// What became of the coupon handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CouponFact {
    /// It could not be redeemed.
    Refused {
        /// As it was handed in.
        code: String,
        /// Why.
        refusal: CouponRefusal,
    },
    /// It was redeemed (for a lead: it could have been).
    Good {
        /// As it was minted.
        code: String,
        /// The row.
        coupon: CouponId,
        /// Of which campaign.
        campaign: CampaignId,
        /// Whose.
        person: Person,
    },
}

/// What became of the click token handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClickFact {
    /// Ours, but the click has not reached the store.
    NotLoaded(ClickId),
    /// A click of ours.
    Known(Touch),
}

/// Who brought the customer: the conversion that binds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The employee.
    pub person: Person,
    /// Since when, milliseconds UTC.
    pub bound_at_ms: i64,
    /// Whether the conversion that binds is itself held.
    pub held: bool,
    /// Its link, booked again with later orders.
    pub link: Option<LinkId>,
    /// Its campaign and channel.
    pub campaign: Option<(CampaignId, String)>,
}

/// Everything a decision looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Lead or sale.
    pub kind: ConversionKind,
    /// When, milliseconds UTC.
    pub occurred_at_ms: i64,
    /// The business day of that instant.
    pub day: Date,
    /// The coupon, if one was handed in.
    pub coupon: Option<CouponFact>,
    /// The click, if a token was handed in.
    pub click: Option<ClickFact>,
    /// Earlier touches of this customer, in any order.
    pub touches: Vec<Touch>,
    /// Who brought this customer.
    pub owner: Option<Owner>,
    /// When the firm last knew the customer before this conversion, milliseconds UTC.
    pub known_before_ms: Option<i64>,
    /// When this customer's credited lead nearest to this conversion was, milliseconds UTC; rejected ones aside.
    pub lead_ms: Option<i64>,
    /// The employee of a verified claim.
    pub claim: Option<Person>,
    /// Whether it came out of that claim itself: then all of it rests on the claim, whatever credits.
    pub is_claims_own: bool,
    /// What speaks against what that claim credits, as steps that hold.
    pub doubts: Vec<Step>,
    /// How long the landing page's form was open, milliseconds; `None` from elsewhere.
    pub form_ms: Option<i64>,
}

/// The rules in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What credits first (GC-24).
    pub precedence: [Precedence; 3],
    /// Which touch is credited.
    pub model: AttributionModel,
    /// Attribution window, days, end included.
    pub window_days: i64,
    /// Binding, days; `None` for ever, 0 none.
    pub binding_days: Option<i64>,
    /// Protection, days; 0 none.
    pub protection_days: i64,
    /// Days a customer stays known; 0: everybody is new.
    pub new_customer_days: i64,
}

impl From<&Programme> for Rules {
    fn from(p: &Programme) -> Self {
        Self {
            precedence: p.precedence,
            model: p.model,
            window_days: p.attribution_window_days,
            binding_days: p.binding_days,
            protection_days: p.protection_days,
            new_customer_days: p.new_customer_days,
        }
    }
}

impl Rules {
    /// Last instant a touch is credited, milliseconds UTC, inclusive.
    pub fn window_end(&self, touch: &Touch) -> i64 {
        end_of(touch.at_ms, touch.window_days.unwrap_or(self.window_days))
    }

    /// Last instant of the binding, inclusive; `None` for ever.
    pub fn binding_end(&self, owner: &Owner) -> Option<i64> {
        self.binding_days.map(|days| end_of(owner.bound_at_ms, days))
    }

    /// Whether a customer stays with their employee at `at_ms`. An order up to [`SKEW_MS`] before the conversion that
    /// binds is the same visit.
    pub fn binds(&self, owner: &Owner, at_ms: i64) -> bool {
        self.binding_days != Some(0)
            && at_ms >= owner.bound_at_ms.saturating_sub(SKEW_MS)
            && self.binding_end(owner).is_none_or(|end| at_ms <= end)
    }

    /// Last instant of the protection, inclusive.
    pub fn protection_end(&self, owner: &Owner) -> i64 {
        end_of(owner.bound_at_ms, self.protection_days)
    }

    /// Whether nobody else's click may take the customer over at `at_ms`. What was booked first stands: an order that
    /// is reported late cannot take back a customer bound shortly after it.
    pub fn protects(&self, owner: &Owner, at_ms: i64) -> bool {
        let earliest = end_of(owner.bound_at_ms, -self.protection_days);
        self.protection_days > 0 && (earliest..=self.protection_end(owner)).contains(&at_ms)
    }

    /// Whether the firm still knew, at `touch_ms`, a customer last seen at `known_ms`.
    pub fn still_known(&self, known_ms: i64, touch_ms: i64) -> bool {
        self.new_customer_days > 0
            && known_ms < touch_ms
            && touch_ms <= end_of(known_ms, self.new_customer_days)
    }

    /// Whether leads of one person at these instants are one lead. What was booked first stands: one that is reported
    /// late is the second one all the same.
    pub fn same_lead(&self, one_ms: i64, other_ms: i64) -> bool {
        let (first, second) = (one_ms.min(other_ms), one_ms.max(other_ms));
        self.new_customer_days > 0 && second <= end_of(first, self.new_customer_days)
    }
}

/// `days` of 24 hours after an instant.
fn end_of(at_ms: i64, days: i64) -> i64 {
    at_ms.saturating_add(days.saturating_mul(DAY_MS))
}
