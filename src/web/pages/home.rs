//! `/app`: to the first page of whoever is signed in.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;

use crate::web::Web;
use crate::web::session::SignedIn;
use crate::web::shell::desk;

/// `GET /app`.
pub fn routes() -> Router<Web> {
    Router::new().route("/app", get(home))
}

async fn home(who: SignedIn) -> Redirect {
    Redirect::to(first_page(&who))
}

/// Employees share, others begin at their desk, everybody may see the board.
pub fn first_page(who: &SignedIn) -> &'static str {
    if who.actor.employee().is_some() {
        "/app/share"
    } else {
        desk(&who.actor).unwrap_or("/app/board")
    }
}
