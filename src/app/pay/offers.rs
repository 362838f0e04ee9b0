//! Proposals (GC-10, GC-30) and non-cash awards (GC-29): filed when a run closes, decided by a named person with a reason,
//! handed over by another. An accepted rise is a fact from then on.

use serde_json::{Value, json};

use crate::app::again::again;
use crate::app::pay::{Clash, PayError, guard, next, objections, rises, steps};
use crate::app::{Actor, App, Permission};
use crate::storage::pay::{
    NewOffer, Offer, OfferState, Run, decide_offer, hand_over_offer, insert_offers, take_back_offer,
};
use crate::storage::{StoreError, Tx, insert_audit};

/// Longest reason or note, characters.
const MAX_REASON: usize = 500;

/// Files what a run that closes offers.
pub(super) async fn file(tx: &mut Tx, run: &Run, at: i64) -> Result<(), StoreError> {
    insert_offers(tx, run.id, &offers_of(run), at).await
}

/// Proposals and awards of a run's outcome.
fn offers_of(run: &Run) -> Vec<NewOffer> {
    let outcome: Value = serde_json::from_str(&run.outcome).unwrap_or_default();
    let mut offers = Vec::new();
    for (list, kind) in [("proposals", "proposal"), ("awards", "award")] {
        for (place, told) in outcome[list].as_array().into_iter().flatten().enumerate() {
            let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
            let two = |name: &str| {
                let side = |lang: &str| told[name][lang].as_str().unwrap_or_default().to_owned();
                (side("zh"), side("en"))
            };
            let is_award = kind == "award";
            // Points are booked by the points ledger: there is nothing to hand over.
            if is_award && text("unit").starts_with("points") {
                continue;
            }
            offers.push(NewOffer {
                kind,
                place: i64::try_from(place).unwrap_or(i64::MAX),
                payee: text("payee"),
                payee_kind: if is_award {
                    text("payee_kind")
                } else {
                    "employee".to_owned()
                },
                component: text("component"),
                title: two("title"),
                what: text(if is_award { "unit" } else { "proposal" }),
                quantity: text(if is_award { "quantity" } else { "value" }),
                amount: told["value"].as_str().filter(|_| is_award).map(guard::signed),
                about: told["about"].as_str().map(str::to_owned),
                effective: told["effective"].as_str().map(str::to_owned),
                says: two("says"),
            });
        }
    }
    offers
}

/// Why somebody may not decide on an offer: `role`, `calculated` or `paid` (it is their own).
pub async fn barred_from_offer(
    app: &App,
    actor: &Actor,
    offer: &Offer,
) -> Result<Option<&'static str>, PayError> {
    let run = app.store.run(offer.run).await?;
    let run = run.ok_or_else(|| PayError::NotFound(format!("payout {}", offer.run)))?;
    let own = is_own(app, actor, offer).await?;
    let barred = steps::barred(app, actor, &run, own).await?;
    Ok(barred.map(steps::Barred::as_str))
}

/// Why somebody may not hand an accepted offer over: `hand` (their role), `accepted` (they did) or `paid` (it is their
/// own).
pub async fn barred_from_handing(
    app: &App,
    actor: &Actor,
    offer: &Offer,
) -> Result<Option<&'static str>, PayError> {
    if !actor.may(Permission::CalculatePay) {
        return Ok(Some("hand"));
    }
    if let Some((by, ..)) = &offer.decided
        && actor.is_same(&app.store, by).await?
    {
        return Ok(Some("accepted"));
    }
    Ok(is_own(app, actor, offer).await?.then_some("paid"))
}

async fn is_own(app: &App, actor: &Actor, offer: &Offer) -> Result<bool, PayError> {
    // A department or a customer may have an employee's code.
    let own = objections::own_code(app, actor).await?;
    Ok(offer.says.payee_kind == "employee" && own.as_ref() == Some(&offer.says.payee))
}

fn reason_of(text: &str) -> Result<&str, PayError> {
    let reason = text.trim();
    if (1..=MAX_REASON).contains(&reason.chars().count()) {
        Ok(reason)
    } else {
        Err(PayError::field(
            "/reason",
            format!("1 to {MAX_REASON} characters"),
        ))
    }
}

/// The run that carries the rest of what an offer recovers; `None`: it recovers nothing.
async fn carries(app: &App, offer: &Offer) -> Result<Option<Run>, PayError> {
    if offer.says.kind != "proposal" || !next::RECOVERS.contains(&offer.says.what.as_str()) {
        return Ok(None);
    }
    Ok(app.store.run(offer.run).await?)
}

/// Accepts or declines an offer: an approver who neither calculated nor submitted its run, and whose own it is not.
pub async fn decide_on_offer(
    app: &App,
    actor: &Actor,
    id: i64,
    accept: bool,
    reason: &str,
) -> Result<Offer, PayError> {
    let missing = || PayError::NotFound(format!("offer {id}"));
    let offer = app.store.offer(id).await?.ok_or_else(missing)?;
    if barred_from_offer(app, actor, &offer).await?.is_some() {
        return Err(PayError::Forbidden(
            "an approver decides who neither calculated it nor is concerned",
        ));
    }
    let reason = reason_of(reason)?;
    let to = if accept {
        OfferState::Accepted
    } else {
        OfferState::Declined
    };
    let rise = if accept {
        rises::of(app, &offer).await?
    } else {
        None
    };
    let carried = if accept { None } else { carries(app, &offer).await? };
    again!(async {
        let (who, now_ms) = (actor.word(), app.clock.now_ms());
        let mut tx = app.store.begin().await?;
        if !decide_offer(&mut tx, id, to, (&who, now_ms), reason).await? {
            return Err(PayError::Conflict(Clash::OfferMoved { offer: id }));
        }
        if let Some(rise) = &rise {
            rise.is_due(&mut tx).await?;
            rise.put(&mut tx, false, (&who, now_ms)).await?;
        }
        if let Some(run) = &carried {
            next::unsay(&mut tx, run, &offer.says.payee, (&who, now_ms)).await?;
        }
        let detail = json!({ "payee": offer.says.payee, "what": offer.says.what, "to": to.as_str(), "reason": reason });
        let action = format!("{}.{}", offer.says.kind, to.as_str());
        insert_audit(&mut tx, now_ms, &who, &action, &format!("offer:{id}"), &detail).await?;
        tx.commit().await?;
        Ok::<_, PayError>(())
    })?;
    app.store.offer(id).await?.ok_or_else(missing)
}

/// Takes an acceptance back while nothing was handed over: the offer is declined, and a rise it granted did not happen
/// after all. Whoever may decide on it, with a reason.
pub async fn withdraw_offer(app: &App, actor: &Actor, id: i64, reason: &str) -> Result<Offer, PayError> {
    let missing = || PayError::NotFound(format!("offer {id}"));
    let offer = app.store.offer(id).await?.ok_or_else(missing)?;
    if barred_from_offer(app, actor, &offer).await?.is_some() {
        return Err(PayError::Forbidden(
            "an approver decides who neither calculated it nor is concerned",
        ));
    }
    let reason = reason_of(reason)?;
    let rise = rises::of(app, &offer).await?;
    let carried = carries(app, &offer).await?;
    again!(async {
        let (who, now_ms) = (actor.word(), app.clock.now_ms());
        let mut tx = app.store.begin().await?;
        if !take_back_offer(&mut tx, id, (&who, now_ms), reason).await? {
            return Err(PayError::Conflict(Clash::OfferMoved { offer: id }));
        }
        if let Some(rise) = &rise {
            rise.put(&mut tx, true, (&who, now_ms)).await?;
        }
        if let Some(run) = &carried {
            next::unsay(&mut tx, run, &offer.says.payee, (&who, now_ms)).await?;
        }
        let detail = json!({ "payee": offer.says.payee, "what": offer.says.what, "reason": reason });
        let action = format!("{}.withdrawn", offer.says.kind);
        insert_audit(&mut tx, now_ms, &who, &action, &format!("offer:{id}"), &detail).await?;
        tx.commit().await?;
        Ok::<_, PayError>(())
    })?;
    app.store.offer(id).await?.ok_or_else(missing)
}

/// Says that an accepted offer was given to the person or entered in the records; never by the person themselves, nor by
/// who accepted it.
pub async fn hand_over(app: &App, actor: &Actor, id: i64, note: &str) -> Result<Offer, PayError> {
    let missing = || PayError::NotFound(format!("offer {id}"));
    steps::need(actor, Permission::CalculatePay, "only finance and HR hand over")?;
    let offer = app.store.offer(id).await?.ok_or_else(missing)?;
    if barred_from_handing(app, actor, &offer).await?.is_some() {
        return Err(PayError::Forbidden(
            "nobody hands over what they accepted, or what is theirs",
        ));
    }
    let (who, now_ms) = (actor.word(), app.clock.now_ms());
    let note = note.trim();
    if note.chars().count() > MAX_REASON {
        return Err(PayError::field(
            "/reason",
            format!("at most {MAX_REASON} characters"),
        ));
    }
    let mut tx = app.store.begin().await?;
    if !hand_over_offer(&mut tx, id, (&who, now_ms), note).await? {
        return Err(PayError::Conflict(Clash::OfferMoved { offer: id }));
    }
    let detail = json!({ "payee": offer.says.payee, "what": offer.says.what, "note": note });
    let action = format!("{}.handed_over", offer.says.kind);
    insert_audit(&mut tx, now_ms, &who, &action, &format!("offer:{id}"), &detail).await?;
    tx.commit().await?;
    app.store.offer(id).await?.ok_or_else(missing)
}
