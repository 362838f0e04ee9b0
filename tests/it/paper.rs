//! What a reader's program takes out of a PDF is what was written into it.

use bole::paper::{Paper, PaperColumn, PaperTable};
use jiff::civil::date;

use crate::support::pdf::pdf_lines;

#[test]
fn text_and_amounts_come_out_as_they_went_in() {
    let rows = (1..120).map(|n| vec![format!("第 {n} 笔（首购）"), format!("¥{n},890.00")]);
    let pdf = Paper::new("收入单 2026年11月", "zh-CN", "晴美美容，税前", date(2026, 11, 21))
        .text("林晓雯（lin）🎉")
        .table(PaperTable {
            columns: vec![PaperColumn::left("项目"), PaperColumn::right("金额")],
            rows: rows.collect(),
            total: Some(vec!["合计".into(), "−¥1,847.00".into()]),
        })
        .to_pdf()
        .unwrap();
    let lines = pdf_lines(&pdf);
    for wanted in [
        "收入单 2026年11月",
        "林晓雯（lin）〓",
        "第 119 笔（首购）",
        "−¥1,847.00",
        "1 / 4",
        "4 / 4",
    ] {
        assert!(
            lines.iter().any(|line| line == wanted),
            "{wanted} is not among {lines:?}"
        );
    }
    for n in 1..120 {
        assert!(lines.contains(&format!("¥{n},890.00")), "row {n}");
    }
}
