//! `/app`: to the first page of whoever is signed in.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;

use crate::app::Permission;
use crate::web::Web;
use crate::web::session::SignedIn;

/// `GET /app`.
pub fn routes() -> Router<Web> {
    Router::new().route("/app", get(home))
}

async fn home(who: SignedIn) -> Redirect {
    Redirect::to(first_page(&who))
}

/// Employees share, managers look after campaigns, everybody may see the board.
pub fn first_page(who: &SignedIn) -> &'static str {
    if who.actor.employee().is_some() {
        "/app/share"
    } else if who.actor.may(Permission::ReadTracker) {
        "/app/manage/campaigns"
    } else {
        "/app/board"
    }
}
