//! Clicks and conversions as CSV, page by page: no file is too large for the memory.

use std::io::Write;

use jiff::Timestamp;

use crate::app::App;
use crate::domain::ClickId;
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
    #[error("the output cannot be written: {0}")]
    Output(#[from] csv::Error),
    /// The same.
    #[error("the output cannot be written: {0}")]
    Io(#[from] std::io::Error),
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

struct Table<W: Write>(csv::Writer<W>);

impl<W: Write> Table<W> {
    fn begin(mut output: W, heads: Heads, columns: &[(&str, &str)]) -> Result<Self, ExportError> {
        if heads == Heads::Chinese {
            output.write_all("\u{feff}".as_bytes())?;
        }
        let mut table = csv::Writer::from_writer(output);
        table.write_record(columns.iter().map(|(api, chinese)| match heads {
            Heads::Api => api,
            Heads::Chinese => chinese,
        }))?;
        Ok(Self(table))
    }

    fn row(&mut self, cells: &[String]) -> Result<(), ExportError> {
        Ok(self.0.write_record(cells)?)
    }

    fn end(mut self) -> Result<(), ExportError> {
        Ok(self.0.flush()?)
    }
}

/// A text others wrote: a spreadsheet must not take it for a formula.
fn safe(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn instant(app: &App, ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let local = at.to_zoned(app.programme.zone.clone());
    at.display_with_offset(local.offset()).to_string()
}

fn word(flag: bool) -> String {
    if flag { "1" } else { "0" }.to_owned()
}

/// Writes clicks, the newest first, in the business zone; how many.
pub async fn export_clicks(
    app: &App,
    filter: &ClickFilter,
    heads: Heads,
    output: impl Write,
) -> Result<u64, ExportError> {
    let mut table = Table::begin(output, heads, &CLICKS)?;
    let mut before: Option<ClickId> = None;
    let mut count = 0;
    loop {
        let rows = app.store.clicks(filter, before, PAGE).await?;
        let Some(last) = rows.last() else { break };
        before = Some(last.id);
        for c in &rows {
            table.row(&[
                c.id.to_string(),
                instant(app, c.id.unix_ms()),
                c.link.clone(),
                c.class.to_string(),
                c.reason.clone(),
                c.dwell_ms.map(|ms| ms.to_string()).unwrap_or_default(),
                word(c.valid),
                safe(c.country.as_deref()),
                safe(c.region.as_deref()),
                safe(c.city.as_deref()),
                safe(c.browser.as_deref()),
                safe(c.device.as_deref()),
                safe(c.referrer.as_deref()),
                word(c.scan),
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
    let mut table = Table::begin(output, heads, &CONVERSIONS)?;
    let mut filter = filter.clone();
    let mut count = 0;
    loop {
        let rows = app.store.conversions(&filter, PAGE).await?;
        let Some(last) = rows.last() else { break };
        filter.before = Some(last.id.0);
        for c in &rows {
            table.row(&[
                c.kind.to_string(),
                safe(Some(&c.external_id)),
                instant(app, c.occurred_at),
                c.amount.to_string(),
                c.refunded.to_string(),
                c.currency.clone(),
                c.status.to_string(),
                c.via.map(|via| via.to_string()).unwrap_or_default(),
                c.credited_code.clone().unwrap_or_default(),
                c.indirect_code.clone().unwrap_or_default(),
                safe(c.channel.as_deref()),
                safe(c.coupon_code.as_deref()),
                safe(c.product_class.as_deref()),
                c.day.to_string(),
            ])?;
            count += 1;
        }
    }
    table.end()?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn what_strangers_wrote_is_no_formula() {
        assert_eq!(safe(Some("=1+1")), "'=1+1");
        assert_eq!(safe(Some("@SUM(A1)")), "'@SUM(A1)");
        assert_eq!(safe(Some("护理")), "护理");
        assert_eq!(safe(None), "");
    }
}
