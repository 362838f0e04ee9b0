//! A link's QR code and poster, and where it leads.

use std::sync::LazyLock;

use tokio::sync::Semaphore;

use crate::app::{App, Refused};
use crate::share::{
    Destination, KeptPicture, Poster, PosterError, PosterText, Qr, QrError, Utm, clean_picture, draw_poster,
    location, scan_url,
};
use crate::storage::StoreError;
use crate::storage::links::Link;

/// Pictures drawn at once: each may hold a decoded campaign picture in memory.
static DRAWING: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureRefusal {
    /// The QR code.
    #[error(transparent)]
    Qr(#[from] QrError),
    /// The poster.
    #[error(transparent)]
    Poster(#[from] PosterError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The drawing broke off.
    #[error("the picture could not be drawn")]
    Broken,
}

/// What a poster says beside the campaign's and the employee's name, in the reader's language.
#[derive(Clone, Debug)]
pub struct PosterWords {
    /// Below the name.
    pub invitation: String,
    /// What to do with the code.
    pub hint: String,
    /// The disclosure.
    pub disclosure: String,
}

/// Where a link leads: destination with its UTM values, without a click's token.
pub fn leads_to(link: &Link) -> String {
    let text = link
        .facts
        .destination
        .as_deref()
        .unwrap_or(&link.campaign_destination);
    let utm = Utm {
        channel: &link.channel,
        campaign_slug: &link.campaign_slug,
        employee_code: &link.employee_code,
        overrides: link.facts.utm.as_ref(),
    };
    Destination::parse(text).map_or_else(
        |_| text.to_owned(),
        |destination| location(&destination, &utm, None, None),
    )
}

/// A link's QR code; `logo` puts the campaign's picture in its middle.
pub async fn link_qr(app: &App, link: &Link, logo: bool) -> Result<Qr, PictureRefusal> {
    let picture = if logo {
        app.store.campaign_picture(link.campaign).await?
    } else {
        None
    };
    let url = scan_url(&app.urls.short_url(link.code.as_str()));
    drawn(move || Ok(Qr::new(&url, picture.as_ref().map(|p| p.bytes.as_slice()))?)).await
}

/// A picture handed in, fit to be kept: known by its content, bounded, written anew. What is wrong is at `pointer`.
pub async fn cleaned(pointer: &'static str, file: Vec<u8>) -> Result<KeptPicture, Refused> {
    let broken = || Refused::at(pointer, "the picture is damaged and cannot be read");
    let _turn = DRAWING.acquire().await.map_err(|_| broken())?;
    match tokio::task::spawn_blocking(move || clean_picture(&file)).await {
        Ok(result) => result.map_err(|error| Refused::at(pointer, error)),
        Err(_) => Err(broken()),
    }
}

/// The picture of what a link was made with: the material's own, else the campaign's.
async fn picture_of(app: &App, link: &Link) -> Result<Option<Vec<u8>>, StoreError> {
    if !link.material.is_empty()
        && let Some(material) = app.store.material(link.campaign, &link.material).await?
        && let Some(own) = app.store.material_picture(material.id).await?
    {
        return Ok(Some(own.bytes));
    }
    Ok(app.store.campaign_picture(link.campaign).await?.map(|p| p.bytes))
}

/// A link's poster.
pub async fn link_poster(app: &App, link: &Link, words: PosterWords) -> Result<Poster, PictureRefusal> {
    let picture = picture_of(app, link).await?;
    let campaign = app.store.campaign_by_id(link.campaign).await?;
    let employee = app.store.employee_by_id(link.employee, app.today()).await?;
    let title = campaign.map(|c| c.facts.name).unwrap_or_default();
    let name = employee.map(|e| e.facts.name).unwrap_or_default();
    let url = scan_url(&app.urls.short_url(link.code.as_str()));
    drawn(move || {
        let text = PosterText {
            title: &title,
            name: &name,
            invitation: &words.invitation,
            hint: &words.hint,
            disclosure: &words.disclosure,
        };
        Ok(draw_poster(&text, &url, picture.as_deref())?)
    })
    .await
}

/// Draws off the runtime's threads, a few at a time.
async fn drawn<T: Send + 'static>(
    draw: impl FnOnce() -> Result<T, PictureRefusal> + Send + 'static,
) -> Result<T, PictureRefusal> {
    let _turn = DRAWING.acquire().await.map_err(|_| PictureRefusal::Broken)?;
    tokio::task::spawn_blocking(draw)
        .await
        .map_err(|_| PictureRefusal::Broken)?
}
