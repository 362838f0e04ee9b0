//! The ways out of the house: mail and webhooks.

use crate::courier::Courier;
use crate::mail::Mailer;
use crate::openid::OpenId;

/// What speaks to the world outside. The default sends no mail and reaches public addresses only.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// Sends mail; `None` without `smtp_url`.
    pub mail: Option<Mailer>,
    /// Sends webhooks.
    pub courier: Courier,
    /// The firm's OpenID Connect provider; `None` without `oidc_issuer`.
    pub openid: Option<OpenId>,
    /// Whether an employee the provider knows gets an account they do not have yet.
    pub openid_creates: bool,
}
