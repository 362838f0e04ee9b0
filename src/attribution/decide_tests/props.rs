//! What holds of every decision.

use jiff::civil::date;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::attribution::*;

fn any_person() -> impl Strategy<Value = Person> {
    (1i64..4, prop::option::of(15i8..22), prop::bool::weighted(0.15)).prop_map(|(id, left, own)| Person {
        left_on: left.map(|d| date(2026, 11, d)),
        is_customer: own,
        ..person(id)
    })
}

fn any_touch() -> impl Strategy<Value = Touch> {
    let age = prop_oneof![-2 * SKEW_MS..2 * SKEW_MS, 0..40 * DAY_MS];
    let generation = prop_oneof![
        6 => Just(Generation::Own),
        2 => Just(Generation::Child),
        1 => Just(Generation::Deeper)
    ];
    (
        any_person(),
        age,
        0u8..8,
        generation,
        prop::option::of(0..200 * DAY_MS),
        prop::option::of(1i64..60),
    )
        .prop_map(|(person, age, class, generation, known, window_days)| Touch {
            class: Class::from_code(class).unwrap_or(Class::Human),
            generation,
            known_before_ms: known.map(|ago| NOW - age - ago),
            window_days,
            link: LinkId(person.id.0),
            ..Touch {
                person,
                ..click(1, age)
            }
        })
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    let coupon = prop_oneof![
        3 => Just(None),
        1 => Just(Some(CouponFact::Refused { code: "X".into(), refusal: CouponRefusal::Exhausted })),
        2 => any_person().prop_map(|person| Some(CouponFact::Good {
            code: "Y".into(), coupon: CouponId(1), campaign: CampaignId(7), person,
        })),
    ];
    let click = prop_oneof![
        2 => Just(None),
        1 => Just(Some(ClickFact::NotLoaded(ClickId(Uuid::from_u128(5))))),
        5 => any_touch().prop_map(|t| Some(ClickFact::Known(t))),
    ];
    let owner = prop::option::of((any_person(), -2 * DAY_MS..60 * DAY_MS, any::<bool>()).prop_map(
        |(person, age, held)| Owner {
            person,
            held,
            ..owner(1, age)
        },
    ));
    (
        any::<bool>(),
        coupon,
        click,
        prop::collection::vec(any_touch(), 0..4),
        owner,
        prop::option::of(0..200 * DAY_MS),
        prop::option::of(0i64..2000),
        prop::option::weighted(0.2, any_person()),
        prop::option::weighted(0.2, -200 * DAY_MS..200 * DAY_MS),
    )
        .prop_map(
            |(is_lead, coupon, click, touches, owner, known, form_ms, claim, lead_age)| Evidence {
                coupon,
                click,
                touches,
                owner,
                known_before_ms: known.map(|ago| NOW - ago),
                form_ms,
                lead_ms: lead_age.map(|age| NOW - age),
                claim,
                is_claims_own: false,
                doubts: Vec::new(),
                ..if is_lead { lead() } else { sale() }
            },
        )
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let orders = prop::sample::select(vec![
        [Precedence::Coupon, Precedence::Click, Precedence::Claim],
        [Precedence::Click, Precedence::Coupon, Precedence::Claim],
        [Precedence::Claim, Precedence::Click, Precedence::Coupon],
    ]);
    (
        orders,
        any::<bool>(),
        1i64..60,
        prop::option::of(0i64..60),
        0i64..60,
        0i64..200,
    )
        .prop_map(
            |(precedence, first, window_days, binding_days, protection_days, new_customer_days)| Rules {
                precedence,
                model: if first {
                    AttributionModel::First
                } else {
                    AttributionModel::Last
                },
                window_days,
                binding_days,
                protection_days,
                new_customer_days,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_decision_credits_at_most_one_and_says_everything(e in any_evidence(), r in any_rules()) {
        let decision = decide(&e, &r);
        prop_assert_eq!(&decision, &decide(&e, &r), "the same evidence gives the same decision");
        prop_assert!(!(decision.credited_to.is_some() && decision.indirect_to.is_some()));
        let somebody = decision.credited_to.or(decision.indirect_to);
        prop_assert_eq!(somebody.is_some(), decision.via.is_some());
        prop_assert_eq!(somebody.is_none(), decision.status == Status::Uncredited);
        prop_assert_eq!(decision.bound_at_ms.is_some(), decision.credited_to.is_some());
        prop_assert!(decision.bound_at_ms.is_none_or(|at| at <= e.occurred_at_ms));
        // One outcome, at the end, and it agrees.
        let outcomes = decision.steps.iter().filter(|s| s.rule == "credit").count();
        prop_assert_eq!(outcomes, 1);
        let last = decision.steps.last().unwrap().reason;
        let expected = match (decision.credited_to, decision.indirect_to) {
            (Some(_), _) => Reason::Credited,
            (_, Some(_)) => Reason::Indirect,
            _ => Reason::Nobody,
        };
        prop_assert_eq!(last, expected);
        // What was handed in was looked at, unless something before it in order credited.
        let says = |rule: &str| decision.steps.iter().any(|s| s.rule == rule);
        if somebody.is_none() {
            for rule in ["coupon", "click", "touch", "binding", "claim"] {
                prop_assert!(says(rule), "{} was not looked at", rule);
            }
        }
        for step in &decision.steps {
            prop_assert_eq!(step.reason.rule(), step.rule.as_str());
            prop_assert_eq!(step.reason.outcome(), step.outcome);
        }
    }

    #[test]
    fn nobody_earns_on_themselves_or_after_leaving(e in any_evidence(), r in any_rules()) {
        let decision = decide(&e, &r);
        let Some(id) = decision.credited_to.or(decision.indirect_to) else { return Ok(()) };
        let mut people: Vec<&Person> = e.touches.iter().map(|t| &t.person).collect();
        people.extend(e.owner.as_ref().map(|o| &o.person));
        people.extend(e.claim.as_ref());
        if let Some(ClickFact::Known(t)) = &e.click { people.push(&t.person); }
        if let Some(CouponFact::Good { person, .. }) = &e.coupon { people.push(person); }
        let fine = |p: &&&Person| p.id == id && !p.is_customer && p.left_on.is_none_or(|l| e.day <= l);
        prop_assert!(people.iter().any(|p| fine(&p)));
    }

    #[test]
    fn a_longer_window_never_takes_a_token_out_of_it(age in 0i64..40 * DAY_MS, days in 1i64..40) {
        let e = with_click(click(1, age));
        let narrow = decide(&e, &Rules { window_days: days, ..rules() });
        let wide = decide(&e, &Rules { window_days: days + 1, ..rules() });
        prop_assert!(narrow.credited_to.is_none() || wide.credited_to.is_some());
        prop_assert_eq!(narrow.credited_to.is_some(), age <= days * DAY_MS);
    }
}
