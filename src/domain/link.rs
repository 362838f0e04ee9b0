//! What the redirect must know of a link.

use crate::domain::{CampaignId, EmployeeId, LinkId};

/// Whether a link may be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Redirects.
    Live,
    /// Turned off by a person: fallback or 410.
    Disabled,
    /// Past its own or its campaign's end: fallback or 410.
    Expired,
}

/// One link as the in-memory table holds it; the destination is composed from the campaign's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFacts {
    /// The row.
    pub id: LinkId,
    /// Whose link it is; a visitor's child link carries the root's employee.
    pub employee: EmployeeId,
    /// Which campaign it serves.
    pub campaign: CampaignId,
    /// Whether this is a visitor's child link (`parent` set): indirect credit only.
    pub child: bool,
    /// Expiry, milliseconds UTC, exclusive; `None` never.
    pub expires_at_ms: Option<i64>,
    /// Turned off.
    pub disabled: bool,
}

impl LinkFacts {
    /// The state at `now_ms`, given whether the campaign runs on that day.
    pub fn state(&self, now_ms: i64, campaign_open: bool) -> LinkState {
        if self.disabled {
            LinkState::Disabled
        } else if !campaign_open || self.expires_at_ms.is_some_and(|end| now_ms >= end) {
            LinkState::Expired
        } else {
            LinkState::Live
        }
    }
}
