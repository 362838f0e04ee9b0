//! Words and states of a conversion, and what each counts (attribution.md §5).

use crate::attribution::words::words;
use crate::domain::{Counts, Money};

words! {
    /// What was achieved.
    ConversionKind {
        /// A form, registration, download or enquiry.
        Lead = "lead",
        /// An order with a paid amount.
        Sale = "sale",
    }
}

words! {
    /// What credited a conversion.
    Via {
        /// The coupon redeemed.
        Coupon = "coupon",
        /// The click token handed in.
        Click = "click",
        /// A known customer: an earlier touch, or the binding to the employee who brought them.
        Customer = "customer",
        /// A verified claim.
        Claim = "claim",
    }
}

words! {
    /// Where a conversion came from.
    Source {
        /// Server to server.
        Api = "api",
        /// A CSV import.
        Csv = "csv",
        /// The landing page's own lead form.
        Form = "form",
        /// A verified claim.
        Claim = "claim",
    }
}

words! {
    /// Where a conversion stands.
    Status {
        /// Credited, in its hold (7 days after the month closes).
        Pending = "pending",
        /// Credited for good.
        Approved = "approved",
        /// Its commission was paid.
        Paid = "paid",
        /// A person found it wanting (a void lead, a fake order).
        Rejected = "rejected",
        /// The whole amount went back.
        Refunded = "refunded",
        /// Waits for a person (fraud review); counts nowhere meanwhile.
        Held = "held",
        /// Nobody is credited.
        Uncredited = "uncredited",
    }
}

words! {
    /// What a person may decide about a conversion.
    Verdict {
        /// It stands.
        Approved = "approved",
        /// It does not.
        Rejected = "rejected",
        /// It waits for a closer look.
        Held = "held",
        /// The closer look found nothing.
        Released = "released",
    }
}

/// Why a verdict cannot be given now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerdictRefused {
    /// The state does not allow it.
    #[error("a conversion that is {status} cannot be {verdict}")]
    State {
        /// The state it is in.
        status: Status,
        /// What was asked.
        verdict: Verdict,
    },
}

impl Status {
    /// Whether it counts on boards, in rollups and in pay.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Pending | Self::Approved | Self::Paid)
    }

    /// The state after a verdict; the same verdict again changes nothing.
    pub fn after(self, verdict: Verdict) -> Result<Self, VerdictRefused> {
        use Status as S;
        use Verdict as V;
        match (verdict, self) {
            (V::Approved, S::Pending | S::Held | S::Approved) => Ok(S::Approved),
            (V::Rejected, S::Pending | S::Held | S::Approved | S::Rejected) => Ok(S::Rejected),
            (V::Held, S::Pending | S::Approved | S::Held) => Ok(S::Held),
            (V::Released, S::Held) => Ok(S::Pending),
            (verdict, status) => Err(VerdictRefused::State { status, verdict }),
        }
    }

    /// The state after refunds: only a whole refund of something credited changes it. A rejected or uncredited sale
    /// stays what it is.
    #[must_use]
    pub fn after_refund(self, whole: bool) -> Self {
        match self {
            Self::Pending | Self::Approved | Self::Paid | Self::Held if whole => Self::Refunded,
            other => other,
        }
    }
}

/// What a conversion adds to the rollups in a state, with `net` = amount less refunds.
pub fn counted(kind: ConversionKind, status: Status, net: Money) -> Counts {
    let none = Counts::default();
    match (status.counts(), kind) {
        (false, _) => none,
        (true, ConversionKind::Lead) => Counts { leads: 1, ..none },
        (true, ConversionKind::Sale) => Counts {
            sales: 1,
            amount: net.minor(),
            ..none
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_move_states_as_the_rules_say() {
        use Status as S;
        use Verdict as V;
        let allowed = [
            (S::Pending, V::Approved, S::Approved),
            (S::Pending, V::Rejected, S::Rejected),
            (S::Pending, V::Held, S::Held),
            (S::Approved, V::Approved, S::Approved),
            (S::Approved, V::Rejected, S::Rejected),
            (S::Approved, V::Held, S::Held),
            (S::Held, V::Approved, S::Approved),
            (S::Held, V::Rejected, S::Rejected),
            (S::Held, V::Held, S::Held),
            (S::Held, V::Released, S::Pending),
            (S::Rejected, V::Rejected, S::Rejected),
        ];
        for status in S::ALL {
            for verdict in V::ALL {
                let expected = allowed
                    .iter()
                    .find(|(s, v, _)| s == status && v == verdict)
                    .map(|(_, _, to)| *to);
                assert_eq!(status.after(*verdict).ok(), expected, "{status} {verdict}");
            }
        }
    }

    #[test]
    fn only_a_whole_refund_of_something_credited_changes_the_state() {
        for status in Status::ALL {
            assert_eq!(status.after_refund(false), *status);
        }
        assert_eq!(Status::Paid.after_refund(true), Status::Refunded);
        assert_eq!(Status::Held.after_refund(true), Status::Refunded);
        assert_eq!(Status::Uncredited.after_refund(true), Status::Uncredited);
        assert_eq!(Status::Rejected.after_refund(true), Status::Rejected);
    }

    #[test]
    fn what_is_held_rejected_or_refunded_counts_nowhere() {
        let net = Money::from_minor(500);
        for status in Status::ALL {
            let sale = counted(ConversionKind::Sale, *status, net);
            let lead = counted(ConversionKind::Lead, *status, Money::ZERO);
            let counts = matches!(status, Status::Pending | Status::Approved | Status::Paid);
            assert_eq!(
                (sale.sales, sale.amount),
                if counts { (1, 500) } else { (0, 0) },
                "{status}"
            );
            assert_eq!(lead.leads, i64::from(counts), "{status}");
        }
    }
}
