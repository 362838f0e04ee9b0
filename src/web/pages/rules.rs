//! `/app/rules`: the rules in force, in the programme's own numbers.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use crate::domain::Programme;
use crate::web::Web;
use crate::web::html::Html;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};

/// The page.
#[derive(Debug, Template)]
#[template(path = "rules.html")]
struct RulesPage {
    s: Shell,
    p: Programme,
}

impl RulesPage {
    fn dwell_seconds(&self) -> String {
        seconds(self.p.dwell_limit_ms)
    }

    fn repeat_minutes(&self) -> i64 {
        self.p.repeat_window_ms / 60_000
    }

    fn valid_hours(&self) -> i64 {
        self.p.valid_window_ms / 3_600_000
    }
}

/// The limit a visit must exceed, in seconds (tests and demos set it below one).
pub fn seconds(limit_ms: i64) -> String {
    match limit_ms {
        ms if ms % 1000 == 0 => (ms / 1000).to_string(),
        ms => format!("{}.{}", ms / 1000, ms % 1000 / 100),
    }
}

/// `GET /app/rules`.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/rules", get(show))
}

async fn show(State(web): State<Web>, who: SignedIn) -> Html<RulesPage> {
    Html(RulesPage {
        s: who.shell(&web, Place::Elsewhere),
        p: web.app.programme.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::i18n::Lang;

    #[test]
    fn the_page_states_the_numbers_in_force() {
        for lang in Lang::ALL {
            let page = RulesPage {
                s: Shell::sample(lang, Place::Elsewhere),
                p: Programme {
                    dwell_limit_ms: 1_500,
                    ..Programme::default()
                },
            };
            let html = page.render().unwrap();
            crate::web::pages::check_sample("rules", &html, lang);
            assert!(html.contains("1.5") && html.contains("+500"), "{html}");
        }
    }
}
