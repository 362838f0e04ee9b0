//! A payout as files for payroll and bank: totals equal the ledger's, and no cell is a formula.

use std::collections::BTreeMap;

use crate::app::App;
use crate::app::pay::PayError;
use crate::domain::Money;
use crate::payout::{Income, TaxBasis};
use crate::sheet::{Cell, Column, Table};
use crate::storage::pay::{Run, RunState};

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    /// Every line with its income class, before tax (GC-25).
    Payroll,
    /// What is to be transferred to whom; a payout that is paid.
    Bank,
}

/// An export as a table.
pub async fn export_table(app: &App, id: i64, kind: ExportKind) -> Result<Table, PayError> {
    let run = app.store.run(id).await?;
    let run = run.ok_or_else(|| PayError::NotFound(format!("payout {id}")))?;
    let needed = match kind {
        ExportKind::Payroll => run.state.is_booked(),
        ExportKind::Bank => run.state == RunState::Paid,
    };
    if !needed {
        let state = run.state.as_str();
        let wanted = if kind == ExportKind::Bank {
            "paid"
        } else {
            "closed"
        };
        return Err(PayError::Conflict(format!(
            "payout {id} is {state}; an export needs one that is {wanted}"
        )));
    }
    match kind {
        ExportKind::Payroll => payroll(app, &run).await,
        ExportKind::Bank => bank(app, &run).await,
    }
}

/// The income class payroll books it under (GC-25, L-12), for people and for programs.
fn income_class(income: Income) -> String {
    let label = income.label();
    format!("{} {}", label.zh, label.en)
}

async fn names(app: &App) -> Result<BTreeMap<String, String>, PayError> {
    let (mut names, mut after) = (BTreeMap::new(), None);
    loop {
        let page = app.store.employees(None, after, 500, app.today()).await?;
        let Some(last) = page.last() else { return Ok(names) };
        after = Some(last.id.0);
        names.extend(page.into_iter().map(|p| (p.code, p.facts.name)));
    }
}

async fn payroll(app: &App, run: &Run) -> Result<Table, PayError> {
    let names = names(app).await?;
    let outcome: serde_json::Value = serde_json::from_str(&run.outcome).unwrap_or_default();
    let amount = if outcome["tax"] == TaxBasis::NetGrossedUp.word() {
        "税后金额（另加税） net amount, tax on top"
    } else {
        "税前金额 pre-tax amount"
    };
    let columns = vec![
        Column::text("编号 code"),
        Column::text("姓名 name"),
        Column::text("方案 scheme"),
        Column::text("期间 period"),
        Column::text("项目 component"),
        Column::text("规则 rule"),
        Column::text("关于 about"),
        Column::money(amount),
        Column::text("收入类别 income class"),
        Column::text("类型 kind"),
        Column::integer("行号 line"),
    ];
    let mut table = Table::new(format!("{} {}", run.scheme, run.period), columns);
    let mut total = Money::ZERO;
    for row in app.store.run_lines(run.id, None, None, i64::MAX).await? {
        let l = row.line;
        total = total.checked_add(l.amount).unwrap_or(total);
        let name = names.get(&l.payee).map(String::as_str);
        table.push(vec![
            l.payee.as_str().into(),
            name.into(),
            run.scheme.as_str().into(),
            run.period.as_str().into(),
            l.title.0.into(),
            l.rule.into(),
            l.about.into(),
            l.amount.into(),
            income_class(l.income).into(),
            l.kind.as_str().into(),
            row.id.into(),
        ]);
    }
    let mut sum = vec![Cell::Empty; table.columns.len()];
    sum[0] = "合计 total".into();
    sum[7] = total.into();
    table.totals = Some(sum);
    Ok(table)
}

async fn bank(app: &App, run: &Run) -> Result<Table, PayError> {
    let names = names(app).await?;
    let columns = vec![
        Column::text("编号 code"),
        Column::text("姓名 name"),
        Column::money("金额 amount"),
        Column::text("用途 purpose"),
        Column::integer("分录 entry"),
    ];
    let mut table = Table::new(format!("{} {}", run.scheme, run.period), columns);
    let mut total = Money::ZERO;
    let purpose = format!("{} {}", run.scheme, run.period);
    for entry in app.store.ledger_of_run(run.id).await? {
        if entry.credit != "cash" {
            continue;
        }
        let payee = entry.debit.rsplit(':').next().unwrap_or_default();
        let amount = Money::from_minor(entry.amount);
        total = total.checked_add(amount).unwrap_or(total);
        table.push(vec![
            payee.into(),
            names.get(payee).map(String::as_str).into(),
            amount.into(),
            purpose.as_str().into(),
            entry.id.into(),
        ]);
    }
    let end = [
        "合计 total".into(),
        Cell::Empty,
        total.into(),
        Cell::Empty,
        Cell::Empty,
    ];
    table.totals = Some(end.to_vec());
    Ok(table)
}
