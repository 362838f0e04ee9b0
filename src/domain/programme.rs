//! The programme's rules as settings, with the defaults of attribution.md.

use jiff::tz::TimeZone;

use crate::domain::Currency;

/// Which touch is credited when several lie in the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttributionModel {
    /// The last one before the conversion.
    #[default]
    Last,
    /// The first one in the window.
    First,
}

/// What can credit a conversion; the order of these is a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// The coupon redeemed.
    Coupon,
    /// The click token handed in, or the known customer's touch.
    Click,
    /// A verified claim.
    Claim,
}

/// Points per event, and caps (attribution.md §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointRules {
    /// Compliant share with a tracked link.
    pub share: i64,
    /// Shares that earn, per business day.
    pub shares_per_day: i64,
    /// Valid click.
    pub click: i64,
    /// Approved exchange with a friend in comments.
    pub interaction: i64,
    /// Best creator of the month.
    pub best_creator: i64,
}

/// Rules of the programme. Days are multiples of 24 h unless they say business days.
#[derive(Clone, Debug)]
pub struct Programme {
    /// Business time zone.
    pub zone: TimeZone,
    /// The programme's one currency.
    pub currency: Currency,
    /// How long after a click a conversion is credited, days, end included; a campaign may override.
    pub attribution_window_days: i64,
    /// How long a customer stays with the employee who brought them, days; `None` for ever.
    pub binding_days: Option<i64>,
    /// Days in which nobody else's click can take a customer over.
    pub protection_days: i64,
    /// Days a lead or customer stays known, for "new customers only".
    pub new_customer_days: i64,
    /// First or last touch.
    pub model: AttributionModel,
    /// What credits first.
    pub precedence: [Precedence; 3],
    /// Days after the month's close before `pending` becomes `approved`.
    pub hold_days: i64,
    /// Months back in which late facts still correct a closed payout (GC-13); 0: never.
    pub clawback_months: i64,
    /// Days in which one may object to a line after its payout was put up for review, the last one whole (GC-21).
    pub query_days: i64,
    /// Days a lead's plain contact is kept, sealed.
    pub contact_retention_days: i64,
    /// Visible time a valid click must exceed, milliseconds.
    pub dwell_limit_ms: i64,
    /// Same visitor, same link: a repeat within this time, milliseconds.
    pub repeat_window_ms: i64,
    /// Same visitor, same link: one valid click earns points within this time, milliseconds.
    pub valid_window_ms: i64,
    /// Honour `Sec-GPC` and `DNT`.
    pub honour_do_not_track: bool,
    /// Points.
    pub points: PointRules,
}

impl Default for Programme {
    fn default() -> Self {
        Self {
            zone: TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC),
            currency: Currency::CNY,
            attribution_window_days: 30,
            binding_days: Some(30),
            protection_days: 30,
            new_customer_days: 180,
            model: AttributionModel::Last,
            precedence: [Precedence::Coupon, Precedence::Click, Precedence::Claim],
            hold_days: 7,
            clawback_months: 12,
            query_days: 7,
            contact_retention_days: 180,
            dwell_limit_ms: 30_000,
            repeat_window_ms: 3_600_000,
            valid_window_ms: 86_400_000,
            honour_do_not_track: true,
            points: PointRules {
                share: 10,
                shares_per_day: 3,
                click: 5,
                interaction: 15,
                best_creator: 500,
            },
        }
    }
}
