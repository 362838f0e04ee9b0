//! Pay in the demo: the sharing programme out of the demo's own clicks and orders, six other schemes out of facts as a
//! till and HR would send them; every complete month calculated, approved by another person, closed and paid.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};

use crate::app::pay::{
    FactAnswer, FactInput, ObjectionVerdict, PayError, SettingInput, approve, calculate, change_setting,
    close, decide_objection, decide_on_offer, hand_over, hold_line, object, pay, put_facts, set_attributes,
    submit, talk,
};
use crate::app::{Actor, App};
use crate::demo::DemoError;
use crate::demo::build::first_day;
use crate::demo::firm::PEOPLE;
use crate::domain::Period;
use crate::storage::pay::{LineRow, RunState};

/// Schemes of every month.
const MONTHLY: [&str; 6] = [
    "00-social",
    "05-assessment-pay",
    "07-new-customers",
    "08-five-levels",
    "11-salon",
    "12-customer-service",
];
/// The scheme of the anniversary's three days.
const ACTIVITY: &str = "01-team-process";
/// What the assessed are looked at for.
const INDICATORS: [&str; 4] = ["回访", "培训", "陈列", "日报"];
/// Steps of the team's process, as the scheme's document names them.
const STEPS: [&str; 6] = ["phone", "ticket", "experience", "close", "collect", "aftersale"];

/// Sets the schemes up, sends the facts and takes every complete month down its road.
pub async fn build(
    app: &App,
    mut rng: StdRng,
    now: Timestamp,
    say: &mut dyn FnMut(&str),
) -> Result<(), DemoError> {
    let today = app.day_of(now);
    let months = months(first_day(today)?, today)?;
    let (finance, boss) = (actor(app, "finance").await?, actor(app, "boss").await?);
    let Some(first) = months.first().map(|m| m.first) else {
        return Ok(());
    };
    settings(app, &finance, first).await?;
    attributes(app, &finance, first).await?;
    for month in &months {
        let facts = facts_of(month, &mut rng)?;
        send(app, &finance, &facts).await?;
    }
    for (n, month) in months.iter().enumerate() {
        let last = n + 1 == months.len();
        let mut runs = Vec::new();
        for scheme in MONTHLY {
            runs.push(calculate(app, &finance, scheme, &month.label()).await?.id);
        }
        if last {
            let days = format!(
                "{}..{}",
                month.first.checked_add(9.days())?,
                month.first.checked_add(12.days())?
            );
            runs.push(calculate(app, &finance, ACTIVITY, &days).await?.id);
        }
        for id in &runs {
            submit(app, &finance, *id).await?;
        }
        // The last month's assessment waits for its approval.
        let waits = |at: usize| last && MONTHLY.get(at) == Some(&"05-assessment-pay");
        for (at, id) in runs.iter().enumerate().filter(|(at, _)| !waits(*at)) {
            approve(app, &boss, *id, why(app, *id).await?).await?;
            close(app, &finance, *id, why(app, *id).await?).await?;
            if !last || MONTHLY.get(at) == Some(&"00-social") {
                pay(app, &finance, *id).await?;
            }
        }
        if last {
            questions(app, &finance, &runs).await?;
        }
        say(&format!("{} is calculated, approved and closed", month.label()));
    }
    decisions(app, &finance, &boss).await?;
    next_version(app, &finance, today).await
}

/// The months to calculate: those that are over and began with the demo or later. Where that is one alone, the one before it
/// too, though the demo begins within it: a month is compared with the one before, and one of each scheme is to be closed
/// while another waits.
fn months(first: Date, today: Date) -> Result<Vec<Period>, DemoError> {
    let mut months = Vec::new();
    let mut month = Period::month_of(first).map_err(|_| missing("month"))?;
    while month.end <= today {
        months.push(month);
        month = Period::month_of(month.end).map_err(|_| missing("month"))?;
    }
    if months.len() > 2 && months[0].first < first {
        months.remove(0);
    }
    Ok(months)
}

/// Why a payout's warnings may stand, where they ask for it.
async fn why(app: &App, id: i64) -> Result<&'static str, DemoError> {
    let run = app.store.run(id).await?.ok_or_else(|| missing("run"))?;
    // Introducer, customer service and sales each get 10 % of a referred order: above the ceiling, and agreed so.
    let asks = run.outcome.contains("\"needs_reason\":true");
    Ok(if asks {
        "老客户介绍的单，三方各 10%，年初已定。"
    } else {
        ""
    })
}

/// The first proposal is accepted and handed over; the rest wait.
async fn decisions(app: &App, finance: &Actor, boss: &Actor) -> Result<(), DemoError> {
    let mut open = app
        .store
        .offers("proposal", None, None, 200)
        .await
        .map_err(PayError::from)?;
    open.reverse();
    if let Some(first) = open.first() {
        decide_on_offer(app, boss, first.id, true, "连着几个月开店最多").await?;
        hand_over(app, finance, first.id, "已改工资卡").await?;
    }
    Ok(())
}

/// From next month on the gap between two bands is paid linearly: a version to come, with what it changes.
async fn next_version(app: &App, finance: &Actor, today: Date) -> Result<(), DemoError> {
    let from_on = Period::month_of(today).map_err(|_| missing("month"))?.end;
    let input = SettingInput {
        from_on,
        document: None,
        params: json!({ "gap": "linear" })
            .as_object()
            .cloned()
            .unwrap_or_default(),
        enabled: true,
        note: "空档改线性过渡".to_owned(),
    };
    change_setting(app, finance, "07-new-customers", &input).await?;
    Ok(())
}

/// An employee objects to two amounts: one waits for their answer, the other is declined. Another's amount is held.
async fn questions(app: &App, finance: &Actor, runs: &[i64]) -> Result<(), DemoError> {
    let code = PEOPLE[0].code;
    let employee = actor(app, code).await?;
    let mut own = Vec::new();
    for id in runs {
        let run = app.store.run(*id).await?.ok_or_else(|| missing("run"))?;
        if run.state != RunState::Paid {
            own.extend(app.store.run_lines(*id, Some(code), None, 2).await?);
        }
        if run.scheme != "07-new-customers" {
            continue;
        }
        // Who sells what is drawn: the first other one who is paid.
        let all = app.store.run_lines(*id, None, None, i64::MAX).await?;
        let is_other = |row: &&LineRow| row.line.payee_kind == "employee" && row.line.payee != code;
        if let Some(line) = all.iter().find(is_other) {
            hold_line(app, finance, line.id, "客户要求退卡，等门店确认。").await?;
        }
    }
    let [waits, declined, ..] = own.as_slice() else {
        return Err(missing("two lines to object to").into());
    };
    let words = "这个月应该还有一单，小票在店里，请核对。";
    let objection = object(app, &employee, waits.id, words).await?;
    talk(app, finance, objection, "请把小票号补在下面，我们和收银核对。").await?;
    let words = "有一单是月底付的款，怎么没有算进来？";
    let objection = object(app, &employee, declined.id, words).await?;
    let answer = "那一单次月 1 日才到账，按到账日算在下一期，不会漏。";
    decide_objection(app, finance, objection, ObjectionVerdict::Decline, answer).await?;
    Ok(())
}

fn missing(what: &str) -> PayError {
    PayError::NotFound(what.to_owned())
}

async fn actor(app: &App, login: &str) -> Result<Actor, DemoError> {
    let account = app
        .store
        .account_by_login(login)
        .await?
        .ok_or_else(|| missing(login))?;
    Ok(Actor::Account {
        id: account.id,
        roles: account.roles,
        employee: account.employee,
    })
}

async fn settings(app: &App, finance: &Actor, from_on: Date) -> Result<(), DemoError> {
    let level = |post: &str, base: u32| {
        let at = |step: u32| format!("{}", base + step * 700);
        json!({ "post": post, "underqualified": at(0), "expected": at(1), "qualified": at(2), "competent": at(3),
                "highly_competent": at(4) })
    };
    let indicators: Vec<Value> = INDICATORS
        .map(|i| json!({ "indicator": i, "weight": "25%" }))
        .to_vec();
    let all = [
        (
            "00-social",
            json!({
                "lead_rates": [{ "class": "contact", "rate": "50" }, { "class": "white_paper", "rate": "80" },
                               { "class": "registration", "rate": "120" }, { "class": "enquiry", "rate": "200" }],
                "star_bonus": "1000",
                "sale_bands": [{ "from": "0", "gives": "1%" }, { "from": "10000", "gives": "2%" },
                               { "from": "30000", "gives": "3%" }],
                "virality_pool": "3000", "virality_min": 3, "team_target": "200000", "team_share": "1%",
                "point_prices": [{ "item": "咖啡券", "points": 200 }, { "item": "电影票", "points": 400 }],
            }),
        ),
        (
            "05-assessment-pay",
            json!({ "assessment_share": "20%", "indicators": indicators }),
        ),
        ("07-new-customers", json!({})),
        (
            "08-five-levels",
            json!({
                "pay_levels": [level("美容师", 4200), level("顾问", 5000)],
                "result_form": [{ "item": "业绩", "points": "60" }, { "item": "回访", "points": "40" }],
                "behaviour_form": [{ "item": "协作", "points": "50" }, { "item": "服务", "points": "50" }],
                "result_weight": "70%",
                "coefficient_bands": [{ "from": "0", "gives": "0" }, { "from": "60", "gives": "80%" },
                                      { "from": "75", "gives": "100%" }, { "from": "90", "gives": "120%" }],
            }),
        ),
        (
            "11-salon",
            json!({
                "tiers": [{ "from": "100000", "gives": "2%" }, { "from": "200000", "gives": "3%" },
                          { "from": "240000", "gives": "4%" }],
                "management_rate": "1%",
            }),
        ),
        ("12-customer-service", json!({})),
        (ACTIVITY, json!({ "manager_rate": "1%" })),
    ];
    for (scheme, params) in all {
        let input = SettingInput {
            from_on,
            document: None,
            params: params.as_object().cloned().unwrap_or_default(),
            // An activity is due when there is one.
            enabled: scheme != ACTIVITY,
            note: "全公司启用".to_owned(),
        };
        change_setting(app, finance, scheme, &input).await?;
    }
    Ok(())
}

/// Shops by nine: 静安 and 徐汇 are salons, 徐汇 is also assessed, 浦东 has five levels, 线上 is the customer service.
async fn attributes(app: &App, finance: &Actor, from_on: Date) -> Result<(), DemoError> {
    const LEVELS: [&str; 3] = ["expected", "qualified", "competent"];
    for (at, person) in PEOPLE.iter().enumerate() {
        let (team, seat) = (at / 9, at % 9);
        let mut own = Map::new();
        let mut set = |name: &str, value: Value| {
            own.insert(name.to_owned(), value);
        };
        set(
            "07-new-customers.role",
            json!(if team == 4 { "sales" } else { "beautician" }),
        );
        set(
            "salon_role",
            json!(if seat == 0 { "manager" } else { "beautician" }),
        );
        set(
            "department",
            json!(match (team, seat) {
                (4, 0..5) => "customer_service",
                (4, _) => "sales",
                _ => "other",
            }),
        );
        if team == 1 {
            set(
                "05-assessment-pay.fixed",
                json!(format!("{}.00", 4200 + 150 * seat)),
            );
        }
        if team == 2 {
            set(
                "08-five-levels.post",
                json!(if seat < 6 { "美容师" } else { "顾问" }),
            );
            set("08-five-levels.level", json!(LEVELS[seat % 3]));
        }
        set_attributes(app, finance, person.code, from_on, &own).await?;
    }
    Ok(())
}

async fn send(app: &App, finance: &Actor, facts: &[FactInput]) -> Result<(), DemoError> {
    for answer in put_facts(app, finance, facts).await? {
        if let FactAnswer::Wrong { pointer, detail } = answer {
            return Err(PayError::Refused(format!("{pointer}: {detail}")).into());
        }
    }
    Ok(())
}

fn fact(
    kind: &str,
    key: String,
    person: Option<&str>,
    day: Date,
    measures: Value,
    dimensions: Value,
) -> FactInput {
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    FactInput {
        kind: kind.to_owned(),
        source: "till".to_owned(),
        source_key: key,
        subject: person.map(str::to_owned),
        occurred: day.to_string(),
        measures: object(measures),
        dimensions: object(dimensions),
        void: false,
    }
}

/// What till and HR send of a month.
fn facts_of(month: &Period, rng: &mut StdRng) -> Result<Vec<FactInput>, DemoError> {
    let label = month.label();
    let days = i64::from((month.end - month.first).get_days());
    let mut facts = Vec::new();
    let day = |rng: &mut StdRng| month.first.checked_add(rng.random_range(0..days).days());
    let last = month.end.yesterday()?;
    for (at, person) in PEOPLE.iter().enumerate() {
        let (team, code) = (at / 9, person.code);
        if team < 2 {
            for n in 0..rng.random_range(6..14) {
                let amount = format!("{}.00", rng.random_range(300..4200));
                let key = format!("{label}-{code}-{n}");
                facts.push(fact(
                    "sale",
                    key,
                    Some(code),
                    day(rng)?,
                    json!({ "amount": amount }),
                    json!({}),
                ));
            }
        }
        if team == 1 {
            for indicator in INDICATORS {
                let done = rng.random_range(17..=22);
                let key = format!("{label}-{code}-{indicator}");
                let figures = json!({ "done": done, "required": 22 });
                facts.push(fact(
                    "behaviour",
                    key,
                    Some(code),
                    last,
                    figures,
                    json!({ "indicator": indicator }),
                ));
            }
        }
        if team == 2 {
            let quarter = Period::quarter_of(month.first).map_err(|_| missing("quarter"))?;
            let scored = quarter.first.yesterday()?;
            let seed = scored.day_of_year() as usize + at * 7;
            let figures = json!({ "result": format!("{}.5", 62 + seed % 35), "behaviour": format!("{}", 65 + seed % 30) });
            facts.push(fact(
                "score",
                format!("{scored}-{code}"),
                Some(code),
                scored,
                figures,
                json!({ "confirmed": true }),
            ));
        }
        if team == 4 {
            let shops = rng.random_range(1..5);
            // One of them opens enough shops for a rise to be proposed.
            let shops = if at == 41 { 7 } else { shops };
            for n in 0..shops {
                let amount = format!("{}.00", rng.random_range(2000..28_000));
                let key = format!("{label}-{code}-{n}");
                let customer = json!({ "customer": format!("门店客户 {label}-{code}-{n}") });
                facts.push(fact(
                    "first_batch",
                    key,
                    Some(code),
                    day(rng)?,
                    json!({ "amount": amount }),
                    customer,
                ));
            }
        } else if rng.random_bool(0.5) {
            let amount = format!("{}.00", rng.random_range(980..6980));
            facts.push(fact(
                "card",
                format!("{label}-{code}"),
                Some(code),
                day(rng)?,
                json!({ "amount": amount }),
                json!({}),
            ));
        }
    }
    for n in 0..6 {
        let (service, sales) = (PEOPLE[36 + n % 5].code, PEOPLE[41 + n % 4].code);
        let amount = format!("{}.00", rng.random_range(800..9000));
        let words = json!({ "introducer": format!("老客户 {}", n + 1), "agreement": true, "party": "customer",
                            "facilitated_by": if n % 2 == 0 { "customer_service" } else { "sales" },
                            "service_handler": service, "sales_handler": sales });
        facts.push(fact(
            "introduced_order",
            format!("{label}-{n}"),
            None,
            day(rng)?,
            json!({ "amount": amount }),
            words,
        ));
    }
    let open = month.first.checked_add(9.days())?;
    for n in 0..9 {
        let amount = format!("{}.00", rng.random_range(58_000..66_000));
        let only = json!({ "for_scheme": ACTIVITY });
        let on = open.checked_add((n % 3).days())?;
        facts.push(fact(
            "receipt",
            format!("{label}-{n}"),
            None,
            on,
            json!({ "amount": amount }),
            only,
        ));
    }
    for (n, person) in PEOPLE.iter().take(9).enumerate() {
        for step in [STEPS[n % 6], STEPS[(n + 3) % 6]] {
            let key = format!("{label}-{}-{step}", person.code);
            facts.push(fact(
                "participation",
                key,
                Some(person.code),
                open,
                json!({}),
                json!({ "node": step }),
            ));
        }
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_any_day_when_the_demo_is_built_then_two_or_three_months_are_over() {
        let mut day = Date::constant(2026, 1, 1);
        while day.year() < 2029 {
            let first = first_day(day).unwrap();
            let months = months(first, day).unwrap();
            assert!((2..=3).contains(&months.len()), "{day}: {months:?}");
            let whole = months.iter().filter(|month| month.first >= first).count();
            assert!(whole >= 1 && months.len() - whole <= 1, "{day}: {months:?}");
            assert!(months.iter().all(|month| month.end <= day), "{day}");
            assert!(months.windows(2).all(|two| two[0].end == two[1].first), "{day}");
            day = day.tomorrow().unwrap();
        }
    }
}
