//! One claim under review: what was filed, what others say about the deal, and what may be decided.

use super::compare::{self, Table};
use super::queue::barred_word;
use crate::app::claims::{barred, claim_contact, compare as with_records};
use crate::attribution::ConversionKind;
use crate::attribution::claim::{ClaimState, ClaimStep, grounds};
use crate::storage::claims::Claim;
use crate::web::i18n::{Lang, TimeTag, date_words};
use crate::web::pages::claims::view::{self, Eyes, FileView, Line, State as Standing, instant};
use crate::web::session::SignedIn;
use crate::web::shell::Shell;
use crate::web::ui::{Field, Opt};
use crate::web::{Problem, Web};

/// Another claim on the same deal.
#[derive(Clone, Debug)]
pub struct Other {
    pub id: i64,
    pub person: String,
    pub state: Standing,
    pub filed: TimeTag,
    /// Why it is the same deal; else the customer only.
    pub same_deal: bool,
}

/// Somebody who says the deal is theirs.
#[derive(Clone, Debug)]
pub struct Contest {
    pub person: String,
    pub reason: String,
    pub time: TimeTag,
}

/// The claim.
#[derive(Clone, Debug)]
pub struct Case {
    pub id: i64,
    pub person: String,
    pub code: String,
    pub customer: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub state: Standing,
    pub filed: TimeTag,
    /// Until when the deal is kept for the claimant, while undecided.
    pub held_until: Option<String>,
    pub facts: Vec<(String, String)>,
    pub story: String,
    pub files: Vec<FileView>,
    /// The shop's order and the CRM's records beside the claim.
    pub tables: Vec<Table>,
    /// The order, for a record by hand.
    pub order: String,
    pub others: Vec<Other>,
    pub contests: Vec<Contest>,
    /// Who rejected it, while an appeal waits for another person.
    pub appeal_against: Option<String>,
    pub lines: Vec<Line>,
    /// `own` or `first`: why who looks may not decide.
    pub barred: Option<&'static str>,
    /// What may be decided; nothing once decided or barred.
    pub choices: Vec<Opt>,
    pub decision: Field,
    pub reason: Field,
}

/// A claim with everything around it. A look at the customer's contact is audited.
pub async fn of(web: &Web, who: &SignedIn, s: &Shell, claim: Claim) -> Result<Case, Problem> {
    let store = &web.app.store;
    let lang = who.lang;
    let contact = claim_contact(&web.app, &who.actor, &claim).await?;
    let events = store.claim_events(claim.id).await?;
    let named = |person: &Option<String>| {
        person
            .clone()
            .unwrap_or_else(|| lang.t("actor-system").to_string())
    };
    let contests = events
        .iter()
        .filter(|e| e.step == ClaimStep::Contested)
        .map(|e| Contest {
            person: named(&e.person_name),
            reason: e.reason.clone(),
            time: s.moment.time(instant(e.at)),
        })
        .collect();
    let rejecter = events.iter().rev().find(|e| e.step == ClaimStep::Rejected);
    let rejecter = rejecter.filter(|_| claim.status == ClaimState::Appealed);
    let mut tables = Vec::new();
    if let Some(order) = claim.order_no.as_deref().map(str::trim)
        && let Some(known) = store.conversion(order).await?
    {
        let credited = match known.credited_to {
            Some(id) => store.employee_by_id(id, web.app.today()).await?,
            None => None,
        };
        tables.push(compare::shop(
            lang,
            &claim,
            &known,
            credited.map(|e| e.facts.name),
        ));
    }
    for record in with_records(&web.app, &claim).await? {
        tables.push(compare::record(s, &claim, contact.as_ref(), &record));
    }
    let others = store.claims_about(claim.deal()).await?;
    let others = others
        .into_iter()
        .filter(|c| c.id != claim.id)
        .map(|c| Other {
            id: c.id,
            state: Standing::of(lang, c.status),
            filed: s.moment.time(instant(c.filed_at)),
            same_deal: grounds(c.deal(), claim.deal()).is_some(),
            person: c.employee_name,
        })
        .collect();
    let barred = barred(&who.actor, &claim).filter(|_| claim.status.is_open());
    let choices = if barred.is_none() {
        choices(lang, claim.status)
    } else {
        Vec::new()
    };
    Ok(Case {
        id: claim.id,
        person: claim.employee_name.clone(),
        code: claim.employee_code.clone(),
        customer: contact.as_ref().and_then(|c| c.name.clone()),
        phone: contact.as_ref().and_then(|c| c.phone.clone()),
        email: contact.as_ref().and_then(|c| c.email.clone()),
        state: Standing::of(lang, claim.status),
        filed: s.moment.time(instant(claim.filed_at)),
        held_until: claim
            .status
            .is_open()
            .then(|| s.moment.exact(instant(claim.held_until))),
        facts: facts(s, &claim),
        story: claim.story.clone(),
        files: view::files(claim.id, store.claim_files(claim.id).await?),
        tables,
        order: claim.order_no.clone().unwrap_or_default(),
        others,
        contests,
        appeal_against: rejecter.map(|e| named(&e.person_name)),
        lines: view::timeline(s, &claim, events, Eyes::Verifier),
        barred: barred.map(barred_word),
        choices,
        decision: Field::empty("decision"),
        reason: Field::empty("reason"),
    })
}

fn facts(s: &Shell, claim: &Claim) -> Vec<(String, String)> {
    let lang = s.lang;
    let lead = claim.kind == ConversionKind::Lead;
    let kind = if lead {
        lang.t("claim-lead")
    } else {
        lang.t("claim-sale")
    };
    let mut facts = vec![(lang.t("claim-kind").to_string(), kind.to_string())];
    let mut add = |label: String, value: String| {
        if !value.is_empty() {
            facts.push((label, value));
        }
    };
    add(lang.t("claim-bought").to_string(), claim.bought.clone());
    if !lead {
        add(lang.t("col-amount").to_string(), s.yuan(claim.amount));
    }
    add(
        lang.t("claim-order").to_string(),
        claim.order_no.clone().unwrap_or_default(),
    );
    add(
        lang.t("claim-day").to_string(),
        date_words(lang, claim.occurred_on),
    );
    facts
}

/// What may be decided on a claim in this state.
fn choices(lang: Lang, status: ClaimState) -> Vec<Opt> {
    let family = |step: ClaimStep, value: &'static str| {
        let open = status.after(step).is_ok();
        open.then(|| Opt::new(value, lang.word("review-choose", step)))
    };
    [
        family(ClaimStep::Verified, "verified"),
        family(ClaimStep::Overturned, "verified"),
        family(ClaimStep::NeedsInformation, "needs_information"),
        family(ClaimStep::Rejected, "rejected"),
        family(ClaimStep::Upheld, "rejected"),
    ]
    .into_iter()
    .flatten()
    .collect()
}
