//! Proposals and non-cash awards of closed runs, and what a named person decided on each.

use std::str::FromStr;

use jiff::civil::Date;

use crate::domain::Money;
use crate::storage::convert::{day, word};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// Where an offer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferState {
    /// Nobody decided.
    Open,
    /// It shall be so.
    Accepted,
    /// It shall not be so.
    Declined,
    /// Given to the person, or entered in the records.
    HandedOver,
}

impl OfferState {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Open, Self::Accepted, Self::Declined, Self::HandedOver];

    /// The word in the store and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::HandedOver => "handed_over",
        }
    }
}

impl FromStr for OfferState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or(())
    }
}

/// An offer to be filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOffer {
    /// `proposal` or `award`.
    pub kind: &'static str,
    /// In the run's outcome.
    pub place: i64,
    /// Employee code, department or customer.
    pub payee: String,
    /// `employee`, `department` or `customer`.
    pub payee_kind: String,
    /// Which rule.
    pub component: String,
    /// Its name in Chinese and English.
    pub title: (String, String),
    /// `pay_rise`, `promotion` …; an award's unit.
    pub what: String,
    /// How much, how many.
    pub quantity: String,
    /// Cash equivalent of an award (GC-29).
    pub amount: Option<Money>,
    /// What it is about.
    pub about: Option<String>,
    /// From when.
    pub effective: Option<String>,
    /// How it came about, in Chinese and English.
    pub says: (String, String),
}

/// An offer with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Row.
    pub id: i64,
    /// Its run.
    pub run: i64,
    /// The run's scheme.
    pub scheme: String,
    /// The run's period.
    pub period: String,
    /// The run's first day.
    pub from_on: Date,
    /// The employee's name.
    pub name: Option<String>,
    /// What it says.
    pub says: NewOffer,
    /// Where it stands.
    pub state: OfferState,
    /// Who decided, when and why.
    pub decided: Option<(String, i64, String)>,
    /// Who handed it over, when and what they noted.
    pub handed: Option<(String, i64, String)>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    run_id: i64,
    scheme: String,
    period: String,
    from_on: String,
    name: Option<String>,
    kind: String,
    place: i64,
    payee: String,
    payee_kind: String,
    component: String,
    title_zh: String,
    title_en: String,
    what: String,
    quantity: String,
    amount: Option<i64>,
    about: Option<String>,
    effective: Option<String>,
    says_zh: String,
    says_en: String,
    state: String,
    decided_by: Option<String>,
    decided_at: Option<i64>,
    reason: Option<String>,
    handed_by: Option<String>,
    handed_at: Option<i64>,
    handed_note: Option<String>,
}

impl TryFrom<Row> for Offer {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let step = |by: Option<String>, at: Option<i64>, note: Option<String>| {
            by.zip(at).map(|(by, at)| (by, at, note.unwrap_or_default()))
        };
        Ok(Self {
            id: row.id,
            run: row.run_id,
            scheme: row.scheme,
            period: row.period,
            from_on: day("runs", "from_on", row.from_on)?,
            name: row.name,
            says: NewOffer {
                kind: if row.kind == "award" { "award" } else { "proposal" },
                place: row.place,
                payee: row.payee,
                payee_kind: row.payee_kind,
                component: row.component,
                title: (row.title_zh, row.title_en),
                what: row.what,
                quantity: row.quantity,
                amount: row.amount.map(Money::from_minor),
                about: row.about,
                effective: row.effective,
                says: (row.says_zh, row.says_en),
            },
            state: word("pay_offers", "state", row.state)?,
            decided: step(row.decided_by, row.decided_at, row.reason),
            handed: step(row.handed_by, row.handed_at, row.handed_note),
        })
    }
}

macro_rules! offer_sql {
    ($rest:literal) => {
        concat!(
            "select o.id, o.run_id, r.scheme, r.period, r.from_on, e.name, o.kind, o.place, o.payee, o.payee_kind, o.component, \
             o.title_zh, o.title_en, o.what, o.quantity, o.amount, o.about, o.effective, o.says_zh, o.says_en, o.state, \
             o.decided_by, o.decided_at, o.reason, o.handed_by, o.handed_at, o.handed_note from pay_offers o \
             join runs r on r.id = o.run_id \
             left join employees e on e.code = o.payee and o.payee_kind = 'employee' ",
            $rest
        )
    };
}

impl Store {
    /// Offers of a kind in a state, or in any, the newest first; `before` is the last page's smallest id.
    pub async fn offers(
        &self,
        kind: &str,
        state: Option<OfferState>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Offer>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(offer_sql!(
                "where o.kind = $1 and o.state = coalesce($2, o.state) and o.id < $3 order by o.id desc limit $4"
            ))
            .bind(kind)
            .bind(state.map(OfferState::as_str))
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// An employee's non-cash awards of these runs, in order.
    pub async fn awards_of(&self, payee: &str, runs: &[i64]) -> Result<Vec<Offer>, StoreError> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = reading!(self, |db| {
            let mut q = sqlx::QueryBuilder::new(offer_sql!(
                "where o.payee_kind = 'employee' and o.kind = 'award' and o.payee = "
            ));
            q.push_bind(payee).push(" and o.run_id in (");
            let mut list = q.separated(", ");
            for run in runs {
                list.push_bind(*run);
            }
            q.push(") order by o.id");
            q.build_query_as().fetch_all(db).await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Rises of employees that were accepted or handed over, and of which no fact tells, the oldest first: those from before
    /// there were such facts.
    pub async fn rises_untold(&self, kind: &str, source: &str) -> Result<Vec<Offer>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(offer_sql!(
                "where o.kind = 'proposal' and o.what = 'pay_rise' and o.payee_kind = 'employee' \
                 and o.state in ('accepted', 'handed_over') and not exists (select 1 from facts f where f.kind = $1 \
                 and f.source = $2 and f.source_key = 'offer-' || cast(o.id as text)) order by o.id limit 500"
            ))
            .bind(kind)
            .bind(source)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Payees whose proposals of these kinds were declined, of one run.
    pub async fn declined_of(&self, run: i64, what: &[&str]) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = reading!(self, |db| {
            let mut q = sqlx::QueryBuilder::new(
                "select distinct payee from pay_offers where kind = 'proposal' and state = 'declined' and run_id = ",
            );
            q.push_bind(run).push(" and what in (");
            let mut list = q.separated(", ");
            for word in what {
                list.push_bind(*word);
            }
            q.push(") order by payee");
            q.build_query_as().fetch_all(db).await?
        });
        Ok(rows.into_iter().map(|(payee,)| payee).collect())
    }

    /// One offer.
    pub async fn offer(&self, id: i64) -> Result<Option<Offer>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(offer_sql!("where o.id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        });
        row.map(TryInto::try_into).transpose()
    }
}

/// Files what a run offers, open.
pub async fn insert_offers(tx: &mut Tx, run: i64, offers: &[NewOffer], at: i64) -> Result<(), StoreError> {
    for new in offers {
        let done = writing!(tx, |db| {
            sqlx::query(
                "insert into pay_offers (run_id, kind, place, payee, payee_kind, component, title_zh, title_en, what, \
                 quantity, amount, about, effective, says_zh, says_en, state, created_at) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'open', $16)",
            )
            .bind(run)
            .bind(new.kind)
            .bind(new.place)
            .bind(&new.payee)
            .bind(&new.payee_kind)
            .bind(&new.component)
            .bind(&new.title.0)
            .bind(&new.title.1)
            .bind(&new.what)
            .bind(&new.quantity)
            .bind(new.amount.map(Money::minor))
            .bind(&new.about)
            .bind(&new.effective)
            .bind(&new.says.0)
            .bind(&new.says.1)
            .bind(at)
            .execute(db)
            .await?
            .rows_affected()
        });
        StoreError::check_rows("pay_offers", done, 1)?;
    }
    Ok(())
}

/// Decides an open offer; `false` when somebody did before.
pub async fn decide_offer(
    tx: &mut Tx,
    id: i64,
    to: OfferState,
    (by, at): (&str, i64),
    reason: &str,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update pay_offers set state = $2, decided_by = $3, decided_at = $4, reason = $5 \
             where id = $1 and state = 'open'",
        )
        .bind(id)
        .bind(to.as_str())
        .bind(by)
        .bind(at)
        .bind(reason)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Declines an offer that was accepted and not handed over yet; `false` when it is not one.
pub async fn take_back_offer(
    tx: &mut Tx,
    id: i64,
    (by, at): (&str, i64),
    reason: &str,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update pay_offers set state = 'declined', decided_by = $2, decided_at = $3, reason = $4 \
             where id = $1 and state = 'accepted'",
        )
        .bind(id)
        .bind(by)
        .bind(at)
        .bind(reason)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Marks an accepted offer as handed over; `false` when it is not one.
pub async fn hand_over_offer(
    tx: &mut Tx,
    id: i64,
    (by, at): (&str, i64),
    note: &str,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update pay_offers set state = 'handed_over', handed_by = $2, handed_at = $3, handed_note = $4 \
             where id = $1 and state = 'accepted'",
        )
        .bind(id)
        .bind(by)
        .bind(at)
        .bind(note)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
