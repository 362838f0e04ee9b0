//! `[scheme]`: id, names, source, period, dates.

use jiff::civil::Date;

use crate::payout::diag::one_of;
use crate::payout::income::{Income, TaxBasis};
use crate::payout::raw::{At, Refused};
use crate::payout::schema::{Label, ParamDecl, ParamKind, Setting};
use crate::payout::value::{Type, Value};

/// What a document says about itself.
#[derive(Clone, Debug)]
pub struct Header {
    /// Begins with the scheme's number: `07-new-customers`.
    pub id: String,
    /// Version, from 1.
    pub version: i64,
    /// Name.
    pub name: Label,
    /// Where its rules come from: `H:221-231`.
    pub source: String,
    /// `month`, `quarter`, `year` or `activity`.
    pub period: String,
    /// The parameter that says another period in place of it (a plan may be settled by the quarter as well, schemes.md
    /// 0 A16): its words are periods, its default is `period`.
    pub period_by: Option<String>,
    /// ISO 4217 code of the amounts.
    pub currency: String,
    /// What its figures count where it is not the currency (shares, points), for people; empty: the currency.
    pub unit: String,
    /// Decimals an explanation shows of a ratio that does not end, 0 to 10 (GC-02); nothing is computed with them.
    pub decimals: usize,
    /// Minutes east of UTC of the business zone.
    pub zone: i32,
    /// First day it holds.
    pub from: Date,
    /// The day it no longer holds, when known.
    pub to: Option<Date>,
    /// What a late fact does.
    pub late: Late,
    /// Income class of what employees get where a step names none; `None`: wages.
    pub income: Option<Income>,
    /// Whether amounts are before tax.
    pub tax: TaxBasis,
    /// A guard runs after all schemes, on their lines.
    pub guard: bool,
}

/// What a fact of a closed period does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// Every difference is booked.
    Full,
    /// Only lines of the people the fact is about.
    OwnLineOnly,
    /// The difference goes into the next pool.
    NextPool,
    /// Nothing.
    None,
}

impl Header {
    /// What it is calculated by with these parameters (a JSON object): `month`, `quarter`, `year` or `activity`.
    pub fn period_with<'a>(&'a self, params: &'a serde_json::Value) -> &'a str {
        let by = self.period_by.as_ref().and_then(|id| params.get(id)?.as_str());
        by.filter(|word| PERIODS.contains(word)).unwrap_or(&self.period)
    }
}

impl Late {
    /// The document's word.
    pub fn word(self) -> &'static str {
        LATE.iter().find(|l| l.1 == self).map_or("full", |l| l.0)
    }
}

pub(super) const PERIODS: [&str; 4] = ["month", "quarter", "year", "activity"];
const LATE: [(&str, Late); 4] = [
    ("full", Late::Full),
    ("own_line_only", Late::OwnLineOnly),
    ("next_pool", Late::NextPool),
    ("none", Late::None),
];

const FIELDS: [&str; 17] = [
    "id",
    "version",
    "zh",
    "en",
    "source",
    "period",
    "period_by",
    "currency",
    "zone",
    "from",
    "to",
    "late",
    "income",
    "tax",
    "guard",
    "unit",
    "display_decimals",
];

pub fn read(at: At<'_>) -> Result<Header, Refused> {
    at.only(&FIELDS)?;
    let text = |key: &str, expected: &str| {
        at.get(key, |v| v.str().map(str::to_owned))?.ok_or_else(|| {
            at.refuse(
                format!("`[scheme]` without `{key}`"),
                format!("`{key}`: {expected}"),
            )
        })
    };
    let date = |v: At<'_>| {
        let text = v.str()?;
        text.parse::<Date>()
            .ok()
            .filter(|d| (1900..=2199).contains(&d.year()))
            .ok_or_else(|| v.mismatch("a date like \"2026-01-31\""))
    };
    let id = text("id", "the scheme's number and a word, like `07-new-customers`")?;
    let good = id.len() > 3
        && id.as_bytes()[..2].iter().all(u8::is_ascii_digit)
        && id.as_bytes()[2] == b'-'
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !good {
        return at
            .get("id", |v| {
                Err(v.mismatch("two digits, `-` and small letters like `07-new-customers`"))
            })
            .and_then(|none: Option<Header>| none.ok_or_else(|| at.refuse("no id", "`id`")));
    }
    let choice = |key: &str, default: &str, words: &[&str]| {
        at.get(key, |v| {
            let word = v.str()?;
            words
                .contains(&word)
                .then(|| word.to_owned())
                .ok_or_else(|| v.mismatch(one_of(words)))
        })
        .map(|w| w.unwrap_or_else(|| default.to_owned()))
    };
    let income = at.get("income", |v| {
        Income::parse(v.str()?).ok_or_else(|| v.mismatch(one_of(Income::words())))
    })?;
    let tax = choice("tax", TaxBasis::Pre.word(), &TaxBasis::WORDS)?;
    let late = choice("late", "full", &LATE.map(|l| l.0))?;
    let from = at.get("from", date)?;
    let to = at.get("to", date)?;
    let from =
        from.ok_or_else(|| at.refuse("`[scheme]` without `from`", "`from`: the first day it holds"))?;
    if to.is_some_and(|to| to <= from) {
        return Err(at.refuse(
            "`to` is not after `from`",
            "half-open dates: `to` is the first day it no longer holds",
        ));
    }
    let version = at.get("version", |v| match v.raw.node {
        crate::payout::raw::Node::Int(n) if n > 0 => Ok(n),
        _ => Err(v.mismatch("a whole number from 1")),
    })?;
    let currency = choice("currency", "CNY", &["CNY", "USD", "EUR", "HKD", "TWD", "SGD"])?;
    Ok(Header {
        id,
        version: version.unwrap_or(1),
        name: crate::payout::schema::Label {
            zh: text("zh", "its name in Chinese")?,
            en: text("en", "its name in English")?,
        },
        source: text("source", "where its rules are written, like `H:221-231`")?,
        period: choice("period", "month", &PERIODS)?,
        period_by: at.get("period_by", |v| v.str().map(str::to_owned))?,
        currency,
        unit: at
            .get("unit", |v| v.str().map(str::to_owned))?
            .unwrap_or_default(),
        decimals: at.get("display_decimals", decimals)?.unwrap_or(4),
        zone: at.get("zone", zone)?.unwrap_or(480),
        from,
        to,
        late: LATE.iter().find(|l| l.0 == late).map_or(Late::Full, |l| l.1),
        income,
        tax: if tax == TaxBasis::Pre.word() {
            TaxBasis::Pre
        } else {
            TaxBasis::NetGrossedUp
        },
        guard: at.get("guard", |v| v.bool())?.unwrap_or(false),
    })
}

/// The parameter that says the period: of words that are periods, and the header's own by default.
pub(super) fn period_by(at: At<'_>, header: &Header, params: &[ParamDecl]) -> Result<(), Refused> {
    let id = at.str()?;
    let declared = params.iter().find(|p| p.id == id);
    let fits = declared.is_some_and(|p| {
        let words = match &p.kind {
            ParamKind::One(Type::Text, Some(words)) => words.iter().all(|w| PERIODS.contains(&w.as_str())),
            _ => false,
        };
        let by_default = match &p.dated[..] {
            [one] => matches!(&one.value, Setting::One(Value::Text(word)) if **word == *header.period),
            _ => false,
        };
        words && by_default
    });
    if fits {
        return Ok(());
    }
    let expected = format!(
        "a parameter of text with `options` of {} and the default \"{}\"",
        one_of(PERIODS),
        header.period
    );
    Err(at.refuse(format!("`period_by` is `{id}`"), expected))
}

fn decimals(at: At<'_>) -> Result<usize, Refused> {
    let number = match at.raw.node {
        crate::payout::raw::Node::Int(n) => usize::try_from(n).ok(),
        _ => None,
    };
    number
        .filter(|n| *n <= 10)
        .ok_or_else(|| at.mismatch("a whole number from 0 to 10"))
}

/// `+08:00` in minutes.
fn zone(at: At<'_>) -> Result<i32, Refused> {
    let text = at.str()?;
    let bytes = text.as_bytes();
    let digits = |r: std::ops::Range<usize>| text.get(r).and_then(|t| t.parse::<i32>().ok());
    let minutes = match (bytes.first(), digits(1..3), digits(4..6)) {
        (Some(b'+' | b'-'), Some(h), Some(m)) if bytes.len() == 6 && h <= 14 && m < 60 => h * 60 + m,
        _ => return Err(at.mismatch("an offset like \"+08:00\"")),
    };
    Ok(if bytes[0] == b'-' { -minutes } else { minutes })
}

#[cfg(test)]
mod tests {
    use crate::payout::Document;
    use crate::payout::tests::SMALL;
    use serde_json::json;

    /// The small document with a header of its own and a parameter.
    fn read(header: &str, param: &str) -> Result<Document, String> {
        let text = SMALL
            .replace("[roster]", &format!("{header}\n\n[roster]"))
            .replace("[param.bands]", &format!("{param}\n\n[param.bands]"));
        Document::parse("small.toml", &text).map_err(|faults| faults[0].to_string())
    }

    const CYCLE: &str = "[param.cycle]\nzh = \"周期\"\nen = \"cycle\"\nrule = \"A16\"\nbecause = \"x\"\ntype = \"text\"\n\
                         options = [\"month\", \"quarter\"]\ndefault = \"month\"";

    #[test]
    fn a_parameter_may_say_the_period_and_only_words_that_are_periods() {
        let doc = read("period_by = \"cycle\"", CYCLE).unwrap();
        let by = |params: serde_json::Value| doc.header.period_with(&params).to_owned();
        assert_eq!(by(json!({})), "month");
        assert_eq!(by(json!({ "cycle": "quarter" })), "quarter");
        assert_eq!(
            by(json!({ "cycle": "week" })),
            "month",
            "refused where the parameters are read"
        );
        assert_eq!(doc.to_json()["period_by"], "cycle");
        for (header, param) in [
            ("period_by = \"cycles\"", CYCLE.to_owned()),
            ("period_by = \"pool\"", CYCLE.to_owned()),
            (
                "period_by = \"cycle\"",
                CYCLE.replace("\"quarter\"]", "\"week\"]"),
            ),
            (
                "period_by = \"cycle\"",
                CYCLE.replace("default = \"month\"", "default = \"quarter\""),
            ),
            (
                "period_by = \"cycle\"",
                CYCLE.replace("default = \"month\"", "missing = \"no word\""),
            ),
        ] {
            let said = read(header, &param).unwrap_err();
            assert!(
                said.contains("`period_by` is `") && said.contains("`month`"),
                "{said}"
            );
        }
    }

    #[test]
    fn what_a_late_fact_does_is_told_in_the_documents_word() {
        for (word, late) in super::LATE {
            assert_eq!(late.word(), word);
        }
        let doc = read("late = \"own_line_only\"", "").unwrap();
        assert_eq!(doc.to_json()["late"], "own_line_only");
    }
}
