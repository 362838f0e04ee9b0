//! Guards that look at a month without being asked: minimum wage and recovery are calculated before anything of it closes.
//!
//! # Why
//! Guards run after all schemes of a period (engine.md). One that somebody has to remember is no guard: the close calculates
//! every guard in force for the period that ends with the run, and what it found waits for review like any other payout.

use serde_json::Value;

use crate::app::again::again;
use crate::app::pay::calculate::calculate;
use crate::app::pay::library::InForce;
use crate::app::pay::material::{Shape, gather, reach_of};
use crate::app::pay::{PayError, Unable, board, flow, guard, library};
use crate::app::{Actor, App};
use crate::domain::Period;
use crate::storage::pay::{RunHead, RunState};

/// Calculates the guards in force for the periods that end with a run that is about to be closed. What is under review
/// already stays, and so does what would come out the same. Refused where a guard in force cannot be calculated.
pub(super) async fn guards(app: &App, actor: &Actor, run: &RunHead) -> Result<(), PayError> {
    let Some(month) = ends_month(run) else {
        return Ok(());
    };
    for scheme in app.store.schemes_set().await? {
        if scheme == guard::GUARDS || scheme == run.scheme {
            continue;
        }
        let Some(in_force) = library::scheme_document(app, &scheme, month.first).await? else {
            continue;
        };
        let Some(period) = board::period_due(in_force.period(), &month) else {
            continue;
        };
        if !(in_force.enabled && in_force.document.header.guard) {
            continue;
        }
        let heads = app.store.heads_touching(period.first, period.end).await?;
        let known = heads.into_iter().find(|head| head.scheme == scheme);
        if let Some(head) = known
            && (head.state != RunState::Calculated || is_current(app, &head, &in_force).await?)
        {
            continue;
        }
        let why = match calculate(app, actor, &scheme, &period.label()).await {
            // Somebody put it up for review in this instant, or it covers these days under another period: it looks at them.
            Ok(_) | Err(PayError::Conflict(_)) => continue,
            Err(why @ (PayError::Refused(_) | PayError::Input(_) | PayError::Unable(_))) => why,
            Err(other) => return Err(other),
        };
        return Err(PayError::Unable(Unable::Guard {
            period: period.label(),
            why: Box::new(why),
            scheme,
        }));
    }
    Ok(())
}

/// The month a run ends with.
fn ends_month(run: &RunHead) -> Option<Period> {
    let last = run.to_on.yesterday().ok()?;
    Period::month_of(last).ok().filter(|month| month.end == run.to_on)
}

/// Whether calculating a guard again would give what is there.
async fn is_current(app: &App, head: &RunHead, in_force: &InForce) -> Result<bool, PayError> {
    let document = &in_force.document;
    let days = (head.from_on, head.to_on);
    let kinds = Shape::of(document).facts.into_keys().collect();
    again!(flow::flow(app, days.0, days.1, &kinds))?;
    let Some(run) = app.store.run(head.id).await? else {
        return Ok(false);
    };
    let params: Value = serde_json::from_str(&run.params).unwrap_or_default();
    if run.document != document.text() || params != in_force.params {
        return Ok(false);
    }
    let since = (run.watermark, i64::MAX);
    for (kind, reach) in reach_of(app, document, days, &params)? {
        // Those of earlier periods too: their corrections are booked in this one.
        let late = app.store.late_facts(&kind, (None, reach.to), since, 1).await?;
        if !late.is_empty() {
            return Ok(false);
        }
    }
    // People may have come, left or got other attributes.
    let now = gather(app, document, days, &params, run.watermark, None).await?;
    Ok(now.hash[..] == run.input_hash[..])
}
