//! What the loader tells the table: rows as they are now. Texts are borrowed, so that a million links load without
//! a million small allocations.

use crate::domain::{CampaignId, EmployeeId, LinkId};
use crate::share::{Destination, UtmOverrides};

/// A link as it is now.
#[derive(Clone, Debug)]
pub struct LinkChange<'a> {
    /// The row; below 2^32.
    pub id: LinkId,
    /// As minted or wished, any case.
    pub code: &'a str,
    /// Whose link; of a child link the root's employee.
    pub employee: EmployeeId,
    /// For what.
    pub campaign: CampaignId,
    /// Where it is posted.
    pub channel: &'a str,
    /// Whether it is a visitor's child link.
    pub child: bool,
    /// Turned off.
    pub disabled: bool,
    /// Expiry, milliseconds UTC, exclusive; `None` never.
    pub expires_at_ms: Option<i64>,
    /// Own destination, where it differs from the campaign's.
    pub destination: Option<Destination>,
    /// Own UTM values.
    pub utm: Option<UtmOverrides>,
}

/// A campaign as it is now.
#[derive(Clone, Debug)]
pub struct CampaignChange<'a> {
    /// The row; below 2^32.
    pub id: CampaignId,
    /// Its slug (`utm_campaign`).
    pub slug: &'a str,
    /// Where its links lead.
    pub destination: Destination,
    /// First instant of its first business day, milliseconds UTC; `None`: always was.
    pub opens_at_ms: Option<i64>,
    /// First instant after its last business day, milliseconds UTC; `None`: never ends.
    pub closes_at_ms: Option<i64>,
    /// Turned off.
    pub disabled: bool,
    /// Where disabled and expired links lead instead of a 410.
    pub fallback: Option<Destination>,
    /// Open Graph title: the campaign's name.
    pub title: &'a str,
    /// Open Graph description; may be empty.
    pub description: &'a str,
    /// Absolute address of its picture, if it has one.
    pub picture_url: Option<&'a str>,
}

/// An employee as they are now.
#[derive(Clone, Copy, Debug)]
pub struct EmployeeChange<'a> {
    /// The row; below 2^32.
    pub id: EmployeeId,
    /// The employee code (`utm_content`), plain.
    pub code: &'a str,
}
