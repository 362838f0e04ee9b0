//! Whose customer it is: new ones, binding, protection, self-purchase, leavers.

use jiff::civil::date;

use super::*;
use crate::attribution::*;

#[test]
fn only_new_customers_count_for_leads_and_link_sales() {
    let days = |n: i64| n * DAY_MS;
    // The touch was an hour ago; the customer was known `ago` before the touch.
    let known = |ago: i64| Touch {
        known_before_ms: Some(NOW - 3_600_000 - ago),
        ..click(1, 3_600_000)
    };
    for (case, ago, then, because) in [
        ("1 ms before the touch", 1, "nobody", Reason::CustomerKnown),
        ("a day before", days(1), "nobody", Reason::CustomerKnown),
        ("180 days exactly", days(180), "nobody", Reason::CustomerKnown),
        (
            "180 days and 1 ms",
            days(180) + 1,
            "E1 click pending",
            Reason::CustomerNew,
        ),
        ("at the touch itself", 0, "E1 click pending", Reason::CustomerNew),
        ("after the touch", -1, "E1 click pending", Reason::CustomerNew),
    ] {
        expect(case, &with_click(known(ago)), &rules(), then, &[because]);
        let as_lead = Evidence {
            kind: ConversionKind::Lead,
            ..with_click(known(ago))
        };
        expect(case, &as_lead, &rules(), then, &[because]);
    }
    let open = Rules {
        new_customer_days: 0,
        ..rules()
    };
    expect(
        "rule switched off",
        &with_click(known(days(1))),
        &open,
        "E1 click pending",
        &[],
    );
    let old_customer = Evidence {
        known_before_ms: Some(NOW - days(1)),
        ..with_coupon(coupon(1))
    };
    expect(
        "a coupon sale counts always",
        &old_customer,
        &rules(),
        "E1 coupon pending",
        &[Reason::CustomerNotAsked],
    );
    let coupon_lead = Evidence {
        kind: ConversionKind::Lead,
        ..old_customer.clone()
    };
    expect(
        "a coupon lead of an old customer",
        &coupon_lead,
        &rules(),
        "nobody",
        &[Reason::CustomerKnown],
    );
    let new_lead = Evidence {
        known_before_ms: None,
        ..coupon_lead
    };
    expect(
        "a coupon lead of a new customer",
        &new_lead,
        &rules(),
        "E1 coupon pending",
        &[Reason::CustomerNew],
    );
}

#[test]
fn within_the_binding_later_orders_and_leads_that_become_orders_pay() {
    let days = |n: i64| n * DAY_MS;
    let bound = |id, age| Evidence {
        owner: Some(owner(id, age)),
        known_before_ms: Some(NOW - age),
        ..sale()
    };
    let old_touch = |id, age| Touch {
        known_before_ms: Some(NOW - age - 1),
        ..click(id, age)
    };
    let via_owner = "E1 customer pending";
    expect(
        "the next day",
        &bound(1, days(1)),
        &rules(),
        via_owner,
        &[Reason::BindingIn],
    );
    expect(
        "30 days exactly",
        &bound(1, days(30)),
        &rules(),
        via_owner,
        &[Reason::BindingIn],
    );
    expect(
        "30 days + 1 ms",
        &bound(1, days(30) + 1),
        &rules(),
        "nobody",
        &[Reason::BindingOver],
    );
    let forever = Rules {
        binding_days: None,
        ..rules()
    };
    expect(
        "for ever, 3 years",
        &bound(1, days(1100)),
        &forever,
        via_owner,
        &[Reason::BindingIn],
    );
    let none = Rules {
        binding_days: Some(0),
        ..rules()
    };
    expect(
        "no binding",
        &bound(1, 0),
        &none,
        "nobody",
        &[Reason::BindingOver],
    );
    let ninety = Rules {
        binding_days: Some(90),
        ..rules()
    };
    expect(
        "binding outlasts the window",
        &bound(1, days(90)),
        &ninety,
        via_owner,
        &[],
    );
    let again = Evidence {
        click: Some(ClickFact::Known(old_touch(1, 1000))),
        ..bound(1, days(10))
    };
    expect(
        "her own link again",
        &again,
        &rules(),
        "E1 click pending",
        &[Reason::OwnerSame],
    );
    let after = Evidence {
        click: Some(ClickFact::Known(old_touch(1, 1000))),
        ..bound(1, days(31))
    };
    expect(
        "her own link after the binding",
        &after,
        &rules(),
        "nobody",
        &[Reason::CustomerKnown],
    );
    let held = Evidence {
        owner: Some(Owner {
            held: true,
            ..owner(1, days(1))
        }),
        ..sale()
    };
    expect(
        "bound by a held lead",
        &held,
        &rules(),
        "E1 customer held",
        &[Reason::BindingHeld],
    );
    let reported_late = bound(1, -SKEW_MS - 1);
    expect(
        "before it was bound",
        &reported_late,
        &rules(),
        "nobody",
        &[Reason::BindingOver],
    );
    let decision = decide(&bound(1, days(10)), &rules());
    assert_eq!(
        decision.bound_at_ms,
        Some(NOW - days(10)),
        "later orders do not renew a binding"
    );
    assert_eq!(
        decision.link,
        Some(LinkId(1)),
        "later orders are booked to the link that brought the customer"
    );
    let fresh = decide(&with_click(click(1, 0)), &rules());
    assert_eq!(fresh.bound_at_ms, Some(NOW));
}

#[test]
fn given_a_persons_lead_was_credited_when_another_comes_then_it_credits_nobody_and_orders_still_do() {
    let days = |n: i64| n * DAY_MS;
    let again = |kind, ago| Evidence {
        kind,
        owner: Some(owner(1, days(1))),
        lead_ms: Some(NOW - ago),
        ..with_click(click(1, 60_000))
    };
    let known = [Reason::LeadKnown];
    let lead = ConversionKind::Lead;
    expect("a day later", &again(lead, days(1)), &rules(), "nobody", &known);
    expect("180 days", &again(lead, days(180)), &rules(), "nobody", &known);
    expect(
        "reported late",
        &again(lead, -days(2)),
        &rules(),
        "nobody",
        &known,
    );
    let over = again(lead, days(180) + 1);
    expect("180 days and 1 ms", &over, &rules(), "E1 click pending", &[]);
    let anew = Rules {
        new_customer_days: 0,
        ..rules()
    };
    expect("not asked", &again(lead, days(1)), &anew, "E1 click pending", &[]);
    let order = again(ConversionKind::Sale, days(1));
    let same = [Reason::OwnerSame, Reason::CustomerNotAsked];
    expect(
        "the lead becomes an order",
        &order,
        &rules(),
        "E1 click pending",
        &same,
    );
    let unasked = Evidence {
        click: None,
        ..again(lead, days(1))
    };
    expect("by the binding", &unasked, &rules(), "nobody", &known);
    let coupon_lead = Evidence {
        click: None,
        coupon: Some(coupon(1)),
        ..again(lead, days(1))
    };
    expect("by her coupon", &coupon_lead, &rules(), "nobody", &known);
}

#[test]
fn given_her_own_customer_when_she_brings_a_lead_of_them_then_it_counts_only_if_the_click_came_before_they_were_known()
 {
    let after_an_order = |known_ago: i64| Evidence {
        kind: ConversionKind::Lead,
        owner: Some(owner(1, DAY_MS)),
        known_before_ms: Some(NOW - known_ago),
        ..with_click(Touch {
            known_before_ms: (known_ago > 60_000).then_some(NOW - known_ago),
            ..click(1, 60_000)
        })
    };
    expect(
        "an order of yesterday",
        &after_an_order(DAY_MS),
        &rules(),
        "nobody",
        &[Reason::OwnerSame, Reason::CustomerKnown],
    );
    expect(
        "an order in the same visit",
        &after_an_order(30_000),
        &rules(),
        "E1 click pending",
        &[Reason::OwnerSame, Reason::CustomerNew],
    );
}

#[test]
fn nobody_elses_click_takes_a_protected_customer_over_but_a_coupon_does() {
    let days = |n: i64| n * DAY_MS;
    // Employee 2's click came before the customer was known: the new-customer rule alone would let it pass.
    let other = |age| Evidence {
        owner: Some(owner(1, age)),
        ..with_click(click(2, age + 1000))
    };
    let short_binding = Rules {
        binding_days: Some(1),
        window_days: 400,
        ..rules()
    };
    let protected = [Reason::OwnerProtected];
    expect(
        "day 5",
        &other(days(5)),
        &rules(),
        "E1 customer pending",
        &protected,
    );
    expect(
        "30 days exactly",
        &other(days(30)),
        &short_binding,
        "nobody",
        &protected,
    );
    expect(
        "30 days + 1 ms",
        &other(days(30) + 1),
        &short_binding,
        "E2 click pending",
        &[Reason::OwnerOver],
    );
    let unprotected = Rules {
        protection_days: 0,
        ..rules()
    };
    expect(
        "no protection",
        &other(days(5)),
        &unprotected,
        "E2 click pending",
        &[Reason::OwnerOver],
    );
    let booked_later = Evidence {
        owner: Some(owner(1, -DAY_MS)),
        ..with_click(click(2, 1000))
    };
    expect(
        "booked first stands",
        &booked_later,
        &rules(),
        "nobody",
        &protected,
    );
    let coupon_of_two = Evidence {
        coupon: Some(coupon(2)),
        ..other(days(5))
    };
    expect(
        "a coupon beats it",
        &coupon_of_two,
        &rules(),
        "E2 coupon pending",
        &[Reason::OwnerBeaten],
    );
    assert_eq!(
        decide(&coupon_of_two, &rules()).bound_at_ms,
        Some(NOW),
        "and takes the customer over"
    );
    let same = Evidence {
        coupon: Some(coupon(1)),
        ..other(days(5))
    };
    assert_eq!(
        decide(&same, &rules()).bound_at_ms,
        Some(NOW - days(5)),
        "her own coupon renews nothing"
    );
}

#[test]
fn self_purchase_and_leavers_earn_nothing() {
    let herself = |touch: Touch| Touch {
        person: Person {
            is_customer: true,
            ..touch.person.clone()
        },
        ..touch
    };
    let own = with_click(herself(click(1, 60_000)));
    expect("her own order", &own, &rules(), "nobody", &[Reason::OwnPurchase]);
    let own_coupon = match coupon(1) {
        CouponFact::Good {
            code,
            coupon,
            campaign,
            person,
        } => CouponFact::Good {
            code,
            coupon,
            campaign,
            person: Person {
                is_customer: true,
                ..person
            },
        },
        refused @ CouponFact::Refused { .. } => refused,
    };
    expect(
        "by her own coupon",
        &with_coupon(own_coupon.clone()),
        &rules(),
        "nobody",
        &[Reason::OwnPurchase],
    );
    let colleague = Evidence {
        coupon: Some(own_coupon),
        ..with_click(click(2, 60_000))
    };
    expect(
        "a colleague's click then decides",
        &colleague,
        &rules(),
        "E2 click pending",
        &[Reason::OwnPurchase],
    );
    let bound = Evidence {
        owner: Some(Owner {
            person: Person {
                is_customer: true,
                ..person(1)
            },
            ..owner(1, DAY_MS)
        }),
        ..sale()
    };
    expect(
        "by binding to herself",
        &bound,
        &rules(),
        "nobody",
        &[Reason::OwnPurchase],
    );
    let left = |day| Touch {
        person: Person {
            left_on: Some(day),
            ..person(1)
        },
        ..click(1, 60_000)
    };
    for (case, day, then, because) in [
        (
            "last working day",
            date(2026, 11, 18),
            "E1 click pending",
            Reason::EmployedThen,
        ),
        (
            "leaves tomorrow",
            date(2026, 11, 19),
            "E1 click pending",
            Reason::EmployedThen,
        ),
        ("left yesterday", date(2026, 11, 17), "nobody", Reason::LeftBefore),
    ] {
        expect(case, &with_click(left(day)), &rules(), then, &[because]);
        let bound = Evidence {
            owner: Some(Owner {
                person: left(day).person,
                ..owner(1, DAY_MS)
            }),
            ..sale()
        };
        expect(
            case,
            &bound,
            &rules(),
            &then.replace("click", "customer"),
            &[because],
        );
    }
}
