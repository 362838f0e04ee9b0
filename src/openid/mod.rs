//! Signing in by the firm's own OpenID Connect provider.
//!
//! Authorization code with PKCE, state and nonce; the ID token is verified against the provider's keys. What is believed
//! is one claim, named in the settings, and an e-mail address only where the provider says it verified it.
//!
//! # Why
//! Firms with WeCom, Feishu, Keycloak or Entra have one place where leavers are turned off. This room speaks to the provider
//! and knows nothing of accounts; whose word it is decides `app::accounts`.

mod provider;

pub use provider::{OpenId, OpenIdError, OpenIdSettings, Pending, Said};
