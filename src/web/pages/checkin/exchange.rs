//! `/app/checkin/{id}/exchange`: a good exchange with a friend in the comments below one's share; a person decides on it.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::get;

use super::{LIMIT, instant, screenshot, wrong_status};
use crate::app::Permission;
use crate::app::filing::PointsError;
use crate::app::interaction::{InteractionToFile, file_interaction};
use crate::web::html::{Html, see_other};
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Path, Problem, Upload, Web};

/// The form's page.
#[derive(Debug, Template)]
#[template(path = "checkin/exchange.html")]
struct ExchangePage {
    s: Shell,
    share: i64,
    points: i64,
    friend: Field,
    occurred: Field,
    url: Field,
    picture: Field,
}

impl ExchangePage {
    fn all(&self) -> [&Field; 4] {
        [&self.friend, &self.occurred, &self.url, &self.picture]
    }

    fn is_wrong(&self) -> bool {
        self.all().iter().any(|f| f.is_wrong())
    }
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route(
        "/app/checkin/{id}/exchange",
        get(show).post(file).layer(DefaultBodyLimit::max(LIMIT)),
    )
}

fn page(web: &Web, staff: &Staff, share: i64) -> ExchangePage {
    let now = web.app.now().to_zoned(web.app.programme.zone.clone());
    ExchangePage {
        s: staff.who.shell(web, Place::Checkin),
        share,
        points: web.app.programme.points.interaction,
        friend: Field::empty("friend"),
        occurred: Field::new("occurred", now.datetime().strftime("%Y-%m-%dT%H:%M")),
        url: Field::empty("url"),
        picture: Field::empty("picture"),
    }
}

/// Only below a share of one's own.
async fn own(web: &Web, staff: &Staff, share: i64) -> Result<(), Problem> {
    staff.who.need(Permission::Own)?;
    let of = crate::storage::evidence::EvidenceOf::Share(share);
    let owner = web.app.store.evidence_owner(of).await?;
    if owner == Some(staff.employee) {
        Ok(())
    } else {
        Err(Problem::not_found(format_args!("share {share}")))
    }
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Path(share): Path<i64>,
) -> Result<Html<ExchangePage>, Problem> {
    own(&web, &staff, share).await?;
    Ok(Html(page(&web, &staff, share)))
}

async fn file(
    State(web): State<Web>,
    staff: Staff,
    Path(share): Path<i64>,
    mut sent: Upload,
) -> Result<Response, Problem> {
    own(&web, &staff, share).await?;
    let lang = staff.who.lang;
    let mut p = page(&web, &staff, share);
    p.friend.value = sent.text("friend").trim().to_owned();
    p.occurred.value = sent.text("occurred").trim().to_owned();
    p.url.value = sent.text("url").trim().to_owned();
    let picture = screenshot(lang, &mut sent, &mut p.picture).await?;
    let occurred_at = instant(&web, lang, &mut p.occurred);
    let person = web
        .app
        .store
        .employee_by_id(staff.employee, web.app.today())
        .await?;
    let person = person.ok_or_else(|| Problem::not_found("employee of this account"))?;
    if let (Some(occurred_at), false) = (occurred_at, p.is_wrong()) {
        let new = InteractionToFile {
            employee: person.code,
            share,
            friend: p.friend.value.clone(),
            occurred_at,
            evidence_url: Some(p.url.value.clone()).filter(|u| !u.is_empty()),
            picture,
        };
        let refused = match file_interaction(&web.app, &staff.who.actor, &new).await {
            Ok(_) => return Ok(see_other("/app/checkin?done=exchange")),
            Err(refused) => refused,
        };
        let (field, words) = match refused {
            PointsError::Field {
                pointer: "/friend", ..
            } => (&mut p.friend, lang.t("exchange-wrong-friend")),
            PointsError::Field {
                pointer: "/evidence_url",
                ..
            } => (&mut p.url, lang.t("checkin-wrong-url")),
            PointsError::Field { .. } => (&mut p.occurred, lang.t("exchange-wrong-occurred")),
            PointsError::Conflict(_) => (&mut p.friend, lang.t("exchange-wrong-known")),
            PointsError::Store(error) => return Err(error.into()),
            PointsError::Forbidden(words) => return Err(Problem::forbidden(words)),
            PointsError::NotFound(what) => return Err(Problem::not_found(what)),
        };
        field.error = Some(words.to_string());
    }
    Ok(Html(p).status(wrong_status(&sent)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::i18n::Lang;

    #[test]
    fn the_form_prints_in_both_languages_with_its_errors() {
        for lang in Lang::ALL {
            let page = ExchangePage {
                s: Shell::sample(lang, Place::Checkin),
                share: 7,
                points: 15,
                friend: Field::empty("friend").wrong(lang.t("exchange-wrong-friend")),
                occurred: Field::empty("occurred").wrong(lang.t("exchange-wrong-occurred")),
                url: Field::empty("url").wrong(lang.t("checkin-wrong-url")),
                picture: Field::empty("picture"),
            };
            crate::web::pages::check_sample("exchange", &page.render().unwrap(), lang);
        }
    }
}
