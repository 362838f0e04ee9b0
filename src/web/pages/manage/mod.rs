//! For managers: campaigns, their links, coupons and material.

mod boards;
mod campaign;
mod campaigns;
mod coupons;
mod form;
mod fraud;
mod funnel;
mod grid;
pub(in crate::web::pages) mod honours;
mod library;
mod links;
mod material_picture;
mod materials;
mod monthly;
mod picture;
mod pilot;
mod points;
mod rules;
mod sheets;
mod shop;
#[cfg(test)]
mod tests;

use axum::Router;

use crate::app::Refused;
use crate::web::i18n::Lang;
use crate::web::ui::Field;
use crate::web::{Problem, Web};

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(boards::routes())
        .merge(campaigns::routes())
        .merge(campaign::routes())
        .merge(coupons::routes())
        .merge(fraud::routes())
        .merge(funnel::routes())
        .merge(honours::routes())
        .merge(library::routes())
        .merge(links::routes())
        .merge(materials::routes())
        .merge(monthly::routes())
        .merge(picture::routes())
        .merge(material_picture::routes())
        .merge(rules::routes())
        .merge(sheets::routes())
        .merge(shop::routes())
        .merge(pilot::routes())
        .merge(points::routes())
}

/// Puts what was refused at the fields it names, in the reader's language: each field has one rule, and the texts of
/// `family` say it. What names no field of the form is returned. Anything but wrong fields and conflicts is a problem.
fn place(
    lang: Lang,
    family: &'static str,
    refused: Refused,
    fields: &mut [&mut Field],
) -> Result<Vec<String>, Problem> {
    match refused {
        Refused::Wrong(wrong) => {
            let mut rest = Vec::new();
            for w in wrong {
                let name = w.pointer.trim_start_matches('/');
                match fields.iter_mut().find(|f| f.name == name) {
                    Some(field) => field.error = Some(lang.word(family, name).to_string()),
                    None => rest.push(w.detail),
                }
            }
            Ok(rest)
        }
        Refused::Conflict(_) => Ok(vec![lang.word(family, "taken").to_string()]),
        other => Err(other.into()),
    }
}

/// A date field; what is no date marks the field.
fn date(lang: Lang, text: &str, field: &mut Field) -> Option<jiff::civil::Date> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    match text.parse() {
        Ok(date) if text.len() == 10 => Some(date),
        _ => {
            field.error = Some(lang.t("form-date").to_string());
            None
        }
    }
}
