//! The hosted landing page: its lead form, and the visitor's own link (attribution.md §4 and §5).

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::app::convert::{CLICK_PATIENCE, CLICK_POLL};
use crate::app::{
    Actor, App, ConversionInput, ConvertError, LeadContact, Vault, Wrong, click_of_token, convert,
};
use crate::attribution::{Contact, ContactHash, ConversionKind, Source};
use crate::domain::{LinkCode, LinkId, LinkState, mint_code};
use crate::storage::campaigns::Campaign;
use crate::storage::child_links::{child_of, children_of, insert_child};
use crate::storage::links::Link;
use crate::storage::{Store, StoreError};

/// Channel of visitors' links.
pub const RESHARE_CHANNEL: &str = "reshare";
/// Most links visitors may mint from one link.
const MOST_CHILDREN: i64 = 10_000;
/// How often a minted code may be taken before we give up.
const MINT_TRIES: u32 = 20;
/// Longest name, characters.
pub const MAX_NAME: usize = 60;
/// Longest message, characters.
pub const MAX_MESSAGE: usize = 1000;

/// What a landing page is about.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The link it was opened by; none when it was opened by the campaign's slug without one.
    pub link: Option<Link>,
    /// The campaign.
    pub campaign: Campaign,
    /// Whether it may be visited.
    pub state: LinkState,
    /// The visitor came by a click that is still on its way into the store: which link's is known in a moment.
    pub arriving: bool,
}

/// Finds what `/l/{name}` is about: a link by its code, else a campaign by its slug (one destination then serves all of
/// the campaign's links: whose it was says the click token).
pub async fn landing(app: &App, name: &str, token: Option<&str>) -> Result<Option<Landing>, StoreError> {
    let store = &app.store;
    let mut link = store.link(name).await?;
    let mut campaign = match &link {
        Some(link) => store.campaign_by_id(link.campaign).await?,
        None => store.campaign(name).await?,
    };
    // The link that brought the visitor is the token's, where that is one of this campaign's.
    let (brought, arriving) = brought_by(app, token).await?;
    if let Some(brought) = brought
        && campaign.as_ref().is_some_and(|c| c.id == brought.campaign)
    {
        link = Some(brought);
    }
    let Some(campaign) = campaign.take() else {
        return Ok(None);
    };
    let today = app.today();
    let now_ms = app.clock.now_ms();
    let facts = &campaign.facts;
    let over =
        facts.ends_on.is_some_and(|last| today > last) || facts.starts_on.is_some_and(|first| today < first);
    let link_facts = link.as_ref().map(|l| &l.facts);
    let state = if facts.disabled_at.is_some() || link_facts.is_some_and(|l| l.disabled_at.is_some()) {
        LinkState::Disabled
    } else if over || link_facts.is_some_and(|l| l.expires_at.is_some_and(|end| now_ms >= end)) {
        LinkState::Expired
    } else {
        LinkState::Live
    };
    Ok(Some(Landing {
        link,
        campaign,
        state,
        arriving,
    }))
}

/// The same once the visitor's click has had its time to arrive (at most 2 s), for acts that need its link.
pub async fn landing_arrived(
    app: &App,
    name: &str,
    token: Option<&str>,
) -> Result<Option<Landing>, StoreError> {
    let mut waited = Duration::ZERO;
    loop {
        let found = landing(app, name, token).await?;
        let waits = found.as_ref().is_some_and(|l| l.link.is_none() && l.arriving);
        if !waits || waited >= CLICK_PATIENCE {
            return Ok(found);
        }
        tokio::time::sleep(CLICK_POLL).await;
        waited += CLICK_POLL;
    }
}

/// The link of the click a token of ours speaks for; or that there is such a click, not in the store yet.
async fn brought_by(app: &App, token: Option<&str>) -> Result<(Option<Link>, bool), StoreError> {
    let Some(token) = token.filter(|t| !t.is_empty()) else {
        return Ok((None, false));
    };
    let Some(click) = click_of_token(app, token).await? else {
        return Ok((None, false));
    };
    match app.store.link_of_click(click).await? {
        Some(link) => Ok((app.store.link_by_id(link).await?, false)),
        None => Ok((None, true)),
    }
}

/// A lead form as it was sent.
#[derive(Clone, Debug, Default)]
pub struct LeadForm {
    /// How to call the customer.
    pub name: String,
    /// Phone, as typed.
    pub phone: String,
    /// E-mail, as typed.
    pub email: String,
    /// What they want.
    pub message: String,
    /// The box was ticked.
    pub consent: bool,
    /// The field people do not see.
    pub honeypot: String,
    /// The click token.
    pub token: String,
    /// What [`form_stamp`] made when the form was shown.
    pub stamp: String,
}

/// What became of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeadSent {
    /// A lead.
    New,
    /// This customer had asked before: still one lead.
    Again,
    /// A machine filled the hidden field; it is told what people are told, and nothing is stored.
    Trapped,
}

/// Why a form was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LeadRefused {
    /// Fields that are wrong: `/phone`, `/email`, `/name`, `/message`, `/consent`; the detail is a word.
    #[error("{}", Wrong::list(.0))]
    Wrong(Vec<Wrong>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes a lead form: one lead per customer and campaign, however often it is sent.
pub async fn send_lead(app: &App, landing: &Landing, form: &LeadForm) -> Result<LeadSent, LeadRefused> {
    if !form.honeypot.is_empty() {
        return Ok(LeadSent::Trapped);
    }
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
    let (phone, email) = (filled(&form.phone), filled(&form.email));
    let contacts = check_form(form, phone.as_deref(), email.as_deref()).map_err(LeadRefused::Wrong)?;
    let campaign = landing.campaign.id;
    let vault = Vault::new(&app.secrets);
    let hashes: Vec<ContactHash> = contacts.iter().map(|c| vault.hash(c)).collect();
    if app.store.has_form_lead(&hashes, &form_prefix(landing)).await? {
        return Ok(LeadSent::Again);
    }
    // One id per customer and campaign: the same form twice at once makes one lead.
    let mut mac = Hmac::<Sha256>::new(&block(&app.secrets.derive("form-id", b"")).into());
    mac.update(&campaign.0.to_le_bytes());
    mac.update(&hashes.first().map(|h| h.0).unwrap_or_default());
    let digest = mac.finalize().into_bytes();
    let external_id = format!("{}{}", form_prefix(landing), hex(&digest[..8]));
    let input = ConversionInput {
        click: filled(&form.token),
        phone,
        email,
        source: Source::Form,
        form_ms: Some(open_ms(app, &form.stamp)),
        contact: LeadContact {
            name: filled(&form.name),
            message: filled(&form.message),
            ..LeadContact::default()
        },
        ..ConversionInput::new(ConversionKind::Lead, external_id, app.now())
    };
    match convert(app, &Actor::System, input).await {
        Ok(done) if done.is_new => Ok(LeadSent::New),
        Ok(_) | Err(ConvertError::OtherContent(_)) => Ok(LeadSent::Again),
        Err(ConvertError::Wrong(wrong)) => Err(LeadRefused::Wrong(wrong)),
        Err(ConvertError::Store(error)) => Err(error.into()),
    }
}

fn form_prefix(landing: &Landing) -> String {
    format!("form-{}-", landing.campaign.id)
}

fn check_form(form: &LeadForm, phone: Option<&str>, email: Option<&str>) -> Result<Vec<Contact>, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let mut contacts = Vec::new();
    match phone.map(Contact::phone) {
        Some(Ok(contact)) => contacts.push(contact),
        Some(Err(_)) => wrong.push(Wrong::at("/phone", "phone")),
        None if email.is_none() => wrong.push(Wrong::at("/phone", "contact")),
        None => {}
    }
    match email.map(Contact::email) {
        Some(Ok(contact)) => contacts.push(contact),
        Some(Err(_)) => wrong.push(Wrong::at("/email", "email")),
        None => {}
    }
    if form.name.chars().count() > MAX_NAME {
        wrong.push(Wrong::at("/name", "long"));
    }
    if form.message.chars().count() > MAX_MESSAGE {
        wrong.push(Wrong::at("/message", "long"));
    }
    if !form.consent {
        wrong.push(Wrong::at("/consent", "consent"));
    }
    if wrong.is_empty() {
        Ok(contacts)
    } else {
        Err(wrong)
    }
}

/// A mark of when a form was shown, to be sent back with it: milliseconds and a MAC over them.
pub fn form_stamp(app: &App) -> String {
    let now_ms = app.clock.now_ms();
    format!("{now_ms}.{}", stamp_mac(app, now_ms))
}

/// How long the form with this stamp was open, milliseconds; 0 for a stamp that is not ours.
fn open_ms(app: &App, stamp: &str) -> i64 {
    let Some((shown, mac)) = stamp.split_once('.') else {
        return 0;
    };
    match shown.parse::<i64>() {
        Ok(shown) if stamp_mac(app, shown) == mac => app.clock.now_ms() - shown,
        _ => 0,
    }
}

fn stamp_mac(app: &App, shown_ms: i64) -> String {
    let mut mac = Hmac::<Sha256>::new(&block(&app.secrets.derive("form-stamp", b"")).into());
    mac.update(&shown_ms.to_le_bytes());
    hex(&mac.finalize().into_bytes()[..8])
}

fn block(key: &[u8; 32]) -> [u8; 64] {
    let mut block = [0u8; 64];
    block[..32].copy_from_slice(key);
    block
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The visitor's own link below the one that brought them: the same again for the same visitor. `None` when that link
/// has as many as it may.
pub async fn reshare(app: &App, parent: LinkId, visitor: &[u8]) -> Result<Option<LinkCode>, StoreError> {
    let mut tx = app.store.begin().await?;
    for _ in 0..MINT_TRIES {
        if let Some(code) = child_of(&mut tx, parent, visitor).await? {
            return Ok(Some(code));
        }
        if children_of(&mut tx, parent).await? >= MOST_CHILDREN {
            return Ok(None);
        }
        let code = app.with_rng(mint_code);
        if insert_child(
            &mut tx,
            parent,
            &code,
            RESHARE_CHANNEL,
            visitor,
            app.clock.now_ms(),
        )
        .await?
        {
            tx.commit().await?;
            app.links_changed().await;
            return Ok(Some(code));
        }
    }
    Ok(None)
}

/// The child link with this code, when it is one of `campaign`'s: shown to whoever just minted it.
pub async fn shared_link(store: &Store, landing: &Landing, code: &str) -> Result<Option<Link>, StoreError> {
    let link = store.link(code).await?;
    Ok(link.filter(|l| l.parent.is_some() && l.campaign == landing.campaign.id))
}
