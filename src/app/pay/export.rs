//! Pay as files for payroll, bank and books: totals equal the ledger's, no cell is a formula, each file is noted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::pay::{Clash, PayError, SchemeNames, Unable, plan};
use crate::app::{Actor, App, Permission};
use crate::domain::{Money, Period};
use crate::payout::{Income, TaxBasis};
use crate::sheet::{Cell, Column, Table};
use crate::storage::insert_audit;
use crate::storage::pay::{RunHead, RunState, insert_export};

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    /// Every line with its income class, before tax (GC-25), and non-cash awards with their cash value (GC-29).
    Payroll,
    /// What is to be transferred to whom. A payment that differs from the file handed out last is refused.
    Bank,
    /// The entries of the general ledger.
    Ledger,
    /// What each scheme costs.
    Cost,
}

impl ExportKind {
    /// All.
    pub const ALL: [Self; 4] = [Self::Payroll, Self::Bank, Self::Ledger, Self::Cost];

    /// The word of addresses and of the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payroll => "payroll",
            Self::Bank => plan::BANK,
            Self::Ledger => "ledger",
            Self::Cost => "cost",
        }
    }

    /// Out of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What is exported.
#[derive(Clone, Copy, Debug)]
pub enum ExportOf {
    /// One payout.
    Run(i64),
    /// All booked payouts whose days end in a month.
    Month(Period),
}

/// Makes a file's table and notes that it was handed out. Only booked payouts go into files.
pub async fn export_table(
    app: &App,
    actor: &Actor,
    of: ExportOf,
    kind: ExportKind,
) -> Result<Table, PayError> {
    if !actor.may(Permission::CalculatePay) {
        return Err(PayError::Forbidden("only finance and HR take pay out in files"));
    }
    let (runs, label) = match of {
        ExportOf::Run(id) => {
            let run = app.store.run_head(id).await?;
            let run = run.ok_or_else(|| PayError::NotFound(format!("payout {id}")))?;
            if !run.state.is_booked() {
                return Err(PayError::Conflict(Clash::Stands {
                    run: id,
                    is: run.state,
                    wanted: RunState::Closed,
                }));
            }
            let label = format!("{} {}", run.scheme, run.period);
            (vec![run], label)
        }
        ExportOf::Month(month) => {
            let runs = app.store.booked_between(month.first, month.end).await?;
            (runs, month.label())
        }
    };
    let mut table = match kind {
        ExportKind::Payroll => payroll(app, &runs).await?,
        ExportKind::Bank => bank(app, actor, &runs).await?,
        ExportKind::Ledger => ledger(app, &runs).await?,
        ExportKind::Cost => cost(app, &runs).await?,
    };
    table.name = format!("{} {label}", kind.as_str());
    let digest = Sha256::digest(table.to_csv().unwrap_or_default());
    let digest = digest
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect::<Vec<_>>()
        .concat();
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let detail = json!({ "kind": kind.as_str(), "of": label, "rows": table.rows.len(), "sha256": digest });
    insert_audit(
        &mut tx,
        now_ms,
        &actor.word(),
        "payout.exported",
        &format!("export:{label}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(table)
}

/// The income class payroll books it under (GC-25, L-12), for people and for programs.
fn income_class(income: Income) -> String {
    let label = income.label();
    format!("{} {}", label.zh, label.en)
}

/// The class of a non-cash award: the one it carries, or by who gets it where it was calculated before classes were kept.
fn award_class(award: &Value) -> String {
    let said = award["income"].as_str().and_then(Income::parse);
    let kind = award["payee_kind"].as_str().unwrap_or_default();
    income_class(said.unwrap_or_else(|| Income::of_payee(kind)))
}

/// Whether amounts are before tax (GC-25), as the document says.
fn tax_basis(outcome: &Value) -> &'static str {
    if outcome["tax"] == TaxBasis::NetGrossedUp.word() {
        "税后（另加税） net, tax on top"
    } else {
        "税前 pre-tax"
    }
}

/// Lines read at a time: their traces are long, and a file needs none of them.
const PAGE: i64 = 1_000;

/// What payroll takes from a run's outcome.
struct Besides {
    basis: &'static str,
    awards: Vec<Value>,
}

impl Besides {
    async fn of(app: &App, run: &RunHead) -> Result<Self, PayError> {
        let outcome = app.store.run_outcome(run.id).await?.unwrap_or_default();
        let mut outcome: Value = serde_json::from_str(&outcome).unwrap_or_default();
        let awards = outcome["awards"].as_array_mut().map(std::mem::take);
        Ok(Self {
            basis: tax_basis(&outcome),
            awards: awards.unwrap_or_default(),
        })
    }
}

/// Everybody's name by code. A department or a customer may bear an employee's code: they have no name here.
struct Names(BTreeMap<String, String>);

impl Names {
    async fn of(app: &App) -> Result<Self, PayError> {
        Ok(Self(app.store.employee_names().await?))
    }

    fn cell(&self, kind: &str, code: &str) -> Cell {
        let name = self.0.get(code).filter(|_| kind == "employee");
        name.map(String::as_str).into()
    }
}

/// Adds up, or says that no money holds it.
#[derive(Default)]
struct Sum(Money);

impl Sum {
    fn add(&mut self, amount: Money) -> Result<(), PayError> {
        let sum = self.0.checked_add(amount);
        self.0 = sum.ok_or(PayError::Unable(Unable::TooMuch))?;
        Ok(())
    }
}

/// The last row: `合计 total`, and sums in some columns.
fn totals(table: &mut Table, sums: &[(usize, Money)]) {
    let mut row = vec![Cell::Empty; table.columns.len()];
    row[0] = "合计 total".into();
    for (column, sum) in sums {
        row[*column] = (*sum).into();
    }
    table.totals = Some(row);
}

async fn payroll(app: &App, runs: &[RunHead]) -> Result<Table, PayError> {
    let names = Names::of(app).await?;
    let mut besides = Vec::with_capacity(runs.len());
    for run in runs {
        besides.push(Besides::of(app, run).await?);
    }
    let net = |besides: &Besides| besides.basis.starts_with("税后");
    let amount = if !besides.is_empty() && besides.iter().all(net) {
        "税后金额（另加税） net amount, tax on top"
    } else {
        "税前金额 pre-tax amount"
    };
    let mut table = Table::new(
        "payroll",
        vec![
            Column::text("编号 code"),
            Column::text("姓名 name"),
            Column::text("方案 scheme"),
            Column::text("方案名称 scheme name"),
            Column::text("期间 period"),
            Column::text("项目 component"),
            Column::text("规则 rule"),
            Column::text("关于 about"),
            Column::money(amount),
            Column::text("口径 tax basis"),
            Column::money("非现金折合 cash value of non-cash"),
            Column::text("收入类别 income class"),
            Column::text("类型 kind"),
            Column::text("更正期间 corrects"),
            Column::date("到期 due"),
            Column::integer("行号 line"),
        ],
    );
    let (mut cash, mut other) = (Sum::default(), Sum::default());
    let mut schemes = SchemeNames::default();
    for (run, Besides { basis, awards }) in runs.iter().zip(besides) {
        let scheme = schemes.of(app, &run.scheme, run.from_on).await?.zh;
        let corrected = app.store.periods_corrected(run.id).await?;
        let mut lines = app.store.run_lines(run.id, None, None, PAGE).await?;
        while let Some(last) = lines.last().map(|row| row.id) {
            for row in std::mem::take(&mut lines) {
                let l = row.line;
                cash.add(l.amount)?;
                let origin = l.origin.and_then(|id| corrected.get(&id));
                table.push(vec![
                    l.payee.as_str().into(),
                    names.cell(&l.payee_kind, &l.payee),
                    run.scheme.as_str().into(),
                    scheme.as_str().into(),
                    run.period.as_str().into(),
                    l.title.0.into(),
                    l.rule.into(),
                    l.about.into(),
                    l.amount.into(),
                    basis.into(),
                    Cell::Empty,
                    income_class(l.income).into(),
                    l.kind.as_str().into(),
                    origin.map(String::as_str).into(),
                    l.due.and_then(|d| d.parse::<jiff::civil::Date>().ok()).into(),
                    row.id.into(),
                ]);
            }
            lines = app.store.run_lines(run.id, None, Some(last), PAGE).await?;
        }
        for award in &awards {
            let text = |name: &str| award[name].as_str().unwrap_or_default();
            let worth = award["value"].as_str().and_then(|v| Money::parse(v).ok());
            other.add(worth.unwrap_or_default())?;
            let what = format!(
                "{} {} {}",
                award["title"]["zh"].as_str().unwrap_or_default(),
                text("quantity"),
                text("unit")
            );
            table.push(vec![
                text("payee").into(),
                names.cell(text("payee_kind"), text("payee")),
                run.scheme.as_str().into(),
                scheme.as_str().into(),
                run.period.as_str().into(),
                what.into(),
                Cell::Empty,
                award["about"].as_str().into(),
                Cell::Empty,
                basis.into(),
                worth.into(),
                award_class(award).into(),
                "award".into(),
                Cell::Empty,
                Cell::Empty,
                Cell::Empty,
            ]);
        }
    }
    totals(&mut table, &[(8, cash.0), (10, other.0)]);
    Ok(table)
}

/// Planned payments of closed payouts, posted ones of paid payouts.
async fn bank(app: &App, actor: &Actor, runs: &[RunHead]) -> Result<Table, PayError> {
    let names = Names::of(app).await?;
    let mut table = Table::new(
        "bank",
        vec![
            Column::text("编号 code"),
            Column::text("姓名 name"),
            Column::money("金额 amount"),
            Column::text("用途 purpose"),
            Column::text("状态 state"),
            Column::integer("付款单 payout"),
        ],
    );
    let mut total = Sum::default();
    let mut planned = planned(app, actor, runs).await?;
    for run in runs {
        let pays: Vec<(String, Money)> = match planned.remove(&run.id) {
            Some(plan) => plan.pays.into_iter().collect(),
            None => {
                let entries = app.store.ledger_of_run(run.id).await?;
                let paid = entries.into_iter().filter(|e| e.credit == "cash");
                paid.map(|e| (e.debit, Money::from_minor(e.amount))).collect()
            }
        };
        for (account, amount) in by_payee(pays)? {
            // `payable:employee:linxiaowen`.
            let mut words = account.splitn(3, ':').skip(1);
            let (kind, payee) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            total.add(amount)?;
            table.push(vec![
                payee.into(),
                names.cell(kind, payee),
                amount.into(),
                format!("{} {}", run.scheme, run.period).into(),
                run.state.as_str().into(),
                run.id.into(),
            ]);
        }
    }
    totals(&mut table, &[(2, total.0)]);
    Ok(table)
}

/// Base pay and what else somebody is paid is one transfer, on the account of the latter.
fn by_payee(pays: Vec<(String, Money)>) -> Result<BTreeMap<String, Money>, PayError> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for (account, amount) in pays {
        let payee = account
            .split_once(':')
            .map_or(account.as_str(), |(_, payee)| payee);
        sums.entry(format!("payable:{payee}")).or_default().add(amount)?;
    }
    Ok(sums.into_iter().map(|(account, sum)| (account, sum.0)).collect())
}

/// Decides what the closed ones of these payouts pay today, all in one look, and notes that it was told to the bank.
async fn planned(app: &App, actor: &Actor, runs: &[RunHead]) -> Result<BTreeMap<i64, plan::Plan>, PayError> {
    let closed = runs.iter().filter(|run| run.state == RunState::Closed);
    let closed: Vec<i64> = closed.map(|run| run.id).collect();
    let mut tx = app.store.begin().await?;
    let plans = plan::of(&mut tx, &closed, app.today()).await?;
    let by = (actor.word(), app.clock.now_ms());
    for (run, plan) in &plans {
        insert_export(
            &mut tx,
            (*run, plan::BANK),
            &plan.digest(),
            plan.total(),
            (&by.0, by.1),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(plans)
}

async fn ledger(app: &App, runs: &[RunHead]) -> Result<Table, PayError> {
    let mut table = Table::new(
        "ledger",
        vec![
            Column::integer("分录 entry"),
            Column::date("日期 date"),
            Column::text("借方 debit"),
            Column::text("贷方 credit"),
            Column::money("金额 amount"),
            Column::text("币种 currency"),
            Column::text("方案 scheme"),
            Column::text("期间 period"),
            Column::integer("付款单 payout"),
            Column::integer("行号 line"),
            Column::text("凭证 key"),
            Column::text("校验 hash"),
        ],
    );
    let mut entries = Vec::new();
    for run in runs {
        for entry in app.store.ledger_of_run(run.id).await? {
            entries.push((entry, run));
        }
    }
    entries.sort_by_key(|(entry, _)| entry.id);
    let mut total = Sum::default();
    for (entry, run) in entries {
        let amount = Money::from_minor(entry.amount);
        total.add(amount)?;
        let hash = entry
            .hash
            .iter()
            .take(8)
            .map(|b| format!("{b:02x}"))
            .collect::<Vec<_>>()
            .concat();
        table.push(vec![
            entry.id.into(),
            app.day_of(Timestamp::from_millisecond(entry.at).unwrap_or_default())
                .into(),
            entry.debit.into(),
            entry.credit.into(),
            amount.into(),
            entry.currency.into(),
            run.scheme.as_str().into(),
            run.period.as_str().into(),
            run.id.into(),
            entry.line_id.into(),
            entry.key.into(),
            hash.into(),
        ]);
    }
    let mut row = vec![Cell::Empty; table.columns.len()];
    row[2] = "合计 total".into();
    row[4] = total.0.into();
    table.totals = Some(row);
    Ok(table)
}

async fn cost(app: &App, runs: &[RunHead]) -> Result<Table, PayError> {
    let mut table = Table::new(
        "cost",
        vec![
            Column::text("方案 scheme"),
            Column::text("方案名称 scheme name"),
            Column::text("期间 period"),
            Column::text("状态 state"),
            Column::integer("人数 payees"),
            Column::integer("笔数 lines"),
            Column::money("本期 own period"),
            Column::money("补差 corrections"),
            Column::money("护栏 guards"),
            Column::money("合计 total"),
            Column::money("已付 paid"),
            Column::integer("付款单 payout"),
        ],
    );
    let (mut total, mut paid) = (Sum::default(), Sum::default());
    let mut schemes = SchemeNames::default();
    for run in runs {
        let kinds = app.store.line_kinds(run.id).await?;
        let (mut count, mut all) = (0, Sum::default());
        for (lines, fen) in kinds.values() {
            count += lines;
            all.add(Money::from_minor(*fen))?;
        }
        let mut cash = Sum::default();
        for entry in app.store.ledger_of_run(run.id).await? {
            if entry.credit == "cash" {
                cash.add(Money::from_minor(entry.amount))?;
            }
        }
        total.add(all.0)?;
        paid.add(cash.0)?;
        let of = |kind: &str| {
            kinds
                .get(kind)
                .map_or(Money::ZERO, |(_, fen)| Money::from_minor(*fen))
        };
        table.push(vec![
            run.scheme.as_str().into(),
            schemes.of(app, &run.scheme, run.from_on).await?.zh.into(),
            run.period.as_str().into(),
            run.state.as_str().into(),
            app.store.payees_of(run.id).await?.into(),
            Cell::Integer(count),
            of("line").into(),
            of("late").into(),
            of("guard").into(),
            all.0.into(),
            cash.0.into(),
            run.id.into(),
        ]);
    }
    totals(&mut table, &[(9, total.0), (10, paid.0)]);
    Ok(table)
}
