//! A payout as files for payroll and bank: totals equal the ledger's, and no cell is a formula.

use std::collections::BTreeMap;

use crate::app::App;
use crate::app::pay::PayError;
use crate::domain::Money;
use crate::storage::pay::{Run, RunState};

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    /// Every line with its income class, before tax (GC-25).
    Payroll,
    /// What is to be transferred to whom; a payout that is paid.
    Bank,
}

/// A spreadsheet as rows of cells; the first row names the columns.
pub type Rows = Vec<Vec<String>>;

/// The rows of an export.
pub async fn export_rows(app: &App, id: i64, kind: ExportKind) -> Result<Rows, PayError> {
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

/// The income class payroll books it under (L-12).
fn income_class(payee_kind: &str) -> &'static str {
    match payee_kind {
        "employee" => "工资薪金 wages",
        "customer" => "劳务报酬 labour service",
        _ => "部门 department",
    }
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

async fn payroll(app: &App, run: &Run) -> Result<Rows, PayError> {
    let names = names(app).await?;
    let head = [
        "编号 code",
        "姓名 name",
        "方案 scheme",
        "期间 period",
        "项目 component",
        "规则 rule",
        "关于 about",
        "税前金额 pre-tax amount",
        "收入类别 income class",
        "类型 kind",
        "行号 line",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut total = Money::ZERO;
    for row in app.store.run_lines(run.id, None, None, i64::MAX).await? {
        let l = row.line;
        total = total.checked_add(l.amount).unwrap_or(total);
        rows.push(vec![
            text(&l.payee),
            text(names.get(&l.payee).map_or("", String::as_str)),
            text(&run.scheme),
            text(&run.period),
            text(&l.title.0),
            text(&l.rule),
            text(l.about.as_deref().unwrap_or_default()),
            l.amount.to_string(),
            income_class(&l.payee_kind).to_owned(),
            l.kind.as_str().to_owned(),
            row.id.to_string(),
        ]);
    }
    let mut sum = vec![String::new(); 11];
    sum[0] = "合计 total".to_owned();
    sum[7] = total.to_string();
    rows.push(sum);
    Ok(rows)
}

async fn bank(app: &App, run: &Run) -> Result<Rows, PayError> {
    let names = names(app).await?;
    let head = [
        "编号 code",
        "姓名 name",
        "金额 amount",
        "用途 purpose",
        "分录 entry",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut total = Money::ZERO;
    let purpose = format!("{} {}", run.scheme, run.period);
    for entry in app.store.ledger_of_run(run.id).await? {
        if entry.credit != "cash" {
            continue;
        }
        let payee = entry.debit.rsplit(':').next().unwrap_or_default().to_owned();
        let amount = Money::from_minor(entry.amount);
        total = total.checked_add(amount).unwrap_or(total);
        rows.push(vec![
            text(&payee),
            text(names.get(&payee).map_or("", String::as_str)),
            amount.to_string(),
            text(&purpose),
            entry.id.to_string(),
        ]);
    }
    rows.push(vec![
        "合计 total".to_owned(),
        String::new(),
        total.to_string(),
        String::new(),
        String::new(),
    ]);
    Ok(rows)
}

/// A text no spreadsheet takes for a formula.
pub fn text(value: &str) -> String {
    match value.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{value}"),
        _ => value.to_owned(),
    }
}

/// Rows as CSV, with the mark by which spreadsheets know UTF-8.
pub fn csv_of(rows: &Rows) -> Vec<u8> {
    let mut out = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    for row in rows {
        // Writing into memory does not fail.
        let _ = out.write_record(row);
    }
    out.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula() {
        for bad in ["=1+1", "+1", "-cmd", "@x", "\t=1"] {
            assert!(text(bad).starts_with('\''), "{bad}");
        }
        assert_eq!(text("张三"), "张三");
        let csv = csv_of(&vec![vec![text("=a,\"b\"")]]);
        assert_eq!(String::from_utf8(csv).unwrap(), "\u{feff}\"'=a,\"\"b\"\"\"\n");
    }
}
