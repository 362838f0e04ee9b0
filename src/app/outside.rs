//! The ways out of the house: mail and webhooks.

use crate::courier::Courier;
use crate::mail::Mailer;

/// What speaks to the world outside. The default sends no mail and reaches public addresses only.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// Sends mail; `None` without `smtp_url`.
    pub mail: Option<Mailer>,
    /// Sends webhooks.
    pub courier: Courier,
}
