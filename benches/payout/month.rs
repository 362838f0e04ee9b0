//! What the firm of the benchmark is: its schemes, people's attributes, and a month of facts.

use serde_json::{Value, json};

/// A fact as it is laid down.
pub struct Told {
    pub kind: &'static str,
    pub key: String,
    pub subject: Option<String>,
    pub day: String,
    pub fields: String,
}

/// Somebody's code.
pub fn code(n: usize) -> String {
    format!("p{}", n + 1)
}

/// Scheme, period and parameters: one scheme of each chapter.
pub fn schemes() -> Vec<(&'static str, &'static str, Value)> {
    let level = |post: &str, base: u32| {
        let at = |step: u32| format!("{}", base + step * 700);
        json!({ "post": post, "underqualified": at(0), "expected": at(1), "qualified": at(2), "competent": at(3),
                "highly_competent": at(4) })
    };
    vec![
        (
            "00-social",
            "2026-10",
            json!({
                "lead_rates": [{ "class": "contact", "rate": "50" }, { "class": "white_paper", "rate": "80" },
                               { "class": "registration", "rate": "120" }, { "class": "enquiry", "rate": "200" }],
                "star_bonus": "1000",
                "sale_bands": [{ "from": "0", "gives": "1%" }, { "from": "10000", "gives": "2%" },
                               { "from": "30000", "gives": "3%" }],
                "virality_pool": "3000", "virality_min": 3, "team_target": "200000", "team_share": "1%",
                "point_prices": [{ "item": "coffee", "points": 200 }],
            }),
        ),
        (
            "01-team-process",
            "2026-10-10..2026-10-13",
            json!({ "manager_rate": "1%" }),
        ),
        (
            "02-marketing-support-month",
            "2026-10",
            json!({ "pool_min": "300000", "pool_sprint": "800000" }),
        ),
        (
            "03-production",
            "2026-10",
            json!({
                "dimensions": [{ "dimension": "skill" }],
                "grades": [{ "grade": "middle", "from": "0", "base": "1500", "assessment_pay": "800" }],
                "piece_rates": [{ "service": "face", "grade": "middle", "rate": "12.50" },
                                { "service": "body", "grade": "middle", "rate": "30" }],
                "trainee_base": "1000", "mgr_rate": "5%", "min_wage": "2000",
            }),
        ),
        (
            "04-conference-selling",
            "2026-10-18..2026-10-21",
            json!({
                "total_commission_rate": "20%", "lecturer_classes": [],
                "roles": [{ "role": "invite", "full": "50%", "deposit": "50%" },
                          { "role": "close", "full": "30%", "deposit": "30%" },
                          { "role": "collect", "full": "20%", "deposit": "20%" }],
            }),
        ),
        (
            "05-assessment-pay",
            "2026-10",
            json!({
                "assessment_share": "20%",
                "indicators": [{ "indicator": "calls", "weight": "25%" }, { "indicator": "training", "weight": "25%" },
                               { "indicator": "display", "weight": "25%" }, { "indicator": "report", "weight": "25%" }],
            }),
        ),
        (
            "06-three-levels",
            "2026-10",
            json!({
                "posts": [{ "level": "salesperson", "grade": "regular", "fixed": "5000.00", "personal_rate": "3%" }],
                "management_rates": [{ "grade": "regular", "rate": "1%" }],
                "organisation_base": "sales", "coefficient_bands": [{ "from": "0", "gives": "0.85" }],
                "promotion_months": [12], "promote_from": "101", "demote_below": "0",
            }),
        ),
        ("07-new-customers", "2026-10", json!({})),
        (
            "08-five-levels",
            "2026-10",
            json!({
                "pay_levels": [level("beautician", 4200)],
                "result_form": [{ "item": "sales", "points": "100" }],
                "behaviour_form": [{ "item": "service", "points": "100" }],
                "result_weight": "70%",
                "coefficient_bands": [{ "from": "0", "gives": "80%" }, { "from": "75", "gives": "100%" }],
            }),
        ),
        (
            "09-monthly-pay",
            "2026-10",
            json!({ "posts": [{ "post": "manager", "base_high": "20000", "base_low": "12000" }] }),
        ),
        (
            "10-team-pk",
            "2026-10-24..2026-10-28",
            json!({ "company_add": "600" }),
        ),
        (
            "11-salon",
            "2026-10",
            json!({
                "tiers": [{ "from": "0", "gives": "2%" }, { "from": "200000", "gives": "3%" }],
                "management_rate": "1%",
            }),
        ),
        ("12-customer-service", "2026-10", json!({})),
        ("13-partners", "2026", json!({ "reserve": "10%" })),
        ("14-vesting", "2026", json!({})),
    ]
}

/// What is known of somebody, by attribute.
pub fn attributes(n: usize) -> Vec<(String, Value)> {
    let own = |name: &str, value: Value| (name.to_owned(), value);
    vec![
        own("02-marketing-support-month.post", json!("web")),
        own("03-production.post", json!("beautician")),
        own("05-assessment-pay.fixed", json!(format!("{}.00", 4200 + n % 900))),
        own("06-three-levels.level", json!("salesperson")),
        own("06-three-levels.grade", json!("regular")),
        own("07-new-customers.role", json!("sales")),
        own("08-five-levels.post", json!("beautician")),
        own("08-five-levels.level", json!("qualified")),
        own("09-monthly-pay.senior_post", json!("manager")),
        own("09-monthly-pay.unit", json!(format!("u{}", n % 50))),
        own("10-team-pk.team", json!(format!("t{}", n % 2))),
        own("10-team-pk.stake", json!(format!("{}.00", 100 + n % 400))),
        own("11-salon.salon_role", json!("beautician")),
        own(
            "12-customer-service.department",
            json!(["customer_service", "sales"][n % 2]),
        ),
    ]
}

/// A day of October.
fn day(n: usize) -> String {
    format!("2026-10-{:02}", 1 + n % 31)
}

/// One kind of fact: how many, and what the n-th says: subject, day, fields.
type Kind = (
    &'static str,
    &'static str,
    usize,
    fn(usize, usize) -> (Option<String>, String, Value),
);

/// A month of facts of a firm `part` times smaller than the whole; clicks fill it up to so many.
pub fn facts(people: usize, all: usize, part: usize) -> impl Iterator<Item = Told> {
    let kinds: [Kind; 29] = [
        ("00", "share", 60_000, |n, p| {
            let fields = json!({ "channel": "moments", "compliant": true, "content": format!("c{}", n % 90), "tracked": true });
            (Some(code(n % p)), day(n), fields)
        }),
        ("00", "interaction", 30_000, |n, p| {
            let fields =
                json!({ "approved": true, "friend": format!("f{n}"), "post": format!("s{}", n % 60_000) });
            (Some(code(n % p)), day(n), fields)
        }),
        ("00", "lead", 20_000, |n, p| {
            let fields = json!({ "class": "contact", "contact": format!("customer:{n}"), "verified": true });
            (Some(code(n % p)), day(n), fields)
        }),
        ("00", "order", 40_000, |n, p| {
            let who = code(n % p);
            let fields = json!({ "amount": format!("{}.{:02}", 80 + n % 900, n % 100), "customer": format!("customer:{}", n % 30_000),
                                 "link": who });
            (Some(who), day(n), fields)
        }),
        ("00", "refund", 2_000, |n, _| {
            let fields =
                json!({ "amount": "10.00", "of": format!("order-{}", n * 20), "for_scheme": "00-social" });
            (None, day(n + 3), fields)
        }),
        ("01", "receipt", 3_000, |n, _| {
            let fields =
                json!({ "amount": format!("{}.00", 900 + n % 300), "for_scheme": "01-team-process" });
            (None, format!("2026-10-{}", 10 + n % 3), fields)
        }),
        ("01", "participation", 30_000, |n, p| {
            let node = ["phone", "ticket", "experience", "close", "collect", "aftersale"][(n / p) % 6];
            (
                Some(code(n % p)),
                format!("2026-10-{}", 10 + n % 3),
                json!({ "node": node, "for_scheme": "01-team-process" }),
            )
        }),
        ("02", "receipt", 10_000, |n, _| {
            let fields = json!({ "amount": format!("{}.00", 140 + n % 60), "for_scheme": "02-marketing-support-month" });
            (None, day(n), fields)
        }),
        ("02", "score", 10_000, |n, p| {
            let fields =
                json!({ "score": format!("{}.5", 60 + n % 40), "for_scheme": "02-marketing-support-month" });
            (Some(code(n % p)), "2026-10-31".into(), fields)
        }),
        ("03", "grade", 10_000, |n, p| {
            (
                Some(code(n % p)),
                "2026-01-10".into(),
                json!({ "grade": "middle" }),
            )
        }),
        ("03", "assessment", 10_000, |n, p| {
            let fields = json!({ "coefficient": "0.9", "for_scheme": "03-production" });
            (Some(code(n % p)), "2026-10-31".into(), fields)
        }),
        ("03", "piece", 120_000, |n, p| {
            let service = ["face", "body"][n % 2];
            (
                Some(code(n % p)),
                day(n / 7),
                json!({ "service": service, "quantity": 1 + n % 3, "signed": true }),
            )
        }),
        ("04", "receipt", 5_000, |n, _| {
            let fields =
                json!({ "amount": format!("{}.20", 3000 + n % 700), "for_scheme": "04-conference-selling" });
            (None, format!("2026-10-{}", 18 + n % 3), fields)
        }),
        ("04", "participation", 10_000, |n, p| {
            let role = ["invite", "close", "collect"][n % 3];
            (
                Some(code(n % p)),
                "2026-10-18".into(),
                json!({ "role": role, "for_scheme": "04-conference-selling" }),
            )
        }),
        ("05", "behaviour", 40_000, |n, p| {
            let indicator = ["calls", "training", "display", "report"][(n / p) % 4];
            let fields = json!({ "indicator": indicator, "done": 17 + n % 6, "required": 22 });
            (Some(code(n % p)), "2026-10-31".into(), fields)
        }),
        ("06", "receipt", 60_000, |n, p| {
            let fields =
                json!({ "amount": format!("{}.00", 500 + n % 3000), "for_scheme": "06-three-levels" });
            (Some(code(n % p)), day(n / 11), fields)
        }),
        ("06", "score", 10_000, |n, p| {
            let fields = json!({ "score": format!("{}", 60 + n % 40), "for_scheme": "06-three-levels" });
            (Some(code(n % p)), "2026-10-31".into(), fields)
        }),
        ("07", "first_batch", 30_000, |n, p| {
            let fields =
                json!({ "amount": format!("{}.00", 2000 + n % 26_000), "customer": format!("shop {n}") });
            (Some(code(n % p)), day(n / 3), fields)
        }),
        ("07", "card", 20_000, |n, p| {
            (
                Some(code(n % p)),
                day(n / 5),
                json!({ "amount": format!("{}.00", 980 + n % 6000) }),
            )
        }),
        ("08", "score", 10_000, |n, p| {
            let fields = json!({ "result": format!("{}.5", 62 + n % 35), "behaviour": format!("{}", 65 + n % 30),
                                 "confirmed": true, "for_scheme": "08-five-levels" });
            (Some(code(n % p)), "2026-09-30".into(), fields)
        }),
        ("09", "profit", 50, |n, _| {
            let fields = json!({ "unit": format!("u{n}"), "amount": format!("{}.00", 100 * n), "for_scheme": "09-monthly-pay" });
            (None, "2026-10-31".into(), fields)
        }),
        ("09", "assessment", 10_000, |n, p| {
            let fields = json!({ "performance": "0.9", "assessment": "1", "for_scheme": "09-monthly-pay" });
            (Some(code(n % p)), "2026-10-31".into(), fields)
        }),
        ("10", "target", 2, |n, _| {
            let fields = json!({ "team": format!("t{n}"), "min": "1000", "max": "900000" });
            (None, "2026-10-24".into(), fields)
        }),
        ("10", "receipt", 5_000, |n, _| {
            let fields = json!({ "team": format!("t{}", n % 2), "amount": format!("{}.00", 300 + n % 90), "for_scheme": "10-team-pk" });
            (None, format!("2026-10-{}", 24 + n % 4), fields)
        }),
        ("11", "sale", 80_000, |n, p| {
            (
                Some(code(n % p)),
                day(n / 13),
                json!({ "amount": format!("{}.00", 300 + n % 3900) }),
            )
        }),
        ("12", "maintained_order", 20_000, |n, p| {
            let fields = json!({ "amount": format!("{}.00", 800 + n % 8000), "handler": code(n % p) });
            (None, day(n), fields)
        }),
        ("13", "holding", 10_000, |n, p| {
            let fields = json!({ "units": format!("{}", 1 + n % 9), "for_scheme": "13-partners" });
            (Some(code(n % p)), "2026-01-01".into(), fields)
        }),
        ("13", "profit", 1, |_, _| {
            (
                None,
                "2026-10-31".into(),
                json!({ "amount": "8000000.01", "for_scheme": "13-partners" }),
            )
        }),
        ("14", "grant", 10_000, |n, p| {
            (
                Some(code(n % p)),
                "2025-03-02".into(),
                json!({ "shares": 1000 + n % 77, "years": 4 }),
            )
        }),
    ];
    let kinds =
        kinds.map(|(scheme, kind, count, told)| (scheme, kind, (count / part).max(count.min(2)), told));
    let others: usize = kinds.iter().map(|k| k.2).sum();
    let click: Kind = ("00", "click", all - others, |n, p| {
        let fields = json!({ "dwell_s": format!("{}.250", 20 + n % 60), "share": format!("s{}", n % 60_000), "visitor": format!("v{n}") });
        (Some(code(n % p)), day(n), fields)
    });
    kinds
        .into_iter()
        .chain([click])
        .flat_map(move |(scheme, kind, count, told)| {
            (0..count).map(move |n| {
                let (subject, day, fields) = told(n, people);
                let key = if kind == "order" {
                    format!("order-{n}")
                } else {
                    format!("{scheme}-{kind}-{n}")
                };
                Told {
                    kind,
                    key,
                    subject,
                    day,
                    fields: fields.to_string(),
                }
            })
        })
}
