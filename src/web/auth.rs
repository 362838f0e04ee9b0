//! Who is calling the API.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;

use crate::app::api_keys::hash_key;
use crate::app::{Actor, App, Permission};
use crate::web::Problem;

/// The authenticated caller of an API route (`Authorization: Bearer <key>`); 401 otherwise.
#[derive(Clone, Debug)]
pub struct Authed(pub Actor);

impl Authed {
    /// 403 unless the caller may do this.
    pub fn need(&self, permission: Permission) -> Result<&Actor, Problem> {
        if self.0.may(permission) {
            Ok(&self.0)
        } else {
            Err(Problem::forbidden(format!(
                "this key's role does not allow this: it takes {}",
                permission.words()
            )))
        }
    }
}

impl<S> FromRequestParts<S> for Authed
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let app = App::from_ref(state);
        let value = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok());
        let (scheme, key) = value
            .and_then(|v| v.split_once(' '))
            .ok_or_else(Problem::unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::unauthenticated());
        }
        let now_ms = app.clock.now_ms();
        let found = app.store.api_key_by_hash(&hash_key(key.trim())).await?;
        let key = found
            .filter(|k| k.is_live(now_ms, &app.today().to_string()))
            .ok_or_else(Problem::unauthenticated)?;
        let authed = Self(Actor::Key {
            id: key.id,
            role: key.role,
            employee: key.employee,
        });
        parts.extensions.insert(authed.clone());
        Ok(authed)
    }
}
