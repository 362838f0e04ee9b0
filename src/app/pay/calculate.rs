//! Calculating a run: its own period, and what late facts changed in closed ones.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::app::again::again;
use crate::app::pay::material::{Material, Shape, gather, refused};
use crate::app::pay::{Clash, PayError, Unable, blame, flow, guard, late, library, rises, unknown};
use crate::app::{Actor, App, Permission};
use crate::domain::{Money, Period, PeriodKind};
use crate::payout::explain::{sentence, trace};
use crate::payout::{Document, Evaluation, Num, Outcome, Unmatched, evaluate};
use crate::storage::pay::{
    LineKind, NewLine, NewRun, Run, RunClaim, RunState, follow_run, insert_claims, insert_lines, insert_run,
    lock_ledger, overlapping_run, supersede, watermark,
};
use crate::storage::{StoreError, insert_audit};

/// Calculates a scheme for a period, and books nothing. What was calculated before and is not under review is set aside.
pub async fn calculate(app: &App, actor: &Actor, scheme: &str, period: &str) -> Result<Run, PayError> {
    anew(app, actor, (scheme, period), None).await
}

/// Calculates a run under review again, where an objection to it was accepted; the old one is set aside.
pub(super) async fn instead_of(app: &App, actor: &Actor, run: &Run) -> Result<Run, PayError> {
    if run.state != RunState::InReview || app.store.objections_to_recalculate(run.id).await? == 0 {
        return Err(PayError::Conflict(Clash::NotObjected));
    }
    anew(app, actor, (&run.scheme, &run.period), Some(run.id)).await
}

async fn anew(
    app: &App,
    actor: &Actor,
    (scheme, period): (&str, &str),
    replaces: Option<i64>,
) -> Result<Run, PayError> {
    if !actor.may(Permission::CalculatePay) {
        return Err(PayError::Forbidden("only finance and HR calculate pay"));
    }
    let expected = "2026-11, 2026-Q4, 2026 or 2026-11-03..2026-11-08";
    let period = Period::parse(period).map_err(|_| PayError::field("/period", expected))?;
    let period = named(period);
    let (from, to) = (period.first, period.end);
    let scheme_in_force = library::scheme_document(app, scheme, from).await?;
    let in_force = scheme_in_force
        .ok_or_else(|| PayError::field("/scheme", format!("no scheme is called {scheme:?}")))?;
    fits(&in_force, &period)?;
    let document = in_force.document;
    no_overlap(app, scheme, (from, to), replaces).await?;
    let kinds = Shape::of(&document).facts.into_keys().collect();
    // Another calculation may tell the same in this instant.
    again!(flow::flow(app, from, to, &kinds))?;
    again!(rises::catch_up(app, &kinds))?;
    let mark = {
        let mut tx = app.store.begin().await?;
        watermark(&mut tx).await?
    };
    let across = scheme == guard::GUARDS;
    // Late facts first: what a closed period hands on may be something else by them.
    let (late, mark) = if across {
        (Vec::new(), mark)
    } else {
        late::differences(app, actor, &document, (from, to), mark, replaces).await?
    };
    let material = if across {
        guard::material(app, &document, (from, to), &in_force.params, mark)
            .await?
            .0
    } else {
        gather(app, &document, (from, to), &in_force.params, mark, None).await?
    };
    let (hash, parts) = (material.hash, material.parts.to_json());
    let roster = material.roster.clone();
    let (unready, left_out) = (material.unready.clone(), material.left_out);
    let computed = match compute(document.clone(), material).await {
        Err(PayError::Input(fault)) => return Err(blame::named(app, &document, to, &unready, *fault).await?),
        other => other?,
    };
    let mut lines = computed.lines;
    if across {
        // The guards' lines are what everybody may keep: nothing of it is paid here.
        lines.clear();
    } else {
        lines.extend(late);
    }
    let total = lines
        .iter()
        .try_fold(Money::ZERO, |sum, line| sum.checked_add(line.amount));
    let total = total.ok_or(PayError::Unable(Unable::TooMuch))?;
    let mut outcome = computed.outcome;
    outcome["people_without_attributes"] = json!(unready.count);
    outcome["facts_without_fields"] = json!(left_out);
    let unknown = unknown::told(app, &computed.unmatched, mark).await?;
    if let Some(warnings) = outcome["warnings"].as_array_mut() {
        warnings.splice(0..0, unknown);
        // First: the page shows the first of them.
        if let Some(told) = not_over(app, to) {
            warnings.insert(0, told);
        }
    }
    let now_ms = app.clock.now_ms();
    let who = actor.word();
    let mut tx = app.store.begin().await?;
    let old = supersede(&mut tx, scheme, (from, to), replaces).await?;
    let row = NewRun {
        scheme,
        period: &period.label(),
        from_on: from,
        to_on: to,
        document: document.text(),
        input_hash: hash,
        input_parts: &parts,
        params: &in_force.params.to_string(),
        roster: &roster,
        watermark: mark,
        outcome: &outcome.to_string(),
        total,
        by: &who,
        by_person: actor.employee(),
        at: now_ms,
    };
    let id = match insert_run(&mut tx, &row).await {
        Err(error) if error.is_unique_violation() => {
            return Err(PayError::Conflict(Clash::JustNow {
                scheme: scheme.to_owned(),
                period: period.label(),
            }));
        }
        other => other?,
    };
    insert_lines(&mut tx, id, &lines).await?;
    insert_claims(&mut tx, id, &computed.claims).await?;
    for old in old {
        follow_run(&mut tx, old, id).await?;
    }
    let detail = json!({ "scheme": scheme, "period": period.label(), "total": total.to_string() });
    insert_audit(
        &mut tx,
        now_ms,
        &who,
        "payout.calculated",
        &format!("payout:{id}"),
        &detail,
    )
    .await?;
    // Seen again, one after the other: two for days that overlap may have been on their way.
    lock_ledger(&mut tx).await?;
    if let Some((other, covers)) = overlapping_run(&mut tx, scheme, (from, to)).await? {
        return Err(overlaps(scheme, other, &covers));
    }
    tx.commit().await?;
    let run = app.store.run(id).await?;
    Ok(run.ok_or(StoreError::RowCount {
        what: "runs",
        found: 0,
        expected: 1,
    })?)
}

/// The component of a warning that no step of the document gave.
pub(super) const NO_COMPONENT: &str = "";

/// What is told of a period that goes on when it is calculated: what happens in the rest of its days is not in it.
fn not_over(app: &App, to: Date) -> Option<Value> {
    let (today, last) = (app.today(), to.yesterday().unwrap_or(to));
    (today < to).then(|| {
        json!({
            "component": NO_COMPONENT, "payee": null, "about": null, "value": last.to_string(),
            "title": {
                "zh": format!("计算那天（{today}）这一期还没结束，之后的事实不在里面；最后一天是"),
                "en": format!("The period was not over on the day of the calculation ({today}); what happens later is not in it. Its last day"),
            },
        })
    })
}

/// Own dates that are a calendar month, quarter or year are that.
pub(super) fn named(period: Period) -> Period {
    let year = |day: Date| Period::parse(&format!("{:04}", day.year()));
    [
        Period::month_of(period.first),
        Period::quarter_of(period.first),
        year(period.first),
    ]
    .into_iter()
    .flatten()
    .find(|p| (p.first, p.end) == (period.first, period.end))
    .unwrap_or(period)
}

/// A month's scheme is run for months, and so on; an activity's for any days.
pub(super) fn fits(scheme: &library::InForce, period: &Period) -> Result<(), PayError> {
    let every = scheme.period();
    let right = match every {
        "month" => period.kind == PeriodKind::Month,
        "quarter" => period.kind == PeriodKind::Quarter,
        "year" => period.kind == PeriodKind::Year,
        _ => (period.end - period.first).get_days() <= 366,
    };
    if right {
        Ok(())
    } else {
        let detail = format!("{} is calculated by the {every}", scheme.document.header.id);
        Err(PayError::field("/period", detail))
    }
}

async fn no_overlap(
    app: &App,
    scheme: &str,
    (from, to): (Date, Date),
    replaces: Option<i64>,
) -> Result<(), PayError> {
    let touching = app.store.heads_touching(from, to).await?;
    let other = touching.iter().find(|r| {
        r.scheme == scheme
            && Some(r.id) != replaces
            // What is only calculated gives way, whichever days it was for.
            && r.state != RunState::Calculated
    });
    match other {
        None => Ok(()),
        Some(run) if (run.from_on, run.to_on) == (from, to) => Err(PayError::Conflict(Clash::Exists {
            scheme: scheme.to_owned(),
            period: run.period.clone(),
            is: run.state,
            run: run.id,
        })),
        Some(run) => Err(overlaps(scheme, run.id, &run.period)),
    }
}

fn overlaps(scheme: &str, run: i64, period: &str) -> PayError {
    PayError::Conflict(Clash::Overlaps {
        scheme: scheme.to_owned(),
        period: period.to_owned(),
        run,
    })
}

/// What the engine made of the material.
pub(super) struct Computed {
    pub lines: Vec<NewLine>,
    pub outcome: Value,
    /// What the lines give for each fact with money behind it.
    pub claims: Vec<RunClaim>,
    /// Facts about another one that was not read.
    pub unmatched: Vec<Unmatched>,
}

/// Runs the engine on a thread of its own.
pub(super) async fn compute(document: Arc<Document>, material: Material) -> Result<Computed, PayError> {
    let work = tokio::task::spawn_blocking(move || compute_here(&document, &material.input));
    work.await.map_err(|_| PayError::Unable(Unable::BrokenOff))?
}

/// Runs the engine on an input's text.
pub(super) fn ran(document: &Document, input: &str) -> Result<Evaluation, PayError> {
    let input = document
        .input_text(input)
        .map_err(|r| blame::of(document, input, &r).unwrap_or_else(|| refused(&r)))?;
    evaluate(document, input).map_err(|stop| PayError::Refused(stop.to_string()))
}

/// What the engine makes of an input, without its stories: for trials.
pub(super) fn outcome(document: &Document, input: &str) -> Result<Outcome, PayError> {
    ran(document, input).map(|ran| ran.outcome)
}

fn compute_here(document: &Document, input: &str) -> Result<Computed, PayError> {
    let ran = ran(document, input)?;
    let mut lines = Vec::with_capacity(ran.outcome.lines.len());
    let mut claims = Vec::new();
    for line in &ran.outcome.lines {
        lines.push(new_line(document, &ran, line)?);
        for claim in document.claims(&ran, line) {
            // A part below half a fen is none.
            let amount = money(&claim.amount)?;
            // A line that is about the fact itself says it already.
            if amount != Money::ZERO && line.about.as_ref() != Some(&claim.key) {
                claims.push(RunClaim {
                    run_id: 0,
                    payee: line.payee.clone(),
                    component: line.component.clone(),
                    kind: claim.kind,
                    fact_key: claim.key,
                    amount: amount.minor(),
                    of_amount: money(&claim.of)?.minor(),
                });
            }
        }
    }
    let mut outcome = ran.outcome.to_json(|_| String::new());
    // A person decides on each of these: they are told how it came about.
    for (at, proposal) in ran.outcome.proposals.iter().enumerate() {
        let says = sentence(document, &ran, proposal);
        outcome["proposals"][at]["says"] = json!({ "zh": says.zh, "en": says.en });
    }
    for (at, award) in ran.outcome.awards.iter().enumerate() {
        let says = sentence(document, &ran, award);
        outcome["awards"][at]["says"] = json!({ "zh": says.zh, "en": says.en });
    }
    if let Some(object) = outcome.as_object_mut() {
        object.remove("lines");
    }
    Ok(Computed {
        lines,
        outcome,
        claims,
        unmatched: document.unmatched_of(&ran),
    })
}

/// A line with its story.
pub(super) fn new_line(
    document: &Document,
    ran: &Evaluation,
    line: &crate::payout::Line,
) -> Result<NewLine, PayError> {
    let says = sentence(document, ran, line);
    Ok(NewLine {
        kind: LineKind::Line,
        origin: None,
        payee: line.payee.clone(),
        payee_kind: line.payee_kind.clone(),
        component: line.component.clone(),
        rule: line.rule.clone(),
        title: (line.title.zh.clone(), line.title.en.clone()),
        amount: money(&line.amount)?,
        income: line.income,
        base: line.base,
        about: line.about.clone(),
        due: line.due.clone(),
        says: (says.zh, says.en),
        trace: trace(document, ran, line).to_json().to_string(),
    })
}

/// Whole fen as money.
pub(super) fn money(amount: &Num) -> Result<Money, PayError> {
    let fen = (amount * &Num::int(100))
        .to_i128()
        .and_then(|n| i64::try_from(n).ok());
    let fen = fen.ok_or_else(|| {
        PayError::Refused(format!("{amount} is no amount of whole fen that money can hold"))
    })?;
    Ok(Money::from_minor(fen))
}
