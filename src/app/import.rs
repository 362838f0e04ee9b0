//! Conversions and known customers out of CSV and XLSX files: reported by line, repeatable.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Serialize;

use crate::app::check::{ConversionInput, Wrong, occurred};
use crate::app::{Actor, App, ConvertError, Vault, convert};
use crate::attribution::{Contact, ContactHash, ContactKind, ConversionKind, Source};
use crate::domain::Money;
use crate::sheet::{Header, MAX_REJECTED, ReadError, Rejected, read_table};
use crate::storage::{StoreError, customers};

/// Rows per transaction of a customer import.
const BATCH: usize = 200;

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read at all; nothing was stored.
    #[error(transparent)]
    Table(#[from] ReadError),
    /// The store failed; what was stored before stays, and the file can be imported again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// `UTF-8`, `GB18030` or `XLSX`.
    pub encoding: String,
    /// Stored now.
    pub created: u64,
    /// There before.
    pub known: u64,
    /// Lines that were not taken, at most 1 000.
    pub rejected: Vec<Rejected>,
    /// How many lines were not taken in all.
    pub rejected_count: u64,
    /// Columns nobody asked for.
    pub ignored_columns: Vec<String>,
}

impl ImportReport {
    pub(in crate::app) fn reject(&mut self, line: u64, reason: impl Into<String>) {
        self.reject_for(line, "", reason);
    }

    /// The same, and says what it is about.
    pub(in crate::app) fn reject_for(&mut self, line: u64, what: &'static str, reason: impl Into<String>) {
        self.rejected_count += 1;
        if self.rejected.len() < MAX_REJECTED {
            let reason = reason.into();
            self.rejected.push(Rejected { line, reason, what });
        }
    }
}

const fn column(names: &'static [&'static str], required: bool) -> Header<'static> {
    Header { names, required }
}

const CONVERSIONS: [Header<'_>; 11] = [
    column(&["kind", "类型", "种类"], true),
    column(&["external_id", "外部编号", "编号", "订单号", "单号"], true),
    column(&["occurred_at", "发生时间", "时间", "付款时间", "下单时间"], true),
    column(&["amount", "金额", "实收金额", "实付金额"], false),
    column(&["currency", "币种"], false),
    column(&["click", "bclid", "点击", "点击标识"], false),
    column(&["coupon", "优惠码", "优惠券", "专属优惠码"], false),
    column(&["phone", "手机", "手机号", "电话", "客户手机"], false),
    column(&["email", "邮箱", "电子邮箱", "客户邮箱"], false),
    column(&["customer_id", "客户编号", "会员号", "客户号"], false),
    column(&["product_class", "品类", "产品类别"], false),
];

const CUSTOMERS: [Header<'_>; 4] = [
    column(&["phone", "手机", "手机号", "电话", "客户手机"], false),
    column(&["email", "邮箱", "电子邮箱", "客户邮箱"], false),
    column(&["id", "customer_id", "客户编号", "会员号", "客户号"], false),
    column(&["known_on", "last_seen_on", "最近消费日期", "日期"], false),
];

/// Takes every line as a conversion of its own. The same file again finds everything known.
pub async fn import_conversions(app: &App, actor: &Actor, bytes: &[u8]) -> Result<ImportReport, ImportError> {
    let table = read_table(bytes, &CONVERSIONS)?;
    let mut report = ImportReport {
        encoding: table.encoding.to_owned(),
        ignored_columns: table.ignored,
        ..ImportReport::default()
    };
    for row in table.rows {
        let input = match row
            .cells
            .map_err(String::from)
            .and_then(|cells| conversion(app, cells))
        {
            Ok(input) => input,
            Err(reason) => {
                report.reject(row.line, reason);
                continue;
            }
        };
        match convert(app, actor, input).await {
            Ok(done) if done.is_new => report.created += 1,
            Ok(_) => report.known += 1,
            Err(ConvertError::Store(error)) => return Err(error.into()),
            Err(refused) => report.reject(row.line, refused.to_string()),
        }
    }
    Ok(report)
}

fn conversion(app: &App, cells: Vec<Option<String>>) -> Result<ConversionInput, String> {
    let [
        kind,
        external_id,
        occurred_at,
        amount,
        currency,
        click,
        coupon,
        phone,
        email,
        customer_id,
        product_class,
    ] = <[Option<String>; 11]>::try_from(cells).map_err(|_| "the line cannot be read".to_owned())?;
    let need = |cell: Option<String>, name: &str| cell.ok_or_else(|| format!("{name}: is empty"));
    let kind = need(kind, "kind")?;
    let kind = match kind.to_lowercase().as_str() {
        "lead" | "线索" | "有效线索" => ConversionKind::Lead,
        "sale" | "订单" | "销售" | "成交" => ConversionKind::Sale,
        _ => {
            return Err(format!(
                "kind: expected lead or sale (线索, 订单), found {kind:?}"
            ));
        }
    };
    let amount = amount
        .map(|text| Money::parse(&text).map_err(|e| format!("amount: {e}, found {text:?}")))
        .transpose()?;
    Ok(ConversionInput {
        amount,
        currency,
        click,
        coupon,
        phone,
        email,
        customer_id,
        product_class,
        source: Source::Csv,
        ..ConversionInput::new(
            kind,
            need(external_id, "external_id")?,
            instant(app, &need(occurred_at, "occurred_at")?).map_err(|e| format!("occurred_at: {e}"))?,
        )
    })
}

/// RFC 3339, or a civil date and time in the business zone as spreadsheets write it.
fn instant(app: &App, text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let civil = text.replace('/', "-");
    let expected = || {
        format!(
            "expected an instant like 2026-11-18T10:00:00+08:00, or 2026-11-18 10:00 in the business zone, found {text:?}"
        )
    };
    let civil: DateTime = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]
        .into_iter()
        .find_map(|format| DateTime::strptime(format, &civil).ok())
        .ok_or_else(expected)?;
    civil
        .to_zoned(app.programme.zone.clone())
        .map(|at| at.timestamp())
        .map_err(|_| expected())
}

/// Notes that the firm knows these customers: as hashes, the file's contacts are not kept. Without a date they are known
/// from now on.
pub async fn import_customers(app: &App, bytes: &[u8]) -> Result<ImportReport, ImportError> {
    let table = read_table(bytes, &CUSTOMERS)?;
    let mut report = ImportReport {
        encoding: table.encoding.to_owned(),
        ignored_columns: table.ignored,
        ..ImportReport::default()
    };
    let vault = Vault::new(&app.secrets);
    let now_ms = app.clock.now_ms();
    let mut good: Vec<(Vec<(ContactKind, ContactHash)>, i64)> = Vec::new();
    for row in table.rows {
        let read = row.cells.map_err(String::from);
        match read.and_then(|cells| customer(app, &vault, now_ms, &cells)) {
            Ok(found) => good.push(found),
            Err(reason) => report.reject(row.line, reason),
        }
    }
    for batch in good.chunks(BATCH) {
        let (created, known) = note(app, batch, now_ms).await?;
        report.created += created;
        report.known += known;
    }
    Ok(report)
}

async fn note(
    app: &App,
    batch: &[(Vec<(ContactKind, ContactHash)>, i64)],
    now_ms: i64,
) -> Result<(u64, u64), StoreError> {
    let mut tries = 1;
    loop {
        match note_once(app, batch, now_ms).await {
            Err(error) if error.is_collision() && tries < 6 => tries += 1,
            other => return other,
        }
    }
}

async fn note_once(
    app: &App,
    batch: &[(Vec<(ContactKind, ContactHash)>, i64)],
    now_ms: i64,
) -> Result<(u64, u64), StoreError> {
    let (mut created, mut known) = (0, 0);
    let mut tx = app.store.begin().await?;
    for (contacts, known_at) in batch {
        let found = customers::find_or_make(&mut tx, contacts, now_ms).await?;
        customers::note_known(&mut tx, found.id, *known_at).await?;
        if found.is_fresh {
            created += 1;
        } else {
            known += 1;
        }
    }
    tx.commit().await?;
    Ok((created, known))
}

fn customer(
    app: &App,
    vault: &Vault,
    now_ms: i64,
    cells: &[Option<String>],
) -> Result<(Vec<(ContactKind, ContactHash)>, i64), String> {
    let [phone, email, id, known_on] = cells else {
        return Err("the line cannot be read".to_owned());
    };
    let mut contacts = Vec::new();
    for (name, text, parse) in [
        ("phone", phone, Contact::phone as fn(&str) -> Result<Contact, _>),
        ("email", email, Contact::email),
        ("id", id, Contact::shop_id),
    ] {
        if let Some(text) = text {
            let contact = parse(text).map_err(|e| format!("{name}: {e}"))?;
            contacts.push((contact.kind(), vault.hash(&contact)));
        }
    }
    if contacts.is_empty() {
        return Err("expected a phone, an e-mail or an id".to_owned());
    }
    let known_at = match known_on {
        None => now_ms,
        Some(text) => {
            let wrong =
                |detail: &str| Wrong::list(&[Wrong::at("/known_on", format!("{detail}, found {text:?}"))]);
            let day: jiff::civil::Date = text
                .replace('/', "-")
                .parse()
                .map_err(|_| wrong("expected a date like 2026-11-18"))?;
            let at = day
                .to_zoned(app.programme.zone.clone())
                .map_err(|_| wrong("expected a date like 2026-11-18"))?
                .timestamp()
                .as_millisecond();
            occurred(at, now_ms).map_err(wrong)?;
            at
        }
    };
    Ok((contacts, known_at))
}
