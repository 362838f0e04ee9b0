//! What an operator does: exports, and backups of a PostgreSQL store.

use bole::app::export::{Heads, export_clicks, export_conversions};
use bole::boot::{BackupError, make_backup};
use bole::domain::Class;
use bole::storage::clicks::ClickFilter;
use bole::storage::conversions::ConversionFilter;

use crate::convert::{NOW, Shop, and, sale};
use crate::support::{Kind, TestDb, noon};

async fn given_clicks_and_orders_when_exported_then_a_spreadsheet_reads_them_and_strangers_write_no_formulas(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    shop.click(2, "2026-11-18T01:30:00Z", "bot").await;
    let order = and(sale("=HYPERLINK(1)", NOW, "13900000001"), "coupon", "Z10");
    shop.take(and(order, "product_class", "护理,一次")).await;

    let mut csv = Vec::new();
    let all = ClickFilter::default();
    let count = export_clicks(&shop.app, &all, Heads::Api, &mut csv)
        .await
        .expect("an export");
    let text = String::from_utf8(csv).expect("UTF-8");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((count, lines.len()), (2, 3), "{text}");
    assert!(
        lines[0].starts_with("id,at,link,class,reason,dwell_ms,valid"),
        "{text}"
    );
    assert!(
        lines[1].contains(",2026-11-18T09:30:00+08:00,bbbbbb2,bot,"),
        "the newest first: {text}"
    );
    assert!(lines[2].contains(",aaaaaa2,human,"), "{text}");

    let humans = ClickFilter {
        class: Some(Class::Human),
        ..all
    };
    let mut csv = Vec::new();
    let count = export_clicks(&shop.app, &humans, Heads::Api, &mut csv)
        .await
        .expect("an export");
    assert_eq!(count, 1);

    let mut csv = Vec::new();
    let filter = ConversionFilter::default();
    export_conversions(&shop.app, &filter, Heads::Chinese, &mut csv)
        .await
        .expect("an export");
    let text = String::from_utf8(csv).expect("UTF-8");
    assert!(text.starts_with("\u{feff}类型,外部编号,发生时间,金额"), "{text}");
    assert!(
        text.contains("sale,'=HYPERLINK(1),2026-11-18T10:00:00+08:00,199.00,0.00,CNY,pending,coupon,Z3,"),
        "{text}"
    );
    assert!(
        text.contains("\"护理,一次\"") && !text.contains("13900000001"),
        "{text}"
    );
}

async fn given_either_database_when_backed_up_then_it_is_copied_or_says_what_to_use_instead(db: TestDb) {
    let target = db.dir.path().join("backup");
    let made = make_backup(&db.store, db.dir.path(), &target, noon()).await;
    match db.kind {
        Kind::Sqlite => {
            let manifest = made.expect("a backup");
            assert!(manifest.files.iter().any(|file| file.path == "bole.db"));
            assert!(!manifest.has_secret(), "this folder has none");
        }
        Kind::Postgres => {
            let refused = made.expect_err("PostgreSQL has its own means");
            assert!(matches!(refused, BackupError::Postgres(_)));
            let words = refused.to_string();
            assert!(
                words.contains("pg_dump") && words.contains("visitor_salts"),
                "{words}"
            );
            assert!(!target.exists());
        }
    }
}

both!(
    given_clicks_and_orders_when_exported_then_a_spreadsheet_reads_them_and_strangers_write_no_formulas,
    given_either_database_when_backed_up_then_it_is_copied_or_says_what_to_use_instead,
);
