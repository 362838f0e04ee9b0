//! A claim beside the shop's order and the CRM's records, item by item, each with its verdict in words.

use jiff::civil::Date;

use crate::app::LeadContact;
use crate::app::claims::{Compared, Match, NoteSays};
use crate::attribution::ConversionKind;
use crate::domain::Money;
use crate::storage::claims::Claim;
use crate::storage::conversions::Conversion;
use crate::web::i18n::{Lang, date_words, yuan};
use crate::web::pages::claims::view::instant;
use crate::web::shell::Shell;

/// A verdict: colour, icon and the word of its family.
type Verdict = (&'static str, &'static str, &'static str);

const SAME: Verdict = ("good", "check", "same");
const DIFFERENT: Verdict = ("warn", "alert", "different");
const MISSING: Verdict = ("", "dash", "missing");

/// An item of a comparison.
#[derive(Clone, Debug)]
pub struct Item {
    pub name: String,
    pub claim: String,
    pub other: String,
    pub kind: &'static str,
    pub icon: &'static str,
    pub verdict: String,
}

/// The claim beside one other source.
#[derive(Clone, Debug)]
pub struct Table {
    pub title: String,
    pub head: String,
    pub items: Vec<Item>,
}

fn item(lang: Lang, name: String, claim: String, other: String, verdict: Verdict) -> Item {
    let (kind, icon, word) = verdict;
    let dash = |text: String| if text.is_empty() { "–".to_owned() } else { text };
    Item {
        name,
        claim: dash(claim),
        other: dash(other),
        kind,
        icon,
        verdict: lang.word("review-match", word).to_string(),
    }
}

fn matched(found: Match) -> Verdict {
    match found {
        Match::Same => SAME,
        Match::Different => DIFFERENT,
        Match::Missing => MISSING,
    }
}

/// Beside the shop's own order; `credited` is the name of who has its credit.
pub fn shop(lang: Lang, claim: &Claim, order: &Conversion, credited: Option<String>) -> Table {
    let amount = |amount: Money| {
        if amount > Money::ZERO {
            yuan(amount)
        } else {
            String::new()
        }
    };
    let same = |same: bool| if same { SAME } else { DIFFERENT };
    let kind = |kind: ConversionKind| match kind {
        ConversionKind::Lead => lang.t("claim-lead").to_string(),
        ConversionKind::Sale => lang.t("claim-sale").to_string(),
    };
    let free = match order.credited_to {
        None => ("good", "check", "free"),
        Some(who) if who == claim.employee => ("good", "check", "theirs"),
        Some(_) => ("warn", "alert", "credited"),
    };
    let items = vec![
        item(
            lang,
            lang.t("claim-kind").to_string(),
            kind(claim.kind),
            kind(order.kind),
            same(claim.kind == order.kind),
        ),
        item(
            lang,
            lang.t("col-amount").to_string(),
            amount(claim.amount),
            amount(order.amount),
            same(claim.amount == order.amount),
        ),
        item(
            lang,
            lang.t("claim-day").to_string(),
            date_words(lang, claim.occurred_on),
            date_words(lang, order.day),
            same(claim.occurred_on == order.day),
        ),
        item(
            lang,
            lang.t("review-credit").to_string(),
            claim.employee_name.clone(),
            credited.unwrap_or_default(),
            free,
        ),
    ];
    Table {
        title: lang
            .t("review-shop")
            .with("order", &order.external_id)
            .to_string(),
        head: lang.t("review-shop-head").to_string(),
        items,
    }
}

/// Beside a record of the CRM.
pub fn record(s: &Shell, claim: &Claim, contact: Option<&LeadContact>, found: &Compared) -> Table {
    let lang = s.lang;
    let record = &found.record;
    let customer = contact.and_then(|c| c.phone.clone().or(c.email.clone()));
    // The record holds hashes only: it can tell the same from another, not who.
    let theirs = match found.customer {
        Match::Missing => String::new(),
        Match::Same => lang.t("review-customer-same").to_string(),
        Match::Different => lang.t("review-customer-other").to_string(),
    };
    let note = match found.note {
        NoteSays::Claimant => ("good", "check", "claimant"),
        NoteSays::Other => ("warn", "alert", "other"),
        NoteSays::Several => ("warn", "alert", "several"),
        NoteSays::Unknown => ("warn", "alert", "unknown"),
        NoteSays::Nobody => ("", "dash", "nobody"),
    };
    let author = if found.by_claimant {
        ("warn", "alert", "self")
    } else {
        ("good", "check", "not-self")
    };
    let day = record.occurred_on.parse::<Date>();
    let day = day.map_or_else(|_| record.occurred_on.clone(), |day| date_words(lang, day));
    let late = record.received_at < claim.filed_at;
    let items = vec![
        item(
            lang,
            lang.t("review-customer").to_string(),
            customer.unwrap_or_default(),
            theirs,
            matched(found.customer),
        ),
        item(
            lang,
            lang.t("claim-order").to_string(),
            claim.order_no.clone().unwrap_or_default(),
            record.order_no.clone().unwrap_or_default(),
            matched(found.order),
        ),
        item(
            lang,
            lang.t("claim-day").to_string(),
            date_words(lang, claim.occurred_on),
            day,
            if found.same_day { SAME } else { DIFFERENT },
        ),
        item(
            lang,
            lang.t("crm-source_note").to_string(),
            claim.employee_name.clone(),
            record.source_note.clone(),
            note,
        ),
        item(
            lang,
            lang.t("crm-created_by").to_string(),
            String::new(),
            record.created_by.clone(),
            author,
        ),
        item(
            lang,
            lang.t("review-arrived").to_string(),
            s.moment.exact(instant(claim.filed_at)),
            s.moment.exact(instant(record.received_at)),
            if late {
                ("warn", "alert", "late")
            } else {
                ("good", "check", "first")
            },
        ),
    ];
    Table {
        title: lang
            .t("review-record")
            .with("id", &record.external_id)
            .to_string(),
        head: lang.t("review-record-head").to_string(),
        items,
    }
}
