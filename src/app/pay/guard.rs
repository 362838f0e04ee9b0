//! Guards across schemes: documents too, run on the lines of all schemes of their days (GC-22, GC-23).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::app::App;
use crate::app::pay::calculate::compute;
use crate::app::pay::earlier::{self, Before, Past};
use crate::app::pay::material::{FOR_SCHEME, Material, OPENING};
use crate::app::pay::parts::{Parts, ReadRun};
use crate::app::pay::{Clash, PayError, library};
use crate::domain::Money;
use crate::payout::Document;
use crate::storage::pay::{LineKind, NewLine, ReadFact, Run, RunClaim, RunHead};

/// The guards' document.
pub(super) const GUARDS: &str = "99-guards";

/// What one run gives somebody for an order.
pub(super) struct Given {
    pub run: i64,
    /// Whether it is booked: what is booked stays.
    pub booked: bool,
    pub order: String,
    pub person: String,
    /// The line it is part of; empty: one that is about the order itself.
    pub component: String,
    pub amount: Money,
}

/// A run the guards look at, and the last of its lines they see.
pub(super) struct Seen {
    pub head: RunHead,
    pub upto: i64,
    /// Whether it is booked when they look: then it stays.
    pub booked: bool,
}

/// What runs give for things: lines that are about one, and the parts of others that came from one several schemes count.
pub(super) struct Claimed {
    pub about: Vec<Given>,
    pub shared: Vec<RunClaim>,
}

/// The runs that touch these days now, other than the guards' own, with all their lines.
pub(super) async fn touching(
    app: &App,
    document: &Document,
    (from, to): (Date, Date),
) -> Result<Vec<Seen>, PayError> {
    let mut seen = Vec::new();
    for head in app.store.heads_touching(from, to).await? {
        if head.scheme != document.header.id {
            let upto = app.store.last_line(head.id).await?;
            let booked = head.state.is_booked();
            seen.push(Seen { head, upto, booked });
        }
    }
    Ok(seen)
}

/// What these runs give; `guards`: with what the guards took of it. `ceiling`: what a single scheme may give of an order,
/// thousandths, before it is looked at, and the runs of other days that were read (`None`: those that are booked); without it
/// only what several give is looked at, as it was before.
pub(super) async fn claimed(
    app: &App,
    seen: &[Seen],
    guards: bool,
    ceiling: Option<(i64, Option<&[i64]>)>,
) -> Result<Claimed, PayError> {
    let mut about = Vec::new();
    for Seen { head, upto, .. } in seen {
        for given in app.store.lines_about(head.id, *upto, guards).await? {
            about.push(Given {
                run: head.id,
                booked: head.state.is_booked(),
                order: given.about,
                person: given.payee,
                component: String::new(),
                amount: Money::from_minor(given.amount),
            });
        }
    }
    let ids: Vec<i64> = seen.iter().map(|one| one.head.id).collect();
    let shared = match ceiling {
        Some((permille, others)) => app.store.claims_to_guard(&ids, permille, others).await?,
        None => app.store.shared_claims(&ids).await?,
    };
    Ok(Claimed { about, shared })
}

/// Orders and what every scheme gives for them: of all runs that touch these days, and what was booked of other days.
pub(super) async fn material(
    app: &App,
    document: &Document,
    days: (Date, Date),
    params: &Value,
    mark: i64,
) -> Result<(Material, Vec<Given>), PayError> {
    let seen = touching(app, document, days).await?;
    let ceiling = Some((earlier::ceiling(document, params), None));
    let claimed = claimed(app, &seen, true, ceiling).await?;
    let given = (seen.as_slice(), &Past::Booked, claimed);
    material_of(app, document, (days, params, mark), given).await
}

/// What a guards' run was computed from, gathered once more: the runs it read, up to the lines they had. One that did not
/// note which they were reads those that touch its days now.
pub(super) async fn again(app: &App, document: &Document, run: &Run) -> Result<Material, PayError> {
    let params: Value = serde_json::from_str(&run.params).unwrap_or_default();
    let days = (run.from_on, run.to_on);
    let noted = Parts::parse(&run.input_parts);
    let others = noted.as_ref().and_then(|noted| noted.earlier.clone());
    let seen = match noted {
        None => touching(app, document, days).await?,
        Some(noted) => {
            let ids: Vec<i64> = noted.runs.iter().map(|read| read.run).collect();
            let heads = app.store.heads_of(&ids).await?.into_iter();
            let read = |id: i64| noted.runs.iter().find(|read| read.run == id);
            heads
                .map(|head| Seen {
                    upto: read(head.id).map_or(i64::MAX, |read| read.upto),
                    booked: read(head.id).is_some_and(|read| read.booked),
                    head,
                })
                .collect()
        }
    };
    let ceiling = others
        .as_deref()
        .map(|runs| (earlier::ceiling(document, &params), Some(runs)));
    let claimed = claimed(app, &seen, true, ceiling).await?;
    let past = others.as_deref().map_or(Past::None, Past::Noted);
    let given = (seen.as_slice(), &past, claimed);
    let (material, _) = material_of(app, document, (days, &params, run.watermark), given).await?;
    Ok(material)
}

/// Facts of one kind after the other, as the text of a JSON list.
struct Telling {
    text: Vec<u8>,
    count: usize,
    start: usize,
    parts: Parts,
}

impl Telling {
    fn fact(&mut self, fact: &Value) {
        if self.text.len() > OPENING.len() {
            self.text.push(b',');
        }
        self.text.extend_from_slice(fact.to_string().as_bytes());
        self.count += 1;
    }

    /// What was told since the kind before.
    fn end(&mut self, kind: &str) {
        self.parts.kind(kind, self.count, &self.text[self.start..]);
        (self.count, self.start) = (0, self.text.len());
    }
}

/// What the guards read, out of what runs give.
pub(super) async fn material_of(
    app: &App,
    document: &Document,
    ((from, to), params, mark): ((Date, Date), &Value, i64),
    (seen, past, claimed): (&[Seen], &Past<'_>, Claimed),
) -> Result<(Material, Vec<Given>), PayError> {
    let Claimed {
        about: mut given,
        shared,
    } = claimed;
    // A line may be about anything: what an order is, the facts say.
    let named: BTreeSet<String> = given.iter().map(|one| one.order.clone()).collect();
    let named = named
        .into_iter()
        .chain(shared.iter().map(|claim| claim.fact_key.clone()));
    let named: Vec<String> = named.collect::<BTreeSet<_>>().into_iter().collect();
    let orders = earlier::orders(app, document, &named, mark).await?;
    for claim in shared {
        // Two things of one key are one order where they are worth the same.
        if orders.get(&claim.fact_key).map(earlier::worth) == Some(Money::from_minor(claim.of_amount)) {
            let booked = seen
                .iter()
                .any(|one| one.head.id == claim.run_id && one.head.state.is_booked());
            given.push(Given {
                run: claim.run_id,
                booked,
                order: claim.fact_key,
                person: claim.payee,
                component: claim.component,
                amount: Money::from_minor(claim.amount),
            });
        }
    }
    given.retain(|one| orders.contains_key(&one.order));
    let (mut before, others) = earlier::given(app, document, past, &orders, (from, to)).await?;
    let scheme_of = |run: i64| {
        let one = seen.iter().find(|one| one.head.id == run);
        one.map_or("", |one| one.head.scheme.as_str())
    };
    let stays = |one: &Given| match past {
        Past::None => false,
        Past::Until(until) => one.booked && !until.took(one.run, &one.order),
        Past::Booked | Past::Noted(_) => seen.iter().any(|s| s.head.id == one.run && s.booked),
    };
    // What is booked of the same days stays like that of others.
    let (fixed, given): (Vec<Given>, Vec<Given>) = given.into_iter().partition(stays);
    before.extend(fixed.into_iter().map(|one| Before {
        scheme: scheme_of(one.run).to_owned(),
        order: one.order,
        person: one.person,
        amount: one.amount,
    }));
    let mut telling = Telling {
        text: OPENING.to_vec(),
        count: 0,
        start: OPENING.len(),
        parts: Parts::default(),
    };
    // Two runs of a scheme may tell of one order: what one gave, the next corrected.
    let mut sums: BTreeMap<(&str, &str, &str), Money> = BTreeMap::new();
    for one in &given {
        let sum = sums
            .entry((scheme_of(one.run), &one.order, &one.person))
            .or_default();
        *sum = sum.checked_add(one.amount).unwrap_or(*sum);
    }
    let first = from.to_string();
    for ((scheme, order, person), amount) in &sums {
        telling.fact(
            &json!({ "kind": "claim", "id": format!("{scheme}:{order}:{person}"), "occurred": first, "order": order,
                     "person": person, "scheme": scheme, "amount": amount.to_string() }),
        );
    }
    let mut sums: BTreeMap<(&str, &str, &str), Money> = BTreeMap::new();
    for one in &before {
        let sum = sums.entry((&one.scheme, &one.order, &one.person)).or_default();
        *sum = sum.checked_add(one.amount).unwrap_or(*sum);
    }
    let day = earlier::day_before(from).to_string();
    for ((scheme, order, person), amount) in &sums {
        telling.fact(
            &json!({ "kind": "claim", "id": format!("{scheme}:{order}:{person}:{day}"), "occurred": day, "order": order,
                     "person": person, "scheme": scheme, "amount": amount.to_string() }),
        );
    }
    telling.end("claim");
    for order in orders.values() {
        telling.fact(order);
    }
    telling.end("order");
    // Targets that were changed within the period need both signatures again (GC-20).
    let mut changed = |row: ReadFact| {
        let mut fact: Value = serde_json::from_str(&row.fields).unwrap_or_default();
        if let Some(fields) = fact.as_object_mut() {
            fields.remove(FOR_SCHEME);
            fields.insert("kind".into(), json!("target_change"));
            fields.insert("id".into(), json!(row.source_key));
            fields.insert("occurred".into(), json!(row.occurred));
            telling.fact(&fact);
        }
        Ok(())
    };
    app.store
        .each_fact("target_change", (Some(from), Some(to)), mark, &mut changed)
        .await?;
    telling.end("target_change");
    telling.parts.runs = seen
        .iter()
        .map(|one| ReadRun {
            run: one.head.id,
            upto: one.upto,
            booked: one.booked && !matches!(past, Past::None),
        })
        .collect();
    if !matches!(past, Past::None) {
        telling.parts.earlier = Some(others.into_iter().collect());
    }
    let Telling { text, parts, .. } = telling;
    let material = Material::new(text, (from, to), params, "[]".to_owned(), parts)?;
    Ok((material, given))
}

/// Schemes that are due in a run's days and were not calculated. Guards are none of them: the close calculates them itself.
pub(super) async fn missing(app: &App, run: &RunHead) -> Result<Vec<String>, PayError> {
    let touching = app.store.heads_touching(run.from_on, run.to_on).await?;
    let mut missing = Vec::new();
    for scheme in app.store.schemes_set().await? {
        let is_due = library::scheme_document(app, &scheme, run.from_on)
            .await?
            .is_some_and(|s| s.enabled && !s.document.header.guard && ends_within(s.period(), run));
        if is_due && !touching.iter().any(|r| r.scheme == scheme) {
            missing.push(scheme);
        }
    }
    Ok(missing)
}

/// What the guards say of a run that is about to be closed: their warnings, and the lines that take from it what is over
/// for its orders. Refused while a scheme that is due in these days was not calculated.
pub(super) async fn look(app: &App, run: &RunHead) -> Result<(Vec<NewLine>, Value), PayError> {
    if let Some(scheme) = missing(app, run).await?.into_iter().next() {
        let period = run.period.clone();
        return Err(PayError::Conflict(Clash::Missing { scheme, period }));
    }
    let Some(guards) = library::scheme_document(app, GUARDS, run.from_on).await? else {
        return Ok((Vec::new(), json!([])));
    };
    let days = (run.from_on, run.to_on);
    let document = &guards.document;
    let seen = touching(app, document, days).await?;
    let ceiling = Some((earlier::ceiling(document, &guards.params), None));
    let mut claimed = claimed(app, &seen, true, ceiling).await?;
    // What was given back of these runs since, in others, is kept by now.
    for one in seen.iter().filter(|one| one.booked) {
        for row in app.store.guard_lines(one.head.id, None).await? {
            if row.line.origin == Some(one.head.id) {
                claimed.about.push(Given {
                    run: one.head.id,
                    booked: true,
                    order: row.line.about.unwrap_or_default(),
                    person: row.line.payee,
                    component: String::new(),
                    amount: row.line.amount,
                });
            }
        }
    }
    let read = (days, &guards.params, i64::MAX);
    let (material, given) =
        material_of(app, document, read, (seen.as_slice(), &Past::Booked, claimed)).await?;
    let computed = compute(guards.document.clone(), material).await?;
    let allowed = allowed(&computed.lines);
    let mut by_order: BTreeMap<(&str, &str), Vec<&Given>> = BTreeMap::new();
    for one in &given {
        by_order.entry((&one.order, &one.person)).or_default().push(one);
    }
    let mut lines = Vec::new();
    for ((order, person), claims) in by_order {
        let may = allowed
            .get(&(order.to_owned(), person.to_owned()))
            .copied()
            .unwrap_or_default();
        let too_much = borne_by(run.id, &claims, may);
        if too_much <= Money::ZERO {
            continue;
        }
        let components: BTreeSet<&str> = claims
            .iter()
            .filter(|one| one.run == run.id)
            .map(|one| one.component.as_str())
            .collect();
        let mine = app.store.run_lines(run.id, Some(person), None, i64::MAX).await?;
        let own = mine.iter().find(|row| {
            let about = row.line.about.as_deref() == Some(order);
            row.line.kind != LineKind::Guard
                && row.line.amount > Money::ZERO
                && (about || components.contains(row.line.component.as_str()))
        });
        let Some(own) = own else { continue };
        lines.push(NewLine {
            kind: LineKind::Guard,
            origin: None,
            component: "guard".to_owned(),
            rule: "GC-22, GC-23".to_owned(),
            title: ("跨方案护栏".to_owned(), "Guards across schemes".to_owned()),
            amount: Money::from_minor(-too_much.minor()),
            about: Some(order.to_owned()),
            due: None,
            says: (
                format!("订单 {order} 各方案、各期合起来超出 {too_much} 元，按护栏扣回。"),
                format!(
                    "Order {order} is {too_much} over across schemes and periods; the guards take it back."
                ),
            ),
            trace: json!({ "guards": computed.outcome["warnings"] }).to_string(),
            ..own.line.clone()
        });
    }
    Ok((lines, computed.outcome["warnings"].clone()))
}

/// What the guards let everybody keep of each order.
pub(super) fn allowed(lines: &[NewLine]) -> BTreeMap<(String, String), Money> {
    let mut allowed: BTreeMap<(String, String), Money> = BTreeMap::new();
    for line in lines {
        let order = line.about.clone().unwrap_or_default();
        let sum = allowed.entry((order, line.payee.clone())).or_default();
        *sum = sum.checked_add(line.amount).unwrap_or(*sum);
    }
    allowed
}

/// What a run bears of what somebody is given too much for an order: the smallest claims give way first, so that the larger
/// one stands (GC-23); what is booked stays. Of equal ones the later run gives way.
pub(super) fn borne_by(run: i64, claims: &[&Given], allowed: Money) -> Money {
    let mut sums: BTreeMap<i64, (bool, i64)> = BTreeMap::new();
    for one in claims {
        let sum = sums.entry(one.run).or_insert((one.booked, 0));
        sum.1 = sum.1.saturating_add(one.amount.minor());
    }
    let all: i64 = sums.values().map(|(_, sum)| sum).sum();
    let mut over = all.saturating_sub(allowed.minor());
    let mut order: Vec<(i64, i64)> = sums
        .into_iter()
        .filter(|(_, (booked, sum))| !booked && *sum > 0)
        .map(|(run, (_, sum))| (sum, -run))
        .collect();
    order.sort_unstable();
    for (sum, other) in order {
        let gives = over.min(sum);
        if -other == run {
            return Money::from_minor(gives.max(0));
        }
        over -= gives.max(0);
    }
    Money::ZERO
}

/// A month's scheme is due in every month; a quarter's or a year's where the run's days reach its end; an activity's
/// only when somebody calculates it.
fn ends_within(every: &str, run: &RunHead) -> bool {
    let end = run.to_on;
    match every {
        "month" => end.day() == 1 && run.from_on.day() == 1,
        "quarter" => end.day() == 1 && (end.month() - 1) % 3 == 0 && run.from_on.day() == 1,
        "year" => end.day() == 1 && end.month() == 1 && run.from_on.day() == 1,
        _ => false,
    }
}

pub(super) fn signed(text: &str) -> Money {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    Money::parse(digits).map_or(Money::ZERO, |m| Money::from_minor(sign * m.minor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_claims_give_way_what_is_booked_stays_and_nobody_gives_more_than_they_claim() {
        let given = |run: i64, booked: bool, fen: i64| Given {
            run,
            booked,
            order: "o".into(),
            person: "li".into(),
            component: String::new(),
            amount: Money::from_minor(fen),
        };
        let bears = |run: i64, claims: &[Given], allowed: i64| {
            borne_by(
                run,
                &claims.iter().collect::<Vec<_>>(),
                Money::from_minor(allowed),
            )
            .minor()
        };
        let two = [given(1, false, 100_000), given(2, false, 30_000)];
        assert_eq!(
            (bears(1, &two, 100_000), bears(2, &two, 100_000)),
            (0, 30_000),
            "the larger stands"
        );
        let closed = [given(1, false, 100_000), given(2, true, 30_000)];
        assert_eq!(
            (bears(1, &closed, 100_000), bears(2, &closed, 100_000)),
            (30_000, 0),
            "booked stays"
        );
        let corrected = [
            given(1, true, 100_000),
            given(2, true, 30_000),
            given(2, true, -30_000),
        ];
        assert_eq!(bears(1, &corrected, 100_000), 0);
        let scaled = [given(1, false, 100), given(2, false, 100), given(3, false, 50)];
        assert_eq!(
            [1, 2, 3].map(|run| bears(run, &scaled, 120)),
            [0, 80, 50],
            "of equal ones the later"
        );
        assert_eq!([1, 2, 3].map(|run| bears(run, &scaled, 0)), [100, 100, 50]);
        assert_eq!(bears(1, &scaled, 300), 0, "nothing is too much");
    }
}
