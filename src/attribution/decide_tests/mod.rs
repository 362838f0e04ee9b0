//! Every rule of attribution.md §5 as a row: given, when, then.

mod credit;
mod customers;
mod props;

use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::domain::{
    AttributionModel, CampaignId, Class, ClickId, CouponId, EmployeeId, LinkId, Precedence, Programme,
};

/// 18 November 2026, 10:00 in Shanghai.
pub(super) const NOW: i64 = 1_794_967_200_000;
pub(super) const SECOND: i64 = 1000;

pub(super) fn person(id: i64) -> Person {
    Person {
        id: EmployeeId(id),
        code: format!("E{id}"),
        left_on: None,
        is_customer: false,
    }
}

/// A human click on the own link of employee `id`, `age` milliseconds before the conversion.
pub(super) fn click(id: i64, age: i64) -> Touch {
    Touch {
        click: ClickId(Uuid::from_u128(
            u128::from(id.unsigned_abs()) << 64 | u128::from(age.unsigned_abs()),
        )),
        at_ms: NOW - age,
        class: Class::Human,
        link: LinkId(id),
        campaign: CampaignId(7),
        channel: "wechat".to_owned(),
        window_days: None,
        generation: Generation::Own,
        person: person(id),
        known_before_ms: None,
    }
}

pub(super) fn coupon(id: i64) -> CouponFact {
    CouponFact::Good {
        code: format!("E{id}TEN"),
        coupon: CouponId(id),
        campaign: CampaignId(7),
        person: person(id),
    }
}

/// Bound to employee `id`, `age` milliseconds before the conversion.
pub(super) fn owner(id: i64, age: i64) -> Owner {
    Owner {
        person: person(id),
        bound_at_ms: NOW - age,
        held: false,
        link: Some(LinkId(id)),
        campaign: Some((CampaignId(7), "wechat".to_owned())),
    }
}

pub(super) fn sale() -> Evidence {
    Evidence {
        kind: ConversionKind::Sale,
        occurred_at_ms: NOW,
        day: date(2026, 11, 18),
        coupon: None,
        click: None,
        touches: Vec::new(),
        owner: None,
        known_before_ms: None,
        lead_ms: None,
        claim: None,
        is_claims_own: false,
        doubts: Vec::new(),
        form_ms: None,
    }
}

pub(super) fn lead() -> Evidence {
    Evidence {
        kind: ConversionKind::Lead,
        ..sale()
    }
}

pub(super) fn with_click(touch: Touch) -> Evidence {
    Evidence {
        click: Some(ClickFact::Known(touch)),
        ..sale()
    }
}

pub(super) fn with_coupon(fact: CouponFact) -> Evidence {
    Evidence {
        coupon: Some(fact),
        ..sale()
    }
}

pub(super) fn refused(refusal: CouponRefusal) -> Evidence {
    Evidence {
        coupon: Some(CouponFact::Refused {
            code: "X".into(),
            refusal,
        }),
        ..with_click(click(1, 60_000))
    }
}

pub(super) fn rules() -> Rules {
    Rules::from(&Programme::default())
}

/// `E1 click pending`, `~E1 click pending` for indirect credit, `nobody`.
fn told(decision: &Decision) -> String {
    let via = decision.via.map_or("-", Via::as_str);
    match (decision.credited_to, decision.indirect_to) {
        (Some(id), None) => format!("E{id} {via} {}", decision.status),
        (None, Some(id)) => format!("~E{id} {via} {}", decision.status),
        (None, None) if decision.status == Status::Uncredited && decision.via.is_none() => {
            "nobody".to_owned()
        }
        other => format!("impossible: {other:?}"),
    }
}

/// The decision under the default rules, told, with the reasons of the steps that must be among them.
#[track_caller]
pub(super) fn expect(case: &str, evidence: &Evidence, rules: &Rules, then: &str, because: &[Reason]) {
    let decision = decide(evidence, rules);
    let found: Vec<_> = decision.steps.iter().map(|s| s.reason).collect();
    assert_eq!(told(&decision), then, "{case}: {found:?}");
    for reason in because {
        assert!(found.contains(reason), "{case}: {reason} is not among {found:?}");
    }
}
