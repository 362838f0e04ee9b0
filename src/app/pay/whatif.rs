//! What if: a scheme under other parameters, or another document, on what is known; and back over closed periods.
//!
//! # Why
//! A draft is judged by what it would have cost and who would have gained. Everything here reads: there is no
//! transaction, no run, no line and no entry (engine.md).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use crate::app::pay::calculate::{fits, money, named, outcome};
use crate::app::pay::material::gather;
use crate::app::pay::{PayError, library};
use crate::app::{Actor, App, Permission, Wrong};
use crate::domain::{Money, Period};
use crate::payout::whatif::{Comparison, compare};
use crate::payout::{Document, Outcome};
use crate::storage::pay::{Run, RunState};

/// Trials at the same time, on one node.
static TRIALS: Semaphore = Semaphore::const_new(2);
/// Most periods of a back-test.
pub const BACK_PERIODS: usize = 12;
/// After this long no further period of a back-test is begun, milliseconds.
const BACK_MS: i64 = 20_000;

/// A way a scheme could be run.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Parameters by name: all that are not the default.
    pub params: Map<String, Value>,
    /// A document of the firm's own; `None`: the one in force in the period.
    pub document: Option<String>,
}

/// Somebody's amounts, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonChange {
    /// Employee code, department or customer.
    pub payee: String,
    /// What they get.
    pub before: Money,
    /// What they would get.
    pub after: Money,
}

impl PersonChange {
    /// The difference, fen.
    pub const fn change(&self) -> i64 {
        self.after.minor().saturating_sub(self.before.minor())
    }
}

/// A period tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its label.
    pub period: String,
    /// The run it is compared with; `None`: the scheme as it is in force.
    pub run: Option<i64>,
    /// Total.
    pub before: Money,
    /// What the total would be.
    pub after: Money,
    /// Everybody, by payee.
    pub people: Vec<PersonChange>,
    /// Proposals, awards and warnings it would bring.
    pub others: (usize, usize, usize),
}

/// Closed periods tried.
#[derive(Clone, Debug, Default)]
pub struct BackTest {
    /// The oldest first.
    pub trials: Vec<Trial>,
    /// Periods that could not be computed, and why.
    pub refused: Vec<(String, String)>,
    /// Periods left for lack of time.
    pub left: usize,
}

impl BackTest {
    /// Everybody over all periods, by payee.
    pub fn people(&self) -> Vec<PersonChange> {
        let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for person in self.trials.iter().flat_map(|t| &t.people) {
            let sum = sums.entry(&person.payee).or_default();
            sum.0 = sum.0.saturating_add(person.before.minor());
            sum.1 = sum.1.saturating_add(person.after.minor());
        }
        let person = |(payee, (before, after)): (&str, (i64, i64))| PersonChange {
            payee: payee.to_owned(),
            before: Money::from_minor(before),
            after: Money::from_minor(after),
        };
        sums.into_iter().map(person).collect()
    }
}

/// A scheme's draft on a period: beside its run where it has one, else beside the scheme as it is in force.
pub async fn what_if(
    app: &App,
    actor: &Actor,
    scheme: &str,
    period: &str,
    draft: &Draft,
) -> Result<Trial, PayError> {
    may(actor)?;
    let _turn = turn()?;
    let expected = "2026-11, 2026-Q4, 2026 or 2026-11-03..2026-11-08";
    let period = Period::parse(period).map_err(|_| PayError::field("/period", expected))?;
    let period = named(period);
    let days = (period.first, period.end);
    let in_force = library::scheme_document(app, scheme, period.first).await?;
    let in_force = in_force.ok_or_else(|| PayError::NotFound(format!("scheme {scheme:?}")))?;
    fits(&in_force, &period)?;
    let touching = app.store.heads_touching(days.0, days.1).await?;
    let head = touching
        .into_iter()
        .find(|r| r.scheme == scheme && (r.from_on, r.to_on) == days);
    let run = match head {
        Some(head) => app.store.run(head.id).await?,
        None => None,
    };
    let before = match run {
        Some(run) => Before::of_run(run)?,
        None => Before {
            run: None,
            document: in_force.document,
            params: in_force.params,
            roster: None,
            watermark: i64::MAX,
        },
    };
    trial(app, scheme, (period.label(), days), before, draft).await
}

/// A scheme's draft on its closed periods, the last [`BACK_PERIODS`] of them.
pub async fn back_test(app: &App, actor: &Actor, scheme: &str, draft: &Draft) -> Result<BackTest, PayError> {
    may(actor)?;
    let _turn = turn()?;
    let (first, last) = (Date::constant(1900, 1, 1), Date::constant(2199, 12, 31));
    let mut runs = app.store.booked_heads(scheme, first, last).await?;
    let skipped = runs.len().saturating_sub(BACK_PERIODS);
    runs.drain(..skipped);
    let begun = app.clock.now_ms();
    let mut result = BackTest::default();
    let count = runs.len();
    for (at, head) in runs.into_iter().enumerate() {
        if at > 0 && app.clock.now_ms() - begun > BACK_MS {
            result.left = count - at;
            break;
        }
        // One at a time: each brings its document and its roster.
        let Some(run) = app.store.run(head.id).await? else {
            continue;
        };
        let period = (run.period.clone(), (run.from_on, run.to_on));
        match trial(app, scheme, period.clone(), Before::of_run(run)?, draft).await {
            Ok(trial) => result.trials.push(trial),
            Err(PayError::Refused(why)) => result.refused.push((period.0, why)),
            Err(PayError::Input(why)) => result.refused.push((period.0, why.to_string())),
            Err(other) => return Err(other),
        }
    }
    Ok(result)
}

/// What a draft is compared with.
struct Before {
    run: Option<i64>,
    document: Arc<Document>,
    params: Value,
    roster: Option<String>,
    watermark: i64,
}

impl Before {
    /// A run by the document, parameters and roster it was computed from. Facts are those it knew, where it is booked.
    fn of_run(run: Run) -> Result<Self, PayError> {
        let document = library::document_of(&run)?;
        Ok(Self {
            run: Some(run.id).filter(|_| run.state != RunState::Superseded),
            document,
            params: serde_json::from_str(&run.params).unwrap_or_default(),
            roster: Some(run.roster),
            watermark: run.watermark,
        })
    }
}

fn may(actor: &Actor) -> Result<(), PayError> {
    if actor.may(Permission::ReadPay) {
        Ok(())
    } else {
        Err(PayError::Forbidden("only finance, HR and approvers try schemes"))
    }
}

fn turn() -> Result<tokio::sync::SemaphorePermit<'static>, PayError> {
    TRIALS
        .try_acquire()
        .map_err(|_| PayError::Conflict(crate::app::pay::Clash::Trials))
}

async fn trial(
    app: &App,
    scheme: &str,
    (period, days): (String, (Date, Date)),
    before: Before,
    draft: &Draft,
) -> Result<Trial, PayError> {
    let after_document = match &draft.document {
        None => Arc::clone(&before.document),
        Some(text) => own_document(scheme, text).await?,
    };
    let params = Value::Object(draft.params.clone());
    let wrong = after_document.params_wrong(&params);
    if !wrong.is_empty() {
        let told = wrong.iter().map(|w| {
            Wrong::inside(
                "/params",
                &w.pointer(),
                format!("{}: {}; expected {}", w.path, w.what, w.expected),
            )
        });
        return Err(PayError::Wrong(told.collect()));
    }
    let roster = before.roster.as_deref();
    let now = gather(
        app,
        &before.document,
        days,
        &before.params,
        before.watermark,
        roster,
    )
    .await?;
    let then = gather(app, &after_document, days, &params, before.watermark, roster).await?;
    let (document, drafted) = (before.document, after_document);
    let work = tokio::task::spawn_blocking(move || {
        let was = outcome(&document, &now.input)?;
        drop(now);
        Ok::<_, PayError>((was, outcome(&drafted, &then.input)?))
    });
    let (was, is) = work
        .await
        .map_err(|_| PayError::Refused("the calculation broke off".to_owned()))??;
    told(period, before.run, &was, &is)
}

/// A firm's own document for a scheme: checked, and its examples and books give what they say, as `bole scheme check` and
/// `test` ask. One that is built in was tried when the program was built.
///
/// # Errors
/// Every fault, at `/document`: which example, what was expected, what it gave.
pub async fn own_document(scheme: &str, text: &str) -> Result<Arc<Document>, PayError> {
    if let Some(builtin) = library::documents().get(scheme)
        && builtin.text() == text
    {
        return Ok(Arc::clone(builtin));
    }
    let (file, text) = (format!("{scheme}.toml"), text.to_owned());
    // Examples are whole calculations.
    let work = tokio::task::spawn_blocking(move || Document::accept(&file, &text));
    let accepted = work
        .await
        .map_err(|_| PayError::Refused("the examples broke off".to_owned()))?;
    let document = accepted
        .map_err(|faults| PayError::Wrong(faults.iter().map(|f| Wrong::at("/document", f)).collect()))?;
    if document.header.id != scheme {
        let detail = format!("a document with id = {scheme:?}, not {:?}", document.header.id);
        return Err(PayError::field("/document", detail));
    }
    Ok(Arc::new(document))
}

fn told(period: String, run: Option<i64>, was: &Outcome, is: &Outcome) -> Result<Trial, PayError> {
    let Comparison { before, after, .. } = compare(was, is);
    let mut people: BTreeMap<&str, (Money, Money)> = BTreeMap::new();
    for (lines, second) in [(&was.lines, false), (&is.lines, true)] {
        for line in lines {
            let pair = people.entry(&line.payee).or_default();
            let side = if second { &mut pair.1 } else { &mut pair.0 };
            let sum = side.checked_add(money(&line.amount)?);
            *side = sum.ok_or_else(|| PayError::Refused("a sum is beyond what money can hold".to_owned()))?;
        }
    }
    Ok(Trial {
        period,
        run,
        before: money(&before)?,
        after: money(&after)?,
        people: people
            .into_iter()
            .map(|(payee, (before, after))| PersonChange {
                payee: payee.to_owned(),
                before,
                after,
            })
            .collect(),
        others: (is.proposals.len(), is.awards.len(), is.warnings.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_test_adds_everybody_up_over_its_periods() {
        let person = |payee: &str, before, after| PersonChange {
            payee: payee.into(),
            before: Money::from_minor(before),
            after: Money::from_minor(after),
        };
        let trial = |people| Trial {
            period: "2026-10".into(),
            run: Some(1),
            before: Money::ZERO,
            after: Money::ZERO,
            people,
            others: (0, 0, 0),
        };
        let test = BackTest {
            trials: vec![
                trial(vec![person("a", 10, 5), person("b", 0, 7)]),
                trial(vec![person("a", 1, 8)]),
            ],
            ..BackTest::default()
        };
        assert_eq!(test.people(), [person("a", 11, 13), person("b", 0, 7)]);
        assert_eq!(test.people()[0].change(), 2);
    }
}
