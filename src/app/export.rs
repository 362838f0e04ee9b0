//! Clicks and conversions as CSV, page by page: no file is too large for the memory.

use std::io::Write;

use jiff::Timestamp;

use crate::app::App;
use crate::domain::ClickId;
use crate::sheet::{Cell, CsvRows, SheetError};
use crate::storage::StoreError;
use crate::storage::clicks::ClickFilter;
use crate::storage::conversions::ConversionFilter;

/// Rows read at a time.
const PAGE: i64 = 1_000;

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody takes what is written.
    #[error(transparent)]
    Output(#[from] SheetError),
}

/// How heads are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heads {
    /// The names of the API, UTF-8 as it is.
    Api,
    /// Chinese, behind a byte order mark: spreadsheets then read it as UTF-8.
    Chinese,
}

const CLICKS: [(&str, &str); 14] = [
    ("id", "编号"),
    ("at", "时间"),
    ("link", "链接"),
    ("class", "分类"),
    ("reason", "原因"),
    ("dwell_ms", "停留毫秒"),
    ("valid", "有效"),
    ("country", "国家"),
    ("region", "地区"),
    ("city", "城市"),
    ("browser", "浏览器"),
    ("device", "设备"),
    ("referrer", "来源"),
    ("scan", "扫码"),
];

const CONVERSIONS: [(&str, &str); 14] = [
    ("kind", "类型"),
    ("external_id", "外部编号"),
    ("occurred_at", "发生时间"),
    ("amount", "金额"),
    ("refunded", "已退"),
    ("currency", "币种"),
    ("status", "状态"),
    ("via", "途径"),
    ("credited_to", "归属员工"),
    ("indirect_to", "间接归属"),
    ("channel", "渠道"),
    ("coupon", "优惠码"),
    ("product_class", "品类"),
    ("day", "记账日"),
];

fn begin<W: Write>(
    output: W,
    heads: Heads,
    columns: &'static [(&'static str, &'static str)],
) -> Result<CsvRows<W>, SheetError> {
    let chinese = heads == Heads::Chinese;
    let names = columns.iter().map(|(api, zh)| if chinese { *zh } else { *api });
    CsvRows::begin(output, chinese, names)
}

fn instant(app: &App, ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let local = at.to_zoned(app.programme.zone.clone());
    at.display_with_offset(local.offset()).to_string()
}

fn word(flag: bool) -> i64 {
    i64::from(flag)
}

/// Writes clicks, the newest first, in the business zone; how many.
pub async fn export_clicks(
    app: &App,
    filter: &ClickFilter,
    heads: Heads,
    output: impl Write,
) -> Result<u64, ExportError> {
    let mut table = begin(output, heads, &CLICKS)?;
    let mut before: Option<ClickId> = None;
    let mut count = 0;
    loop {
        let rows = app.store.clicks(filter, before, PAGE).await?;
        let Some(last) = rows.last() else { break };
        before = Some(last.id);
        for c in &rows {
            table.row(&[
                c.id.to_string().into(),
                instant(app, c.id.unix_ms()).into(),
                c.link.as_str().into(),
                c.class.to_string().into(),
                c.reason.as_str().into(),
                Cell::from(c.dwell_ms),
                word(c.valid).into(),
                c.country.as_deref().into(),
                c.region.as_deref().into(),
                c.city.as_deref().into(),
                c.browser.as_deref().into(),
                c.device.as_deref().into(),
                c.referrer.as_deref().into(),
                word(c.scan).into(),
            ])?;
            count += 1;
        }
    }
    table.end()?;
    Ok(count)
}

/// Writes conversions, the newest row first; how many. Contacts are not in it: they are sealed, and each look is audited.
pub async fn export_conversions(
    app: &App,
    filter: &ConversionFilter,
    heads: Heads,
    output: impl Write,
) -> Result<u64, ExportError> {
    let mut table = begin(output, heads, &CONVERSIONS)?;
    let mut filter = filter.clone();
    let mut count = 0;
    loop {
        let rows = app.store.conversions(&filter, PAGE).await?;
        let Some(last) = rows.last() else { break };
        filter.before = Some(last.id.0);
        for c in &rows {
            table.row(&[
                c.kind.to_string().into(),
                c.external_id.as_str().into(),
                instant(app, c.occurred_at).into(),
                c.amount.into(),
                c.refunded.into(),
                c.currency.as_str().into(),
                c.status.to_string().into(),
                c.via.map(|via| via.to_string()).into(),
                c.credited_code.as_deref().into(),
                c.indirect_code.as_deref().into(),
                c.channel.as_deref().into(),
                c.coupon_code.as_deref().into(),
                c.product_class.as_deref().into(),
                c.day.to_string().into(),
            ])?;
            count += 1;
        }
    }
    table.end()?;
    Ok(count)
}
