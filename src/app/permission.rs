//! Which role may do what: the one place for pages and API.

use crate::domain::Role;

/// Something a caller may be allowed to do. Named for the act, not for the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See and use one's own links, results, points, claims.
    Own,
    /// Read people, campaigns, links, clicks, conversions, boards of everybody.
    ReadTracker,
    /// Create and change people and teams.
    WritePeople,
    /// Create and change campaigns, material, links of others, coupons.
    WriteCampaigns,
    /// Send conversions, refunds and CRM records (a shop's or CRM's key).
    SendConversions,
    /// Decide on conversions: approve, reject, hold, release.
    DecideConversions,
    /// Overrule a click's class.
    OverruleClicks,
    /// Decide on shares and exchanges, give awards.
    DecidePoints,
    /// Publish, freeze and export boards.
    PublishBoards,
    /// Publish the programme's rules.
    PublishRules,
    /// Fill the points shop, hand over what was redeemed.
    RunShop,
    /// Decide on claims.
    DecideClaims,
    /// Read schemes, facts, runs and everybody's pay.
    ReadPay,
    /// Import facts, change schemes, calculate runs.
    CalculatePay,
    /// Approve runs.
    ApprovePay,
    /// Keys, accounts, settings, audit log.
    Administer,
}

impl Permission {
    /// All permissions, for the test that walks every role.
    pub const ALL: [Self; 16] = [
        Self::Own,
        Self::ReadTracker,
        Self::WritePeople,
        Self::WriteCampaigns,
        Self::SendConversions,
        Self::DecideConversions,
        Self::OverruleClicks,
        Self::DecidePoints,
        Self::PublishBoards,
        Self::PublishRules,
        Self::RunShop,
        Self::DecideClaims,
        Self::ReadPay,
        Self::CalculatePay,
        Self::ApprovePay,
        Self::Administer,
    ];

    /// What it is, as a refusal says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Own => "the right to one's own links, results, points and claims",
            Self::ReadTracker => "the right to read everybody's links, clicks, conversions and boards",
            Self::WritePeople => "the right to change people and teams",
            Self::WriteCampaigns => "the right to change campaigns, material, links and coupons",
            Self::SendConversions => "the right to send conversions, refunds and CRM records",
            Self::DecideConversions => "the right to decide on conversions",
            Self::OverruleClicks => "the right to overrule clicks",
            Self::DecidePoints => "the right to decide on shares and exchanges and to give awards",
            Self::PublishBoards => "the right to publish boards",
            Self::PublishRules => "the right to publish the rules",
            Self::RunShop => "the right to run the points shop",
            Self::DecideClaims => "the right to decide on claims",
            Self::ReadPay => "the right to read everybody's pay",
            Self::CalculatePay => "the right to calculate pay",
            Self::ApprovePay => "the right to approve pay",
            Self::Administer => "the right to administer keys, accounts and settings",
        }
    }
}

/// Whether a role allows something (product.md, "Roles"). Admin runs the system but neither calculates nor approves pay
/// for others to trust; it may do everything of the tracker.
pub fn allows(role: Role, permission: Permission) -> bool {
    use Permission as P;
    match role {
        Role::Employee => matches!(permission, P::Own),
        Role::Manager => matches!(
            permission,
            P::Own
                | P::ReadTracker
                | P::WriteCampaigns
                | P::DecideConversions
                | P::OverruleClicks
                | P::DecidePoints
                | P::PublishBoards
                | P::PublishRules
                | P::RunShop
        ),
        Role::Verifier => matches!(
            permission,
            P::Own | P::ReadTracker | P::DecideClaims | P::SendConversions
        ),
        Role::Finance => {
            matches!(
                permission,
                P::Own | P::ReadTracker | P::SendConversions | P::ReadPay | P::CalculatePay
            )
        }
        Role::Approver => matches!(permission, P::Own | P::ReadTracker | P::ReadPay | P::ApprovePay),
        Role::Admin => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn employees_see_their_own_only() {
        for permission in Permission::ALL {
            assert_eq!(
                allows(Role::Employee, permission),
                permission == Permission::Own,
                "{permission:?}"
            );
        }
    }

    #[test]
    fn who_calculates_pay_does_not_approve_it() {
        for role in [
            Role::Finance,
            Role::Approver,
            Role::Manager,
            Role::Verifier,
            Role::Employee,
        ] {
            assert!(
                !(allows(role, Permission::CalculatePay) && allows(role, Permission::ApprovePay)),
                "{role}"
            );
        }
    }
}
