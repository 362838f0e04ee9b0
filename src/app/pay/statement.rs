//! What one person is paid: month by month, for all schemes, with what is not certain yet and why.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::civil::Date;
use serde_json::Value;

use crate::app::App;
use crate::app::pay::guard::signed;
use crate::app::pay::story::{Reader, Story, candidates, story};
use crate::app::pay::{PayError, SchemeNames, objection_deadline};
use crate::domain::{EmployeeId, Money, Period};
use crate::payout::Label;
use crate::storage::pay::{LineRow, Objection, Offer, PayeeRun, RunState, WaitingLine, accounts_of};

/// A month in which somebody is paid something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// Which.
    pub period: Period,
    /// Sum of the lines.
    pub total: Money,
    /// Where the slowest of its payouts stands.
    pub state: RunState,
}

/// A line with all that belongs to it.
#[derive(Clone, Debug)]
pub struct Part {
    /// The line.
    pub row: LineRow,
    /// Its payout.
    pub run: PayeeRun,
    /// The scheme's name.
    pub scheme: Label,
    /// Late: the period it corrects.
    pub origin: Option<String>,
    /// How it came about; nobody else's rows.
    pub story: Story,
    /// The objection to it.
    pub objection: Option<Objection>,
    /// Why it is held.
    pub held: Option<String>,
    /// It was left out when its payout was paid and waits: `held`, `due` or `released`.
    pub waits: Option<&'static str>,
    /// The day until which one may object, while one may.
    pub objects_until: Option<Date>,
}

/// Money that is not paid yet, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// `review`, `close`, `pay`, `held`, `due` or `released`.
    pub why: &'static str,
    /// What it is.
    pub what: (String, String),
    /// Label of the period it was earned in.
    pub period: String,
    /// How much.
    pub amount: Money,
    /// Until when, where that is known.
    pub until: Option<Date>,
    /// Held: the reason.
    pub reason: String,
    /// The last day of its payout: the month it stands in.
    pub run_end: Option<Date>,
    /// The line, where it is one.
    pub line: Option<i64>,
}

/// A month's statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Whose.
    pub code: String,
    /// Their name.
    pub name: String,
    /// The month.
    pub month: Month,
    /// The month before, where there is one.
    pub before: Option<Month>,
    /// All months.
    pub months: Vec<Month>,
    /// Its lines, by scheme and kind.
    pub parts: Vec<Part>,
    /// Its non-cash awards (GC-29) with their scheme's name; each says where it stands.
    pub awards: Vec<(Label, Offer)>,
    /// Its payouts.
    pub runs: Vec<PayeeRun>,
    /// The last day to object to what is under review.
    pub objects_until: Option<Date>,
    /// What is not paid yet, of all months.
    pub pending: Vec<Pending>,
    /// What is carried against later pay; not negative.
    pub debt: Money,
    /// What was overpaid and is recovered later, and since when; `None`: nothing.
    pub carried: Option<(Money, String)>,
}

fn month_of(run: &PayeeRun) -> Option<Period> {
    Period::month_of(run.to_on.yesterday().ok()?).ok()
}

fn rank(state: RunState) -> usize {
    RunState::ALL.iter().position(|s| *s == state).unwrap_or(0)
}

/// The months with lines, the earliest first.
fn grouped(runs: &[PayeeRun]) -> Vec<Month> {
    let mut months: BTreeMap<Date, Month> = BTreeMap::new();
    for run in runs {
        let Some(period) = month_of(run) else { continue };
        let month = months.entry(period.first).or_insert(Month {
            period,
            total: Money::ZERO,
            state: run.state,
        });
        month.total = month.total.checked_add(run.sum).unwrap_or(month.total);
        if rank(run.state) < rank(month.state) {
            month.state = run.state;
        }
    }
    months.into_values().collect()
}

/// The months in which a person has lines or awards, the earliest first.
pub async fn months(app: &App, employee: EmployeeId) -> Result<Vec<Month>, PayError> {
    let person = app.store.employee_by_id(employee, app.today()).await?;
    let Some(person) = person else {
        return Ok(Vec::new());
    };
    Ok(grouped(&app.store.payee_runs(&person.code).await?))
}

/// A person's statement of a month (`None`: the last one); `None` when there is nothing to tell.
pub async fn statement(
    app: &App,
    employee: EmployeeId,
    month: Option<Date>,
) -> Result<Option<Statement>, PayError> {
    let Some(person) = app.store.employee_by_id(employee, app.today()).await? else {
        return Ok(None);
    };
    let code = person.code;
    let all = app.store.payee_runs(&code).await?;
    let months = grouped(&all);
    let at = match month {
        None => months.len().checked_sub(1),
        Some(first) => months.iter().position(|m| m.period.first == first),
    };
    let Some(at) = at else { return Ok(None) };
    let chosen = months[at].clone();
    let runs: Vec<PayeeRun> = all
        .iter()
        .filter(|run| month_of(run).is_some_and(|m| m.first == chosen.period.first))
        .cloned()
        .collect();
    let mut names = SchemeNames::default();
    let parts = parts(app, (employee, &code), &runs, &all, &mut names).await?;
    let mut awards = Vec::new();
    let ids: Vec<i64> = runs.iter().map(|run| run.id).collect();
    for award in app.store.awards_of(&code, &ids).await? {
        if let Some(run) = runs.iter().find(|run| run.id == award.run) {
            awards.push((names.of(app, &run.scheme, run.from_on).await?, award));
        }
    }
    let deadline = |run: &PayeeRun| deadline(app, run);
    let review = runs.iter().filter(|r| r.state == RunState::InReview);
    // Base pay is never short: what is owed back is taken from the other.
    let [variable, _] = accounts_of(&code);
    let balance = app.store.account_balance(&variable).await?;
    Ok(Some(Statement {
        objects_until: review.filter_map(deadline).min(),
        pending: pending(app, &code, &all, &mut names).await?,
        before: at.checked_sub(1).map(|i| months[i].clone()),
        debt: Money::from_minor((-balance.minor()).max(0)),
        carried: carried(app, &code).await?,
        name: person.facts.name,
        code,
        month: chosen,
        months,
        parts,
        awards,
        runs,
    }))
}

/// What the guards on wages carried last of somebody's overpayments.
async fn carried(app: &App, code: &str) -> Result<Option<(Money, String)>, PayError> {
    let told = app.store.carried_of(code).await?;
    let (mut sum, mut since) = (Money::ZERO, None::<String>);
    for (day, fields) in &told {
        let fields: Value = serde_json::from_str(fields).unwrap_or_default();
        let amount = signed(fields["amount"].as_str().unwrap_or_default());
        // One that is carried stands for all before it.
        if *day != told[0].0 || fields["carried"] != true || amount <= Money::ZERO {
            continue;
        }
        sum = sum.checked_add(amount).unwrap_or(sum);
        let began: String = fields["since"].as_str().unwrap_or(day).chars().take(10).collect();
        since = Some(since.map_or(began.clone(), |day| day.min(began)));
    }
    Ok(since.map(|since| (sum, since)))
}

/// The last day to object, while it is not over.
fn deadline(app: &App, run: &PayeeRun) -> Option<Date> {
    let until = objection_deadline(app, run.at[1]?);
    (app.today() <= until).then_some(until)
}

/// Which of the words of a trace are codes of somebody else.
pub async fn reader_codes(
    app: &App,
    me: &str,
    mut named: BTreeSet<String>,
) -> Result<HashSet<String>, PayError> {
    named.remove(me);
    let named: Vec<String> = named.into_iter().collect();
    Ok(app.store.codes_among(&named).await?.into_iter().collect())
}

async fn parts(
    app: &App,
    (employee, code): (EmployeeId, &str),
    runs: &[PayeeRun],
    all: &[PayeeRun],
    names: &mut SchemeNames,
) -> Result<Vec<Part>, PayError> {
    let mut rows: Vec<(PayeeRun, Label, LineRow, Value)> = Vec::new();
    let mut named = BTreeSet::new();
    for run in runs {
        let name = names.of(app, &run.scheme, run.from_on).await?;
        for row in app.store.run_lines(run.id, Some(code), None, i64::MAX).await? {
            if row.line.payee_kind == "employee" {
                let trace: Value = serde_json::from_str(&row.line.trace).unwrap_or_default();
                candidates(&trace, &mut named);
                rows.push((run.clone(), name.clone(), row, trace));
            }
        }
    }
    let others = reader_codes(app, code, named).await?;
    let reader = Reader {
        me: code,
        others: &others,
    };
    let mut objections: BTreeMap<i64, Objection> = BTreeMap::new();
    for objection in app.store.objections_of(employee).await? {
        objections.entry(objection.line).or_insert(objection);
    }
    let holds = app.store.holds_of_payee(code).await?;
    let waiting = waiting(app, code).await?;
    Ok(rows
        .into_iter()
        .map(|(run, scheme, row, trace)| Part {
            waits: waiting
                .iter()
                .find(|w| w.line == row.id)
                .map(|w| waits(w, app.today())),
            story: story(&trace, Some(&reader)),
            origin: row
                .line
                .origin
                .and_then(|id| all.iter().find(|r| r.id == id).map(|r| r.period.clone())),
            objection: objections.remove(&row.id),
            held: holds
                .iter()
                .find(|h| h.line_id == row.id)
                .map(|h| h.reason.clone()),
            objects_until: deadline(app, &run),
            scheme,
            row,
            run,
        })
        .collect())
}

/// Lines of an employee that were left out when their payouts were paid.
async fn waiting(app: &App, code: &str) -> Result<Vec<WaitingLine>, PayError> {
    let mut lines = Vec::new();
    for account in accounts_of(code) {
        lines.extend(app.store.waiting_of(&account).await?);
    }
    lines.sort_by_key(|waiting| waiting.line);
    Ok(lines)
}

/// Why a line waits.
fn waits(line: &WaitingLine, today: Date) -> &'static str {
    match line.until {
        _ if line.held => "held",
        Some(until) if until > today => "due",
        _ => "released",
    }
}

async fn pending(
    app: &App,
    code: &str,
    all: &[PayeeRun],
    names: &mut SchemeNames,
) -> Result<Vec<Pending>, PayError> {
    let mut list = Vec::new();
    let holds = app.store.holds_of_payee(code).await?;
    let ends = |id: i64| all.iter().find(|r| r.id == id)?.to_on.yesterday().ok();
    // Awards are no money.
    for run in all.iter().filter(|run| run.lines > 0) {
        let (why, until) = match run.state {
            RunState::InReview => ("review", run.at[1].map(|at| objection_deadline(app, at))),
            RunState::Approved => ("close", None),
            RunState::Closed => ("pay", None),
            _ => continue,
        };
        let held = holds
            .iter()
            .filter(|h| h.run_id == run.id)
            .map(|h| h.amount)
            .sum::<i64>();
        // All of it is held: the holds say so, line by line.
        if held != 0 && run.sum.minor() == held {
            continue;
        }
        let name = names.of(app, &run.scheme, run.from_on).await?;
        list.push(Pending {
            why,
            what: (name.zh, name.en),
            period: run.period.clone(),
            amount: Money::from_minor(run.sum.minor() - held),
            until,
            reason: String::new(),
            run_end: ends(run.id),
            line: None,
        });
    }
    let period = |run: i64| all.iter().find(|r| r.id == run).map(|r| r.period.clone());
    for hold in &holds {
        list.push(Pending {
            why: "held",
            period: period(hold.run_id).unwrap_or_default(),
            what: (hold.title_zh.clone(), hold.title_en.clone()),
            amount: Money::from_minor(hold.amount),
            until: None,
            reason: hold.reason.clone(),
            run_end: ends(hold.run_id),
            line: Some(hold.line_id),
        });
    }
    for line in waiting(app, code).await? {
        if line.held {
            continue;
        }
        let Some(row) = app.store.run_line(line.line).await? else {
            continue;
        };
        list.push(Pending {
            why: waits(&line, app.today()),
            period: period(row.run).unwrap_or_default(),
            what: row.line.title,
            amount: line.amount,
            until: line.until,
            reason: String::new(),
            run_end: ends(row.run),
            line: Some(line.line),
        });
    }
    Ok(list)
}
