//! The table of settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use crate::config::{Binding, Durability, LogFormat, Model};

/// A value as people write it: without Rust's marks, without passwords.
fn shown(name: &str, debug: &str) -> String {
    if name.contains("secret") {
        return "…".to_owned();
    }
    let plain = debug.replace(['"', '[', ']'], "");
    if name == "binding_days" {
        let days: String = plain.chars().filter(char::is_ascii_digit).collect();
        return if days.is_empty() {
            "forever".to_owned()
        } else {
            days
        };
    }
    match url::Url::parse(&plain) {
        Ok(mut parsed) if parsed.password().is_some() => {
            let _ = parsed.set_password(Some("…"));
            parsed.to_string()
        }
        _ => plain
            .to_lowercase()
            .parse::<Enumerated>()
            .map_or(plain, |word| word.0),
    }
}

/// A word of a setting that is one of several; they are written in lower case.
struct Enumerated(String);

impl std::str::FromStr for Enumerated {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let known = ["group", "strict", "text", "json", "last", "first"];
        known.contains(&text).then(|| Self(text.to_owned())).ok_or(())
    }
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident / $env:literal : $kind:ty = $default:expr;)+
     optional: $($(#[doc = $odoc:literal])+ $oname:ident / $oenv:literal : $okind:ty;)+
     lists: $($(#[doc = $ldoc:literal])+ $lname:ident / $lenv:literal : $lkind:ty;)+) => {
        /// All settings in force.
        #[derive(Clone, Debug)]
        pub struct Settings {
            $($(#[doc = $doc])+ pub $name: $kind,)+
            $($(#[doc = $odoc])+ pub $oname: Option<$okind>,)+
            $($(#[doc = $ldoc])+ pub $lname: Vec<$lkind>,)+
        }

        /// What one source says: flags with environment, or a file.
        #[derive(Clone, Debug, Default, clap::Args, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Layer {
            $($(#[doc = $doc])+ #[arg(long, env = $env, value_name = "VALUE", global = true, hide_env_values = true)] pub $name: Option<$kind>,)+
            $($(#[doc = $odoc])+ #[arg(long, env = $oenv, value_name = "VALUE", global = true, hide_env_values = true)] pub $oname: Option<$okind>,)+
            $($(#[doc = $ldoc])+ #[arg(long, env = $lenv, value_name = "VALUES", value_delimiter = ',', global = true, hide_env_values = true)] pub $lname: Option<Vec<$lkind>>,)+
        }

        impl Layer {
            /// This layer over another: what is said here wins.
            #[must_use]
            pub fn over(self, below: Self) -> Self {
                Self {
                    $($name: self.$name.or(below.$name),)+
                    $($oname: self.$oname.or(below.$oname),)+
                    $($lname: self.$lname.or(below.$lname),)+
                }
            }

            /// The settings in force, with defaults where nothing was said.
            pub fn resolve(self) -> Settings {
                Settings {
                    $($name: self.$name.unwrap_or_else(|| $default),)+
                    $($oname: self.$oname,)+
                    $($lname: self.$lname.unwrap_or_default(),)+
                }
            }
        }

        impl Settings {
            /// Every setting in force as text; what is secret is not said.
            pub fn shown(&self) -> Vec<(&'static str, String)> {
                vec![
                    $((stringify!($name), shown(stringify!($name), &format!("{:?}", self.$name))),)+
                    $((stringify!($oname), self.$oname.as_ref().map_or_else(String::new, |v| shown(stringify!($oname), &format!("{v:?}")))),)+
                    $((stringify!($lname), shown(stringify!($lname), &format!("{:?}", self.$lname))),)+
                ]
            }
        }

        /// Names in `bole.toml` and their environment variables.
        pub const NAMES: &[(&str, &str)] = &[
            $((stringify!($name), $env),)+ $((stringify!($oname), $oenv),)+ $((stringify!($lname), $lenv),)+
        ];
    };
}

settings! {
    /// Address and port to listen on.
    listen / "BOLE_LISTEN": SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080));
    /// Folder for the database file, the spool and the secret key; created on first start.
    data_dir / "BOLE_DATA_DIR": PathBuf = PathBuf::from("bole-data");
    /// Connections to the database (SQLite: for reading).
    database_connections / "BOLE_DATABASE_CONNECTIONS": u32 = 4;
    /// The firm's name, on pages and in the disclosure tag.
    firm_name / "BOLE_FIRM_NAME": String = "本公司".to_owned();
    /// Claim people are found by at the OpenID Connect provider: email (a verified one), preferred_username, sub, or another;
    /// compared with login, e-mail and employee code.
    oidc_claim / "BOLE_OIDC_CLAIM": String = "email".to_owned();
    /// Whether an employee the provider knows gets the account they do not have yet.
    oidc_create / "BOLE_OIDC_CREATE": bool = false;
    /// Business time zone (IANA name).
    time_zone / "BOLE_TIME_ZONE": String = "Asia/Shanghai".to_owned();
    /// The programme's currency (ISO 4217).
    currency / "BOLE_CURRENCY": String = "CNY".to_owned();
    /// Visible time a valid click must exceed, milliseconds.
    dwell_limit_ms / "BOLE_DWELL_LIMIT_MS": u32 = 30_000;
    /// How a click is kept before it is answered: group or strict.
    spool_durability / "BOLE_SPOOL_DURABILITY": Durability = Durability::Group;
    /// Size the spool may grow to while the store is away, MiB.
    spool_max_mib / "BOLE_SPOOL_MAX_MIB": u32 = 4096;
    /// Days after a click in which a conversion is credited, end included.
    attribution_window_days / "BOLE_ATTRIBUTION_WINDOW_DAYS": u32 = 30;
    /// Which touch is credited: last or first.
    attribution_model / "BOLE_ATTRIBUTION_MODEL": Model = Model::Last;
    /// Days a customer stays with the employee who brought them, or forever.
    binding_days / "BOLE_BINDING_DAYS": Binding = Binding(Some(30));
    /// Days in which nobody else's click takes a customer over.
    protection_days / "BOLE_PROTECTION_DAYS": u32 = 30;
    /// Days a lead or customer stays known ("new customers only").
    new_customer_days / "BOLE_NEW_CUSTOMER_DAYS": u32 = 180;
    /// Days after the month's close before pending becomes approved.
    hold_days / "BOLE_HOLD_DAYS": u32 = 7;
    /// Months back in which late facts still correct a closed payout.
    clawback_months / "BOLE_CLAWBACK_MONTHS": u32 = 12;
    /// Days in which one may object to a line of a payout under review.
    query_days / "BOLE_QUERY_DAYS": u32 = 7;
    /// Days a lead's phone and e-mail address are kept, sealed; then they are erased.
    contact_retention_days / "BOLE_CONTACT_RETENTION_DAYS": u32 = 180;
    /// Honour Sec-GPC and DNT: such clicks are counted, but never followed.
    honour_do_not_track / "BOLE_HONOUR_DO_NOT_TRACK": bool = true;
    /// How log lines look: text or json.
    log_format / "BOLE_LOG_FORMAT": LogFormat = LogFormat::Text;
    /// What is logged (a tracing filter).
    log / "BOLE_LOG": String = "info".to_owned();
    optional:
    /// Database: sqlite:PATH or postgres://…; without it a file in the data folder.
    database_url / "BOLE_DATABASE_URL": String;
    /// Where staff sign in, as seen from outside; without it derived from `listen`.
    base_url / "BOLE_BASE_URL": String;
    /// Where links live, as seen from outside; without it `base_url`.
    short_url / "BOLE_SHORT_URL": String;
    /// Name of this node, for its spool; needed when several nodes share a store.
    node / "BOLE_NODE": String;
    /// Master secret, 64 hexadecimal digits; without it a file in the data folder. Nodes that share a store share it.
    secret_key / "BOLE_SECRET_KEY": String;
    /// Mail server: smtps://user:password@host, or smtp://host (?tls=required for STARTTLS); without it no mail is sent.
    smtp_url / "BOLE_SMTP_URL": String;
    /// Who mail is from: Name <address>.
    mail_from / "BOLE_MAIL_FROM": String;
    /// OpenID Connect provider people may sign in by: its issuer URL. It sends them back to base_url + /app/signin/oidc/back.
    oidc_issuer / "BOLE_OIDC_ISSUER": String;
    /// Our client id at the provider.
    oidc_client_id / "BOLE_OIDC_CLIENT_ID": String;
    /// Our client secret at the provider.
    oidc_client_secret / "BOLE_OIDC_CLIENT_SECRET": String;
    lists:
    /// The firm's own networks: clicks from there are `internal`.
    internal_networks / "BOLE_INTERNAL_NETWORKS": IpNet;
    /// Proxies whose X-Forwarded-For is believed.
    trusted_proxies / "BOLE_TRUSTED_PROXIES": IpNet;
    /// MMDB files for country, city and network; read again when they change.
    geo_db / "BOLE_GEO_DB": PathBuf;
    /// Order of credit: coupon, click, claim.
    attribution_precedence / "BOLE_ATTRIBUTION_PRECEDENCE": String;
    /// Private networks that webhooks may be sent to; without them public addresses only.
    webhook_networks / "BOLE_WEBHOOK_NETWORKS": IpNet;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_force_is_shown_without_secrets() {
        let layer = Layer {
            database_url: Some("postgres://bole:hidden@db.example/bole".to_owned()),
            secret_key: Some("00".repeat(32)),
            oidc_client_secret: Some("hidden".to_owned()),
            internal_networks: Some(vec!["10.0.0.0/8".parse().unwrap()]),
            ..Layer::default()
        };
        let shown: std::collections::BTreeMap<_, _> = layer.resolve().shown().into_iter().collect();
        assert_eq!(shown["database_url"], "postgres://bole:%E2%80%A6@db.example/bole");
        assert_eq!(
            (shown["secret_key"].as_str(), shown["oidc_client_secret"].as_str()),
            ("…", "…")
        );
        assert_eq!(shown["internal_networks"], "10.0.0.0/8");
        assert_eq!(shown["binding_days"], "30");
        assert_eq!(shown["spool_durability"], "group");
        assert_eq!(shown["base_url"], "");
        assert_eq!(shown.len(), NAMES.len());
    }

    #[test]
    fn a_variable_is_called_like_its_line_in_the_file() {
        for (name, env) in NAMES {
            assert_eq!(*env, format!("BOLE_{}", name.to_ascii_uppercase()));
        }
    }
}
