//! A conversion: taken once, decided, booked — in one transaction (attribution.md §5).
//!
//! # Why
//! The external id's row is taken first, so that the same request twice at once makes one row; then the customer's row
//! is locked, so that two orders of one customer cannot both find them new.

use std::time::Duration;

use crate::app::board::freeze_before;
use crate::app::check::{Checked, ConversionInput, Wrong, check};
use crate::app::claims::give_way;
use crate::app::gather::{Basis, gather};
use crate::app::notices::held_from_start;
use crate::app::outbox::conversion_created;
use crate::app::{Actor, App, Vault};
use crate::attribution::{ContactHash, ContactKind, ConversionKind, Decision, Rules, counted, decide};
use crate::domain::{ClickId, ConversionId, Counts, CustomerId, Slice, Tally};
use crate::storage::conversions::{self, Conversion, Decided, NewConversion};
use crate::storage::{SealedContact, StoreError, Tx, add_tally, customers, insert_sealed_contact};

/// How long a conversion waits for its click to reach the store (the loader is at most 2 s behind outside bursts).
pub(super) const CLICK_PATIENCE: Duration = Duration::from_millis(2_000);
pub(super) const CLICK_POLL: Duration = Duration::from_millis(50);
/// A click older than this is not on its way any more, milliseconds.
const CLICK_LATE_MS: i64 = 60 * 60 * 1000;
/// How often a transaction is tried that collided with another one.
const TRIES: u32 = 6;

/// Why a conversion was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// Fields that are wrong.
    #[error("{}", Wrong::list(.0))]
    Wrong(Vec<Wrong>),
    /// The external id is taken by something else.
    #[error("{0:?} was sent before with other content; the same id again must carry the same content")]
    OtherContent(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The answer to a conversion.
#[derive(Clone, Debug)]
pub struct Converted {
    /// As stored.
    pub conversion: Conversion,
    /// Whether this call made it; else it is the first answer again.
    pub is_new: bool,
}

/// Takes a conversion, decides and books it. The same external id with the same content gives the first answer again.
pub async fn convert(app: &App, actor: &Actor, input: ConversionInput) -> Result<Converted, ConvertError> {
    let checked = check(app, actor, input).await?.map_err(ConvertError::Wrong)?;
    if let Some(found) = repeated(app, &checked).await? {
        return Ok(found);
    }
    if let Some(click) = checked.new.click {
        wait_for_click(app, click).await?;
    }
    freeze_before(app).await;
    let mut tries = 1;
    loop {
        match once(app, &checked).await {
            Err(ConvertError::Store(error)) if error.is_collision() && tries < TRIES => {
                tokio::time::sleep(Duration::from_millis(5 << tries)).await;
                tries += 1;
            }
            other => return other,
        }
    }
}

/// The first answer, when the external id is known.
async fn repeated(app: &App, checked: &Checked) -> Result<Option<Converted>, ConvertError> {
    let Some(conversion) = app.store.conversion(&checked.new.external_id).await? else {
        return Ok(None);
    };
    if conversion.content_hash != checked.new.content_hash {
        return Err(ConvertError::OtherContent(checked.new.external_id.clone()));
    }
    Ok(Some(Converted {
        conversion,
        is_new: false,
    }))
}

/// Clicks reach the store through the spool: a conversion seconds after its click may be here first.
async fn wait_for_click(app: &App, click: ClickId) -> Result<(), StoreError> {
    let mut waited = Duration::ZERO;
    while !app.store.click_is_loaded(click).await?
        && waited < CLICK_PATIENCE
        && app.clock.now_ms() - click.unix_ms() < CLICK_LATE_MS
    {
        tokio::time::sleep(CLICK_POLL).await;
        waited += CLICK_POLL;
    }
    Ok(())
}

async fn once(app: &App, checked: &Checked) -> Result<Converted, ConvertError> {
    let new = &checked.new;
    let mut tx = app.store.begin().await?;
    let who = Customer::Contacts(&checked.contacts);
    let sealed = checked.sealed.as_ref();
    if take_in(app, &mut tx, new, who, sealed).await?.is_none() {
        tx.rollback().await?;
        let found = repeated(app, checked).await?;
        return found.ok_or(ConvertError::Store(StoreError::RowCount {
            what: "customers",
            found: 0,
            expected: 1,
        }));
    }
    tx.commit().await?;
    let conversion = app.store.conversion(&new.external_id).await?;
    let conversion = conversion.ok_or(StoreError::RowCount {
        what: "conversions",
        found: 0,
        expected: 1,
    })?;
    Ok(Converted {
        conversion,
        is_new: true,
    })
}

/// Who a conversion is of.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) enum Customer<'a> {
    /// Whoever has these contacts; perhaps nobody is named.
    Contacts(&'a [(ContactKind, ContactHash)]),
    /// This one, locked by the caller.
    Known(CustomerId),
}

/// Takes, decides and books a conversion inside a transaction; `None`, and nothing written, when the id is taken.
pub(in crate::app) async fn take_in(
    app: &App,
    tx: &mut Tx,
    new: &NewConversion,
    customer: Customer<'_>,
    sealed: Option<&SealedContact>,
) -> Result<Option<ConversionId>, StoreError> {
    let Some(id) = conversions::take(tx, new).await? else {
        return Ok(None);
    };
    let customer = match customer {
        Customer::Contacts([]) => None,
        Customer::Contacts(contacts) => {
            let found = customers::find_or_make(tx, contacts, new.created_at).await?;
            Some((found.id, found.hashes))
        }
        Customer::Known(id) => Some((id, customers::hashes(tx, id).await?)),
    };
    give_way(tx, new).await?;
    let basis = Basis {
        id,
        external_id: &new.external_id,
        kind: new.kind,
        occurred_at: new.occurred_at,
        day: new.day,
        amount: new.amount,
        click: new.click,
        coupon_code: new.coupon_code.as_deref(),
        redeemed: None,
        customer,
        form_ms: new.form_ms,
        now_ms: new.created_at,
    };
    let gathered = gather(tx, &Vault::new(&app.secrets), &basis).await?;
    let decision = decide(&gathered.evidence, &Rules::from(&app.programme));
    let decided = decided(decision, basis.customer.as_ref().map(|(id, _)| *id), &gathered);
    conversions::write_decision(tx, id, &decided, true, new.created_at).await?;
    if new.kind == ConversionKind::Lead
        && let Some(sealed) = sealed
    {
        insert_sealed_contact(tx, id, sealed, new.created_at).await?;
    }
    let now = counted(new.kind, decided.status, new.amount);
    book(tx, &booking(new.day, new.occurred_at, &decided), now).await?;
    conversion_created(tx, new.kind, &new.external_id, new.created_at).await?;
    held_from_start(tx, new, &decided).await?;
    Ok(Some(id))
}

/// What a decision leaves in the row.
pub(in crate::app) fn decided(
    decision: Decision,
    customer: Option<crate::domain::CustomerId>,
    gathered: &crate::app::gather::Gathered,
) -> Decided {
    Decided {
        customer,
        coupon: gathered.coupon,
        coupon_refusal: gathered.coupon_refusal.clone(),
        status: decision.status,
        via: decision.via,
        credited_to: decision.credited_to,
        indirect_to: decision.indirect_to,
        link: decision.link,
        campaign: decision.campaign,
        touch: decision.touch,
        bound_at: decision.bound_at_ms,
        steps: decision.steps,
    }
}

/// Where a fresh decision is booked. Indirect credit has no place on the board.
pub(in crate::app) fn booking(day: jiff::civil::Date, at_ms: i64, decided: &Decided) -> Slice<'_> {
    Slice {
        day,
        at_ms,
        employee: decided.credited_to,
        link: decided.link,
        campaign: decided
            .campaign
            .as_ref()
            .map(|(id, channel)| (*id, channel.as_str())),
    }
}

/// Where a stored conversion is booked.
pub(in crate::app) fn slice_of(c: &Conversion) -> Slice<'_> {
    Slice {
        day: c.day,
        at_ms: c.occurred_at,
        employee: c.credited_to,
        link: c.link,
        campaign: c.campaign.zip(c.channel.as_deref()),
    }
}

/// Books a difference in all rollups.
pub(in crate::app) async fn book(tx: &mut Tx, slice: &Slice<'_>, counts: Counts) -> Result<(), StoreError> {
    if counts.is_zero() {
        return Ok(());
    }
    let mut tally = Tally::default();
    tally.book(slice, counts);
    add_tally(tx, &tally).await
}
