//! Whether settings can be right together.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use url::Url;

use crate::app::{Outside, Urls};
use crate::config::{Model, Settings};
use crate::courier::Courier;
use crate::domain::{AttributionModel, Currency, Precedence, Programme};
use crate::mail::{Mailer, MailerError};
use crate::openid::{OpenId, OpenIdSettings};

/// Why the configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {detail}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// The file is not TOML, or has a line that is no setting.
    #[error("{}: {detail}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and what.
        detail: String,
    },
    /// A value that cannot be right.
    #[error("{name} = {value:?}: expected {expected}")]
    Value {
        /// The setting.
        name: &'static str,
        /// What was said.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
}

fn wrong(name: &'static str, value: impl Into<String>, expected: &'static str) -> ConfigError {
    ConfigError::Value {
        name,
        value: value.into(),
        expected,
    }
}

/// Refuses settings that cannot be right.
pub fn check(settings: &Settings) -> Result<(), ConfigError> {
    settings.programme()?;
    settings.urls()?;
    settings.master_secret()?;
    settings.node_name()?;
    settings.outside()?;
    if let Some(url) = &settings.database_url
        && !["sqlite:", "postgres:", "postgresql:"]
            .iter()
            .any(|p| url.starts_with(p))
    {
        return Err(wrong("database_url", url, "sqlite:PATH or postgres://…"));
    }
    if !(1..=1000).contains(&settings.database_connections) {
        let value = settings.database_connections.to_string();
        return Err(wrong("database_connections", value, "a number from 1 to 1000"));
    }
    if !(100..=3_600_000).contains(&settings.dwell_limit_ms) {
        let value = settings.dwell_limit_ms.to_string();
        return Err(wrong(
            "dwell_limit_ms",
            value,
            "milliseconds from 100 to 3 600 000",
        ));
    }
    if settings.spool_max_mib < 32 {
        return Err(wrong(
            "spool_max_mib",
            settings.spool_max_mib.to_string(),
            "at least 32",
        ));
    }
    if settings.attribution_window_days > 3650 {
        let value = settings.attribution_window_days.to_string();
        return Err(wrong("attribution_window_days", value, "at most 3650 days"));
    }
    if settings.query_days > 365 {
        let value = settings.query_days.to_string();
        return Err(wrong("query_days", value, "at most 365 days"));
    }
    if settings.clawback_months > 120 {
        let value = settings.clawback_months.to_string();
        return Err(wrong("clawback_months", value, "at most 120 months"));
    }
    if !(1..=3650).contains(&settings.contact_retention_days) {
        let value = settings.contact_retention_days.to_string();
        return Err(wrong("contact_retention_days", value, "days from 1 to 3650"));
    }
    Ok(())
}

impl Settings {
    /// The programme's rules out of the settings.
    pub fn programme(&self) -> Result<Programme, ConfigError> {
        let zone = TimeZone::get(&self.time_zone)
            .map_err(|_| wrong("time_zone", &self.time_zone, "a zone name like Asia/Shanghai"))?;
        let currency: Currency = self
            .currency
            .parse()
            .map_err(|_| wrong("currency", &self.currency, "three capital letters, like CNY"))?;
        Ok(Programme {
            zone,
            currency,
            attribution_window_days: i64::from(self.attribution_window_days),
            binding_days: self.binding_days.0.map(i64::from),
            protection_days: i64::from(self.protection_days),
            new_customer_days: i64::from(self.new_customer_days),
            model: match self.attribution_model {
                Model::Last => AttributionModel::Last,
                Model::First => AttributionModel::First,
            },
            precedence: precedence(&self.attribution_precedence)?,
            hold_days: i64::from(self.hold_days),
            clawback_months: i64::from(self.clawback_months),
            query_days: i64::from(self.query_days),
            contact_retention_days: i64::from(self.contact_retention_days),
            dwell_limit_ms: i64::from(self.dwell_limit_ms),
            honour_do_not_track: self.honour_do_not_track,
            ..Programme::default()
        })
    }

    /// The public addresses.
    pub fn urls(&self) -> Result<Urls, ConfigError> {
        let base = if let Some(text) = &self.base_url {
            public_url("base_url", text)?
        } else {
            let host = if self.listen.ip().is_loopback() || self.listen.ip().is_unspecified() {
                "localhost".to_owned()
            } else if self.listen.is_ipv6() {
                format!("[{}]", self.listen.ip())
            } else {
                self.listen.ip().to_string()
            };
            public_url("listen", &format!("http://{host}:{}", self.listen.port()))?
        };
        let short = match &self.short_url {
            Some(text) => public_url("short_url", text)?,
            None => base.clone(),
        };
        Ok(Urls { base, short })
    }

    /// The master secret, when it is a setting.
    pub fn master_secret(&self) -> Result<Option<[u8; 32]>, ConfigError> {
        let Some(text) = &self.secret_key else {
            return Ok(None);
        };
        let refused = || wrong("secret_key", "…", "64 hexadecimal digits");
        if text.len() != 64 || !text.is_ascii() {
            return Err(refused());
        }
        let mut key = [0u8; 32];
        for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| refused())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| refused())?;
        }
        Ok(Some(key))
    }

    /// Mail and webhooks.
    pub fn outside(&self) -> Result<Outside, ConfigError> {
        let mail = match (&self.smtp_url, &self.mail_from) {
            (None, _) => None,
            (Some(_), None) => return Err(wrong("mail_from", "", "Name <address>, as smtp_url is set")),
            // The URL may hold a password: it is not said again.
            (Some(url), Some(from)) => Some(Mailer::new(url, from).map_err(|error| match error {
                MailerError::Url(_) => wrong(
                    "smtp_url",
                    "…",
                    "smtps://user:password@host, smtp://…?tls=required, or smtp://host without a password",
                ),
                MailerError::From(_) => wrong("mail_from", from, "an address, or Name <address>"),
            })?),
        };
        let courier = Courier::new(&self.webhook_networks);
        Ok(Outside {
            mail,
            courier,
            openid: self.openid()?,
            openid_creates: self.oidc_create,
        })
    }

    fn openid(&self) -> Result<Option<OpenId>, ConfigError> {
        let Some(issuer) = &self.oidc_issuer else {
            return Ok(None);
        };
        let (Some(client_id), Some(client_secret)) = (&self.oidc_client_id, &self.oidc_client_secret) else {
            return Err(wrong(
                "oidc_client_id",
                "",
                "a client id and a secret, as oidc_issuer is set",
            ));
        };
        let settings = OpenIdSettings {
            issuer: issuer.clone(),
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
            redirect: self.urls()?.on_base("/app/signin/oidc/back"),
            claim: self.oidc_claim.clone(),
        };
        let provider = OpenId::new(settings);
        provider
            .map(Some)
            .map_err(|_| wrong("oidc_issuer", issuer, "https://… as the provider writes it"))
    }

    /// This node's name.
    pub fn node_name(&self) -> Result<String, ConfigError> {
        let name = self.node.clone().unwrap_or_else(|| "node-1".to_owned());
        let fits =
            (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits {
            Ok(name)
        } else {
            Err(wrong("node", name, "1 to 40 letters, digits and '-'"))
        }
    }

    /// The database in use.
    pub fn store_url(&self) -> String {
        let file = || format!("sqlite:{}", self.data_dir.join("bole.db").display());
        self.database_url.clone().unwrap_or_else(file)
    }
}

fn public_url(name: &'static str, text: &str) -> Result<Url, ConfigError> {
    let expected = "an address like https://s.example, without path, query or password";
    let url = Url::parse(text).map_err(|_| wrong(name, text, expected))?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain {
        Ok(url)
    } else {
        Err(wrong(name, text, expected))
    }
}

fn precedence(words: &[String]) -> Result<[Precedence; 3], ConfigError> {
    if words.is_empty() {
        return Ok(Programme::default().precedence);
    }
    let expected = "coupon, click and claim, each once";
    let refused = || wrong("attribution_precedence", words.join(","), expected);
    let mut order = Vec::new();
    for word in words {
        let step = match word.trim() {
            "coupon" => Precedence::Coupon,
            "click" => Precedence::Click,
            "claim" => Precedence::Claim,
            _ => return Err(refused()),
        };
        if order.contains(&step) {
            return Err(refused());
        }
        order.push(step);
    }
    order.try_into().map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    fn refused(layer: Layer) -> String {
        check(&layer.resolve()).unwrap_err().to_string()
    }

    #[test]
    fn defaults_are_right() {
        let settings = Layer::default().resolve();
        check(&settings).unwrap();
        assert_eq!(
            settings.urls().unwrap().short_url("abc"),
            "http://localhost:8080/abc"
        );
        assert_eq!(settings.store_url(), "sqlite:bole-data/bole.db");
    }

    #[test]
    fn wrong_values_are_named() {
        let zone = refused(Layer {
            time_zone: Some("Mars/Base".into()),
            ..Layer::default()
        });
        assert_eq!(
            zone,
            "time_zone = \"Mars/Base\": expected a zone name like Asia/Shanghai"
        );
        assert!(
            refused(Layer {
                base_url: Some("ftp://x".into()),
                ..Layer::default()
            })
            .starts_with("base_url")
        );
        assert!(
            refused(Layer {
                short_url: Some("https://x/p".into()),
                ..Layer::default()
            })
            .starts_with("short_url")
        );
        assert!(
            refused(Layer {
                secret_key: Some("abc".into()),
                ..Layer::default()
            })
            .starts_with("secret_key")
        );
        assert!(
            !refused(Layer {
                secret_key: Some("abc".into()),
                ..Layer::default()
            })
            .contains("abc")
        );
        assert!(
            refused(Layer {
                database_url: Some("mysql://x".into()),
                ..Layer::default()
            })
            .starts_with("database")
        );
        assert!(
            refused(Layer {
                contact_retention_days: Some(0),
                ..Layer::default()
            })
            .starts_with("contact_retention_days")
        );
        assert!(
            refused(Layer {
                smtp_url: Some("smtp://mail.firm.example".into()),
                ..Layer::default()
            })
            .starts_with("mail_from")
        );
        let open = refused(Layer {
            smtp_url: Some("smtp://me:hush@mail.firm.example".into()),
            mail_from: Some("bole@firm.example".into()),
            ..Layer::default()
        });
        assert!(open.starts_with("smtp_url") && !open.contains("hush"), "{open}");
        let twice = vec!["click".into(), "click".into(), "claim".into()];
        assert!(
            refused(Layer {
                attribution_precedence: Some(twice),
                ..Layer::default()
            })
            .contains("each once")
        );
    }
}
