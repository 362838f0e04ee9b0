//! What the guards held back of a closed run and would not by what is known now: given back in the open period.
//!
//! # Why
//! The ceiling holds an order's incentives until somebody gives the reason, and one of two claims gives way to the other
//! (GC-22, GC-23). The reason comes later, or the other order is void: what was taken is then owed. Closed is closed, so it is
//! a line of the scheme's next run that names the run it was taken from; done twice, it gives nothing the second time.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::app::App;
use crate::app::pay::calculate::compute;
use crate::app::pay::earlier::{self, Past, Until};
use crate::app::pay::guard::{self, Claimed, GUARDS, Given};
use crate::app::pay::{PayError, library};
use crate::domain::Money;
use crate::payout::Document;
use crate::storage::pay::{LineKind, LineRow, NewLine, Run};

/// What was taken for one order from one payee, less what was given back; and the line that took it.
struct Taken {
    amount: i64,
    line: LineRow,
}

/// The lines that give back what the guards took from a closed run and would not by what is known at a watermark. `late`: the
/// differences to closed runs that are found in this calculation; `replaces`: the run under review it takes the place of.
pub(super) async fn of(
    app: &App,
    run: &Run,
    late: &[NewLine],
    mark: i64,
    replaces: Option<i64>,
) -> Result<Vec<NewLine>, PayError> {
    let taken = taken(app, run, replaces).await?;
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let Some(guards) = library::scheme_document(app, GUARDS, run.from_on).await? else {
        return Ok(Vec::new());
    };
    let document = guards.document;
    let days = (run.from_on, run.to_on);
    let seen = guard::touching(app, &document, days).await?;
    // As if the guards had taken nothing yet, with what was corrected since.
    let ceiling = earlier::ceiling(&document, &guards.params);
    let mut claimed = guard::claimed(app, &seen, false, Some((ceiling, None))).await?;
    let mut takers: BTreeMap<(String, String), BTreeSet<i64>> = BTreeMap::new();
    for one in &seen {
        let id = one.head.id;
        for took in app.store.guards_took(id).await? {
            takers.entry((took.about, took.payee)).or_default().insert(id);
        }
        for given in app.store.corrected_about(id, days, replaces).await? {
            let (order, person) = (given.about, given.payee);
            claimed
                .about
                .push(correction(id, order, person, Money::from_minor(given.amount)));
        }
    }
    for line in late {
        if let Some(order) = line.about.clone().filter(|_| line.origin == Some(run.id)) {
            claimed
                .about
                .push(correction(run.id, order, line.payee.clone(), line.amount));
        }
    }
    follow(app, &document, run, &taken, &mut claimed, mark).await?;
    let read = (days, &guards.params, mark);
    // What others were given for these orders before it was closed stays before it; what came later gives way itself.
    let past = Past::Until(Until {
        run,
        late,
        replaces,
        takers: &takers,
    });
    let (material, given) =
        guard::material_of(app, &document, read, (seen.as_slice(), &past, claimed)).await?;
    let allowed = guard::allowed(&compute(document, material).await?.lines);
    let mut lines = Vec::new();
    for (about, taken) in taken {
        let took = takers.get(&about);
        let mut claims: Vec<Given> = Vec::new();
        for one in &given {
            if (&one.order, &one.person) == (&about.0, &about.1) {
                claims.push(Given {
                    // Who gave way gives way again as far as it must; who did not is not asked now.
                    booked: !took.is_some_and(|runs| runs.contains(&one.run)),
                    order: one.order.clone(),
                    person: one.person.clone(),
                    component: one.component.clone(),
                    ..*one
                });
            }
        }
        let may = allowed.get(&about).copied().unwrap_or_default();
        let should = guard::borne_by(run.id, &claims.iter().collect::<Vec<_>>(), may).minor();
        if should < taken.amount {
            lines.push(back(run, &about.0, &taken, should));
        }
    }
    Ok(lines)
}

async fn taken(
    app: &App,
    run: &Run,
    replaces: Option<i64>,
) -> Result<BTreeMap<(String, String), Taken>, PayError> {
    let mut taken: BTreeMap<(String, String), Taken> = BTreeMap::new();
    for row in app.store.guard_lines(run.id, replaces).await? {
        let about = row.line.about.clone().unwrap_or_default();
        let amount = row.line.amount.minor();
        let one = taken
            .entry((about, row.line.payee.clone()))
            .or_insert(Taken { amount: 0, line: row });
        one.amount = one.amount.saturating_sub(amount);
    }
    taken.retain(|_, one| one.amount > 0);
    Ok(taken)
}

fn correction(run: i64, order: String, person: String, amount: Money) -> Given {
    Given {
        run,
        booked: true,
        order,
        person,
        component: String::new(),
        amount,
    }
}

/// An order that is worth something else by now is still the one its parts came from: they follow it, at the amounts they
/// had. So nothing is given back that a recalculation of the other scheme might still need taken.
async fn follow(
    app: &App,
    document: &Document,
    run: &Run,
    taken: &BTreeMap<(String, String), Taken>,
    claimed: &mut Claimed,
    mark: i64,
) -> Result<(), PayError> {
    let keys: BTreeSet<String> = taken.keys().map(|(order, _)| order.clone()).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let then = earlier::orders(app, document, &keys, run.watermark).await?;
    let now = earlier::orders(app, document, &keys, mark).await?;
    for claim in &mut claimed.shared {
        let was = then.get(&claim.fact_key).map(earlier::worth);
        if let Some(order) = now.get(&claim.fact_key)
            && was == Some(Money::from_minor(claim.of_amount))
        {
            claim.of_amount = earlier::worth(order).minor();
        }
    }
    Ok(())
}

/// The line that gives back what is above `should`, fen.
fn back(run: &Run, order: &str, taken: &Taken, should: i64) -> NewLine {
    let period = &run.period;
    let (should, before) = (Money::from_minor(should), Money::from_minor(taken.amount));
    NewLine {
        kind: LineKind::Guard,
        origin: Some(run.id),
        amount: Money::from_minor(before.minor() - should.minor()),
        says: (
            format!("{period}期订单 {order}：按现有事实护栏应扣 {should} 元，已扣 {before} 元，多扣的退回。"),
            format!(
                "Order {order} of {period}: by what is known now the guards take {should}; they took {before}, and the \
                 difference is given back."
            ),
        ),
        trace: json!({ "guards": [] }).to_string(),
        ..taken.line.line.clone()
    }
}
