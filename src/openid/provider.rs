//! The provider: where to send somebody, and what to believe when they come back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields, IssuerUrl,
    Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

/// The provider's description is asked for again after this long.
const FRESH: Duration = Duration::from_secs(600);
/// How long the provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer of a provider, bytes.
const MOST_BYTES: usize = 1 << 20;

/// How a firm's provider is reached and believed.
#[derive(Clone)]
pub struct OpenIdSettings {
    /// The issuer's URL, to the letter as the provider writes it.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: String,
    /// Where the provider sends people back to.
    pub redirect: String,
    /// The claim people are found by: `email` (only a verified one), `preferred_username`, `sub`, or one of its own.
    pub claim: String,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdError {
    /// A setting that cannot be right.
    #[error("{0}")]
    Settings(String),
    /// The provider is away or answers nonsense.
    #[error("the provider cannot be asked: {0}")]
    Away(String),
    /// The answer is not one to what was asked, or is not the provider's.
    #[error("the provider's answer is refused: {0}")]
    Refused(String),
}

/// What is kept by the browser until the provider sends it back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    /// Comes back with the answer.
    pub state: String,
    /// Stands in the ID token.
    pub nonce: String,
    /// Proves that who comes back is who left.
    pub verifier: String,
    /// Where to go then.
    pub next: Option<String>,
}

/// What the provider says of somebody; verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who says so.
    pub issuer: String,
    /// Their lasting id there.
    pub subject: String,
    /// The claim asked for, if it is there and to be believed.
    pub name: Option<String>,
}

/// Claims beyond the standard ones.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Extra {
    #[serde(flatten)]
    all: serde_json::Map<String, serde_json::Value>,
}

impl AdditionalClaims for Extra {}

type Fields = IdTokenFields<
    Extra,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Speaker = Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider. Cheap to clone.
#[derive(Clone)]
pub struct OpenId {
    settings: Arc<OpenIdSettings>,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    http: reqwest::Client,
    known: Arc<Mutex<Option<(Instant, CoreProviderMetadata)>>>,
}

impl std::fmt::Debug for OpenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenId({})", self.settings.issuer)
    }
}

impl OpenId {
    /// A provider by its settings; nothing is asked yet.
    pub fn new(settings: OpenIdSettings) -> Result<Self, OpenIdError> {
        let wrong =
            |what: &str, error: &dyn std::fmt::Display| OpenIdError::Settings(format!("{what}: {error}"));
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|e| wrong("oidc_issuer", &e))?;
        let is_here = matches!(issuer.url().host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if issuer.url().scheme() != "https" && !is_here {
            return Err(OpenIdError::Settings(
                "oidc_issuer: expected https://…".to_owned(),
            ));
        }
        let redirect = RedirectUrl::new(settings.redirect.clone()).map_err(|e| wrong("base_url", &e))?;
        // Another part of the program may have installed it first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .no_proxy()
            .build()
            .map_err(|e| OpenIdError::Settings(e.to_string()))?;
        Ok(Self {
            settings: Arc::new(settings),
            issuer,
            redirect,
            http,
            known: Arc::default(),
        })
    }

    /// Who people are sent to.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata, OpenIdError> {
        let mut known = self.known.lock().await;
        if let Some((at, metadata)) = known.as_ref()
            && at.elapsed() < FRESH
        {
            return Ok(metadata.clone());
        }
        let http = self.asker();
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &http)
            .await
            .map_err(|error| OpenIdError::Away(full(&error)))?;
        *known = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    fn asker(&self) -> impl Fn(HttpRequest) -> Asked + use<> {
        let http = self.http.clone();
        move |request| Box::pin(ask(http.clone(), request))
    }

    async fn speaker(&self) -> Result<Speaker, OpenIdError> {
        let settings = &self.settings;
        let secret = Some(ClientSecret::new(settings.client_secret.clone()));
        let id = ClientId::new(settings.client_id.clone());
        let client = Client::from_provider_metadata(self.metadata().await?, id, secret);
        Ok(client.set_redirect_uri(self.redirect.clone()))
    }

    /// Where to send somebody. `chance` is three texts of at least 43 random letters and digits.
    pub async fn begin(
        &self,
        chance: [String; 3],
        next: Option<String>,
    ) -> Result<(url::Url, Pending), OpenIdError> {
        let [state, nonce, verifier] = chance;
        let challenge =
            PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
        let (for_state, for_nonce) = (state.clone(), nonce.clone());
        let (url, ..) = self
            .speaker()
            .await?
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(for_state),
                move || Nonce::new(for_nonce),
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let pending = Pending {
            state,
            nonce,
            verifier,
            next,
        };
        Ok((url, pending))
    }

    /// What the provider says of who came back with this code and state.
    pub async fn finish(&self, pending: &Pending, code: &str, state: &str) -> Result<Said, OpenIdError> {
        let refused = |what: &dyn std::error::Error| OpenIdError::Refused(full(what));
        if !bool::from(subtle::ConstantTimeEq::ct_eq(
            pending.state.as_bytes(),
            state.as_bytes(),
        )) {
            return Err(OpenIdError::Refused("another state".to_owned()));
        }
        let speaker = self.speaker().await?;
        let http = self.asker();
        let tokens = speaker
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|e| refused(&e))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()))
            .request_async(&http)
            .await
            .map_err(|e| refused(&e))?;
        let id_token = tokens
            .id_token()
            .ok_or_else(|| OpenIdError::Refused("no ID token".to_owned()))?;
        let nonce = Nonce::new(pending.nonce.clone());
        let claims = id_token
            .claims(&speaker.id_token_verifier(), &nonce)
            .map_err(|e| refused(&e))?;
        let subject = claims.subject().clone();
        let email = claims.email().map(|e| e.as_str());
        let preferred = claims.preferred_username().map(|n| n.as_str());
        let extra = claims.additional_claims();
        let mut name = self.name(email, claims.email_verified(), preferred, subject.as_str(), extra);
        // Many providers say more at the other door than in the token.
        if name.is_none()
            && let Ok(request) = speaker.user_info(tokens.access_token().clone(), Some(subject.clone()))
        {
            let more: UserInfoClaims<Extra, CoreGenderClaim> =
                request.request_async(&http).await.map_err(|e| refused(&e))?;
            let email = more.email().map(|e| e.as_str());
            let preferred = more.preferred_username().map(|n| n.as_str());
            let extra = more.additional_claims();
            name = self.name(email, more.email_verified(), preferred, subject.as_str(), extra);
        }
        Ok(Said {
            issuer: claims.issuer().to_string(),
            subject: subject.to_string(),
            name,
        })
    }

    /// The claim people are found by.
    fn name(
        &self,
        email: Option<&str>,
        is_verified: Option<bool>,
        preferred: Option<&str>,
        subject: &str,
        extra: &Extra,
    ) -> Option<String> {
        let text = match self.settings.claim.as_str() {
            "email" => email.filter(|_| is_verified == Some(true)),
            "sub" => Some(subject),
            "preferred_username" => preferred,
            other => extra.all.get(other)?.as_str(),
        };
        text.map(str::to_owned)
    }
}

/// An error with its causes.
fn full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

type Asked = std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, AskError>> + Send>>;

#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("the answer is too large")]
    Large,
    #[error("{0}")]
    Answer(String),
}

async fn ask(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, AskError> {
    let mut answer = http.execute(reqwest::Request::try_from(request)?).await?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(AskError::Large);
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = HttpResponse::new(body);
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    if response.status().is_redirection() {
        return Err(AskError::Answer(format!("{}", response.status())));
    }
    Ok(response)
}
