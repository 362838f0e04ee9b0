//! What credits: windows, classes, precedence, touches, visitors' links.

use uuid::Uuid;

use super::*;
use crate::attribution::*;

#[test]
fn windows_end_with_their_last_instant() {
    let days = |n: i64| n * DAY_MS;
    let own = |window, age| Touch {
        window_days: window,
        ..click(1, age)
    };
    for (case, touch, then, because) in [
        ("just now", click(1, 0), "E1 click pending", Reason::WindowIn),
        ("a minute", click(1, 60_000), "E1 click pending", Reason::WindowIn),
        (
            "29 days",
            click(1, days(29)),
            "E1 click pending",
            Reason::WindowIn,
        ),
        (
            "30 days less 1 s",
            click(1, days(30) - SECOND),
            "E1 click pending",
            Reason::WindowIn,
        ),
        (
            "30 days exactly",
            click(1, days(30)),
            "E1 click pending",
            Reason::WindowIn,
        ),
        (
            "30 days and 1 ms",
            click(1, days(30) + 1),
            "nobody",
            Reason::WindowOut,
        ),
        (
            "30 days and 1 s",
            click(1, days(30) + SECOND),
            "nobody",
            Reason::WindowOut,
        ),
        ("31 days", click(1, days(31)), "nobody", Reason::WindowOut),
        (
            "campaign 7, 7 days",
            own(Some(7), days(7)),
            "E1 click pending",
            Reason::WindowIn,
        ),
        (
            "campaign 7, 7 days + 1 ms",
            own(Some(7), days(7) + 1),
            "nobody",
            Reason::WindowOut,
        ),
        (
            "campaign 90, 90 days",
            own(Some(90), days(90)),
            "E1 click pending",
            Reason::WindowIn,
        ),
        (
            "campaign 90, + 1 s",
            own(Some(90), days(90) + SECOND),
            "nobody",
            Reason::WindowOut,
        ),
        (
            "shop's clock 5 min behind",
            click(1, -SKEW_MS),
            "E1 click pending",
            Reason::WindowIn,
        ),
        (
            "click after the order",
            click(1, -SKEW_MS - 1),
            "nobody",
            Reason::ClickAfter,
        ),
    ] {
        expect(case, &with_click(touch), &rules(), then, &[because]);
    }
    let short = Rules {
        window_days: 1,
        ..rules()
    };
    expect(
        "programme 1 day",
        &with_click(click(1, DAY_MS)),
        &short,
        "E1 click pending",
        &[],
    );
    expect(
        "programme 1 day + 1 ms",
        &with_click(click(1, DAY_MS + 1)),
        &short,
        "nobody",
        &[Reason::WindowOut],
    );
}

#[test]
fn only_people_credit_and_the_doubtful_are_held() {
    for (class, then, because) in [
        (Class::Human, "E1 click pending", Reason::ClickValid),
        (Class::Repeat, "E1 click pending", Reason::ClickValid),
        (Class::Suspect, "E1 click held", Reason::ClickSuspect),
        (Class::Preview, "nobody", Reason::ClickClass),
        (Class::Bot, "nobody", Reason::ClickClass),
        (Class::Prefetch, "nobody", Reason::ClickClass),
        (Class::Internal, "nobody", Reason::ClickClass),
        (Class::Own, "nobody", Reason::ClickClass),
    ] {
        let touch = Touch {
            class,
            ..click(1, 60_000)
        };
        expect(class.as_str(), &with_click(touch), &rules(), then, &[because]);
    }
    let lost = Evidence {
        click: Some(ClickFact::NotLoaded(ClickId(Uuid::from_u128(9)))),
        ..sale()
    };
    expect("not loaded", &lost, &rules(), "nobody", &[Reason::ClickNotLoaded]);
    let doubt = Touch {
        class: Class::Suspect,
        ..click(2, 5_000)
    };
    let both = Evidence {
        coupon: Some(coupon(1)),
        ..with_click(doubt)
    };
    expect(
        "a doubtful click does not hold a coupon's credit",
        &both,
        &rules(),
        "E1 coupon pending",
        &[],
    );
}

#[test]
fn a_coupon_comes_before_a_click_and_a_refused_one_lets_the_click_decide() {
    let both = Evidence {
        coupon: Some(coupon(2)),
        ..with_click(click(1, 60_000))
    };
    expect(
        "coupon of A, link of B",
        &both,
        &rules(),
        "E2 coupon pending",
        &[Reason::CouponValid],
    );
    let click_first = Rules {
        precedence: [Precedence::Click, Precedence::Coupon, Precedence::Claim],
        ..rules()
    };
    expect(
        "click first by setting",
        &both,
        &click_first,
        "E1 click pending",
        &[],
    );
    expect(
        "coupon alone",
        &with_coupon(coupon(2)),
        &rules(),
        "E2 coupon pending",
        &[],
    );
    for (refusal, because) in [
        (CouponRefusal::Unknown, Reason::CouponUnknown),
        (CouponRefusal::NotStarted, Reason::CouponNotStarted),
        (CouponRefusal::Expired, Reason::CouponExpired),
        (CouponRefusal::Disabled, Reason::CouponDisabled),
        (CouponRefusal::Exhausted, Reason::CouponExhausted),
        (CouponRefusal::OwnerLeft, Reason::CouponOwnerLeft),
    ] {
        let case = because.as_str();
        expect(case, &refused(refusal), &rules(), "E1 click pending", &[because]);
        let alone = Evidence {
            click: None,
            ..refused(refusal)
        };
        expect(case, &alone, &rules(), "nobody", &[because, Reason::ClickNone]);
    }
    expect(
        "nothing at all",
        &sale(),
        &rules(),
        "nobody",
        &[
            Reason::CouponNone,
            Reason::ClickNone,
            Reason::TouchNone,
            Reason::BindingNone,
            Reason::ClaimNone,
            Reason::Nobody,
        ],
    );
    let claimed = Evidence {
        claim: Some(person(3)),
        ..sale()
    };
    expect(
        "a verified claim comes last",
        &claimed,
        &rules(),
        "E3 claim pending",
        &[],
    );
    let clicked = Evidence {
        claim: Some(person(3)),
        ..with_click(click(1, 60_000))
    };
    expect(
        "a click comes before a claim",
        &clicked,
        &rules(),
        "E1 click pending",
        &[],
    );
    let claim_first = Rules {
        precedence: [Precedence::Claim, Precedence::Coupon, Precedence::Click],
        ..rules()
    };
    expect(
        "claim first by setting",
        &clicked,
        &claim_first,
        "E3 claim pending",
        &[],
    );
}

#[test]
fn a_known_customer_is_credited_by_the_last_or_first_touch_in_the_window() {
    let days = |n: i64| n * DAY_MS;
    let touches = vec![click(1, days(20)), click(2, days(10)), click(3, days(40))];
    let known = Evidence { touches, ..sale() };
    let first = Rules {
        model: AttributionModel::First,
        ..rules()
    };
    let chosen = [Reason::TouchChosen];
    expect("last", &known, &rules(), "E2 customer pending", &chosen);
    expect(
        "first in the window",
        &known,
        &first,
        "E1 customer pending",
        &chosen,
    );
    let with_token = Evidence {
        click: Some(ClickFact::Known(click(4, days(5)))),
        ..known.clone()
    };
    expect(
        "the token is the last",
        &with_token,
        &rules(),
        "E4 click pending",
        &chosen,
    );
    expect(
        "the first is not the token",
        &with_token,
        &first,
        "E1 customer pending",
        &chosen,
    );
    let late_token = Evidence {
        click: Some(ClickFact::Known(click(4, days(15)))),
        ..known.clone()
    };
    expect(
        "a touch after the token",
        &late_token,
        &rules(),
        "E2 customer pending",
        &chosen,
    );
    let old = Evidence {
        touches: vec![click(1, days(30) + 1)],
        ..sale()
    };
    expect("all too old", &old, &rules(), "nobody", &[Reason::TouchOld]);
    let edge = Evidence {
        touches: vec![click(1, days(30))],
        ..sale()
    };
    expect("30 days exactly", &edge, &rules(), "E1 customer pending", &chosen);
    let bot = Evidence {
        touches: vec![
            Touch {
                class: Class::Bot,
                ..click(2, 1000)
            },
            click(1, days(3)),
        ],
        ..sale()
    };
    expect(
        "bots are passed over",
        &bot,
        &rules(),
        "E1 customer pending",
        &chosen,
    );
    let suspect = Evidence {
        touches: vec![Touch {
            class: Class::Suspect,
            ..click(2, 1000)
        }],
        ..sale()
    };
    expect(
        "a doubtful earlier touch is held",
        &suspect,
        &rules(),
        "E2 customer held",
        &[Reason::ClickSuspect],
    );
    let expired_token = Evidence {
        click: Some(ClickFact::Known(click(4, days(31)))),
        ..known
    };
    expect(
        "an expired token leaves the touches",
        &expired_token,
        &rules(),
        "E2 customer pending",
        &[Reason::WindowOut],
    );
}

#[test]
fn a_visitors_link_credits_the_root_indirectly_and_one_level_only() {
    let shared = |generation| Touch {
        generation,
        ..click(1, 60_000)
    };
    let child = with_click(shared(Generation::Child));
    expect(
        "child",
        &child,
        &rules(),
        "~E1 click pending",
        &[Reason::ReshareChild, Reason::Indirect],
    );
    assert_eq!(
        decide(&child, &rules()).bound_at_ms,
        None,
        "indirect credit binds nobody"
    );
    let deeper = with_click(shared(Generation::Deeper));
    expect("grandchild", &deeper, &rules(), "nobody", &[Reason::ReshareDeep]);
    let suspect = with_click(Touch {
        class: Class::Suspect,
        ..shared(Generation::Child)
    });
    expect("doubtful child", &suspect, &rules(), "~E1 click held", &[]);
    let owned = Evidence {
        owner: Some(owner(1, DAY_MS)),
        ..child.clone()
    };
    expect(
        "the root's own customer",
        &owned,
        &rules(),
        "E1 customer pending",
        &[Reason::OwnerProtected],
    );
    let colleague = Evidence {
        owner: Some(owner(2, DAY_MS)),
        ..child.clone()
    };
    expect(
        "a colleague's customer",
        &colleague,
        &rules(),
        "E2 customer pending",
        &[Reason::OwnerProtected],
    );
    let known = with_click(Touch {
        known_before_ms: Some(NOW - DAY_MS),
        ..shared(Generation::Child)
    });
    expect(
        "an old customer",
        &known,
        &rules(),
        "nobody",
        &[Reason::CustomerKnown],
    );
    let as_lead = Evidence {
        kind: ConversionKind::Lead,
        ..child
    };
    expect("a child's lead", &as_lead, &rules(), "~E1 click pending", &[]);
}

#[test]
fn forms_sent_faster_than_people_type_are_held() {
    let sent = |open| Evidence {
        kind: ConversionKind::Lead,
        form_ms: Some(open),
        ..with_click(click(1, 60_000))
    };
    expect(
        "799 ms",
        &sent(FORM_MIN_MS - 1),
        &rules(),
        "E1 click held",
        &[Reason::FormFast],
    );
    expect("800 ms", &sent(FORM_MIN_MS), &rules(), "E1 click pending", &[]);
    let nobody = Evidence {
        form_ms: Some(1),
        ..lead()
    };
    expect("nothing to hold", &nobody, &rules(), "nobody", &[Reason::Nobody]);
}

#[test]
fn what_failed_says_what_would_have_been_needed() {
    let late = decide(&with_click(click(1, 31 * DAY_MS)), &rules());
    let window = late.steps.iter().find(|s| s.reason == Reason::WindowOut).unwrap();
    assert_eq!(window.needed["until_at"], Fact::Number(NOW - DAY_MS));
    assert_eq!(window.found["days"], Fact::Number(30));
    let known = decide(
        &with_click(Touch {
            known_before_ms: Some(NOW - DAY_MS),
            ..click(1, 1000)
        }),
        &rules(),
    );
    let new = known
        .steps
        .iter()
        .find(|s| s.reason == Reason::CustomerKnown)
        .unwrap();
    assert_eq!(new.needed["unknown_days"], Fact::Number(180));
    let text = serde_json::to_string(&late.steps).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Step>>(&text).unwrap(), late.steps);
}
