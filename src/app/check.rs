//! A conversion at the door: every field looked at, everything wrong said at once.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rand::Rng;

use crate::app::claims::claim_id;
use crate::app::said::contacts;
use crate::app::{Actor, App, LeadContact, Vault};
use crate::attribution::token::{TokenKey, TokenKeys};
use crate::attribution::{ContactHash, ContactKind, ConversionKind, DAY_MS, SKEW_MS, Source};
use crate::domain::{ClickId, ContentHash, Currency, Money, Period};
use crate::storage::conversions::NewConversion;
use crate::storage::{SealedContact, StoreError};

/// Longest external id, characters.
pub const MAX_EXTERNAL_ID: usize = 100;
/// Longest product class, characters.
pub const MAX_PRODUCT_CLASS: usize = 60;
/// Longest coupon code taken down, characters.
const MAX_COUPON: usize = 60;
/// First instant anything can have occurred, milliseconds UTC: 1 January 2000.
const FIRST_MS: i64 = 946_684_800_000;

/// A field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// JSON pointer into the request.
    pub pointer: &'static str,
    /// Where inside of that, as the rest of the pointer: `/batch_bands/0/gives`; mostly empty.
    pub inside: String,
    /// What was expected.
    pub detail: String,
}

impl Wrong {
    /// At one field.
    pub fn at(pointer: &'static str, detail: impl std::fmt::Display) -> Self {
        Self {
            pointer,
            inside: String::new(),
            detail: detail.to_string(),
        }
    }

    /// At a place inside of a field, `pointer` its whole pointer.
    pub fn inside(field: &'static str, pointer: &str, detail: impl std::fmt::Display) -> Self {
        Self {
            inside: pointer.strip_prefix(field).unwrap_or_default().to_owned(),
            ..Self::at(field, detail)
        }
    }

    /// The whole JSON pointer.
    pub fn place(&self) -> String {
        format!("{}{}", self.pointer, self.inside)
    }

    /// All of them in one line.
    pub fn list(wrong: &[Self]) -> String {
        let parts: Vec<_> = wrong
            .iter()
            .map(|w| match w.pointer.trim_start_matches('/') {
                "" => w.detail.clone(),
                place => format!("{place}: {}", w.detail),
            })
            .collect();
        parts.join("; ")
    }
}

/// A conversion as it was sent.
#[derive(Clone, Debug)]
pub struct ConversionInput {
    /// Lead or sale.
    pub kind: ConversionKind,
    /// The caller's id for it.
    pub external_id: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Paid; a sale's only.
    pub amount: Option<Money>,
    /// ISO 4217; absent: the programme's.
    pub currency: Option<String>,
    /// The click token.
    pub click: Option<String>,
    /// The coupon code.
    pub coupon: Option<String>,
    /// The customer's phone.
    pub phone: Option<String>,
    /// The customer's e-mail.
    pub email: Option<String>,
    /// The shop's id for the customer.
    pub customer_id: Option<String>,
    /// The shop's word for what was sold.
    pub product_class: Option<String>,
    /// Where it came from.
    pub source: Source,
    /// How long the form was open, milliseconds.
    pub form_ms: Option<i64>,
    /// Name and message of a lead; phone and e-mail are added.
    pub contact: LeadContact,
}

impl ConversionInput {
    /// A conversion with nothing optional.
    pub fn new(kind: ConversionKind, external_id: impl Into<String>, occurred_at: Timestamp) -> Self {
        Self {
            kind,
            external_id: external_id.into(),
            occurred_at,
            amount: None,
            currency: None,
            click: None,
            coupon: None,
            phone: None,
            email: None,
            customer_id: None,
            product_class: None,
            source: Source::Api,
            form_ms: None,
            contact: LeadContact::default(),
        }
    }
}

/// A conversion whose fields are right.
#[derive(Clone, Debug)]
pub(in crate::app) struct Checked {
    /// Its row.
    pub new: NewConversion,
    /// The customer's contacts, hashed.
    pub contacts: Vec<(ContactKind, ContactHash)>,
    /// What a lead keeps in plain, sealed.
    pub sealed: Option<SealedContact>,
}

/// Looks at every field.
pub(in crate::app) async fn check(
    app: &App,
    actor: &Actor,
    input: ConversionInput,
) -> Result<Result<Checked, Vec<Wrong>>, StoreError> {
    let keys = match &input.click {
        Some(_) => token_keys(app).await?,
        None => None,
    };
    Ok(check_with(app, actor, &input, keys.as_ref()))
}

fn check_with(
    app: &App,
    actor: &Actor,
    input: &ConversionInput,
    keys: Option<&TokenKeys>,
) -> Result<Checked, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let now_ms = app.clock.now_ms();
    if let Err(detail) = external_id(&input.external_id) {
        wrong.push(Wrong::at("/external_id", detail));
    }
    if claim_id(&input.external_id).is_some() {
        let detail = "ids like \"claim:17\" are given to what claims become";
        wrong.push(Wrong::at("/external_id", detail));
    }
    let occurred_at = input.occurred_at.as_millisecond();
    if let Err(detail) = occurred(occurred_at, now_ms) {
        wrong.push(Wrong::at("/occurred_at", detail));
    }
    let amount = amount(input.kind, input.amount).unwrap_or_else(|detail| {
        wrong.push(Wrong::at("/amount", detail));
        Money::ZERO
    });
    let currency = currency(app.programme.currency, input.currency.as_deref()).unwrap_or_else(|detail| {
        wrong.push(Wrong::at("/currency", detail));
        app.programme.currency
    });
    let click = match &input.click {
        None => None,
        Some(text) => match keys.and_then(|keys| keys.verify(text).ok()) {
            Some(click) => Some(click),
            // A visitor's form is not lost over what somebody did to an address.
            None if input.source == Source::Form => None,
            None => {
                wrong.push(Wrong::at("/click", "this is not a click token of ours"));
                None
            }
        },
    };
    for (pointer, text, most) in [
        ("/coupon", &input.coupon, MAX_COUPON),
        ("/product_class", &input.product_class, MAX_PRODUCT_CLASS),
    ] {
        if let Some(text) = text
            && (text.trim().is_empty() || text.chars().count() > most || text.chars().any(char::is_control))
        {
            wrong.push(Wrong::at(pointer, format!("1 to {most} printable characters")));
        }
    }
    let vault = Vault::new(&app.secrets);
    let said = [&input.phone, &input.email, &input.customer_id].map(|text| text.as_deref());
    let contacts = contacts(&vault, said, &mut wrong);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let trimmed = |text: &Option<String>| text.as_ref().map(|t| t.trim().to_owned());
    let new = NewConversion {
        content_hash: content_hash(input, occurred_at, amount, currency, &contacts),
        kind: input.kind,
        source: input.source,
        occurred_at,
        day: app.day_of(input.occurred_at),
        amount,
        currency,
        product_class: trimmed(&input.product_class),
        click,
        coupon_code: trimmed(&input.coupon),
        form_ms: input.form_ms,
        hold_until: hold_until(
            app.day_of(input.occurred_at),
            app.programme.hold_days,
            &app.programme.zone,
        ),
        created_by: actor.word(),
        created_at: now_ms,
        external_id: input.external_id.clone(),
    };
    let sealed = (input.kind == ConversionKind::Lead)
        .then(|| seal(app, &vault, input, now_ms))
        .flatten();
    Ok(Checked {
        new,
        contacts,
        sealed,
    })
}

/// 1 to 100 printable characters, without space around.
pub(in crate::app) fn external_id(text: &str) -> Result<(), &'static str> {
    let length = text.chars().count();
    let fits =
        (1..=MAX_EXTERNAL_ID).contains(&length) && text.trim() == text && !text.chars().any(char::is_control);
    if fits {
        Ok(())
    } else {
        Err("1 to 100 printable characters, without space before or after")
    }
}

/// Not in the future (5 minutes of skew are forgiven), not before 2000.
pub(in crate::app) fn occurred(at_ms: i64, now_ms: i64) -> Result<(), &'static str> {
    if at_ms > now_ms.saturating_add(SKEW_MS) {
        Err("lies in the future")
    } else if at_ms < FIRST_MS {
        Err("lies before 2000-01-01")
    } else {
        Ok(())
    }
}

fn amount(kind: ConversionKind, given: Option<Money>) -> Result<Money, &'static str> {
    match (kind, given) {
        (ConversionKind::Sale, Some(amount)) if amount > Money::ZERO => Ok(amount),
        (ConversionKind::Sale, Some(_)) => Err("a sale has a paid amount above 0"),
        (ConversionKind::Sale, None) => Err("a sale needs its paid amount, like \"199.00\""),
        (ConversionKind::Lead, None) => Ok(Money::ZERO),
        (ConversionKind::Lead, Some(_)) => Err("a lead has no amount; an order is a sale"),
    }
}

fn currency(own: Currency, given: Option<&str>) -> Result<Currency, String> {
    match given {
        None => Ok(own),
        Some(text) => match text.parse::<Currency>() {
            Ok(currency) if currency == own => Ok(own),
            Ok(_) => Err(format!("this programme's currency is {}", own.as_str())),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// First instant after the hold: the month's close and the days of [`crate::domain::Programme::hold_days`] (GC-14).
pub(in crate::app) fn hold_until(day: Date, hold_days: i64, zone: &TimeZone) -> i64 {
    Period::month_of(day)
        .ok()
        .and_then(|month| month.end.checked_add(hold_days.days()).ok())
        .and_then(|end| end.to_zoned(zone.clone()).ok())
        .map_or(i64::MAX, |end| end.timestamp().as_millisecond())
}

/// What "the same content" means: everything that was said, contacts and coupon in their one spelling. Where it came
/// from is not content: an order sent by the shop and found again in a CSV is the same order.
fn content_hash(
    input: &ConversionInput,
    occurred_at: i64,
    amount: Money,
    currency: Currency,
    contacts: &[(ContactKind, ContactHash)],
) -> [u8; 32] {
    let mut hash = ContentHash::default();
    hash.part(input.kind.as_str());
    hash.part(occurred_at.to_le_bytes());
    hash.part(amount.minor().to_le_bytes());
    hash.part(currency.as_str());
    hash.part(input.click.as_deref().unwrap_or(""));
    hash.part(
        input
            .coupon
            .as_deref()
            .unwrap_or("")
            .trim()
            .to_lowercase()
            .as_bytes(),
    );
    hash.part(input.product_class.as_deref().unwrap_or("").trim());
    for (kind, contact) in contacts {
        hash.part(kind.as_str());
        hash.part(contact.0);
    }
    hash.finish()
}

/// What a lead keeps in plain: how to call back.
fn seal(app: &App, vault: &Vault, input: &ConversionInput, now_ms: i64) -> Option<SealedContact> {
    let contact = LeadContact {
        phone: input.phone.clone(),
        email: input.email.clone(),
        ..input.contact.clone()
    };
    if contact.is_empty() {
        return None;
    }
    let mut nonce = [0u8; 24];
    app.with_rng(|rng| rng.fill_bytes(&mut nonce));
    let erase_at = now_ms.saturating_add(app.programme.contact_retention_days.saturating_mul(DAY_MS));
    vault.seal(&input.external_id, &contact, nonce, erase_at)
}

/// The keys that verify click tokens; `None` when none was ever made.
pub async fn token_keys(app: &App) -> Result<Option<TokenKeys>, StoreError> {
    let rows = app.store.token_keys().await?;
    let keys: Vec<TokenKey> = rows
        .iter()
        .filter_map(|row| {
            Some(TokenKey {
                id: u8::try_from(row.kid).ok()?,
                secret: app.secrets.derive("token", &row.nonce),
            })
        })
        .collect();
    let Some((signing, older)) = keys.split_first() else {
        return Ok(None);
    };
    Ok(TokenKeys::new(signing, older).ok())
}

/// The click a token of ours speaks for.
pub async fn click_of_token(app: &App, token: &str) -> Result<Option<ClickId>, StoreError> {
    Ok(token_keys(app).await?.and_then(|keys| keys.verify(token).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_ends_seven_days_after_the_month_closed_in_the_business_zone() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let until = |day: &str, days| {
            Timestamp::from_millisecond(hold_until(day.parse().unwrap(), days, &zone))
                .unwrap()
                .to_string()
        };
        assert_eq!(until("2026-11-01", 7), "2026-12-07T16:00:00Z");
        assert_eq!(until("2026-11-30", 7), "2026-12-07T16:00:00Z");
        assert_eq!(until("2026-12-31", 0), "2026-12-31T16:00:00Z");
    }

    #[test]
    fn an_instant_in_the_future_is_refused_beyond_five_minutes() {
        let now = 1_800_000_000_000;
        assert_eq!(occurred(now + SKEW_MS, now), Ok(()));
        assert!(occurred(now + SKEW_MS + 1, now).is_err());
        assert!(occurred(FIRST_MS - 1, now).is_err());
        assert_eq!(occurred(FIRST_MS, now), Ok(()));
    }

    #[test]
    fn external_ids_are_printable_and_trimmed() {
        assert_eq!(external_id("订单/2026 #1"), Ok(()));
        for bad in ["", " ", " a", "a ", "a\nb", "a\u{0}", &"x".repeat(101)] {
            assert!(external_id(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn another_currency_is_refused() {
        assert!(currency(Currency::CNY, None).is_ok());
        assert!(currency(Currency::CNY, Some("CNY")).is_ok());
        for bad in ["USD", "cny", "", "YUAN"] {
            assert!(currency(Currency::CNY, Some(bad)).is_err(), "{bad}");
        }
    }
}
