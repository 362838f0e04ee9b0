//! One run as it is reviewed: sums, changes against the period before, outliers, what is left to do before it closes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::Value;

use crate::app::pay::material::reach_of;
use crate::app::pay::{PayError, guard, library, reasons, steps};
use crate::app::{Actor, App, Permission};
use crate::domain::Money;
use crate::payout::{Book, Document, Label};
use crate::storage::pay::{LineGroup, Run, RunHead, RunNote, RunState};

/// An amount is worth a look when it changed by this share of the larger of both, percent …
const OUTLIER_PERCENT: i64 = 40;
/// … and by at least this much, fen …
const OUTLIER_LEAST: i64 = 50_000;
/// … or when it is this many times the middle amount of its rule.
const OUTLIER_TIMES: i64 = 4;

/// Why an amount is worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlier {
    /// Much more or much less than in the period before.
    Changed,
    /// Many times what others get by the same rule.
    Far,
    /// Below zero: money is taken back.
    Negative,
}

impl Outlier {
    /// The word of its texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Far => "far",
            Self::Negative => "negative",
        }
    }
}

/// What somebody gets by one rule, looked at.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Now and in the period before.
    pub group: LineGroup,
    /// What catches the eye.
    pub outlier: Option<Outlier>,
}

/// A rule's sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentSum {
    /// Which rule.
    pub component: String,
    /// Its name.
    pub name: Label,
    /// In the period before.
    pub was: Money,
    /// Now.
    pub now: Money,
    /// People who get it.
    pub payees: i64,
}

/// Something that must be so before a run closes, or that should be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing stands in the way: the word of its text.
    Done(&'static str),
    /// These schemes are due and not calculated.
    SchemesMissing(Vec<String>),
    /// The guards would take this from the run.
    GuardsTake(Money, usize),
    /// So many facts of the days its document looks at came in after it was calculated: they are booked as late facts.
    NewerFacts(i64),
    /// So many objections wait for a decision.
    Objections(i64),
    /// An objection was accepted since it was calculated: it is calculated again before its approval.
    Recalculate,
    /// Its days go on until this one: what comes after the close is booked as late facts.
    NotOver(Date),
}

impl Check {
    /// Whether it stops the next step of a run that stands here.
    pub fn stops(&self, state: RunState) -> bool {
        match self {
            Self::SchemesMissing(_) | Self::Objections(_) => state == RunState::Approved,
            Self::Recalculate => state == RunState::InReview,
            Self::Done(_) | Self::GuardsTake(..) | Self::NewerFacts(_) | Self::NotOver(_) => false,
        }
    }
}

/// A step somebody could take, and why they may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepOffer {
    /// `calculate`, `submit`, `approve`, `close` or `pay`.
    pub step: &'static str,
    /// `role`, `calculated` or `paid`: why not they; `None` when they may.
    pub barred: Option<&'static str>,
}

/// A run as it is reviewed.
#[derive(Debug)]
pub struct Review {
    /// The run.
    pub run: Run,
    /// The scheme's name.
    pub name: Label,
    /// The run of the period before.
    pub previous: Option<RunHead>,
    /// Everybody's amounts, by payee and rule.
    pub groups: Vec<Looked>,
    /// By rule.
    pub components: Vec<ComponentSum>,
    /// Lines and fen by kind: `line`, `late`, `guard`.
    pub kinds: BTreeMap<String, (i64, i64)>,
    /// What the engine gave besides lines.
    pub outcome: Value,
    /// Components of warnings, its own and the guards', whose figure is money.
    pub money: BTreeSet<String>,
    /// What the guards warned of, where they ran.
    pub guards: Vec<Value>,
    /// Where the handbook is wrong about this scheme.
    pub books: Vec<Book>,
    /// What must be so before it closes; only while it is on the road there.
    pub checks: Vec<Check>,
    /// What could be done next.
    pub offer: Option<StepOffer>,
    /// Whether it may be calculated again.
    pub again: bool,
    /// Whether this actor may send it back from its review; `None`: it is not under review.
    pub back: Option<bool>,
    /// So many warnings need a reason before it is approved, or closed (GC-22).
    pub reasons: usize,
    /// What was written to it and to earlier calculations of the same days.
    pub notes: Vec<RunNote>,
}

/// Looks at a run.
pub async fn review(app: &App, actor: &Actor, id: i64) -> Result<Review, PayError> {
    let run = app.store.run(id).await?;
    let run = run.ok_or_else(|| PayError::NotFound(format!("payout {id}")))?;
    let document = library::document_of(&run)?;
    let previous = app.store.run_before(&run.scheme, run.from_on).await?;
    let groups = app.store.line_groups(id, previous.as_ref().map(|p| p.id)).await?;
    let groups = looked(groups);
    let (checks, guards) = checks(app, &run, &document).await?;
    let asks = matches!(run.state, RunState::InReview | RunState::Approved);
    let reasons = if asks {
        reasons::waiting(app, (id, &run.outcome), &Value::from(guards.clone())).await?
    } else {
        0
    };
    let back = match run.state {
        RunState::InReview => Some(steps::barred_from_return(app, actor, id).await?.is_none()),
        _ => None,
    };
    Ok(Review {
        money: money_warnings([
            Some(&*document),
            library::documents().get(guard::GUARDS).map(|d| &**d),
        ]),
        back,
        reasons,
        notes: app.store.run_notes(id).await?,
        name: document.header.name.clone(),
        components: components(&groups),
        kinds: app.store.line_kinds(id).await?,
        outcome: serde_json::from_str(&run.outcome).unwrap_or_default(),
        books: document.books.clone(),
        offer: offer(app, actor, &run).await?,
        again: run.state == RunState::Calculated && actor.may(Permission::CalculatePay),
        guards,
        checks,
        groups,
        previous,
        run,
    })
}

/// The steps of these documents whose `value` is money.
fn money_warnings(documents: [Option<&Document>; 2]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for document in documents.into_iter().flatten() {
        let told = document.to_json();
        let steps = told["steps"].as_array().into_iter().flatten();
        found.extend(steps.filter_map(|step| {
            let mut columns = step["columns"].as_array()?.iter();
            let is_money = |c: &Value| c["name"] == "value" && (c["type"] == "money" || c["type"] == "cash");
            columns
                .any(is_money)
                .then(|| step["id"].as_str().map(str::to_owned))?
        }));
    }
    found
}

async fn checks(app: &App, run: &Run, document: &Document) -> Result<(Vec<Check>, Vec<Value>), PayError> {
    if !matches!(
        run.state,
        RunState::Calculated | RunState::InReview | RunState::Approved
    ) {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut checks = Vec::new();
    if app.today() < run.to_on {
        checks.push(Check::NotOver(run.to_on.yesterday().unwrap_or(run.to_on)));
    }
    let head = run.head();
    let missing = guard::missing(app, &head).await?;
    let mut guards = Vec::new();
    if missing.is_empty() {
        checks.push(Check::Done("schemes"));
        let (lines, warnings) = guard::look(app, &head).await?;
        guards = warnings.as_array().cloned().unwrap_or_default();
        let taken = lines.iter().try_fold(Money::ZERO, |s, l| s.checked_sub(l.amount));
        if lines.is_empty() {
            checks.push(Check::Done("guards"));
        } else {
            checks.push(Check::GuardsTake(taken.unwrap_or_default(), lines.len()));
        }
    } else {
        checks.push(Check::SchemesMissing(missing));
    }
    let mut newer = 0;
    let params: Value = serde_json::from_str(&run.params).unwrap_or_default();
    let since = (run.watermark, i64::MAX);
    for (kind, reach) in reach_of(app, document, (run.from_on, run.to_on), &params)? {
        let days = (reach.from, reach.to);
        newer += app.store.count_late_facts(&kind, days, since).await?;
    }
    checks.push(if newer == 0 {
        Check::Done("facts")
    } else {
        Check::NewerFacts(newer)
    });
    let open = app.store.objections_waiting(Some(run.id)).await?;
    checks.push(if open == 0 {
        Check::Done("objections")
    } else {
        Check::Objections(open)
    });
    if run.state == RunState::InReview && app.store.waits_for_recalculation(run.id).await? {
        checks.push(Check::Recalculate);
    }
    Ok((checks, guards))
}

/// The next step, and whether this actor may take it.
async fn offer(app: &App, actor: &Actor, run: &Run) -> Result<Option<StepOffer>, PayError> {
    let Some(step) = super::board::next_step(run.state) else {
        return Ok(None);
    };
    let barred = if step == "approve" {
        let pays = match actor.employee() {
            Some(person) => app.store.run_pays(run.id, person).await?,
            None => false,
        };
        steps::barred(app, actor, run, pays).await?
    } else {
        (!actor.may(Permission::CalculatePay)).then_some(steps::Barred::Role)
    };
    Ok(Some(StepOffer {
        step,
        barred: barred.map(steps::Barred::as_str),
    }))
}

/// Marks what catches the eye.
fn looked(groups: Vec<LineGroup>) -> Vec<Looked> {
    let mut by_rule: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for group in groups.iter().filter(|g| g.now > 0) {
        by_rule.entry(&group.component).or_default().push(group.now);
    }
    let middles: BTreeMap<String, i64> = by_rule
        .into_iter()
        .filter(|(_, amounts)| amounts.len() >= 5)
        .map(|(rule, mut amounts)| {
            amounts.sort_unstable();
            (rule.to_owned(), amounts[amounts.len() / 2])
        })
        .collect();
    groups
        .into_iter()
        .map(|group| {
            let middle = middles.get(&group.component).copied();
            Looked {
                outlier: outlier(&group, middle),
                group,
            }
        })
        .collect()
}

fn outlier(group: &LineGroup, middle: Option<i64>) -> Option<Outlier> {
    let change = group.now.saturating_sub(group.was).saturating_abs();
    let larger = group.now.saturating_abs().max(group.was.saturating_abs());
    if group.now < 0 {
        Some(Outlier::Negative)
    } else if group.was != 0
        && change >= OUTLIER_LEAST
        && change.saturating_mul(100) >= larger.saturating_mul(OUTLIER_PERCENT)
    {
        Some(Outlier::Changed)
    } else {
        middle
            .filter(|m| group.now >= OUTLIER_LEAST && group.now >= m.saturating_mul(OUTLIER_TIMES))
            .map(|_| Outlier::Far)
    }
}

fn components(groups: &[Looked]) -> Vec<ComponentSum> {
    let mut sums: BTreeMap<&str, ComponentSum> = BTreeMap::new();
    for Looked { group, .. } in groups {
        let sum = sums.entry(&group.component).or_insert_with(|| ComponentSum {
            component: group.component.clone(),
            name: Label {
                zh: group.title_zh.clone(),
                en: group.title_en.clone(),
            },
            was: Money::ZERO,
            now: Money::ZERO,
            payees: 0,
        });
        sum.was = Money::from_minor(sum.was.minor().saturating_add(group.was));
        sum.now = Money::from_minor(sum.now.minor().saturating_add(group.now));
        sum.payees += i64::from(group.lines > 0);
    }
    sums.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(payee: &str, now: i64, was: i64) -> LineGroup {
        LineGroup {
            payee: payee.into(),
            payee_kind: "employee".into(),
            component: "bonus".into(),
            title_zh: "奖金".into(),
            title_en: "bonus".into(),
            name: None,
            lines: i64::from(now != 0),
            now,
            was,
            line: 1,
        }
    }

    #[test]
    fn a_large_change_a_far_amount_and_money_taken_back_catch_the_eye() {
        for (now, was, middle, seen) in [
            (150_000, 100_000, None, None),
            (200_000, 100_000, None, Some(Outlier::Changed)),
            (0, 100_000, None, Some(Outlier::Changed)),
            // Twice as much, of little.
            (20_000, 10_000, None, None),
            // Nothing before: not a change.
            (200_000, 0, None, None),
            (200_000, 0, Some(50_000), Some(Outlier::Far)),
            (199_999, 0, Some(50_000), None),
            (-1, 0, None, Some(Outlier::Negative)),
        ] {
            assert_eq!(outlier(&group("a", now, was), middle), seen, "{now} after {was}");
        }
    }

    #[test]
    fn few_amounts_have_no_middle() {
        let mut groups: Vec<LineGroup> = (0..4).map(|n| group(&n.to_string(), 10_000, 0)).collect();
        groups[3].now = 1_000_000;
        assert!(looked(groups.clone()).iter().all(|l| l.outlier.is_none()));
        groups.push(group("5", 10_000, 0));
        let seen = looked(groups);
        assert_eq!(seen.iter().filter(|l| l.outlier == Some(Outlier::Far)).count(), 1);
    }

    #[test]
    fn sums_by_rule_count_who_is_paid_now() {
        let sums = components(&looked(vec![group("a", 500, 300), group("b", 0, 200)]));
        assert_eq!(
            (sums[0].now.minor(), sums[0].was.minor(), sums[0].payees),
            (500, 500, 1)
        );
    }
}
