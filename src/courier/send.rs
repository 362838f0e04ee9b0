//! One request.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ipnet::IpNet;
use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use url::{Host, Url};

use crate::courier::resolver::{Allowed, Private};

/// How long connecting may take.
const PATIENCE_TO_CONNECT: Duration = Duration::from_secs(5);
/// How long a request may take, its answer included.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// How much of an answer is read, bytes.
const ANSWER_MAX: usize = 4096;

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The first 4 096 bytes of the body, as text.
    pub body: String,
}

/// Why nothing was answered.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It would have gone to a private address.
    #[error("{0}")]
    Private(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// Sends. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Courier {
    client: Arc<OnceLock<Result<Client, String>>>,
    allowed: Allowed,
    patience: Duration,
}

impl Default for Courier {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Courier {
    /// Speaks to public addresses, and to those in `networks`.
    pub fn new(networks: &[IpNet]) -> Self {
        Self::with_patience(networks, PATIENCE)
    }

    /// The same with another limit for a whole request (the default: 15 s).
    pub fn with_patience(networks: &[IpNet], patience: Duration) -> Self {
        Self {
            client: Arc::default(),
            allowed: Allowed(Arc::from(networks)),
            patience,
        }
    }

    /// Made when it is first needed: it reads the system's certificates, and most commands send nothing.
    fn client(&self) -> Result<&Client, SendError> {
        let made = self.client.get_or_init(|| {
            // Somebody else may have set it: theirs will do.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let builder = || {
                Client::builder()
                    .user_agent(concat!("bole/", env!("CARGO_PKG_VERSION")))
                    .redirect(Policy::none())
                    .no_proxy()
                    .dns_resolver(Arc::new(self.allowed.clone()))
                    .connect_timeout(PATIENCE_TO_CONNECT)
                    .timeout(self.patience)
                    .pool_max_idle_per_host(1)
            };
            // Without the system's certificates https fails by each request, which says so; http still works.
            let made = builder().build().or_else(|error| {
                tracing::warn!(%error, "no certificates of the system's: webhooks over https will fail");
                builder().tls_certs_only([]).build()
            });
            made.map_err(|error| error.to_string())
        });
        made.as_ref().map_err(|error| SendError::Failed(error.clone()))
    }

    /// Whether a URL's host is an address that may not be spoken to. Names are looked at when they are resolved.
    pub fn refuses(&self, url: &Url) -> bool {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(name)) => {
                return is_local_name(name) && !self.allowed.is(IpAddr::from([127, 0, 0, 1]));
            }
            None => return true,
        };
        !self.allowed.is(address)
    }

    /// Posts JSON.
    pub async fn post(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<Answer, SendError> {
        if self.refuses(url) {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(SendError::Private(Private(host).to_string()));
        }
        let mut request = self
            .client()?
            .post(url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|e| SendError::Failed(e.to_string()))?;
            request = request.header(HeaderName::from_static(name), value);
        }
        // reqwest's own limit ends with the head of an answer that then drips.
        let patience = self.patience;
        match tokio::time::timeout(patience, answer(request)).await {
            Ok(answered) => answered,
            Err(_) => Err(SendError::Failed(format!(
                "no answer within {} s",
                patience.as_secs_f32()
            ))),
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, SendError> {
    let mut response = request.send().await.map_err(|error| failed(&error))?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    // A body that breaks off takes nothing from what the status says.
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk[..chunk.len().min(ANSWER_MAX - body.len())]);
        if body.len() >= ANSWER_MAX {
            break;
        }
    }
    Ok(Answer {
        status,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn failed(error: &reqwest::Error) -> SendError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut last = String::new();
    while let Some(inner) = cause {
        if let Some(private) = inner.downcast_ref::<Private>() {
            return SendError::Private(private.to_string());
        }
        last = inner.to_string();
        cause = inner.source();
    }
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "failed"
    };
    SendError::Failed(format!("{what}: {last}"))
}

fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
}
