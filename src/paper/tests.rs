use jiff::civil::date;

use super::*;

fn paper() -> Paper {
    let rows = (1..80).map(|n| {
        vec![
            format!("第 {n} 笔：首购产品提成，满 30,000（含）全额按 15%"),
            "6 单".into(),
            format!("¥{n},890.00"),
        ]
    });
    Paper::new("收入单 2026年11月", "zh-CN", "晴美美容 · 税前", date(2026, 11, 21))
        .text("林晓雯（lin）")
        .pairs([
            ("应发合计（税前）".into(), "¥6,980.80".into()),
            ("追回".into(), "−¥1,847.00".into()),
        ])
        .heading("每一笔")
        .table(PaperTable {
            columns: vec![
                PaperColumn::left("项目"),
                PaperColumn::left("来自"),
                PaperColumn::right("金额"),
            ],
            rows: rows.collect(),
            total: Some(vec!["合计".into(), String::new(), "¥999,999.99".into()]),
        })
        .subheading("English, and 🎉 what the font has not")
        .note("A long line of small print that has to be wrapped because it is longer than the page is wide, which happens.")
}

#[test]
fn the_same_paper_gives_the_same_bytes_and_only_the_characters_it_needs() {
    let pdf = paper().to_pdf().unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    assert_eq!(pdf, paper().to_pdf().unwrap());
    // The whole font has several megabytes.
    assert!(pdf.len() < 120_000, "{} bytes", pdf.len());
}

#[test]
fn every_page_has_its_number_and_a_table_its_heads() {
    let pages = layout::pages(&paper()).unwrap();
    assert!(pages.len() >= 3, "{} pages", pages.len());
    let said = |page: &Vec<layout::Piece>, wanted: &str| {
        let texts = page.iter().filter_map(|piece| match piece {
            layout::Piece::Text { text, .. } => Some(text.as_str()),
            layout::Piece::Rule { .. } => None,
        });
        texts.filter(|text| *text == wanted).count()
    };
    for (at, page) in pages.iter().enumerate() {
        assert_eq!(said(page, &format!("{} / {}", at + 1, pages.len())), 1);
    }
    assert_eq!(said(&pages[1], "项目"), 1, "heads repeat");
}

#[test]
fn nothing_leaves_the_page() {
    let wide =
        Paper::new("宽".repeat(200), "zh-CN", "脚".repeat(300), date(2026, 11, 21)).table(PaperTable {
            columns: (0..9)
                .map(|n| PaperColumn {
                    head: format!("列{n}"),
                    right: n % 2 == 0,
                })
                .collect(),
            rows: vec![(0..9).map(|n| "x1234567890".repeat(n * 8 + 1)).collect()],
            total: None,
        });
    let ruler = crate::share::Ruler::new().unwrap();
    for page in layout::pages(&wide).unwrap() {
        for piece in page {
            if let layout::Piece::Text { x, y, size, text, .. } = piece {
                assert!(x >= layout::MARGIN - 1.0, "{text} at {x}");
                let right = x + ruler.width(&text, size);
                assert!(
                    right <= layout::WIDTH - layout::MARGIN + 12.0,
                    "{text} to {right}"
                );
                assert!(y > 0.0 && y < layout::HEIGHT);
            }
        }
    }
}
